//! The public surface of Rust code as text that people can review: items, fields and signatures, without bodies and docs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quote::{ToTokens, quote};
use syn::{ImplItem, Item, TraitItem, Visibility};

/// The public items of some code, one a line, in the order of the code; modules indent what is in them.
pub fn of_items(items: &[Item], indent: &str) -> String {
    items.iter().map(|item| of_item(item, indent)).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// A type, signature or path as one line, as prettyplease writes it.
fn line(tokens: impl ToTokens) -> String {
    let tokens = tokens.to_token_stream();
    let (wrapped, before, after) = match syn::parse2::<syn::Signature>(tokens.clone()) {
        Ok(signature) => (quote!(#signature {}), "", "{}"),
        Err(_) => (quote!(type X = #tokens;), "type X = ", ";"),
    };
    let Ok(file) = syn::parse2(wrapped) else { return tokens.to_string() };
    let text = prettyplease::unparse(&file).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_start_matches(before).trim_end_matches(after).trim_end();
    let text = text.replace("( ", "(").replace(", )", ")").replace("::std::string::String", "String");
    text.replace("::std::option::Option", "Option").replace("::std::vec::Vec", "Vec")
}

fn of_item(item: &Item, indent: &str) -> String {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let mut out = format!("{indent}struct {}{}\n", item.ident, line(&item.generics));
            for field in item.fields.iter().filter(|field| is_public(&field.vis)) {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                out.push_str(&format!("{indent}    {name}: {}\n", line(&field.ty)));
            }
            out
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let mut out = format!("{indent}enum {}\n", item.ident);
            for variant in &item.variants {
                let fields: Vec<String> = variant
                    .fields
                    .iter()
                    .map(|field| {
                        let name = field.ident.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
                        format!("{name}{}", line(&field.ty))
                    })
                    .collect();
                let fields = if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
                out.push_str(&format!("{indent}    {}{fields}\n", variant.ident));
            }
            out
        }
        Item::Fn(item) if is_public(&item.vis) => format!("{indent}{}\n", line(&item.sig)),
        Item::Const(item) if is_public(&item.vis) => format!("{indent}const {}: {}\n", item.ident, line(&item.ty)),
        Item::Type(item) if is_public(&item.vis) => format!("{indent}type {} = {}\n", item.ident, line(&item.ty)),
        Item::Use(item) if is_public(&item.vis) => {
            let text = prettyplease::unparse(&syn::File {
                shebang: None,
                attrs: Vec::new(),
                items: vec![Item::Use(item.clone())],
            });
            format!(
                "{indent}{}\n",
                text.split("use ").nth(1).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
            )
            .replacen(indent, &format!("{indent}use "), 1)
        }
        Item::Trait(item) if is_public(&item.vis) => {
            let mut out = format!("{indent}trait {}\n", item.ident);
            for inner in &item.items {
                if let TraitItem::Fn(method) = inner {
                    out.push_str(&format!("{indent}    {}\n", line(&method.sig)));
                }
            }
            out
        }
        Item::Mod(item) if is_public(&item.vis) => {
            let inner =
                item.content.as_ref().map(|(_, items)| of_items(items, &format!("{indent}    "))).unwrap_or_default();
            format!("{indent}mod {}\n{inner}", item.ident)
        }
        Item::Impl(item) => {
            let kind = line(&item.self_ty);
            if let Some((_, path, _)) = &item.trait_ {
                return format!("{indent}impl {} for {kind}\n", line(path));
            }
            let methods: String = item
                .items
                .iter()
                .filter_map(|inner| match inner {
                    ImplItem::Fn(method) if is_public(&method.vis) => {
                        Some(format!("{indent}    {}\n", line(&method.sig)))
                    }
                    ImplItem::Const(constant) if is_public(&constant.vis) => {
                        Some(format!("{indent}    const {}: {}\n", constant.ident, line(&constant.ty)))
                    }
                    // The methods are listed where the macro is defined.
                    ImplItem::Macro(call) => {
                        let name = call.mac.path.to_token_stream();
                        Some(format!("{indent}    {name}!\n"))
                    }
                    _ => None,
                })
                .collect();
            if methods.is_empty() { methods } else { format!("{indent}impl {kind}\n{methods}") }
        }
        Item::Macro(item) => of_macro(item, indent),
        _ => String::new(),
    }
}

/// The public methods that a macro writes.
fn of_macro(item: &syn::ItemMacro, indent: &str) -> String {
    let Some(name) = &item.ident else { return String::new() };
    let text = item.mac.tokens.to_string();
    let methods = text.split("pub fn ").skip(1).filter_map(|rest| rest.split(" {").next());
    let methods: String = methods
        .map(|signature| {
            let signature: String = signature.split_whitespace().collect::<Vec<_>>().join(" ");
            match syn::parse_str::<syn::Signature>(&format!("fn {signature}")) {
                Ok(parsed) => format!("{indent}    {}\n", line(&parsed)),
                Err(_) => format!("{indent}    fn {signature}\n"),
            }
        })
        .collect();
    if methods.is_empty() { methods } else { format!("{indent}macro {name}!\n{methods}") }
}

/// The public items of a crate: `lib.rs`, and behind it every file with items that can be seen from outside, by its path.
/// Private modules are walked too, because their items are re-exported.
pub fn of_crate(root: &Path) -> Result<String> {
    let mut out = String::new();
    let mut files = vec![root.join("lib.rs")];
    collect(root, &mut files)?;
    files.sort_by_key(|path| (path.file_name().is_none_or(|name| name != "lib.rs"), path.clone()));
    files.dedup();
    for path in files {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("in {}", path.display()))?;
        let items = of_items(&file.items, "    ");
        // Trait implementations alone say nothing without their types.
        if !items.is_empty() {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string().replace('\\', "/");
            out.push_str(&format!("{name}\n{items}\n"));
        }
    }
    Ok(out)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
