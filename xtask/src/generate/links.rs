//! Links in documentation: those of the document to its own operations and schemas become links between items of the
//! generated crate.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToKebabCase;
use syn::visit_mut::{self, VisitMut};

use super::{
    lower::Lowered,
    names::{identifier, type_name},
};
use crate::reference::reference_name;

/// Rewrites the links of every doc comment. A relative link to anything but an operation or a schema becomes plain
/// text: it is relative to a page that the crate does not have.
pub fn rewrite<'f>(files: impl IntoIterator<Item = &'f mut syn::File>, lowered: &Lowered) {
    let mut files: Vec<_> = files.into_iter().collect();
    let mut types = BTreeSet::new();
    files.iter().for_each(|file| add_types(&file.items, false, &mut types));
    let mut links = Links { targets: targets(lowered), types };
    files.iter_mut().for_each(|file| links.visit_file_mut(file));
}

/// Names of the items in modules that are called `types`.
fn add_types(items: &[syn::Item], inside: bool, out: &mut BTreeSet<String>) {
    for item in items {
        match item {
            syn::Item::Mod(module) => {
                let items = module.content.as_ref().map_or(&[][..], |(_, items)| items.as_slice());
                add_types(items, module.ident == "types", out);
            }
            syn::Item::Struct(item) if inside => drop(out.insert(item.ident.to_string())),
            syn::Item::Enum(item) if inside => drop(out.insert(item.ident.to_string())),
            _ => {}
        }
    }
}

/// Operations by their id and their summary, in the form that pages have in URLs. Names of several operations are left
/// out.
fn targets(lowered: &Lowered) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let items = lowered.openapi["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for operation in items.filter_map(serde_json::Value::as_object).flat_map(|item| item.values()) {
        let Some(id) = operation["operationId"].as_str() else { continue };
        let method = identifier(id).to_string();
        for name in [Some(id), operation["summary"].as_str()].into_iter().flatten() {
            all.entry(name.to_kebab_case()).or_default().insert(method.clone());
        }
    }
    let unique = all.into_iter().filter(|(_, methods)| methods.len() == 1);
    unique
        .filter_map(|(name, methods)| Some((name, format!("crate::Client::{}", methods.into_iter().next()?))))
        .collect()
}

struct Links {
    targets: BTreeMap<String, String>,
    types: BTreeSet<String>,
}

impl VisitMut for Links {
    fn visit_attribute_mut(&mut self, attribute: &mut syn::Attribute) {
        if attribute.path().is_ident("doc")
            && let syn::Meta::NameValue(pair) = &mut attribute.meta
            && let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &mut pair.value
            && text.value().contains("](")
        {
            *text = syn::LitStr::new(&self.rewritten(&text.value()), text.span());
        }
        visit_mut::visit_attribute_mut(self, attribute);
    }
}

impl Links {
    /// The text with other links. Code is left as it is.
    fn rewritten(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['`', '[']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let taken = match rest.strip_prefix('`') {
                Some(_) => {
                    let ticks = rest.len() - rest.trim_start_matches('`').len();
                    let fence = &rest[..ticks];
                    let end = rest[ticks..].find(fence).map_or(ticks, |end| end + 2 * ticks);
                    out.push_str(&rest[..end]);
                    end
                }
                None => match link(rest) {
                    Some((label, target, length)) => {
                        self.push_link(label, target, &mut out);
                        length
                    }
                    None => {
                        out.push('[');
                        1
                    }
                },
            };
            rest = &rest[taken..];
        }
        out + rest
    }

    fn push_link(&self, label: &str, target: &str, out: &mut String) {
        let url = target.split_whitespace().next().unwrap_or_default();
        let is_absolute = url.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
        if is_absolute {
            out.push_str(&format!("[{label}]({target})"));
            return;
        }
        match self.item(url) {
            Some(item) => out.push_str(&format!("[{label}]({item})")),
            None => {
                // A relative picture has nothing to show but its description.
                if out.ends_with('!') {
                    out.pop();
                }
                out.push_str(label);
            }
        }
    }

    /// The item that a relative link means.
    fn item(&self, url: &str) -> Option<String> {
        if url.starts_with("crate::") {
            return Some(url.to_owned());
        }
        if url.starts_with("#/components/schemas/") {
            let name = type_name(&reference_name(url));
            return self.types.contains(&name).then(|| format!("crate::types::{name}"));
        }
        let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
        // Without a path, the fragment names the operation: `#operation/listPets`, `#tag/pets/operation/listPets`.
        let place = if path.is_empty() { fragment } else { path };
        let (parents, name) = place.trim_end_matches('/').rsplit_once('/')?;
        let name = name.to_kebab_case();
        // A single word is the name of many pages.
        let is_told_apart = name.contains('-') || parents.ends_with("operation");
        self.targets.get(&name).filter(|_| is_told_apart).cloned()
    }
}

/// The label, the target and the length of the link that a text starts with.
fn link(text: &str) -> Option<(&str, &str, usize)> {
    let mut depth = 0_usize;
    let end = text.char_indices().find_map(|(at, c)| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let target = text[end + 1..].strip_prefix('(')?;
    let mut open = 1_usize;
    let length = target.char_indices().find_map(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })?;
    Some((&text[1..end], &target[..length], end + 1 + 1 + length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_become_links_to_items_or_text() {
        let links = Links {
            targets: [("list-pets", "list_pets"), ("get", "get")]
                .map(|(name, method)| (name.to_owned(), format!("crate::Client::{method}")))
                .into(),
            types: ["Pet".to_owned()].into(),
        };
        for (text, expected) in [
            ("[Pets](/v1/reference/list-pets#limits) a", "[Pets](crate::Client::list_pets) a"),
            (
                "[a](#operation/listPets), [b](#tag/x/operation/get)",
                "[a](crate::Client::list_pets), [b](crate::Client::get)",
            ),
            ("[Pet](#/components/schemas/pet)", "[Pet](crate::types::Pet)"),
            ("[Cat](#/components/schemas/Cat) [get](/api/get) [x](./page.md)", "Cat get x"),
            (
                "[out](https://example.com/list-pets \"t\") <[m](mailto:a@b)>",
                "[out](https://example.com/list-pets \"t\") <[m](mailto:a@b)>",
            ),
            ("![a picture](/a.png) [a (b)](/c(d)) e", "a picture a (b) e"),
            ("`[a](/b)` ```\n[a](/b)\n``` [a] [b", "`[a](/b)` ```\n[a](/b)\n``` [a] [b"),
            ("[**b** `[c]`](/d) [é](/f)", "**b** `[c]` é"),
            ("]( [a]() ``", "]( a ``"),
        ] {
            assert_eq!(links.rewritten(text), expected, "{text}");
        }
    }
}
