//! The contract as a validator of bodies.

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::Validator;
use serde_json::{Value, json};

static EMBEDDED: LazyLock<Contract> = LazyLock::new(|| {
    let text = include_str!("../../spec/openapi.yaml");
    // The contract is part of this crate, and its tests read it.
    Contract::from_yaml(text).unwrap_or_else(|error| panic!("spec/openapi.yaml: {error}"))
});

/// The contract of `spec/openapi.yaml`.
pub struct Contract {
    /// Validators by operation id and status.
    answers: BTreeMap<(String, String), Validator>,
}

impl Contract {
    /// The contract that this crate was built with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    fn from_yaml(text: &str) -> Result<Self, String> {
        let root: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let mut answers = BTreeMap::new();
        for item in root["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
            for operation in item.as_object().into_iter().flat_map(|item| item.values()) {
                let Some(id) = operation["operationId"].as_str() else { continue };
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let response = match response["$ref"].as_str() {
                        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap_or(response),
                        None => response,
                    };
                    let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
                    let schema = schema.ok_or_else(|| format!("{id} {status}: the schema has no name"))?;
                    let validator = validator(&root, schema)?;
                    answers.insert((id.to_owned(), status.clone()), validator);
                }
            }
        }
        Ok(Self { answers })
    }

    /// Checks the JSON body of an answer; every problem is a line with the place in the body.
    ///
    /// # Errors
    ///
    /// All problems, or one that says that the operation has no such answer.
    pub fn check_answer(&self, operation_id: &str, status: u16, body: &Value) -> Result<(), Vec<String>> {
        let key = (operation_id.to_owned(), status.to_string());
        let Some(validator) = self.answers.get(&key) else {
            return Err(vec![format!("the contract has no answer {status} of {operation_id}")]);
        };
        let problems: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The answers of the contract, as operation id and status.
    pub fn answers(&self) -> impl Iterator<Item = (&str, u16)> {
        self.answers.keys().filter_map(|(id, status)| Some((id.as_str(), status.parse().ok()?)))
    }
}

fn validator(root: &Value, reference: &str) -> Result<Validator, String> {
    // Schemas of OpenAPI 3.1 are JSON Schema 2020-12; references lead into the components beside them.
    let schema = json!({ "$ref": reference, "components": { "schemas": root["components"]["schemas"] } });
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| format!("{reference}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_checked_by_operation_and_status() {
        let contract = Contract::embedded();
        let good = json!({ "_id": "663da73b31cdd0c1f638a8e6", "status": "something new", "extra": 1 });
        assert_eq!(contract.check_answer("embed_tasks_status", 200, &good), Ok(()));
        let bad = json!({ "_id": "", "video_embedding": { "metadata": { "duration": "30" } } });
        let problems = contract.check_answer("embed_tasks_status", 200, &bad).expect_err("three problems");
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert!(
            problems.iter().any(|problem| problem.starts_with("/video_embedding/metadata/duration: ")),
            "{problems:#?}"
        );
        assert!(contract.check_answer("embed_tasks_status", 201, &good).is_err());
    }
}
