//! Unions without a tag. serde's derived code takes the first variant that decodes, which is wrong if that variant
//! accepts anything or has only optional fields. The generated code looks at the keys of the value instead.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, Ident, Item, ItemEnum, Type, parse_quote};

use super::types::{argument, last_segment, optional, remove_derive, serde_options, wire_name};

/// A list may contain itself.
const DEEPEST: usize = 8;

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
    let mut held = Vec::new();
    for variant in &union.variants {
        let Fields::Unnamed(fields) = &variant.fields else { return Ok(None) };
        let mut fields = fields.unnamed.iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return Ok(None) };
        held.push((&variant.ident, &field.ty, texts(&field.ty, types)?));
    }
    // The text of a property tells variants apart if several of them list texts for it.
    let is_shared = |key: &String| held.iter().filter(|(_, _, texts)| texts.contains_key(key)).count() > 1;
    // serde also decodes a list as the fields of a struct in their order.
    let may_be_list = held.iter().any(|(_, kind, _)| !is_struct(kind, types, 0));
    let mut variants: Vec<(u8, TokenStream)> = Vec::new();
    for (ident, kind, texts) in &held {
        let mut keys = BTreeSet::new();
        collect_keys(kind, types, &mut BTreeSet::new(), &mut keys)?;
        let texts = texts.iter().filter(|(key, _)| is_shared(key));
        let texts = texts.map(|(key, texts)| quote!((#key, &[#(#texts),*])));
        let of_object = (may_be_list && is_struct(kind, types, 0)).then(|| quote!(.filter(|_| value.is_object())));
        let decoded = quote!(::serde_json::from_value::<#kind>(value.clone()).ok() #of_object);
        let decode = match (fallback(kind, types)?, accepts_anything(kind, types, 0)) {
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
        let keys = keys.iter();
        let variant = quote!(crate::runtime::Variant { keys: &[#(#keys),*], texts: &[#(#texts),*], decode: #decode });
        variants.push((order(kind, types, 0), variant));
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

/// Any string is also a plain string, and any integer also a number: these are tried last.
fn order(kind: &Type, types: &BTreeMap<String, Item>, depth: usize) -> u8 {
    let kind = plain(kind, types);
    match last_segment(kind).as_deref() {
        Some("String") => 2,
        Some("f64" | "f32") => 1,
        _ if depth > DEEPEST => 0,
        _ => argument(kind, "Vec").map_or(0, |item| order(item, types, depth + 1)),
    }
}

/// The texts that the document lists for the properties of an object, or of the objects in a list, where other texts decode as well.
fn texts(kind: &Type, types: &BTreeMap<String, Item>) -> Result<BTreeMap<String, Vec<String>>> {
    let of_enum = |item: &ItemEnum| -> Result<Vec<String>> {
        let mut all = Vec::new();
        for variant in &item.variants {
            if !serde_options(&variant.attrs)?.contains_key("untagged") {
                all.push(wire_name(&variant.attrs, &variant.ident.to_string())?);
            }
        }
        Ok(all)
    };
    let mut out = BTreeMap::new();
    match last_segment(plain(item_of(plain(kind, types)), types)).and_then(|name| types.get(&name)) {
        Some(Item::Struct(item)) => {
            for field in &item.fields {
                let kind = unboxed(optional(&field.ty).unwrap_or(&field.ty));
                if let (Some(ident), Some((own, _))) = (&field.ident, fallback(kind, types)?)
                    && let Some(Item::Enum(item)) = last_segment(own).and_then(|name| types.get(&name))
                    && !serde_options(&item.attrs)?.contains_key("tag")
                {
                    out.insert(wire_name(&field.attrs, &ident.to_string())?, of_enum(item)?);
                }
            }
        }
        Some(Item::Enum(item)) => {
            if let Some(tag) = serde_options(&item.attrs)?.remove("tag").flatten() {
                out.insert(tag, of_enum(item)?);
            }
        }
        _ => {}
    }
    Ok(out)
}

/// The keys that objects of a type, or in a list, may have.
fn collect_keys(
    kind: &Type,
    types: &BTreeMap<String, Item>,
    seen: &mut BTreeSet<String>,
    keys: &mut BTreeSet<String>,
) -> Result<()> {
    let kind = item_of(unboxed(kind));
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

/// Whether a type has named fields: all variants of an enum have.
fn is_struct(kind: &Type, types: &BTreeMap<String, Item>, depth: usize) -> bool {
    let kind = plain(kind, types);
    match last_segment(kind).and_then(|name| types.get(&name)) {
        Some(Item::Struct(item)) => matches!(item.fields, Fields::Named(_)),
        Some(Item::Enum(item)) => {
            let holds_struct = |field: &syn::Field| field.ident.is_none() && is_struct(&field.ty, types, depth + 1);
            let is_one = |variant: &syn::Variant| match &variant.fields {
                Fields::Named(_) => true,
                Fields::Unnamed(fields) => fields.unnamed.iter().all(holds_struct),
                Fields::Unit => false,
            };
            depth <= DEEPEST && item.variants.iter().all(is_one)
        }
        _ => false,
    }
}

/// `serde_json::Value`, maps, and lists of these.
fn accepts_anything(kind: &Type, types: &BTreeMap<String, Item>, depth: usize) -> bool {
    let kind = plain(kind, types);
    let Some(name) = last_segment(kind) else { return false };
    // A generated type may have any name.
    let is_foreign = !types.contains_key(&name) || matches!(kind, Type::Path(path) if path.path.segments.len() > 1);
    is_foreign && matches!(name.as_str(), "Value" | "Map" | "HashMap")
        || depth <= DEEPEST && argument(kind, "Vec").is_some_and(|item| accepts_anything(item, types, depth + 1))
}

/// The type inside of boxes, and of structs that are just another name for it.
fn plain<'t>(kind: &'t Type, types: &'t BTreeMap<String, Item>) -> &'t Type {
    let kind = unboxed(kind);
    let is_generated = matches!(kind, Type::Path(path) if path.path.segments.len() == 1);
    let item = last_segment(kind).filter(|_| is_generated).and_then(|name| types.get(&name));
    match item {
        Some(Item::Struct(item)) => match &item.fields {
            // A private field has a limit that not every value satisfies.
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => match fields.unnamed.first() {
                Some(field) if matches!(field.vis, syn::Visibility::Public(_)) && !is_same(&field.ty, kind) => {
                    plain(&field.ty, types)
                }
                _ => kind,
            },
            _ => kind,
        },
        _ => kind,
    }
}

fn is_same(one: &Type, other: &Type) -> bool {
    last_segment(unboxed(one)) == last_segment(other)
}

fn unboxed(kind: &Type) -> &Type {
    argument(kind, "Box").unwrap_or(kind)
}

/// The type of the items of a list, or the type itself.
fn item_of(kind: &Type) -> &Type {
    argument(kind, "Vec").map_or(kind, unboxed)
}
