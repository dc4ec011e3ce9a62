//! `x-effect`: what an operation does to the server's state, stated per operation in the document.

use serde_json::Value;

use crate::pointer::{Pointer, Remark};

/// What an operation does to the server's state. Mirrors `twelvelabs_api::runtime::Effect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Read,
    Compute,
    Create,
    Update,
    Delete,
}

impl Effect {
    /// Parses the value of `x-effect`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "read" => Self::Read,
            "compute" => Self::Compute,
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    /// The variant of the generated crate's `Effect`.
    pub fn variant(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Compute => "Compute",
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }

    /// The default for documents that do not use `x-effect`. A `POST` or `PATCH` counts as a create request because
    /// HTTP does not define that a retry of one is safe.
    fn of_method(method: &str) -> Self {
        match method {
            "get" | "head" | "options" | "trace" => Self::Read,
            "put" => Self::Update,
            "delete" => Self::Delete,
            _ => Self::Create,
        }
    }
}

/// Reads the effect of every operation. A document that uses `x-effect` at all must use it on every operation.
pub struct Effects {
    stated: bool,
}

impl Effects {
    pub fn new(root: &Value) -> Self {
        let items = root["paths"].as_object().into_iter().flat_map(|paths| paths.values());
        let mut operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
        Self { stated: operations.any(|operation| operation.get("x-effect").is_some()) }
    }

    /// The effect of an operation, or the reason to refuse it.
    pub fn of(&self, operation: &Value, method: &str, place: &Pointer) -> Result<Effect, Remark> {
        match operation["x-effect"].as_str().and_then(Effect::parse) {
            Some(effect) => Ok(effect),
            None if self.stated => Err(Remark::new(place, "x-effect is missing, but other operations have it")),
            None => Ok(Effect::of_method(method)),
        }
    }
}
