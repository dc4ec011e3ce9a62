//! What every request must be, whatever happened to it.

use super::{server::Seen, video};
use crate::support::{CONTRACT, KEY};

/// Every request carries the key in its one place, and every retry of a form is whole and the same.
pub(super) fn complete(seen: &[Seen]) -> Vec<String> {
    let mut misses = Vec::new();
    let mut first: Option<Vec<u8>> = None;
    for request in seen {
        if request.line.starts_with("PUT") {
            misses.extend(part_violation(request));
            continue;
        }
        let keys = request
            .headers
            .iter()
            .filter(|(_, value)| has_key(value))
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>();
        if keys != ["x-api-key"] || has_key(&request.line) {
            misses.push(format!("the key is in {keys:?} of {}", request.line));
        }
        let is_raw = request.line.contains("/things ");
        if !is_raw && (request.whole || request.line.starts_with("GET")) {
            misses.extend(contract_violation(request));
        }
        if !request.line.starts_with("POST") {
            continue;
        }
        if is_raw || request.header("content-type") == Some("application/json") {
            if !request.whole {
                continue;
            }
            match &first {
                None => first = Some(request.body.clone()),
                Some(before) if *before != request.body => misses.push("a retry sends another body".into()),
                Some(_) => {}
            }
            continue;
        }
        let boundary =
            request.header("content-type").and_then(|value| value.split_once("boundary=")).map(|(_, b)| b.to_owned());
        let (Some(boundary), Some(_)) = (boundary, request.header("content-length")) else {
            misses.push(format!("a form without its type or length: {:?}", request.headers));
            continue;
        };
        if !request.whole {
            continue;
        }
        let form = without(&request.body, boundary.as_bytes());
        if !form.ends_with(b"----\r\n") {
            misses.push("a form that is not closed".into());
        }
        match &first {
            None => first = Some(form),
            Some(before) if *before != form => misses.push("a retry sends another form".into()),
            Some(_) => {}
        }
    }
    misses
}

/// Whether the key is in a text, which may be large. The search of std is slow without optimization.
pub(super) fn has_key(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), KEY.as_bytes()).is_some()
}

/// What is wrong with a part: it must be whole, of known length, and without the key.
fn part_violation(request: &Seen) -> Option<String> {
    let text = format!("{} {:?}", request.line, request.headers);
    let is_whole = !request.whole || video().starts_with(&request.body);
    let is_plain = !has_key(&text) && request.header("content-length").is_some();
    (!is_whole || !is_plain).then(|| format!("a part that is not as it should be: {text}"))
}

/// What the contract says against a request.
fn contract_violation(request: &Seen) -> Option<String> {
    let mut words = request.line.split(' ');
    let (method, uri) = (words.next()?, words.next()?);
    let mut headers = http::HeaderMap::new();
    for (name, value) in &request.headers {
        headers.append(http::HeaderName::try_from(name).ok()?, http::HeaderValue::try_from(value).ok()?);
    }
    let outcome = CONTRACT.validate_parts(method, &uri.parse().ok()?, &headers, request.body.as_slice());
    outcome.err().map(|problems| format!("{method} {uri} is not valid against the OpenAPI document: {problems}"))
}

/// The bytes without a text that is different in every form.
fn without(bytes: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, text) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + text.len()..];
    }
    out.extend_from_slice(rest);
    out
}
