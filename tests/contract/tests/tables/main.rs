//! Tables of requests and responses: wrong ones, each with the reason why it is refused, and unusual ones that are
//! valid.

mod families;
mod recording;
mod requests;
mod responses;
mod rules;
mod unusual;

use http::Request;
use serde_json::Value;
use twelvelabs_contract::{Contract, ContractError};

const ID: &str = "663da73b31cdd0c1f638a8e6";
const KEY: &str = "tlk_0123456789";

/// A part of a form.
#[derive(Clone, Copy)]
enum Part<'p> {
    Text(&'p str, &'p str),
    /// Name, file name and content.
    File(&'p str, &'p str, &'p str),
}

use Part::{File, Text};

/// A valid create request has these parts.
const GOOD: &[Part<'static>] = &[Text("model_name", "marengo3.0"), Text("video_url", "https://example.com/v.mp4")];

fn encode(parts: &[Part<'_>]) -> String {
    let part = |part: &Part<'_>| match part {
        Text(name, value) => format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"),
        File(name, file, content) => format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n"
        ),
    };
    parts.iter().map(part).collect::<String>() + "--b--\r\n"
}

/// A create request with this form.
fn form(parts: &[Part<'_>]) -> Request<String> {
    form_to("/v1.3/embed/tasks", parts)
}

/// A request with this form.
fn form_to(target: &str, parts: &[Part<'_>]) -> Request<String> {
    raw("POST", target, &[("x-api-key", KEY), ("content-type", "multipart/form-data; boundary=b")], &encode(parts))
}

/// A request with this JSON.
fn json_to(method: &str, target: &str, body: &Value) -> Request<String> {
    raw(method, target, &[("x-api-key", KEY), ("content-type", "application/json")], &body.to_string())
}

/// A valid create request and further parts.
fn with(parts: &[Part<'_>]) -> Request<String> {
    form(&[GOOD, parts].concat())
}

/// A request with a key and without a body.
fn get(target: &str) -> Request<String> {
    raw("GET", target, &[("x-api-key", KEY)], "")
}

fn raw(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request<String> {
    let builder = Request::builder().method(method).uri(target);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(body.to_owned()).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

fn show<T>(result: Result<T, ContractError>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "valid".to_owned())
}

fn validate(contract: &Contract, request: &Request<String>) -> String {
    show(contract.validate_request(request))
}

/// Fails with all rows whose result is not the expected one.
fn assert_rows<'r>(rows: impl Iterator<Item = (&'r str, String, &'r str)>) {
    let different = rows.filter(|(_, found, expected)| found != expected);
    let lines: Vec<String> =
        different.map(|(what, found, expected)| format!("{what}\n  expected {expected}\n  found    {found}")).collect();
    assert!(lines.is_empty(), "{} rows differ:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn the_dependency_lines_of_the_readme_name_every_crate_of_its_examples() {
    let readme = include_str!("../../README.md");
    let blocks = |language: &str| -> String {
        let fence = format!("```{language}\n");
        let starts = readme.split(&fence).skip(1);
        starts.filter_map(|rest| rest.split("```").next()).collect()
    };
    let dependencies = blocks("toml");
    let code = blocks("rust");
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut crates: Vec<&str> = code
        .match_indices("::")
        .map(|(end, _)| {
            let start = code[..end].rfind(|c| !is_name(c)).map_or(0, |position| position + 1);
            (start, &code[start..end])
        })
        // The first name of a path.
        .filter(|(start, name)| {
            !name.is_empty() && !code[..*start].ends_with(|c: char| c == ':' || c.is_alphanumeric()) && *name != "std"
        })
        .map(|(_, name)| name)
        .collect();
    crates.sort_unstable();
    crates.dedup();
    assert!(crates.contains(&"twelvelabs_contract") && crates.contains(&"tokio"), "{crates:?}");
    for name in crates.into_iter().filter(|name| *name != "types" && *name != "matchers") {
        let line = format!("\n{} = ", name.replace('_', "-"));
        assert!(dependencies.contains(&line), "the README does not depend on {name}");
    }
}
