//! Reads the contract into rules.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Value, json};

/// What an operation allows and promises.
pub(super) struct OperationRules {
    pub(super) id: String,
    pub(super) method: String,
    /// The path below the base path, segment by segment; `None` is a parameter.
    path: Vec<Option<String>>,
    pub(super) path_parameters: Vec<ValueRule>,
    pub(super) query: BTreeMap<String, ValueRule>,
    pub(super) key_header: Option<String>,
    pub(super) form: Option<BTreeMap<String, ValueRule>>,
    /// By status; without a rule where the contract promises no body.
    pub(super) answers: BTreeMap<u16, Option<AnswerRule>>,
}

/// What a parameter or form field may be.
pub(super) struct ValueRule {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) repeated: bool,
    /// A file: its size in bytes is limited.
    pub(super) file: Option<(u64, u64)>,
    /// `string`, `number`, …: values travel as text.
    pub(super) kind: String,
    pub(super) validator: Validator,
}

/// What a body is.
pub(super) struct AnswerRule {
    pub(super) schema: Value,
    pub(super) validator: Validator,
}

impl OperationRules {
    /// The values of the path parameters, if the path ends like this operation's.
    pub(super) fn path_values(&self, path: &str) -> Option<Vec<String>> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let own = segments.get(segments.len().checked_sub(self.path.len())?..)?;
        let mut values = Vec::new();
        for (segment, rule) in own.iter().zip(&self.path) {
            match rule {
                Some(fixed) if fixed == segment => {}
                Some(_) => return None,
                None => values.push((*segment).to_owned()),
            }
        }
        Some(values)
    }
}

pub(super) fn operations(root: &Value) -> Result<Vec<OperationRules>, String> {
    let schemes = root["components"]["securitySchemes"].as_object();
    let key_header = schemes.into_iter().flatten().find_map(|(_, scheme)| scheme["name"].as_str()).map(str::to_owned);
    let mut all = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let segments = path.trim_start_matches('/').split('/');
            let mut rules = OperationRules {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: segments.map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned())).collect(),
                path_parameters: Vec::new(),
                query: BTreeMap::new(),
                key_header: key_header.clone(),
                form: None,
                answers: BTreeMap::new(),
            };
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = deref(root, parameter);
                let name = parameter["name"].as_str().unwrap_or_default();
                let rule = value_rule(root, name, &parameter["schema"], parameter["required"] == true)?;
                match parameter["in"].as_str() {
                    Some("path") => rules.path_parameters.push(rule),
                    Some("query") => drop(rules.query.insert(name.to_owned(), rule)),
                    other => return Err(format!("{id}: a parameter in {other:?}")),
                }
            }
            let form = &operation["requestBody"]["content"]["multipart/form-data"]["schema"];
            if !form.is_null() {
                rules.form = Some(form_rules(root, deref(root, form))?);
            }
            for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                let status = status.parse().map_err(|_| format!("{id}: the status {status}"))?;
                let schema = &deref(root, answer)["content"]["application/json"]["schema"];
                let rule = match schema {
                    Value::Null => None,
                    schema => Some(AnswerRule { schema: schema.clone(), validator: validator(root, schema)? }),
                };
                rules.answers.insert(status, rule);
            }
            all.push(rules);
        }
    }
    Ok(all)
}

fn form_rules(root: &Value, form: &Value) -> Result<BTreeMap<String, ValueRule>, String> {
    let required = form["required"].as_array();
    let fields = form["properties"].as_object().into_iter().flatten();
    let rules = fields.map(|(name, schema)| {
        let needed = required.is_some_and(|names| names.iter().any(|other| other == name));
        Ok((name.clone(), value_rule(root, name, schema, needed)?))
    });
    rules.collect()
}

fn value_rule(root: &Value, name: &str, schema: &Value, required: bool) -> Result<ValueRule, String> {
    let target = deref(root, schema);
    let repeated = target["type"] == "array";
    let one = if repeated { &target["items"] } else { schema };
    let plain = deref(root, one);
    let kind = plain["type"].as_str().unwrap_or("string").to_owned();
    let file = (plain["format"] == "binary")
        .then(|| (plain["minLength"].as_u64().unwrap_or(0), plain["maxLength"].as_u64().unwrap_or(u64::MAX)));
    Ok(ValueRule { name: name.to_owned(), required, repeated, file, kind, validator: validator(root, one)? })
}

/// Follows a reference of the document itself.
pub(super) fn deref<'v>(root: &'v Value, value: &'v Value) -> &'v Value {
    let target = value["$ref"].as_str().and_then(|reference| root.pointer(reference.trim_start_matches('#')));
    target.map_or(value, |target| deref(root, target))
}

fn validator(root: &Value, schema: &Value) -> Result<Validator, String> {
    // Schemas of OpenAPI 3.1 are JSON Schema 2020-12; references lead into the components beside them.
    let whole = json!({ "allOf": [schema], "components": { "schemas": root["components"]["schemas"] } });
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&whole)
        .map_err(|error| format!("{schema}: {error}"))
}
