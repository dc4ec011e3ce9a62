//! The public API of a crate as text for review: everything that can be named from outside, by its public path, without
//! bodies and docs.
//!
//! Read from the source with syn, because rustdoc's JSON needs a nightly compiler. `pub mod` and `pub use` are followed
//! from the root of the crate, so that moving an item between private modules changes nothing.

mod item;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use syn::{Item, ItemImpl, Type};

use self::tree::{ItemId, Target, Tree};

/// The public API of the crate whose `lib.rs` is in a folder.
pub fn of_crate(folder: &Path) -> Result<String> {
    of_files(&folder.join("lib.rs"), &|path| std::fs::read_to_string(path).ok())
}

/// The public API of a crate whose files are read by a function.
pub fn of_files(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Result<String> {
    let tree = Tree::load(root, read)?;
    let mut listing = Listing { impls: impls(&tree), public: BTreeSet::new(), first: BTreeMap::new(), tree: &tree };
    listing.mark(0, &mut BTreeSet::new());
    let mut out = String::new();
    listing.module(0, "", 0, &mut vec![0], &mut out);
    Ok(out)
}

/// The implementations of every type, with the module that they are in.
fn impls(tree: &Tree) -> BTreeMap<ItemId, Vec<(usize, &ItemImpl)>> {
    let mut all: BTreeMap<ItemId, Vec<_>> = BTreeMap::new();
    for (module, item) in tree.items() {
        let Item::Impl(block) = item else { continue };
        if let Some(Target::Item(id)) = type_path(&block.self_ty).and_then(|path| tree.resolve(module, &path)) {
            all.entry(id).or_default().push((module, block));
        }
    }
    all
}

fn type_path(kind: &Type) -> Option<Vec<String>> {
    match kind {
        Type::Path(path) if path.path.leading_colon.is_none() => {
            Some(path.path.segments.iter().map(|segment| segment.ident.to_string()).collect())
        }
        Type::Reference(reference) => type_path(&reference.elem),
        _ => None,
    }
}

struct Listing<'t> {
    tree: &'t Tree,
    impls: BTreeMap<ItemId, Vec<(usize, &'t ItemImpl)>>,
    /// Items that can be named from outside.
    public: BTreeSet<ItemId>,
    /// Where an item was listed first.
    first: BTreeMap<ItemId, String>,
}

impl Listing<'_> {
    fn mark(&mut self, module: usize, seen: &mut BTreeSet<usize>) {
        if !seen.insert(module) {
            return;
        }
        for (_, target) in self.tree.public_names(module) {
            match target {
                Target::Module(inner) => self.mark(inner, seen),
                Target::Item(id) => drop(self.public.insert(id)),
                Target::External(_) => {}
            }
        }
    }

    fn module(&mut self, module: usize, path: &str, depth: usize, above: &mut Vec<usize>, out: &mut String) {
        let indent = "    ".repeat(depth);
        for (name, target) in self.tree.public_names(module) {
            let here = if path.is_empty() { name.clone() } else { format!("{path}::{name}") };
            match target {
                Target::External(from) => out.push_str(&format!("{indent}use {from}\n")),
                Target::Module(inner) if above.contains(&inner) => out.push_str(&format!("{indent}use {here}\n")),
                Target::Module(inner) => {
                    out.push_str(&format!("{indent}mod {name}\n"));
                    above.push(inner);
                    self.module(inner, &here, depth + 1, above, out);
                    above.pop();
                }
                Target::Item(id) => match self.first.get(&id) {
                    Some(first) => out.push_str(&format!("{indent}use {first}\n")),
                    None => {
                        self.first.insert(id, here);
                        for line in self.item(id, &name) {
                            out.push_str(&format!("{indent}{line}\n"));
                        }
                    }
                },
            }
        }
    }

    fn item(&self, id: ItemId, name: &str) -> Vec<String> {
        let mut lines = item::declaration(self.tree.item(id), name);
        let mut traits = Vec::new();
        for (module, block) in self.impls.get(&id).into_iter().flatten() {
            match &block.trait_ {
                None => lines.extend(item::members(block, self.tree).into_iter().map(|line| format!("    {line}"))),
                Some((_, path, _)) => {
                    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                    let hidden = path.leading_colon.is_none()
                        && matches!(self.tree.resolve(*module, &segments), Some(Target::Item(id)) if !self.public.contains(&id));
                    if !hidden {
                        traits.push(format!("    impl {}", item::trait_name(path)));
                    }
                }
            }
        }
        traits.sort();
        traits.dedup();
        lines.extend(traits);
        lines
    }
}
