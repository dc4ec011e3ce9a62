//! Validates bodies of requests.

use std::collections::BTreeMap;

use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::RequestCheck;
use crate::{
    form::{self, FormField},
    json,
    operation::{BodyRule, FormRule, ListStyle, TextRule},
    schema::Schema,
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
        /// Whether the form was read to its end. Otherwise missing fields and rules about several fields are not
        /// reported.
        complete: bool,
    },
}

impl<'a> From<&'a [u8]> for RequestBody<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl RequestBody<'_> {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Bytes([]) | Self::Form { fields: [], complete: true })
    }
}

impl RequestCheck<'_> {
    pub(super) fn body(&mut self, rule: &BodyRule, headers: &HeaderMap, body: RequestBody<'_>) {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if body.is_empty() && content_type.is_empty() {
            if rule.required {
                self.report("/body", "is missing");
            }
            return;
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match (&rule.form, rule.json) {
            (Some(form), _) if media_type.eq_ignore_ascii_case("multipart/form-data") => {
                match multer::parse_boundary(content_type) {
                    Ok(boundary) => self.form(form, boundary, body),
                    Err(_) => self.report("/header/content-type", format!("has no boundary (got {content_type:?})")),
                }
            }
            (_, Some(schema)) if media_type.eq_ignore_ascii_case("application/json") => {
                if let RequestBody::Bytes(bytes) = body {
                    self.json(schema, bytes);
                }
            }
            (form, json) => {
                let form = form.as_ref().map(|_| "multipart/form-data");
                let allowed: Vec<&str> = form.into_iter().chain(json.map(|_| "application/json")).collect();
                let message = format!("must be {} (got {content_type:?})", allowed.join(" or "));
                self.report("/header/content-type", message);
            }
        }
    }

    fn json(&mut self, schema: Schema, bytes: &[u8]) {
        match json::parse(bytes) {
            Ok(body) => body.validate(schema, self.tolerance, self.schemas, &mut self.violations),
            Err(error) => self.report("/body", format!("is not JSON: {error}")),
        }
    }

    fn form(&mut self, rule: &FormRule, boundary: String, body: RequestBody<'_>) {
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
        let mut values = Map::new();
        for field in fields {
            let pointer = format!("/body/{}", field.name);
            let Some(rule) = rule.fields.get(&field.name) else {
                self.report(pointer, "is not a field that the document defines");
                continue;
            };
            self.count(&mut counts, rule, &pointer);
            for value in self.field(&pointer, rule, field) {
                match values.entry(&rule.name).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(values) if rule.list != ListStyle::Single => values.push(value),
                    single => *single = value,
                }
            }
        }
        if complete {
            self.missing("/body/", rule.fields.values(), &counts);
            self.schemas.check_rules(rule.schema, &values.into(), "/body", &mut self.violations);
        }
    }

    /// Validates a field, and returns its values. The value of a file is `true`.
    fn field(&mut self, pointer: &str, rule: &TextRule, field: &FormField) -> Vec<Value> {
        let present = vec![Value::Bool(true)];
        match (rule.file, &field.text) {
            (Some(_), _) if field.file_name.is_none() => self.report(pointer, "must be a file with a file name"),
            (Some((least, most)), _) if !(least..=most).contains(&field.size) => {
                self.report(pointer, format!("must have {least} to {most} bytes (got {})", field.size));
            }
            (Some(_), _) => {}
            (None, _) if field.file_name.is_some() => self.report(pointer, "must not be a file"),
            (None, Some(text)) => return self.text(pointer, rule, text),
            (None, None) => self.report(pointer, "must be UTF-8"),
        }
        present
    }
}
