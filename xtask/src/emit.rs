//! What progenitor cannot say: constants for names and limits, and the form types.

use heck::{ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::lower::{Field, FieldKind, Form, Lowered, Param};

/// All items beside progenitor's.
pub fn items(lowered: &Lowered, sha256: &str) -> TokenStream {
    let base_url = option(lowered.base_url.as_deref());
    let key_header = option(lowered.key_header.as_deref());
    let headers = lowered.response_headers.iter().map(|name| {
        let constant = constant(name);
        let doc = format!("`{name}`");
        quote! { #[doc = #doc] pub const #constant: &str = #name; }
    });
    let limits = lowered.limits.values().map(param);
    let schema_names: Vec<&String> =
        lowered.openapi["components"]["schemas"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    let schema_types = schema_names.iter().map(|name| match name.as_str() {
        "Embedding" => quote!(crate::runtime::Embedding),
        name => {
            let ident = format_ident!("{name}");
            quote!(super::types::#ident)
        }
    });
    let operations = operations(lowered);
    let params = params(lowered);
    let forms = lowered.operations.iter().filter_map(|operation| operation.form.as_ref()).map(form);
    quote! {
        /// The first server of the document.
        pub const BASE_URL: Option<&str> = #base_url;
        /// The header field that carries the API key.
        pub const KEY_HEADER: Option<&str> = #key_header;
        /// The OpenAPI document that this crate was generated from, as JSON.
        pub const SPEC: &str = include_str!("codegen/openapi.json");
        /// SHA-256 of [`SPEC`], in hexadecimal.
        pub const SPEC_SHA256: &str = #sha256;

        /// Names of header fields that answers may carry.
        pub mod headers { #(#headers)* }

        /// Limits of the API as a whole.
        pub mod limits {
            use crate::runtime::Param;
            #(#limits)*
        }

        /// The operations of the document.
        pub mod operations { use crate::runtime::{Effect, Operation}; #operations }

        /// The parameters and form fields of each operation, with their limits.
        pub mod params { #params }

        /// What the types look like on the wire.
        #[cfg(feature = "schemars")]
        pub mod schemas {
            /// The JSON Schema of every generated type, by name.
            pub fn all() -> Vec<(&'static str, ::schemars::Schema)> {
                vec![#((#schema_names, ::schemars::schema_for!(#schema_types))),*]
            }
        }

        /// The bodies of operations that take a form.
        pub mod forms {
            use super::{types, Error};
            use crate::runtime::{FilePart, Multipart, SourceError, form_text};
            #(#forms)*
        }
    }
}

fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote! { Some(#text) },
        None => quote! { None },
    }
}

fn constant(name: &str) -> Ident {
    let name = name.to_shouty_snake_case();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format_ident!("X{name}") } else { format_ident!("{name}") }
}

/// A field or module name, raw where Rust needs it.
pub fn identifier(name: &str) -> Ident {
    let name = name.to_snake_case();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("x_{name}") } else { name };
    match syn::parse_str::<Ident>(&name) {
        Ok(ident) => ident,
        Err(_) if matches!(name.as_str(), "self" | "super" | "crate" | "_" | "") => {
            Ident::new(&format!("{name}_"), Span::call_site())
        }
        Err(_) => Ident::new_raw(&name, Span::call_site()),
    }
}

fn operations(lowered: &Lowered) -> TokenStream {
    let constants = lowered.operations.iter().map(|operation| {
        let (name, id, method, path) = (constant(&operation.id), &operation.id, &operation.method, &operation.path);
        let doc = format!("`{method} {path}`");
        let params = identifier(&operation.id);
        let effect = format_ident!("{}", operation.effect.variant());
        quote! {
            #[doc = #doc]
            pub const #name: Operation = Operation {
                id: #id,
                method: #method,
                path: #path,
                effect: Effect::#effect,
                params: super::params::#params::ALL,
            };
        }
    });
    let all = lowered.operations.iter().map(|operation| constant(&operation.id));
    quote! {
        #(#constants)*
        /// All of them, in the order of the document.
        pub const ALL: &[Operation] = &[#(#all),*];
    }
}

fn params(lowered: &Lowered) -> TokenStream {
    let modules = lowered.operations.iter().map(|operation| {
        let name = identifier(&operation.id);
        let doc = format!("`{} {}`", operation.method, operation.path);
        let constants = operation.params.iter().map(param);
        let all = operation.params.iter().map(|param| constant(&param.name));
        quote! {
            #[doc = #doc]
            pub mod #name {
                use crate::runtime::Param;
                #(#constants)*
                /// All of them.
                pub const ALL: &[Param] = &[#(#all),*];
            }
        }
    });
    quote! { #(#modules)* }
}

fn param(param: &Param) -> TokenStream {
    let name = &param.name;
    let ident = constant(name);
    let number = |value: Option<f64>| match value {
        Some(value) => quote! { Some(#value) },
        None => quote! { None },
    };
    let count = |value: Option<u64>| match value {
        Some(value) => quote! { Some(#value) },
        None => quote! { None },
    };
    let (minimum, exclusive_minimum) = (number(param.minimum), number(param.exclusive_minimum));
    let (maximum, exclusive_maximum) = (number(param.maximum), number(param.exclusive_maximum));
    let (min_length, max_length) = (count(param.min_length), count(param.max_length));
    let default = option(param.default.as_deref());
    let doc = format!("`{name}`");
    quote! {
        #[doc = #doc]
        pub const #ident: Param = Param {
            name: #name,
            minimum: #minimum,
            exclusive_minimum: #exclusive_minimum,
            maximum: #maximum,
            exclusive_maximum: #exclusive_maximum,
            min_length: #min_length,
            max_length: #max_length,
            default: #default,
        };
    }
}

fn form(form: &Form) -> TokenStream {
    let name = format_ident!("{}", form.name);
    let doc = form.description.clone().unwrap_or_else(|| "A form.".into());
    let fields = form.fields.iter().map(|field| {
        let (ident, kind) = (identifier(&field.name), field_type(field));
        let doc = field.description.clone().unwrap_or_else(|| format!("`{}`", field.name));
        quote! { #[doc = #doc] pub #ident: #kind }
    });
    let required: Vec<&Field> = form.fields.iter().filter(|field| field.required && !field.repeated).collect();
    let arguments = required.iter().map(|field| {
        let (ident, kind) = (identifier(&field.name), field_type(field));
        quote! { #ident: #kind }
    });
    let initial = form.fields.iter().map(|field| {
        let ident = identifier(&field.name);
        match (field.required, field.repeated) {
            (_, true) => quote! { #ident: Vec::new() },
            (true, false) => quote! { #ident },
            (false, false) => quote! { #ident: None },
        }
    });
    let writes = form.fields.iter().map(write);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        pub struct #name { #(#fields),* }

        impl #name {
            /// A form with its required fields.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#initial),* }
            }

            /// Writes the form; files are opened, and can be opened again by the next call if they are repeatable.
            pub async fn encode(&self) -> Result<Multipart<Self>, SourceError> {
                let mut form = Multipart::default();
                #(#writes)*
                Ok(form)
            }
        }
    }
}

fn field_type(field: &Field) -> TokenStream {
    let inner = match &field.kind {
        FieldKind::File => quote! { FilePart },
        FieldKind::Text => quote! { String },
        FieldKind::Number => quote! { f64 },
        FieldKind::Integer => quote! { i64 },
        FieldKind::Boolean => quote! { bool },
        FieldKind::Json => quote! { ::serde_json::Value },
        FieldKind::Named(name) => {
            let name = format_ident!("{name}");
            quote! { types::#name }
        }
    };
    match (field.repeated, field.required) {
        (true, _) => quote! { Vec<#inner> },
        (false, true) => inner,
        (false, false) => quote! { Option<#inner> },
    }
}

fn write(field: &Field) -> TokenStream {
    let (ident, name) = (identifier(&field.name), &field.name);
    let write = match field.kind {
        FieldKind::File => quote! { form.file(#name, value).await?; },
        FieldKind::Text => quote! { form.text(#name, value); },
        FieldKind::Number | FieldKind::Integer | FieldKind::Boolean => quote! { form.text(#name, &value.to_string()); },
        FieldKind::Json | FieldKind::Named(_) => quote! { form.text(#name, &form_text(value)); },
    };
    match (field.repeated, field.required) {
        (true, _) => quote! { for value in &self.#ident { #write } },
        (false, true) => quote! { { let value = &self.#ident; #write } },
        (false, false) => quote! { if let Some(value) = &self.#ident { #write } },
    }
}
