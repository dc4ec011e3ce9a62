//! Families of operations. Each family becomes one module of the generated code.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    generate::{
        lower::{ErrorBody, FieldKind, Lowered},
        names::COMMON,
    },
    reference::{reference_name, references},
};

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
            if let Some(ErrorBody::Named(name)) = &operation.error {
                queue.push(name.clone());
            }
            let second = operation.stream.as_ref().and_then(|stream| stream.items.as_ref());
            queue.extend(operation.items.iter().chain(second).map(|(_, name)| name.clone()));
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
