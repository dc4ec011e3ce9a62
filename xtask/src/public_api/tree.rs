//! The modules of a crate and the resolution of names in them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use quote::ToTokens;
use syn::{Attribute, Ident, Item, UseTree, Visibility};

/// The number of a module and the place of an item in it.
pub type ItemId = (usize, usize);

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Target {
    Module(usize),
    Item(ItemId),
    /// A path into another crate.
    External(String),
}

struct Module {
    parent: usize,
    items: Vec<Item>,
    children: BTreeMap<String, usize>,
    uses: Vec<Use>,
}

/// One name of a `use`; a glob has none.
struct Use {
    public: bool,
    path: Vec<String>,
    name: Option<String>,
}

/// All modules of a crate; the root is number 0.
pub struct Tree {
    modules: Vec<Module>,
    /// Names that are being looked up: globs may lead in a circle.
    pending: RefCell<BTreeSet<(usize, String)>>,
}

type Read<'r> = &'r dyn Fn(&Path) -> Option<String>;

impl Tree {
    /// Reads the root file and the files of all its modules, without those for tests.
    pub fn load(root: &Path, read: Read<'_>) -> Result<Self> {
        let mut tree = Self { modules: Vec::new(), pending: RefCell::default() };
        let text = read(root).with_context(|| format!("cannot read {}", root.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("in {}", root.display()))?;
        tree.add(0, file.items, root.parent().unwrap_or(Path::new("")), read)?;
        Ok(tree)
    }

    /// Adds a module whose child modules are in a folder.
    fn add(&mut self, parent: usize, items: Vec<Item>, folder: &Path, read: Read<'_>) -> Result<usize> {
        let number = self.modules.len();
        self.modules.push(Module { parent, items: Vec::new(), children: BTreeMap::new(), uses: Vec::new() });
        for item in &items {
            match item {
                Item::Use(item) => {
                    let public = is_public(&item.vis);
                    flatten(&item.tree, &mut Vec::new(), &mut |path, name| {
                        let path = path.to_vec();
                        self.modules[number].uses.push(Use { public, path, name });
                    });
                }
                Item::Mod(module) if !is_test(&module.attrs) => {
                    let name = plain(&module.ident);
                    let inner = folder.join(&name);
                    let items = match &module.content {
                        Some((_, items)) => items.clone(),
                        None => module_file(&inner, read)?,
                    };
                    let child = self.add(number, items, &inner, read)?;
                    self.modules[number].children.insert(name, child);
                }
                _ => {}
            }
        }
        self.modules[number].items = items;
        Ok(number)
    }

    pub fn items(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.modules.iter().enumerate().flat_map(|(number, module)| module.items.iter().map(move |item| (number, item)))
    }

    pub fn item(&self, (module, index): ItemId) -> &Item {
        &self.modules[module].items[index]
    }

    /// The names that a module shows to the outside, in alphabetical order.
    pub fn public_names(&self, module: usize) -> Vec<(String, Target)> {
        let mut names = BTreeMap::new();
        self.collect(module, &mut BTreeSet::new(), &mut names);
        names.into_iter().map(|((name, _), target)| (name, target)).collect()
    }

    fn collect(&self, number: usize, seen: &mut BTreeSet<usize>, names: &mut BTreeMap<(String, u8), Target>) {
        if !seen.insert(number) {
            return;
        }
        let module = &self.modules[number];
        for (index, item) in module.items.iter().enumerate() {
            if let Some((name, space, true)) = declared(item) {
                let target = match item {
                    Item::Mod(_) => module.children.get(&name).map(|child| Target::Module(*child)),
                    _ => Some(Target::Item((number, index))),
                };
                names.extend(target.map(|target| ((name, space), target)));
            }
        }
        for import in module.uses.iter().filter(|import| import.public) {
            let target = self.resolve(number, &import.path).unwrap_or_else(|| Target::External(import.path.join("::")));
            match (&import.name, target) {
                (Some(name), target) => {
                    names.entry((name.clone(), 0)).or_insert(target);
                }
                (None, Target::Module(inner)) => self.collect(inner, seen, names),
                (None, Target::External(path)) => {
                    names.insert((format!("{path}::*"), 0), Target::External(format!("{path}::*")));
                }
                (None, Target::Item(_)) => {}
            }
        }
    }

    /// What a path stands for in a module. A path that is not found in the crate leads into another one.
    pub fn resolve(&self, module: usize, path: &[String]) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent),
            name => self.lookup(module, name)?,
        };
        for segment in rest {
            target = match target {
                Target::Module(module) if segment == "super" => Target::Module(self.modules[module].parent),
                Target::Module(module) => self.lookup(module, segment)?,
                Target::External(path) => Target::External(format!("{path}::{segment}")),
                Target::Item(_) => return None,
            };
        }
        Some(target)
    }

    fn lookup(&self, number: usize, name: &str) -> Option<Target> {
        let key = (number, name.to_owned());
        if !self.pending.borrow_mut().insert(key.clone()) {
            return None;
        }
        let found = self.lookup_once(number, name);
        self.pending.borrow_mut().remove(&key);
        found
    }

    fn lookup_once(&self, number: usize, name: &str) -> Option<Target> {
        let module = &self.modules[number];
        if let Some(child) = module.children.get(name) {
            return Some(Target::Module(*child));
        }
        let own = module.items.iter().position(|item| declared(item).is_some_and(|(own, _, _)| own == name));
        if let Some(index) = own {
            return Some(Target::Item((number, index)));
        }
        let named = module.uses.iter().find(|import| import.name.as_deref() == Some(name));
        if let Some(import) = named {
            return self.resolve(number, &import.path).or_else(|| Some(Target::External(import.path.join("::"))));
        }
        let globs = module.uses.iter().filter(|import| import.name.is_none());
        globs.into_iter().find_map(|import| match self.resolve(number, &import.path)? {
            Target::Module(inner) => self.lookup(inner, name),
            _ => None,
        })
    }
}

