//! Checks requests.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, Uri, header::CONTENT_TYPE};
use serde_json::Value;

use super::{
    contract::{Contract, Problem, Problems},
    reader::{OperationRules, ValueRule},
};

/// The body of a request.
#[derive(Clone, Copy, Debug)]
pub enum Sent<'a> {
    /// All of its bytes.
    Bytes(&'a [u8]),
    /// A form that somebody else has read; not `whole` if they stopped before its end.
    Form {
        /// The fields that were read.
        fields: &'a [Field],
        /// Whether the form was read to its end.
        whole: bool,
    },
}

/// A field of a form, without the bytes of a file.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The name of the file, if it is one.
    pub file_name: Option<String>,
    /// In bytes.
    pub size: u64,
    /// The content, if it is text.
    pub text: Option<String>,
}

pub(super) fn check<'c>(
    contract: &'c Contract,
    method: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: Sent<'_>,
) -> Result<&'c str, Problems> {
    let Some((operation, path_values)) = contract.find(method, uri.path()) else {
        let known = format!("the contract has no operation {method} {}", uri.path());
        return Err(Problems(vec![Problem::new("", known)]));
    };
    let mut problems = Vec::new();
    for (rule, value) in operation.path_parameters.iter().zip(path_values) {
        let value = percent_decoded(&value);
        check_text(&format!("/path/{}", rule.name), rule, &value, &mut problems);
    }
    check_query(operation, uri, &mut problems);
    if let Some(name) = &operation.key_header {
        match headers.get(name).map(|key| key.is_empty()) {
            None => problems.push(Problem::new(format!("/header/{name}"), "is missing")),
            Some(true) => problems.push(Problem::new(format!("/header/{name}"), "is empty")),
            Some(false) => {}
        }
    }
    let is_empty = match body {
        Sent::Bytes(bytes) => bytes.is_empty(),
        Sent::Form { fields, .. } => fields.is_empty(),
    };
    match &operation.form {
        Some(form) => check_form(form, headers, body, &mut problems),
        None if !is_empty => problems.push(Problem::new("/body", "there must be none")),
        None => {}
    }
    if problems.is_empty() { Ok(&operation.id) } else { Err(Problems(problems)) }
}

fn percent_decoded(segment: &str) -> String {
    // A segment is like a query key, but for the plus sign.
    let query = segment.replace('+', "%2B");
    form_urlencoded::parse(query.as_bytes()).map(|(key, _)| key.into_owned()).next().unwrap_or_default()
}

fn check_query(operation: &OperationRules, uri: &Uri, problems: &mut Vec<Problem>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let pointer = format!("/query/{name}");
        let Some(rule) = operation.query.get(&*name) else {
            problems.push(Problem::new(pointer, "the API does not know this parameter"));
            continue;
        };
        let count = counts.entry(&rule.name).or_default();
        *count += 1;
        if *count == 2 && !rule.repeated {
            problems.push(Problem::new(&pointer, "must be given once"));
        }
        check_text(&pointer, rule, &value, problems);
    }
    for rule in operation.query.values().filter(|rule| rule.required && !counts.contains_key(rule.name.as_str())) {
        problems.push(Problem::new(format!("/query/{}", rule.name), "is missing"));
    }
}

/// Values travel as text; the schema speaks of what they mean.
fn check_text(pointer: &str, rule: &ValueRule, text: &str, problems: &mut Vec<Problem>) {
    let value = match rule.kind.as_str() {
        "number" => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        _ => Some(Value::from(text)),
    };
    let Some(value) = value else {
        problems.push(Problem::new(pointer, format!("{text:?} is not a {}", rule.kind)));
        return;
    };
    problems.extend(rule.validator.iter_errors(&value).map(|error| Problem::new(pointer, &error)));
}

fn check_form(form: &BTreeMap<String, ValueRule>, headers: &HeaderMap, body: Sent<'_>, problems: &mut Vec<Problem>) {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        problems.push(Problem::new(
            "/header/content-type",
            format!("{content_type:?} is not multipart/form-data with a boundary"),
        ));
        return;
    };
    let read;
    let (fields, whole) = match body {
        Sent::Form { fields, whole } => (fields, whole),
        Sent::Bytes(bytes) => match read_form(boundary, bytes) {
            Ok(fields) => {
                read = fields;
                (read.as_slice(), true)
            }
            Err(error) => {
                problems.push(Problem::new("/body", format!("the form cannot be read: {error}")));
                return;
            }
        },
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for Field { name, file_name, size, text } in fields {
        let pointer = format!("/body/{name}");
        let Some(rule) = form.get(name) else {
            problems.push(Problem::new(pointer, "the API does not know this field"));
            continue;
        };
        let count = counts.entry(&rule.name).or_default();
        *count += 1;
        if *count == 2 && !rule.repeated {
            problems.push(Problem::new(&pointer, "must be given once"));
        }
        match (rule.file, text) {
            (Some(_), _) if file_name.is_none() => {
                problems.push(Problem::new(pointer, "must be a file, with a file name"))
            }
            (Some((least, most)), _) if !(least..=most).contains(size) => {
                problems.push(Problem::new(pointer, format!("has {size} bytes, and must have {least} to {most}")));
            }
            (Some(_), _) => {}
            (None, Some(text)) => check_text(&pointer, rule, text, problems),
            (None, None) => problems.push(Problem::new(pointer, "is not UTF-8")),
        }
    }
    if !whole {
        return;
    }
    for rule in form.values().filter(|rule| rule.required && !counts.contains_key(rule.name.as_str())) {
        problems.push(Problem::new(format!("/body/{}", rule.name), "is missing"));
    }
}

fn read_form(boundary: String, body: &[u8]) -> Result<Vec<Field>, String> {
    let body = Bytes::copy_from_slice(body);
    let mut multipart = multer::Multipart::new(stream::iter([Ok::<_, std::io::Error>(body)]), boundary);
    let parts = async {
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            let (name, file_name) = (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned));
            let content = field.bytes().await?;
            let text = std::str::from_utf8(&content).ok().map(str::to_owned);
            parts.push(Field { name, file_name, size: content.len() as u64, text });
        }
        Ok::<_, multer::Error>(parts)
    };
    // Everything is in memory, so nothing has to be waited for.
    match parts.now_or_never() {
        Some(parts) => parts.map_err(|error| error.to_string()),
        None => Err("it ends too early".into()),
    }
}
