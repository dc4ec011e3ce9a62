//! Families of operations. Each family becomes one module of the generated code.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;

use crate::{
    document::{reference_name, references},
    generate::lower::{FieldKind, Lowered},
};

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

/// The families of a document and of its types.
pub struct Families {
    /// In alphabetical order, without [`COMMON`].
    pub names: BTreeSet<String>,
    by_type: BTreeMap<String, String>,
}

impl Families {
    pub fn new(lowered: &Lowered) -> Self {
        let schemas = &lowered.openapi["components"]["schemas"];
        let mut users: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for operation in &lowered.operations {
            let method = operation.method.to_lowercase();
            let mut queue = references(&lowered.openapi["paths"][&operation.path][&method]);
            for field in operation.form.iter().flat_map(|form| &form.fields) {
                if let FieldKind::Named(name) = &field.kind {
                    queue.push(name.clone());
                }
            }
            queue.extend(operation.items.iter().map(|(_, name)| name.clone()));
            while let Some(reference) = queue.pop() {
                let name = reference_name(&reference);
                if users.entry(name.clone()).or_default().insert(&operation.family) {
                    queue.extend(references(&schemas[&name]));
                }
            }
        }
        let by_type = users.into_iter().filter_map(|(name, families)| match families.len() {
            1 => families.first().map(|family| (name, (*family).to_owned())),
            _ => Some((name, COMMON.to_owned())),
        });
        let names = lowered.operations.iter().map(|operation| operation.family.clone()).collect();
        Self { names, by_type: by_type.collect() }
    }

    /// The module of a type. A type that typify generated for a part of another type is in the same module.
    pub fn of_type(&self, name: &str) -> &str {
        let whole = (1..=name.len()).rev().filter_map(|end| self.by_type.get(name.get(..end)?)).next();
        whole.map_or(COMMON, String::as_str)
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
