//! Unions without a tag. serde's derived code takes the first variant that decodes, which is wrong if that variant
//! accepts anything or has only optional fields. The generated code looks at the keys of the value instead.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, GenericArgument, Ident, Item, ItemEnum, PathArguments, Type, parse_quote};

use super::types::{last_segment, remove_derive, serde_options, wire_name};

/// Replaces the derived `Deserialize` of every union without a tag whose variants hold one value each.
pub(super) fn rewrite(items: &mut Vec<Item>) -> Result<()> {
    let types: BTreeMap<String, Item> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(own) => Some((own.ident.to_string(), item.clone())),
            Item::Enum(own) => Some((own.ident.to_string(), item.clone())),
            _ => None,
        })
        .collect();
    let mut out = Vec::new();
    for mut item in std::mem::take(items) {
        let implementation = match &mut item {
            Item::Enum(union) if serde_options(&union.attrs)?.contains_key("untagged") => {
                let implementation = deserialize(union, &types)?;
                if implementation.is_some() {
                    remove_derive(&mut union.attrs, "Deserialize");
                }
                implementation
            }
            _ => None,
        };
        out.push(item);
        out.extend(implementation);
    }
    *items = out;
    Ok(())
}

fn deserialize(union: &ItemEnum, types: &BTreeMap<String, Item>) -> Result<Option<Item>> {
    let mut variants: Vec<(u8, TokenStream)> = Vec::new();
    for variant in &union.variants {
        let Fields::Unnamed(fields) = &variant.fields else { return Ok(None) };
        let mut fields = fields.unnamed.iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return Ok(None) };
        let kind = &field.ty;
        let mut keys = BTreeSet::new();
        collect_keys(kind, types, &mut BTreeSet::new(), &mut keys)?;
        let ident = &variant.ident;
        let decoded = quote!(::serde_json::from_value::<#kind>(value.clone()).ok());
        let decode = match (fallback(kind, types)?, accepts_anything(kind)) {
            (Some((kind, unknown)), _) => quote! {
                |value| {
                    fn is_known(value: &#kind) -> bool { !matches!(value, #kind::#unknown(_)) }
                    let decoded = #decoded?;
                    let known = is_known(&decoded);
                    Some((Self::#ident(decoded), known))
                }
            },
            (None, true) => quote!(|value| Some((Self::#ident(#decoded?), false))),
            (None, false) => quote!(|value| Some((Self::#ident(#decoded?), true))),
        };
        // Any string is also a plain string, and any integer also a number.
        let order = match last_segment(kind).as_deref() {
            Some("String") => 2,
            Some("f64" | "f32") => 1,
            _ => 0,
        };
        let keys = keys.iter();
        variants.push((order, quote!(crate::runtime::Variant { keys: &[#(#keys),*], decode: #decode })));
    }
    variants.sort_by_key(|(order, _)| *order);
    let variants = variants.into_iter().map(|(_, variant)| variant);
    let (ident, name) = (&union.ident, union.ident.to_string());
    Ok(Some(parse_quote! {
        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                crate::runtime::decode_union(#name, &value, &[#(#variants),*])
            }
        }
    }))
}

/// The keys that objects of a type may have.
fn collect_keys(
    kind: &Type,
    types: &BTreeMap<String, Item>,
    seen: &mut BTreeSet<String>,
    keys: &mut BTreeSet<String>,
) -> Result<()> {
    let kind = unboxed(kind);
    let Some((name, item)) = last_segment(kind).and_then(|name| types.get_key_value(&name)) else { return Ok(()) };
    if !seen.insert(name.clone()) {
        return Ok(());
    }
    let fields: Vec<&Fields> = match item {
        Item::Struct(item) => vec![&item.fields],
        Item::Enum(item) => {
            keys.extend(serde_options(&item.attrs)?.remove("tag").flatten());
            item.variants.iter().map(|variant| &variant.fields).collect()
        }
        _ => Vec::new(),
    };
    for field in fields.into_iter().flatten() {
        let flat = serde_options(&field.attrs)?.contains_key("flatten");
        match &field.ident {
            Some(ident) if !flat => drop(keys.insert(wire_name(&field.attrs, &ident.to_string())?)),
            _ => collect_keys(&field.ty, types, seen, keys)?,
        }
    }
    Ok(())
}

/// The type and the variant of an open enum or open union for values that are not in the document.
fn fallback<'t>(kind: &'t Type, types: &BTreeMap<String, Item>) -> Result<Option<(&'t Type, Ident)>> {
    let kind = unboxed(kind);
    let Some(Item::Enum(item)) = last_segment(kind).and_then(|name| types.get(&name)) else { return Ok(None) };
    for variant in &item.variants {
        if serde_options(&variant.attrs)?.contains_key("untagged") {
            return Ok(Some((kind, variant.ident.clone())));
        }
    }
    Ok(None)
}

/// `serde_json::Value` and maps.
fn accepts_anything(kind: &Type) -> bool {
    matches!(last_segment(unboxed(kind)).as_deref(), Some("Value" | "Map" | "HashMap"))
}

fn unboxed(kind: &Type) -> &Type {
    let Type::Path(path) = kind else { return kind };
    let Some(last) = path.path.segments.last().filter(|segment| segment.ident == "Box") else { return kind };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return kind };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => inner,
        _ => kind,
    }
}
