//! Structs for `multipart/form-data` bodies.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::generate::{
    lower::{FieldKind, Form, FormField},
    names::identifier,
};

/// The struct of a form, its constructor and its encoder.
pub fn form(form: &Form) -> TokenStream {
    let name = format_ident!("{}", form.name);
    let doc = form.description.clone().unwrap_or_else(|| "Form of a request.".into());
    let fields = form.fields.iter().map(|field| {
        let (ident, kind) = (identifier(&field.name), field_type(field));
        let doc = field.documentation.clone().unwrap_or_else(|| format!("`{}`", field.name));
        quote! { #[doc = #doc] pub #ident: #kind }
    });
    let required: Vec<&FormField> = form.fields.iter().filter(|field| field.required && !field.repeated).collect();
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
            /// Creates a form with its required fields.
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#initial),* }
            }

            /// Opens the files and encodes the form as `multipart/form-data`. Can be called again if all files are
            /// [repeatable](FilePart::is_repeatable).
            ///
            /// # Errors
            ///
            /// Returns an error if a file cannot be opened.
            pub async fn encode(&self) -> Result<Multipart<Self>, SourceError> {
                let mut form = Multipart::default();
                #(#writes)*
                Ok(form)
            }
        }
    }
}

fn field_type(field: &FormField) -> TokenStream {
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

fn write(field: &FormField) -> TokenStream {
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
