//! Items as lines of text.

use quote::{ToTokens, quote};
use syn::{
    Attribute, Field, Fields, Generics, ImplItem, Item, ItemImpl, ItemMacro, Path, PathArguments, Signature, TraitItem,
};

use super::tree::{Tree, is_public};

/// An item with its fields, variants or methods, without implementations.
pub fn declaration(item: &Item, name: &str) -> Vec<String> {
    match item {
        Item::Struct(item) => {
            let tuple: Vec<&Field> = match &item.fields {
                Fields::Unnamed(fields) => fields.unnamed.iter().filter(|field| is_public(&field.vis)).collect(),
                _ => Vec::new(),
            };
            let types = tuple.iter().map(|field| line(&field.ty)).collect::<Vec<_>>().join(", ");
            let types = if tuple.is_empty() { String::new() } else { format!("({types})") };
            let mut lines = head(&item.attrs, format!("struct {name}{}{types}", generics(&item.generics)));
            for field in item.fields.iter().filter(|field| is_public(&field.vis)) {
                if let Some(ident) = &field.ident {
                    lines.push(format!("    {ident}: {}", line(&field.ty)));
                }
            }
            lines
        }
        Item::Enum(item) => {
            let mut lines = head(&item.attrs, format!("enum {name}{}", generics(&item.generics)));
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
                lines.push(format!("    {}{fields}", variant.ident));
            }
            lines
        }
        Item::Trait(item) => {
            let bounds = line_of_bounds(item.supertraits.to_token_stream());
            let mut lines = head(&item.attrs, format!("trait {name}{}{bounds}", generics(&item.generics)));
            lines.extend(item.items.iter().filter_map(|inner| match inner {
                TraitItem::Fn(method) => Some(format!("    {}", signature(&method.sig))),
                TraitItem::Type(kind) => {
                    Some(format!("    type {}{}", kind.ident, line_of_bounds(kind.bounds.to_token_stream())))
                }
                TraitItem::Const(constant) => Some(format!("    const {}: {}", constant.ident, line(&constant.ty))),
                _ => None,
            }));
            lines
        }
        Item::Fn(item) => head(&item.attrs, signature(&item.sig)),
        Item::Const(item) => head(&item.attrs, format!("const {name}: {}", line(&item.ty))),
        Item::Static(item) => head(&item.attrs, format!("static {name}: {}", line(&item.ty))),
        Item::Type(item) => head(&item.attrs, format!("type {name}{} = {}", generics(&item.generics), line(&item.ty))),
        _ => Vec::new(),
    }
}

/// The public members of an inherent implementation. A macro call stands for the public methods that the macro
/// declares.
pub fn members(block: &ItemImpl, tree: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for inner in &block.items {
        match inner {
            ImplItem::Fn(method) if is_public(&method.vis) => lines.extend(head(&method.attrs, signature(&method.sig))),
            ImplItem::Const(constant) if is_public(&constant.vis) => {
                lines.push(format!("const {}: {}", constant.ident, line(&constant.ty)));
            }
            ImplItem::Macro(call) => {
                let definition = tree.items().find_map(|(_, item)| match item {
                    Item::Macro(item) if item.ident.as_ref().is_some_and(|name| call.mac.path.is_ident(name)) => {
                        Some(item)
                    }
                    _ => None,
                });
                lines.extend(definition.map(macro_methods).unwrap_or_default());
            }
            _ => {}
        }
    }
    lines
}

/// A trait without the path to it: `From<&str>`.
pub fn trait_name(path: &Path) -> String {
    let Some(last) = path.segments.last() else { return String::new() };
    match &last.arguments {
        PathArguments::None => last.ident.to_string(),
        arguments => {
            let ident = &last.ident;
            line(quote!(#ident #arguments))
        }
    }
}

/// The line of an item, and one with its derives.
fn head(attributes: &[Attribute], text: String) -> Vec<String> {
    let mut derives = Vec::new();
    let mut notes = String::new();
    for attribute in attributes {
        let path = attribute.path();
        if path.is_ident("derive") {
            let parsed = attribute.parse_nested_meta(|meta| {
                derives.extend(meta.path.segments.last().map(|segment| segment.ident.to_string()));
                Ok(())
            });
            debug_assert!(parsed.is_ok());
        } else if path.is_ident("non_exhaustive") {
            notes.push_str(" (non-exhaustive)");
        } else if path.is_ident("cfg")
            && let Ok(list) = attribute.meta.require_list()
        {
            notes.push_str(&format!(" ({})", list.tokens.to_string().replace(" = ", " ")));
        }
    }
    derives.sort();
    let mut lines = vec![text + &notes];
    if !derives.is_empty() {
        lines.push(format!("    derive {}", derives.join(", ")));
    }
    lines
}

fn generics(generics: &Generics) -> String {
    line(generics).replace("< ", "<").replace(" >", ">").replace(" ,", ",")
}

fn line_of_bounds(bounds: proc_macro2::TokenStream) -> String {
    if bounds.is_empty() { String::new() } else { format!(": {}", bounds.to_string().replace(" :: ", "::")) }
}

fn signature(signature: &Signature) -> String {
    let mut signature = signature.clone();
    // How an argument is bound is no part of the API.
    for input in &mut signature.inputs {
        if let syn::FnArg::Typed(typed) = input
            && let syn::Pat::Ident(pattern) = &mut *typed.pat
        {
            pattern.mutability = None;
        } else if let syn::FnArg::Receiver(receiver) = input
            && receiver.reference.is_none()
        {
            receiver.mutability = None;
        }
    }
    line(signature)
}

/// A type, signature or path as one line, as prettyplease writes it.
fn line(tokens: impl ToTokens) -> String {
    let tokens = tokens.to_token_stream();
    let (wrapped, before, after) = match syn::parse2::<Signature>(tokens.clone()) {
        Ok(signature) => (quote!(#signature {}), "", "{}"),
        Err(_) => (quote!(type X = #tokens;), "type X = ", ";"),
    };
    let Ok(file) = syn::parse2(wrapped) else { return tokens.to_string() };
    let text = prettyplease::unparse(&file).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_start_matches(before).trim_end_matches(after).trim_end();
    let text = text.replace("( ", "(").replace(", )", ")").replace("< ", "<").replace(", >", ">");
    let text = text.replace("::std::string::String", "String");
    text.replace("::std::option::Option", "Option").replace("::std::vec::Vec", "Vec")
}

/// The public methods that a macro declares.
fn macro_methods(item: &ItemMacro) -> Vec<String> {
    let text = item.mac.tokens.to_string();
    let methods = text.split("pub fn ").skip(1).filter_map(|rest| rest.split(" {").next());
    methods
        .map(|method| {
            let method: String = method.split_whitespace().collect::<Vec<_>>().join(" ");
            match syn::parse_str::<Signature>(&format!("fn {method}")) {
                Ok(parsed) => signature(&parsed),
                Err(_) => format!("fn {method}"),
            }
        })
        .collect()
}
