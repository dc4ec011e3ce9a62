//! Rust names for names in a document.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};

/// A type name.
pub fn type_name(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = words.to_upper_camel_case();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("X{name}") } else { name }
}

/// A field, function or module name, raw where Rust needs it.
pub fn identifier(text: &str) -> Ident {
    let name = text.to_snake_case();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("x_{name}") } else { name };
    match syn::parse_str::<Ident>(&name) {
        Ok(ident) => ident,
        Err(_) if matches!(name.as_str(), "self" | "super" | "crate" | "_" | "") => {
            Ident::new(&format!("{name}_"), Span::call_site())
        }
        Err(_) => Ident::new_raw(&name, Span::call_site()),
    }
}

/// The name of a constant.
pub fn constant(text: &str) -> Ident {
    let name = text.to_shouty_snake_case();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("X{name}") } else { name };
    Ident::new(if name.is_empty() { "EMPTY" } else { &name }, Span::call_site())
}
