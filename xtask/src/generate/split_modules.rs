//! Splits progenitor's single file into the root module and one module per family.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericArgument, ImplItem, Item, ItemImpl, PathArguments, Type, parse_quote};

use crate::generate::{emit, families::Families, lower::Lowered, names::COMMON, rewrite::last_segment};

/// What progenitor generated for one family.
#[derive(Default)]
struct Part {
    types: Vec<Item>,
    methods: Vec<ImplItem>,
    /// Implementations of traits of the runtime.
    impls: Vec<Item>,
}

/// All modules of the generated code by their name, the root module under `mod`.
pub fn modules(
    file: syn::File,
    lowered: &Lowered,
    options: &BTreeMap<String, TokenStream>,
    sha256: &str,
) -> Result<BTreeMap<String, syn::File>> {
    let families = Families::new(lowered);
    let mut parts: BTreeMap<String, Part> = families.names.iter().map(|name| (name.clone(), Part::default())).collect();
    let mut root: Vec<Item> = Vec::new();
    for item in file.items {
        match item {
            Item::Mod(mut module) if module.ident == "types" => {
                let items = module.content.take().context("the types of progenitor are not inline")?.1;
                let shared = split_types(items, &families, &mut parts);
                let modules = parts.iter().filter(|(_, part)| !part.types.is_empty());
                let modules = modules.map(|(name, _)| format_ident!("{name}"));
                let attributes = &module.attrs;
                root.push(parse_quote! {
                    #(#attributes)*
                    pub mod types {
                        #(pub use super::#modules::types::*;)*
                        #(#shared)*
                    }
                });
            }
            Item::Impl(block) if is_inherent(&block, "Client") => {
                let rest = split_methods(block, lowered, &mut parts)?;
                root.extend((!rest.items.is_empty()).then_some(Item::Impl(rest)));
            }
            Item::Impl(block) if is_for_generated_type(&block) => {
                let family =
                    last_segment(&block.self_ty).map_or(COMMON.into(), |name| families.of_type(&name).to_owned());
                parts.entry(family).or_default().impls.push(Item::Impl(block));
            }
            other => root.push(other),
        }
    }
    let declared = parts.keys().map(|name| format_ident!("{name}"));
    let own = emit::root(lowered, &families, sha256);
    let with_options = options.keys().map(|name| format_ident!("{name}"));
    let mut out = BTreeMap::from([(
        "mod".to_owned(),
        syn::parse2(quote! {
            #![allow(missing_docs, unused, irrefutable_let_patterns, clippy::all, clippy::unwrap_used, rustdoc::all)]
            #(mod #declared;)*
            #(#root)*
            #own
            /// Optional parameters of operations.
            pub mod options { #(pub use super::#with_options::options::*;)* }
        })?,
    )]);
    for (name, part) in parts {
        out.insert(name.clone(), syn::parse2(family_module(&name, part, lowered, options.get(&name)))?);
    }
    Ok(out)
}

fn family_module(name: &str, part: Part, lowered: &Lowered, options: Option<&TokenStream>) -> TokenStream {
    let options = options.map(|options| quote!(pub mod options { use crate::codegen::types; #options }));
    let Part { types, methods, impls } = part;
    let types = (!types.is_empty()).then(|| {
        quote! {
            pub mod types {
                use crate::codegen::types::*;
                #(#types)*
            }
        }
    });
    let methods = (!methods.is_empty() || !impls.is_empty()).then(|| {
        quote! {
            mod methods {
                use crate::codegen::*;
                impl Client { #(#methods)* }
                #(#impls)*
            }
        }
    });
    let own = (name != COMMON).then(|| emit::family(lowered, name));
    quote! { #types #own #options #methods }
}

/// Moves every type and its implementations to its family. Returns the rest.
fn split_types(items: Vec<Item>, families: &Families, parts: &mut BTreeMap<String, Part>) -> Vec<Item> {
    let names: BTreeSet<String> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            Item::Type(item) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    let mut rest = Vec::new();
    for item in items {
        let name = match &item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            Item::Type(item) => Some(item.ident.to_string()),
            Item::Impl(block) => subject(block, &names),
            _ => None,
        };
        match name {
            Some(name) => parts.entry(families.of_type(&name).to_owned()).or_default().types.push(item),
            None => rest.push(item),
        }
    }
    rest
}

/// The generated type that an implementation is about: `T` in `impl Trait for T` and in `impl From<T> for String`.
fn subject(block: &ItemImpl, names: &BTreeSet<String>) -> Option<String> {
    let is_ours = |name: &String| names.contains(name);
    if let Some(name) = last_segment(&block.self_ty).filter(is_ours) {
        return Some(name);
    }
    let (_, path, _) = block.trait_.as_ref()?;
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(kind) => last_segment(kind),
        _ => None,
    });
    types.into_iter().find(is_ours)
}

/// Moves the methods of the client to the families of their operations. Returns the others.
fn split_methods(mut block: ItemImpl, lowered: &Lowered, parts: &mut BTreeMap<String, Part>) -> Result<ItemImpl> {
    let family = |name: &str| {
        let operations = &lowered.operations;
        let stem = name.strip_suffix("_request");
        let found = operations.iter().find(|operation| {
            let own = operation.stream.iter().map(|stream| &stream.method).chain([&operation.id]);
            own.into_iter().any(|own| name == own || stem.is_some_and(|stem| stem == own))
        });
        found.map(|operation| operation.family.clone())
    };
    let mut rest = Vec::new();
    for item in std::mem::take(&mut block.items) {
        let ImplItem::Fn(method) = &item else { bail!("the client of progenitor has items other than methods") };
        match family(&method.sig.ident.to_string()) {
            Some(family) => parts.entry(family).or_default().methods.push(item),
            None => rest.push(item),
        }
    }
    block.items = rest;
    Ok(block)
}

fn is_inherent(block: &ItemImpl, name: &str) -> bool {
    block.trait_.is_none() && last_segment(&block.self_ty).is_some_and(|own| own == name)
}

/// `impl … for types::T`.
fn is_for_generated_type(block: &ItemImpl) -> bool {
    let Type::Path(kind) = &*block.self_ty else { return false };
    kind.path.segments.first().is_some_and(|segment| segment.ident == "types")
}
