//! Validates requests.

use std::collections::BTreeMap;

use http::{HeaderMap, Uri, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{
    error::ContractViolation,
    form::{self, FormField},
    operation::{BodyRule, JsonRule, ListStyle, Operation, TextKind, TextRule},
    schema::{SchemaSet, UNDEFINED},
};

/// The body of a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RequestBody<'a> {
    /// The whole body. Without bytes, the request has no body.
    Bytes(&'a [u8]),
    /// A body that was not read: its presence and its media type are validated, its content is not.
    Unread,
    /// A body that could not be read as the form that its media type says, for this reason.
    Malformed(&'a str),
    /// A form that was read elsewhere.
    Form {
        /// The fields that were read.
        fields: &'a [FormField],
        /// Whether the form was read to its end. Otherwise missing fields are not reported.
        complete: bool,
    },
}

impl<'a> From<&'a [u8]> for RequestBody<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl RequestBody<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Bytes([]) | Self::Form { fields: [], complete: true })
    }
}

/// Validates one request of an operation that is already known.
pub(crate) struct RequestCheck<'c> {
    pub(crate) schemas: &'c SchemaSet,
    pub(crate) operation: &'c Operation,
    pub(crate) violations: Vec<ContractViolation>,
}

impl RequestCheck<'_> {
    pub(crate) fn run(
        mut self,
        path_values: &[String],
        uri: &Uri,
        headers: &HeaderMap,
        body: RequestBody<'_>,
    ) -> Vec<ContractViolation> {
        for (rule, value) in self.operation.path_parameters.iter().zip(path_values) {
            self.text(&format!("/path/{}", rule.name), rule, value);
        }
        self.query(uri);
        self.headers(headers);
        match &self.operation.body {
            None if !body.is_empty() => self.report("/body", "must be empty"),
            None => {}
            Some(rule) => self.body(rule, headers, body),
        }
        self.violations
    }

    fn report(&mut self, pointer: impl Into<String>, message: impl std::fmt::Display) {
        self.violations.push(ContractViolation::new(pointer, message));
    }

    fn query(&mut self, uri: &Uri) {
        let operation = self.operation;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let pointer = format!("/query/{name}");
            let Some(rule) = operation.query.get(&*name) else {
                self.report(pointer, "is not a parameter that the document defines");
                continue;
            };
            self.count(&mut counts, rule, &pointer);
            self.text(&pointer, rule, &value);
        }
        self.missing("/query/", operation.query.values(), &counts);
    }

    fn headers(&mut self, headers: &HeaderMap) {
        if let Some(name) = &self.operation.key_header {
            match headers.get(name).map(|key| key.is_empty()) {
                None => self.report(format!("/header/{name}"), "is missing"),
                Some(true) => self.report(format!("/header/{name}"), "must not be empty"),
                Some(false) => {}
            }
        }
        for rule in &self.operation.headers {
            let pointer = format!("/header/{}", rule.name.to_lowercase());
            let mut values = headers.get_all(&rule.name).iter().peekable();
            if values.peek().is_none() && rule.required {
                self.report(&pointer, "is missing");
            }
            for value in values {
                match value.to_str() {
                    Ok(value) => self.text(&pointer, rule, value),
                    Err(_) => self.report(&pointer, "must be ASCII text"),
                }
            }
        }
    }

    fn body(&mut self, rule: &BodyRule, headers: &HeaderMap, body: RequestBody<'_>) {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if body.is_empty() && content_type.is_empty() {
            if rule.required {
                self.report("/body", "is missing");
            }
            return;
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match (&rule.form, &rule.json) {
            (Some(form), _) if media_type.eq_ignore_ascii_case("multipart/form-data") => {
                match multer::parse_boundary(content_type) {
                    Ok(boundary) => self.form(form, boundary, body),
                    Err(_) => self.report("/header/content-type", format!("has no boundary (got {content_type:?})")),
                }
            }
            (_, Some(rule)) if media_type.eq_ignore_ascii_case("application/json") => {
                let RequestBody::Bytes(bytes) = body else { return };
                match serde_json::from_slice(bytes) {
                    Ok(value) => self.json(rule, &value),
                    Err(error) => self.report("/body", format!("is not JSON: {error}")),
                }
            }
            (form, json) => {
                let form = form.as_ref().map(|_| "multipart/form-data");
                let allowed: Vec<&str> = form.into_iter().chain(json.as_ref().map(|_| "application/json")).collect();
                let message = format!("must be {} (got {content_type:?})", allowed.join(" or "));
                self.report("/header/content-type", message);
            }
        }
    }

    fn json(&mut self, rule: &JsonRule, value: &Value) {
        self.schemas.validate(rule.schema, value, "/body", &mut self.violations);
        let Some(properties) = &rule.properties else { return };
        for (name, _) in value.as_object().into_iter().flatten().filter(|(name, _)| !properties.contains(*name)) {
            self.report(format!("/body/{name}"), UNDEFINED);
        }
    }

    fn form(&mut self, rules: &BTreeMap<String, TextRule>, boundary: String, body: RequestBody<'_>) {
        let read;
        let (fields, complete) = match body {
            RequestBody::Form { fields, complete } => (fields, complete),
            RequestBody::Unread => (&[][..], false),
            RequestBody::Malformed(reason) => return self.report("/body", format!("is not a valid form: {reason}")),
            RequestBody::Bytes(bytes) => match form::read(boundary, bytes) {
                Ok(fields) => {
                    read = fields;
                    (read.as_slice(), true)
                }
                Err(error) => return self.report("/body", format!("is not a valid form: {error}")),
            },
        };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for field in fields {
            let pointer = format!("/body/{}", field.name);
            let Some(rule) = rules.get(&field.name) else {
                self.report(pointer, "is not a field that the document defines");
                continue;
            };
            self.count(&mut counts, rule, &pointer);
            self.field(&pointer, rule, field);
        }
        if complete {
            self.missing("/body/", rules.values(), &counts);
        }
    }

    fn field(&mut self, pointer: &str, rule: &TextRule, field: &FormField) {
        match (rule.file, &field.text) {
            (Some(_), _) if field.file_name.is_none() => self.report(pointer, "must be a file with a file name"),
            (Some((least, most)), _) if !(least..=most).contains(&field.size) => {
                self.report(pointer, format!("must have {least} to {most} bytes (got {})", field.size));
            }
            (Some(_), _) => {}
            (None, Some(text)) => self.text(pointer, rule, text),
            (None, None) => self.report(pointer, "must be UTF-8"),
        }
    }

    /// Validates a value that travels as text against the schema of what it means.
    fn text(&mut self, pointer: &str, rule: &TextRule, text: &str) {
        let texts = if rule.list == ListStyle::Commas { text.split(',').collect() } else { vec![text] };
        for text in texts {
            let (value, kind) = match rule.kind {
                TextKind::Number => (number(text), "a number"),
                TextKind::Integer => (text.parse::<i64>().ok().map(Value::from), "an integer"),
                TextKind::Boolean => (text.parse::<bool>().ok().map(Value::from), "true or false"),
                TextKind::String => (Some(Value::from(text)), "text"),
            };
            match value {
                Some(value) => self.schemas.validate(rule.schema, &value, pointer, &mut self.violations),
                None => self.report(pointer, format!("must be {kind} (got {text:?})")),
            }
        }
    }

    fn count<'r>(&mut self, counts: &mut BTreeMap<&'r str, usize>, rule: &'r TextRule, pointer: &str) {
        let count = counts.entry(&rule.name).or_default();
        *count += 1;
        if *count == 2 && rule.list != ListStyle::Repeated {
            self.report(pointer, "must be present only once");
        }
    }

    fn missing<'r>(&mut self, prefix: &str, rules: impl Iterator<Item = &'r TextRule>, counts: &BTreeMap<&str, usize>) {
        for rule in rules.filter(|rule| rule.required && !counts.contains_key(rule.name.as_str())) {
            self.report(format!("{prefix}{}", rule.name), "is missing");
        }
    }
}

/// A number as it was written, so that messages show `15` and not `15.0`.
fn number(text: &str) -> Option<Value> {
    let number = text.trim();
    let whole = number.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| number.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from))
}
