//! `LargeArray` for responses that consist mostly of one array of elements with vectors.

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Field, Fields, GenericArgument, Ident, Item, ItemStruct, PathArguments, Type, parse_quote};

use super::types::{last_segment, wire_name};

/// Deeper arrays are ignored, because types may contain themselves.
const LONGEST_PATH: usize = 4;

/// The path to an array: the field, its key, and whether it may be absent, per step.
type FieldPath = Vec<(Ident, String, bool)>;

/// The implementation for a response type; `None` if it has no such array or several.
pub(super) fn implementation(response: &Type, types: &[Item]) -> Result<Option<Item>> {
    let structs: Vec<&ItemStruct> = types
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some(item),
            _ => None,
        })
        .collect();
    let Some(root) = find(&structs, response) else { return Ok(None) };
    let mut found = Vec::new();
    search(&structs, root, &mut Vec::new(), &mut found)?;
    let [(path, element)] = found.as_slice() else { return Ok(None) };
    let keys = path.iter().map(|(_, key, _)| key);
    let place: TokenStream = path.iter().fold(quote!(let place = self;), |code, (field, _, optional)| {
        let step = quote!(let place = &mut place.#field;);
        let open = optional.then(|| quote!(let Some(place) = place.as_mut() else { return None };));
        quote!(#code #step #open)
    });
    Ok(Some(parse_quote! {
        impl crate::runtime::LargeArray for #response {
            type Element = types::#element;
            const PATH: &'static [&'static str] = &[#(#keys),*];
            fn elements_mut(&mut self) -> Option<&mut Vec<Self::Element>> {
                #place
                Some(place)
            }
        }
    }))
}

fn find<'t>(structs: &[&'t ItemStruct], kind: &Type) -> Option<&'t ItemStruct> {
    let name = last_segment(kind)?;
    structs.iter().find(|item| item.ident == name).copied()
}

fn search(
    structs: &[&ItemStruct],
    from: &ItemStruct,
    path: &mut FieldPath,
    found: &mut Vec<(FieldPath, Ident)>,
) -> Result<()> {
    for field in named(from) {
        let Some(ident) = &field.ident else { continue };
        let (kind, optional) = match inner(&field.ty, "Option") {
            Some(kind) => (kind, true),
            None => (&field.ty, false),
        };
        path.push((ident.clone(), wire_name(&field.attrs, &ident.to_string())?, optional));
        if let Some(element) = inner(kind, "Vec").and_then(|element| find(structs, element)) {
            if named(element).any(|field| is_vector(inner(&field.ty, "Option").unwrap_or(&field.ty))) {
                found.push((path.clone(), element.ident.clone()));
            }
        } else if let Some(next) = find(structs, kind)
            && path.len() < LONGEST_PATH
        {
            search(structs, next, path, found)?;
        }
        path.pop();
    }
    Ok(())
}

/// `crate::runtime::Embedding`. A document may have a schema of the same name.
fn is_vector(kind: &Type) -> bool {
    let Type::Path(path) = kind else { return false };
    let last: Vec<String> = path.path.segments.iter().rev().take(2).map(|segment| segment.ident.to_string()).collect();
    last == ["Embedding", "runtime"]
}

fn named(item: &ItemStruct) -> impl Iterator<Item = &Field> {
    match &item.fields {
        Fields::Named(fields) => Some(fields.named.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

/// The `T` of a `Wrapper<T>`.
pub(super) fn inner<'t>(kind: &'t Type, wrapper: &str) -> Option<&'t Type> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(kind) => Some(kind),
        _ => None,
    }
}
