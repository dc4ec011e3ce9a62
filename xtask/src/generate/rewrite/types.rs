//! Types: open enums, `null` for an absent list, whole numbers in any spelling, constructors, schemars behind a
//! feature.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemMod, Type, parse_quote};

use super::open_enums::{open_enum, unknown_variant, unusual_case};
use crate::generate::lower::Lowered;

/// Rewrites the module of types.
pub(super) fn rewrite(module: &mut ItemMod, lowered: &Lowered) -> Result<()> {
    let Some((_, items)) = &mut module.content else { bail!("the types of progenitor are not inline") };
    let mut out = Vec::new();
    let mut opened = BTreeSet::new();
    // typify implements it only for strings without limits.
    let displayed: BTreeSet<String> = items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(block) => {
                let (_, path, _) = block.trait_.as_ref()?;
                (path.segments.last()?.ident == "Display").then(|| last_segment(&block.self_ty)).flatten()
            }
            _ => None,
        })
        .collect();
    for mut item in std::mem::take(items) {
        match &mut item {
            Item::Enum(item) if lowered.open_enums.contains_key(&item.ident.to_string()) => {
                let name = item.ident.to_string();
                out.extend(open_enum(item, &lowered.open_enums[&name])?);
                opened.insert(name);
                continue;
            }
            // Replaced together with the enum.
            Item::Impl(block) if implements_open(&block.self_ty, lowered) => continue,
            Item::Impl(block) if from_reference_to_self(block, lowered) => continue,
            Item::Impl(block) if derefs_to_std(block) => continue,
            // Conversions to and from strings, which the unknown variant is not.
            Item::Impl(block) if is_text_of_open_union(block, lowered) => continue,
            Item::Struct(item) => {
                feature_gate_schemars(&mut item.attrs);
                for field in &mut item.fields {
                    unbox_option(field)?;
                    tolerate(field)?;
                }
                match &item.fields {
                    Fields::Named(fields) => {
                        out.push(constructor(&item.ident, fields, lowered)?);
                        item.attrs.push(parse_quote!(#[non_exhaustive]));
                    }
                    Fields::Unnamed(fields)
                        if fields
                            .unnamed
                            .iter()
                            .all(|field| last_segment(&field.ty).is_some_and(|name| name == "String")) =>
                    {
                        out.extend(text_newtype(&item.ident, displayed.contains(&item.ident.to_string())));
                    }
                    _ => {}
                }
                item.fields.iter_mut().try_for_each(|field| restore_name(field, lowered))?;
            }
            Item::Enum(item) => {
                feature_gate_schemars(&mut item.attrs);
                for variant in &mut item.variants {
                    document(variant);
                    if let Fields::Named(fields) = &mut variant.fields {
                        for field in &mut fields.named {
                            unbox_option(field)?;
                            tolerate(field)?;
                            restore_name(field, lowered)?;
                        }
                    }
                }
                if lowered.open_unions.contains(&item.ident.to_string()) {
                    // JSON values have neither.
                    for name in ["Copy", "Ord", "PartialOrd"] {
                        remove_derive(&mut item.attrs, name);
                    }
                    let unknown = unknown_variant(item);
                    item.variants.push(parse_quote! {
                        /// A variant that is not in the OpenAPI document, or one with unexpected contents.
                        #[serde(untagged)]
                        #unknown(::serde_json::Value)
                    });
                }
                let allowed = unusual_case(item);
                item.attrs.extend(allowed);
                item.attrs.push(parse_quote!(#[non_exhaustive]));
            }
            _ => {}
        }
        out.push(item);
    }
    if let Some(missing) = lowered.open_enums.keys().find(|name| !opened.contains(*name)) {
        bail!("typify generated no enum for the open value set {missing}");
    }
    super::unions::rewrite(&mut out)?;
    *items = out;
    Ok(())
}

pub fn last_segment(kind: &Type) -> Option<String> {
    match kind {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => last_segment(&reference.elem),
        _ => None,
    }
}

fn implements_open(kind: &Type, lowered: &Lowered) -> bool {
    last_segment(kind).is_some_and(|name| lowered.open_enums.contains_key(&name))
}

/// Says what a variant of a union holds. The document describes the type, not its use here.
fn document(variant: &mut syn::Variant) {
    let Fields::Unnamed(fields) = &variant.fields else { return };
    let Some(Type::Path(held)) = fields.unnamed.first().map(|field| &field.ty) else { return };
    // Types of std are written with their whole path.
    let name = held.path.segments.last().filter(|name| held.path.leading_colon.is_none() && name.arguments.is_empty());
    if let (Some(name), false) = (name, variant.attrs.iter().any(|attribute| attribute.path().is_ident("doc"))) {
        let text = format!("Holds [`{}`].", name.ident);
        variant.attrs.push(parse_quote!(#[doc = #text]));
    }
}

/// Whether it is `Deref` to a string or a list, whose methods would fill the documentation of the type.
fn derefs_to_std(block: &syn::ItemImpl) -> bool {
    let implemented = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
    let is_std = |kind: &Type| last_segment(kind).is_some_and(|name| name == "String" || name == "Vec");
    implemented.is_some_and(|name| name.ident == "Deref")
        && block.items.iter().any(|item| matches!(item, syn::ImplItem::Type(target) if is_std(&target.ty)))
}

fn is_text_of_open_union(block: &syn::ItemImpl, lowered: &Lowered) -> bool {
    let implemented = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
    implemented.is_some_and(|name| name.ident == "Display" || name.ident == "FromStr" || name.ident == "TryFrom")
        && last_segment(&block.self_ty).is_some_and(|name| lowered.open_unions.contains(&name))
}

fn from_reference_to_self(block: &syn::ItemImpl, lowered: &Lowered) -> bool {
    let Some((_, path, _)) = &block.trait_ else { return false };
    let Some(segment) = path.segments.last() else { return false };
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return false };
    arguments
        .args
        .iter()
        .any(|argument| matches!(argument, syn::GenericArgument::Type(kind) if implements_open(kind, lowered)))
        && implements_open(&block.self_ty, lowered)
}

/// The name on the wire: serde's `rename`, or the name itself.
pub(super) fn wire_name(attributes: &[Attribute], plain: &str) -> Result<String> {
    Ok(serde_options(attributes)?.remove("rename").flatten().unwrap_or_else(|| plain.to_owned()))
}

/// The options of all `serde` attributes, with their values if they are strings.
pub(super) fn serde_options(attributes: &[Attribute]) -> Result<BTreeMap<String, Option<String>>> {
    let mut options = BTreeMap::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            let value = if meta.input.peek(syn::Token![=]) {
                match meta.value()?.parse::<syn::Expr>()? {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                    _ => None,
                }
            } else {
                None
            };
            options.extend(meta.path.get_ident().map(|name| (name.to_string(), value)));
            Ok(())
        })?;
    }
    Ok(options)
}

/// `new` with the required fields in the order of the document. Other crates cannot use a struct expression, because
/// the struct is non-exhaustive.
fn constructor(ident: &syn::Ident, fields: &syn::FieldsNamed, lowered: &Lowered) -> Result<Item> {
    let order: Vec<&String> = lowered.openapi["components"]["schemas"][ident.to_string()]["properties"]
        .as_object()
        .into_iter()
        .flat_map(|properties| properties.keys())
        .collect();
    let mut required: Vec<(usize, TokenStream)> = Vec::new();
    let mut initial: Vec<TokenStream> = Vec::new();
    for field in &fields.named {
        let (name, kind) = (&field.ident, &field.ty);
        let optional = last_segment(kind).is_some_and(|name| name == "Option");
        let options = serde_options(&field.attrs)?;
        // Properties of other names are flattened.
        if optional || options.contains_key("default") || options.contains_key("flatten") {
            initial.push(quote!(#name: Default::default()));
            continue;
        }
        let plain = name.as_ref().map(ToString::to_string).unwrap_or_default();
        let wire = wire_name(&field.attrs, &plain)?;
        let place = order.iter().position(|key| **key == wire).unwrap_or(usize::MAX);
        required.push((place, quote!(#name: #kind)));
        initial.push(quote!(#name));
    }
    required.sort_by_key(|(place, _)| *place);
    let arguments = required.into_iter().map(|(_, argument)| argument);
    Ok(parse_quote! {
        impl #ident {
            /// Creates a value with its required fields.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#initial),* }
            }
        }
    })
}

/// Conversions of a string newtype that typify does not generate.
fn text_newtype(ident: &syn::Ident, has_display: bool) -> Vec<Item> {
    let display = (!has_display).then(|| {
        quote! {
            impl ::std::fmt::Display for #ident {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str(&self.0)
                }
            }
        }
    });
    let code: syn::File = parse_quote! {
        #display
        impl #ident {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl ::std::convert::From<&#ident> for #ident {
            fn from(value: &#ident) -> Self {
                value.clone()
            }
        }
        impl ::std::convert::TryFrom<&::std::string::String> for #ident {
            type Error = <Self as ::std::str::FromStr>::Err;
            fn try_from(value: &::std::string::String) -> ::std::result::Result<Self, Self::Error> {
                value.parse()
            }
        }
        impl ::std::convert::AsRef<str> for #ident {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
    code.items
}

/// Removes a trait from the derives.
pub(super) fn remove_derive(attributes: &mut [Attribute], name: &str) -> bool {
    let mut removed = false;
    for attribute in attributes.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let mut kept = Vec::new();
        let outcome = attribute.parse_nested_meta(|meta| {
            if meta.path.segments.last().is_some_and(|segment| segment.ident == name) {
                removed = true;
            } else {
                kept.push(meta.path);
            }
            Ok(())
        });
        if outcome.is_ok() {
            *attribute = parse_quote!(#[derive(#(#kept),*)]);
        }
    }
    removed
}

/// Moves `JsonSchema` from the derives behind the feature.
fn feature_gate_schemars(attributes: &mut Vec<Attribute>) {
    let gated = remove_derive(attributes, "JsonSchema");
    if gated {
        attributes.push(parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]));
    }
}

/// Decodes `null` as an empty list or map, like an absent one, and an integer that is written with a fraction of zero.
fn tolerate(field: &mut syn::Field) -> Result<()> {
    let options = serde_options(&field.attrs)?;
    if options.contains_key("deserialize_with") || options.contains_key("flatten") {
        return Ok(());
    }
    // A function for a field turns off that an absent `Option` is `None`.
    let is_optional = optional(&field.ty).is_some() && !options.contains_key("default");
    let default = is_optional.then(|| quote!(default,));
    let skipped = options.get("skip_serializing_if").cloned().flatten().unwrap_or_default();
    if skipped.ends_with("::is_empty") && holds_integers(&field.ty) {
        field.attrs.push(parse_quote!(#[serde(deserialize_with = "crate::runtime::integers_or_default")]));
    } else if skipped.ends_with("::is_empty") {
        field.attrs.push(parse_quote!(#[serde(deserialize_with = "crate::runtime::null_as_default")]));
    } else if is_integer(&field.ty) {
        field.attrs.push(parse_quote!(#[serde(deserialize_with = "crate::runtime::integer")]));
    } else if optional(&field.ty).is_some_and(is_integer) {
        field.attrs.push(parse_quote!(#[serde(#default deserialize_with = "crate::runtime::optional_integer")]));
    } else if holds_integers(&field.ty) {
        field.attrs.push(parse_quote!(#[serde(#default deserialize_with = "crate::runtime::integers")]));
    }
    Ok(())
}

/// `Box<Option<T>>`, which typify uses in types that contain themselves, as `Option<Box<T>>`: an absent value is not
/// sent as null then.
fn unbox_option(field: &mut syn::Field) -> Result<()> {
    let Some(inner) = argument(&field.ty, "Box").and_then(|boxed| argument(boxed, "Option")).cloned() else {
        return Ok(());
    };
    field.ty = parse_quote!(::std::option::Option<::std::boxed::Box<#inner>>);
    let options = serde_options(&field.attrs)?;
    if options.contains_key("default") && !options.contains_key("skip_serializing_if") {
        field.attrs.push(parse_quote!(#[serde(skip_serializing_if = "::std::option::Option::is_none")]));
    }
    Ok(())
}

/// Gives a field whose Rust name was taken its name on the wire again.
fn restore_name(field: &mut syn::Field, lowered: &Lowered) -> Result<()> {
    let Some(ident) = &field.ident else { return Ok(()) };
    let wire = wire_name(&field.attrs, &ident.to_string())?;
    if let Some(original) = lowered.renamed.get(&wire) {
        field.attrs.push(parse_quote!(#[serde(rename = #original)]));
    }
    Ok(())
}

fn is_integer(kind: &Type) -> bool {
    last_segment(kind)
        .is_some_and(|name| matches!(name.as_str(), "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64"))
}

/// Whether a type is an integer, or a list or map of them.
fn holds_integers(kind: &Type) -> bool {
    is_integer(kind) || ["Option", "Vec", "HashMap"].iter().any(|name| argument(kind, name).is_some_and(holds_integers))
}

/// The type inside of an `Option`.
pub(super) fn optional(kind: &Type) -> Option<&Type> {
    argument(kind, "Option")
}

/// The type inside of a generic type of this name: the last one.
pub(super) fn argument<'t>(kind: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = kind else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        syn::GenericArgument::Type(kind) => Some(kind),
        _ => None,
    })
}
