//! Validates requests.

mod body;

use std::{collections::BTreeMap, fmt};

use http::{HeaderMap, Uri};

pub use self::body::RequestBody;
use crate::{
    error::ContractViolation,
    extension::Tolerance,
    operation::{ListStyle, Operation, TextRule},
    schema::SchemaSet,
    text,
};

/// Validates one request of an operation that is already known.
pub(crate) struct RequestCheck<'c> {
    pub(crate) schemas: &'c SchemaSet,
    pub(crate) operation: &'c Operation,
    pub(crate) tolerance: Tolerance,
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
        self.path(uri, path_values);
        self.query(uri);
        self.headers(headers);
        match &self.operation.body {
            None if !body.is_empty() => self.report("/body", "must be empty"),
            None => {}
            Some(rule) => self.body(rule, headers, body),
        }
        self.violations
    }

    fn report(&mut self, pointer: impl Into<String>, message: impl fmt::Display) {
        self.violations.push(ContractViolation::new(pointer, message));
    }

    fn text(&mut self, pointer: &str, rule: &TextRule, text: &str) -> Vec<serde_json::Value> {
        text::validate(rule, text, pointer, self.tolerance, self.schemas, &mut self.violations)
    }

    fn path(&mut self, uri: &Uri, values: &[String]) {
        if let Some(problem) = text::encoding_problem(uri.path()) {
            self.report("/path", problem);
        }
        for (rule, value) in self.operation.path_parameters.iter().zip(values) {
            let pointer = format!("/path/{}", rule.name);
            // Servers and proxies decode such segments before they split the path.
            if value.contains(['/', '\\']) || value == "." || value == ".." {
                self.report(pointer, format!("must be one segment of a path (got {value:?})"));
            } else {
                self.text(&pointer, rule, value);
            }
        }
    }

    fn query(&mut self, uri: &Uri) {
        let operation = self.operation;
        let query = uri.query().unwrap_or_default();
        if let Some(problem) = text::encoding_problem(query) {
            self.report("/query", problem);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
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
            let pointer = format!("/header/{name}");
            let keys: Vec<&[u8]> = headers.get_all(name).iter().map(|key| key.as_bytes()).collect();
            // The key itself is not shown.
            match keys[..] {
                [] => self.report(pointer, "is missing"),
                [b""] => self.report(pointer, "must not be empty"),
                [key] if !key.iter().all(u8::is_ascii_graphic) => {
                    self.report(pointer, "must be printable ASCII without spaces");
                }
                [_] => {}
                _ => self.report(pointer, "must be present only once"),
            }
        }
        for rule in &self.operation.headers {
            header(rule, headers, self.tolerance, self.schemas, &mut self.violations);
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

/// Validates a header of a request or a response.
pub(crate) fn header(
    rule: &TextRule,
    headers: &HeaderMap,
    tolerance: Tolerance,
    schemas: &SchemaSet,
    out: &mut Vec<ContractViolation>,
) {
    let pointer = format!("/header/{}", rule.name.to_lowercase());
    let values: Vec<_> = headers.get_all(&rule.name).iter().collect();
    match values.len() {
        0 if rule.required => out.push(ContractViolation::new(&pointer, "is missing")),
        0 | 1 => {}
        _ if rule.list == ListStyle::Single => {
            out.push(ContractViolation::new(&pointer, "must be present only once"));
        }
        _ => {}
    }
    for value in values {
        match value.to_str() {
            Ok(value) => drop(text::validate(rule, value, &pointer, tolerance, schemas, out)),
            Err(_) => out.push(ContractViolation::new(&pointer, "must be ASCII text")),
        }
    }
}