/// The name of an item, its namespace, and whether it is public.
fn declared(item: &Item) -> Option<(String, u8, bool)> {
    let (ident, space, visibility) = match item {
        Item::Struct(item) => (&item.ident, 0, &item.vis),
        Item::Enum(item) => (&item.ident, 0, &item.vis),
        Item::Union(item) => (&item.ident, 0, &item.vis),
        Item::Trait(item) => (&item.ident, 0, &item.vis),
        Item::Type(item) => (&item.ident, 0, &item.vis),
        Item::Const(item) => (&item.ident, 1, &item.vis),
        Item::Static(item) => (&item.ident, 1, &item.vis),
        Item::Fn(item) => (&item.sig.ident, 1, &item.vis),
        Item::Mod(item) => (&item.ident, 2, &item.vis),
        _ => return None,
    };
    Some((plain(ident), space, is_public(visibility)))
}

fn module_file(stem: &Path, read: Read<'_>) -> Result<Vec<Item>> {
    let candidates: [PathBuf; 2] = [stem.with_extension("rs"), stem.join("mod.rs")];
    for path in &candidates {
        if let Some(text) = read(path) {
            return Ok(syn::parse_file(&text).with_context(|| format!("in {}", path.display()))?.items);
        }
    }
    bail!("cannot read {}", candidates[0].display())
}

fn flatten(tree: &UseTree, path: &mut Vec<String>, found: &mut dyn FnMut(&[String], Option<String>)) {
    match tree {
        UseTree::Path(part) => {
            path.push(plain(&part.ident));
            flatten(&part.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, path, found)),
        UseTree::Glob(_) => found(path, None),
        UseTree::Name(name) if name.ident == "self" => found(path, path.last().cloned()),
        UseTree::Name(name) => {
            path.push(plain(&name.ident));
            found(path, path.last().cloned());
            path.pop();
        }
        UseTree::Rename(rename) => {
            path.push(plain(&rename.ident));
            found(path, Some(plain(&rename.rename)));
            path.pop();
        }
    }
}

fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

pub fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_token_stream().to_string() == "test")
    })
}
