//! Validates responses.

use http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    error::ContractViolation, extension::Tolerance, json, operation::ResponseRule, request, schema::SchemaSet,
};

/// Validates one response whose rule is already known.
pub(crate) struct ResponseCheck<'c> {
    pub(crate) schemas: &'c SchemaSet,
    pub(crate) rule: &'c ResponseRule,
    pub(crate) tolerance: Tolerance,
}

impl ResponseCheck<'_> {
    /// Appends what is wrong with the headers.
    pub(crate) fn headers(&self, headers: &HeaderMap, body: &[u8], out: &mut Vec<ContractViolation>) {
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
        let content_type = String::from_utf8_lossy(content_type);
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !body.is_empty() && !media_type.eq_ignore_ascii_case("application/json") {
            let message = format!("must be application/json (got {content_type:?})");
            out.push(ContractViolation::new("/header/content-type", message));
        }
        for rule in &self.rule.headers {
            request::header(rule, headers, self.tolerance, self.schemas, out);
        }
    }

    /// Appends what is wrong with the body.
    pub(crate) fn body(&self, body: &[u8], out: &mut Vec<ContractViolation>) {
        let Some(schema) = self.rule.schema else {
            out.extend((!body.is_empty()).then(|| ContractViolation::new("/body", "must be empty")));
            return;
        };
        match json::parse(body) {
            Ok(body) => body.validate(schema, self.tolerance, self.schemas, out),
            Err(_) if body.is_empty() && self.rule.optional_body => {}
            Err(_) if body.is_empty() => out.push(ContractViolation::new("/body", "must not be empty")),
            Err(error) => out.push(ContractViolation::new("/body", format!("is not JSON: {error}"))),
        }
    }
}
