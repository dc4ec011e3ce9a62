//! Code that progenitor does not generate: constants for names and limits, the list of operations, form types.

mod forms;
mod params;
mod rules;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use self::params::param_constant;
use crate::generate::{
    families::Families,
    lower::{Lowered, Operation},
    names::{constant, identifier},
};

/// Items of the root module, beside those of progenitor.
pub fn root(lowered: &Lowered, families: &Families, sha256: &str) -> TokenStream {
    let base_url = option(lowered.base_url.as_deref());
    let key_header = option(lowered.credential.as_ref().map(|credential| credential.header.as_str()));
    let key_prefix = lowered.credential.as_ref().map_or("", |credential| credential.prefix);
    let headers = lowered.response_headers.iter().map(|name| {
        let constant = constant(name);
        let doc = format!("`{name}`");
        quote! { #[doc = #doc] pub const #constant: &str = #name; }
    });
    let limits = lowered.limits.values().map(|limit| param_constant(limit, &constant(&limit.name)));
    let schema_names: Vec<&String> =
        lowered.openapi["components"]["schemas"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    let schema_types = schema_names.iter().map(|name| match name.as_str() {
        name if name == lowered.vector => quote!(crate::runtime::Embedding),
        name => {
            let ident = format_ident!("{name}");
            quote!(super::types::#ident)
        }
    });
    let modules: Vec<_> = families.names.iter().map(|name| format_ident!("{name}")).collect();
    let with_forms = families.names.iter().filter(|family| forms_of(lowered, family).next().is_some());
    let with_forms = with_forms.map(|name| format_ident!("{name}"));
    let all = lowered.operations.iter().map(|operation| constant(&operation.id));
    quote! {
        /// URL of the first server of the document.
        pub const BASE_URL: Option<&str> = #base_url;
        /// Name of the header that carries the API key, in lower case.
        pub const KEY_HEADER: Option<&str> = #key_header;
        /// Text before the API key in the header, such as `Bearer `.
        pub const KEY_PREFIX: &str = #key_prefix;
        /// The OpenAPI document that this crate was generated from, as JSON.
        pub const SPEC: &str = include_str!("openapi.json");
        /// SHA-256 of [`SPEC`], in hexadecimal.
        pub const SPEC_SHA256: &str = #sha256;

        /// Names of response headers, in lower case.
        pub mod headers { #(#headers)* }

        /// Limits that are not the limits of a single parameter.
        pub mod limits {
            use crate::runtime::Param;
            #(#limits)*
        }

        /// The operations of the document.
        pub mod operations {
            use crate::runtime::Operation;
            #(pub use super::#modules::operations::*;)*
            /// All operations, in the order of the document.
            pub const ALL: &[Operation] = &[#(#all),*];
        }

        /// Parameters, form fields and JSON properties of each operation's request, with their limits.
        pub mod params {
            #(pub use super::#modules::params::*;)*
        }

        /// JSON Schemas of the generated types.
        #[cfg(feature = "schemars")]
        pub mod schemas {
            /// The JSON Schema of every generated type, by name.
            pub fn all() -> Vec<(&'static str, ::schemars::Schema)> {
                vec![#((#schema_names, ::schemars::schema_for!(#schema_types))),*]
            }
        }

        /// Request bodies of the media type `multipart/form-data`.
        pub mod forms {
            #(pub use super::#with_forms::forms::*;)*
        }
    }
}

/// Items of the module of a family, beside those of progenitor.
pub fn family(lowered: &Lowered, family: &str) -> TokenStream {
    let operations = || lowered.operations.iter().filter(|operation| operation.family == family);
    let constants = operations().map(operation_constant);
    let params = operations().map(params::module);
    let forms: Vec<_> = forms_of(lowered, family).map(forms::form).collect();
    let forms = (!forms.is_empty()).then(|| {
        quote! {
            pub mod forms {
                use crate::{codegen::types, runtime::{FilePart, Multipart, SourceError, form_text}};
                #(#forms)*
            }
        }
    });
    quote! {
        pub mod operations { use crate::runtime::{Condition, Effect, Operation, Rule, RuleKind, Test}; #(#constants)* }
        pub mod params { #(#params)* }
        #forms
    }
}

fn forms_of<'l>(lowered: &'l Lowered, family: &str) -> impl Iterator<Item = &'l crate::generate::lower::Form> {
    let operations = lowered.operations.iter().filter(move |operation| operation.family == family);
    operations.filter_map(|operation| operation.form.as_ref())
}

fn operation_constant(operation: &Operation) -> TokenStream {
    let (name, id, method, path) = (constant(&operation.id), &operation.id, &operation.method, &operation.path);
    let doc = format!("`{method} {path}`");
    let params = identifier(&operation.id);
    let effect = format_ident!("{}", operation.effect.variant());
    let rules = operation.rules.iter().map(rules::literal);
    quote! {
        #[doc = #doc]
        pub const #name: Operation = Operation {
            id: #id,
            method: #method,
            path: #path,
            effect: Effect::#effect,
            params: super::params::#params::ALL,
            rules: &[#(#rules),*],
        };
    }
}

fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote! { Some(#text) },
        None => quote! { None },
    }
}
