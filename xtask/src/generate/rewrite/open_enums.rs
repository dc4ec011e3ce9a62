//! Enums and unions with a variant for values that are not in the document.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use quote::format_ident;
use syn::{Attribute, Fields, Item, ItemEnum, parse_quote};

use super::types::wire_name;

/// A string enum with a variant for values that are not in the document. `texts` describes its values.
pub(super) fn open_enum(item: &ItemEnum, texts: &BTreeMap<String, String>) -> Result<Vec<Item>> {
    let (ident, docs) = (&item.ident, docs(&item.attrs));
    let mut variants = Vec::new();
    for variant in &item.variants {
        if !matches!(variant.fields, Fields::Unit) {
            bail!("{ident} is not a plain string enum");
        }
        variants.push((variant.ident.clone(), wire_name(&variant.attrs, &variant.ident.to_string())?));
    }
    let unknown = unknown_variant(item);
    let (names, values): (Vec<_>, Vec<_>) = variants.iter().cloned().unzip();
    let allowed = unusual_case(item);
    let doc_values = values.iter().map(|value| match texts.get(value) {
        Some(text) => format!("`{value}`: {text}"),
        None => format!("`{value}`"),
    });
    let code: syn::File = parse_quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]
        #allowed
        #[non_exhaustive]
        pub enum #ident {
            #(#[doc = #doc_values] #[serde(rename = #values)] #names,)*
            /// A value that is not in the OpenAPI document.
            #[serde(untagged)]
            #unknown(::std::string::String),
        }
        impl #ident {
            /// The values in the OpenAPI document.
            pub const KNOWN: &'static [&'static str] = &[#(#values),*];

            /// Returns the value as it is sent.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#names => #values,)*
                    Self::#unknown(value) => value,
                }
            }
        }
        impl ::std::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::std::convert::From<&str> for #ident {
            fn from(value: &str) -> Self {
                match value {
                    #(#values => Self::#names,)*
                    other => Self::#unknown(other.to_owned()),
                }
            }
        }
        impl ::std::convert::From<::std::string::String> for #ident {
            fn from(value: ::std::string::String) -> Self {
                Self::from(value.as_str())
            }
        }
        impl ::std::str::FromStr for #ident {
            type Err = ::std::convert::Infallible;
            // `Self::Err` may be a variant.
            fn from_str(value: &str) -> ::std::result::Result<Self, ::std::convert::Infallible> {
                Ok(Self::from(value))
            }
        }
    };
    Ok(code.items)
}

/// Allows names such as `plus1`, which typify derives from `+1`.
pub(super) fn unusual_case(item: &ItemEnum) -> Option<Attribute> {
    let is_unusual = item.variants.iter().any(|variant| variant.ident.to_string().starts_with(char::is_lowercase));
    is_unusual.then(|| parse_quote!(#[allow(non_camel_case_types)]))
}

/// The name of the variant for values that are not in the document. It is none of theirs.
pub(super) fn unknown_variant(item: &ItemEnum) -> syn::Ident {
    let names = ["Unknown".to_owned(), "UnknownValue".to_owned()].into_iter();
    let mut names = names.chain((2..).map(|number| format!("UnknownValue{number}")));
    let is_free = |name: &String| !item.variants.iter().any(|variant| variant.ident == name);
    format_ident!("{}", names.find(is_free).unwrap_or_default())
}

fn docs(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).collect()
}
