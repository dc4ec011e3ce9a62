//! The contract as a validator of requests and answers.

use std::{fmt, sync::LazyLock};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    examples,
    reader::{self, OperationRules},
    request::{self, Sent},
};

static EMBEDDED: LazyLock<Contract> = LazyLock::new(|| {
    let text = include_str!("../../../spec/openapi.yaml");
    // The contract is part of this crate, and its tests read it.
    Contract::from_yaml(text).unwrap_or_else(|error| panic!("spec/openapi.yaml: {error}"))
});

/// The contract of `spec/openapi.yaml`: what requests may say and what answers promise.
pub struct Contract {
    root: Value,
    operations: Vec<OperationRules>,
}

/// A way in which a request or an answer breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where, as a JSON pointer: `/query/page_limit`, `/header/x-api-key`, `/body/video_embedding/metadata/duration`.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl Problem {
    pub(super) fn new(pointer: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { pointer: pointer.into(), message: message.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

/// All problems of a request or an answer; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl Contract {
    /// The contract that this crate was built with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    fn from_yaml(text: &str) -> Result<Self, String> {
        let root: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let operations = reader::operations(&root)?;
        Ok(Self { root, operations })
    }

    /// The ids of all operations.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().map(|operation| operation.id.as_str())
    }

    /// All answers that the contract promises, as operation id and status.
    pub fn answers(&self) -> impl Iterator<Item = (&str, u16)> {
        self.operations
            .iter()
            .flat_map(|operation| operation.answers.keys().map(|status| (operation.id.as_str(), *status)))
    }

    /// The operation that a method and a path call. Whatever stands before the path of the operation is taken as the base
    /// path of a server.
    pub fn operation_of(&self, method: &str, path: &str) -> Option<&str> {
        self.find(method, path).map(|(operation, _)| operation.id.as_str())
    }

    /// Checks a request: its operation, its path, query, key and body, forms included. Gives the id of the operation.
    ///
    /// # Errors
    ///
    /// Everything that the API does not know or would refuse by the contract.
    pub fn check_request<B: AsRef<[u8]>>(&self, request: &http::Request<B>) -> Result<&str, Problems> {
        self.check_parts(request.method().as_str(), request.uri(), request.headers(), request.body().as_ref())
    }

    /// As [`check_request`](Self::check_request), from the parts of a request.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn check_parts(
        &self,
        method: &str,
        uri: &http::Uri,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Result<&str, Problems> {
        request::check(self, method, uri, headers, Sent::Bytes(body))
    }

    /// As [`check_parts`](Self::check_parts), for whoever has read the form already.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn check_sent(
        &self,
        method: &str,
        uri: &http::Uri,
        headers: &http::HeaderMap,
        body: Sent<'_>,
    ) -> Result<&str, Problems> {
        request::check(self, method, uri, headers, body)
    }

    /// Checks the body of an answer.
    ///
    /// # Errors
    ///
    /// Every place where the body is not what the contract promises, or that it promises no such answer.
    pub fn check_answer(&self, operation_id: &str, status: u16, body: &[u8]) -> Result<(), Problems> {
        let operation = self.operations.iter().find(|operation| operation.id == operation_id);
        let Some(rule) = operation.and_then(|operation| operation.answers.get(&status)) else {
            let message = format!("the contract promises no answer {status} of {operation_id}");
            return Err(Problems(vec![Problem::new("", message)]));
        };
        let Some(rule) = rule else { return Ok(()) };
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return Err(Problems(vec![Problem::new("/body", format!("is not JSON: {error}"))])),
        };
        let problems = rule.validator.iter_errors(&body);
        let problems: Vec<_> =
            problems.map(|error| Problem::new(format!("/body{}", error.instance_path()), &error)).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Checks an answer: its status, its media type and its body.
    ///
    /// # Errors
    ///
    /// As [`check_answer`](Self::check_answer), and `/header/content-type` if the body is not said to be JSON.
    pub fn check_response<B: AsRef<[u8]>>(
        &self,
        operation_id: &str,
        response: &http::Response<B>,
    ) -> Result<(), Problems> {
        let media_type =
            response.headers().get(http::header::CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let media_type = String::from_utf8_lossy(media_type).to_ascii_lowercase();
        let is_json = media_type.split(';').next().is_some_and(|plain| plain.trim() == "application/json");
        let mut problems = match self.check_answer(operation_id, response.status().as_u16(), response.body().as_ref()) {
            Ok(()) => Vec::new(),
            Err(Problems(problems)) => problems,
        };
        if !is_json && !response.body().as_ref().is_empty() {
            problems.push(Problem::new("/header/content-type", format!("{media_type:?} is not application/json")));
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// An example body of an answer, made from its schema; `None` if there is no such answer or it has no body.
    pub fn example(&self, operation_id: &str, status: u16) -> Option<Value> {
        let operation = self.operations.iter().find(|operation| operation.id == operation_id)?;
        let rule = operation.answers.get(&status)?.as_ref()?;
        Some(examples::of(&self.root, &rule.schema))
    }

    /// The same as a value of a type, such as those of `twelvelabs`.
    pub fn example_as<T: DeserializeOwned>(&self, operation_id: &str, status: u16) -> Option<T> {
        serde_json::from_value(self.example(operation_id, status)?).ok()
    }

    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&OperationRules, Vec<String>)> {
        // `/embed/tasks/a/status` ends with the path of one operation only.
        self.operations.iter().find_map(|operation| {
            let values = operation.path_values(path)?;
            operation.method.eq_ignore_ascii_case(method).then_some((operation, values))
        })
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.operations()).finish()
    }
}
