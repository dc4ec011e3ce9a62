//! Rust names for names and paths in a document.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};
use sha2::{Digest, Sha256};

/// A type name.
pub fn type_name(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = words.to_upper_camel_case();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("X{name}") } else { name }
}

/// A name of at most `longest` bytes: its beginning, and a hash of the whole instead of the rest.
pub fn bounded(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let hash = Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
    let end = (0..=longest - hash.len() - 1).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let separator = if name.contains('_') { "_" } else { "X" };
    format!("{}{separator}{hash}", name[..end].trim_end_matches('_'))
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

/// The module for types that several families use, and for those that no operation uses.
pub const COMMON: &str = "common";

/// Names of other modules of the generated crate.
const RESERVED: &[&str] = &[
    COMMON,
    "forms",
    "headers",
    "lib",
    "limits",
    "mod",
    "operations",
    "options",
    "params",
    "prelude",
    "root",
    "runtime",
    "schemas",
    "types",
];

/// The family of a path: its first segment that is neither a parameter nor a version. It does not change when other
/// paths are added.
pub fn family_of(path: &str) -> String {
    let is_version = |segment: &str| {
        segment
            .strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    let mut segments = path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{'));
    let name = segments.find(|segment| !is_version(segment)).unwrap_or_default().to_snake_case();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    match name.as_str() {
        "" => "root_family".into(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("x_{name}"),
        name if RESERVED.contains(&name) || syn::parse_str::<syn::Ident>(name).is_err() => format!("{name}_family"),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::family_of;

    #[test]
    fn the_first_plain_segment_is_the_family() {
        let cases = [
            ("/embed/tasks/{task_id}", "embed"),
            ("/embed-v2/tasks", "embed_v2"),
            ("/v1.3/assets", "assets"),
            ("/{id}/videos", "videos"),
            ("/", "root_family"),
            ("/types", "types_family"),
            ("/match", "match_family"),
            ("/2fa", "x_2fa"),
        ];
        for (path, expected) in cases {
            assert_eq!(family_of(path), expected, "{path}");
        }
    }
}
