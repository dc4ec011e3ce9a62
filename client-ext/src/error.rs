//! The one error type of this crate.

mod convert;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use twelvelabs_api::{
    runtime::Operation,
    types::{ErrorCode, TaskId, TasksStatusResponse},
};

pub(crate) use convert::{from_api_body, from_generated, from_reqwest, from_source};

use crate::facts::ResponseFacts;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong, coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built from its settings, for example without a key.
    Config,
    /// An argument breaks a rule of the API, and nothing was sent; or a source gave other bytes than it announced, and the
    /// upload was broken off. See [`Error::violations`].
    InvalidInput,
    /// The platform answered with an error status, or with a redirect, which is never followed.
    Api,
    /// The connection could not be made, or broke.
    Transport,
    /// A time limit of the client ran out.
    Timeout,
    /// The answer is not what the contract promises. See [`Error::json_path`].
    Decode,
    /// The task ended as `failed`. See [`Error::last_status`].
    TaskFailed,
    /// The task was not done when the deadline of the wait came.
    Deadline,
    /// A callback of the caller failed.
    Callback,
}

/// A rule of the API that an argument breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The parameter, by its name on the wire.
    pub parameter: String,
    /// What was given.
    pub value: String,
    /// What it has to be, in words that follow the name: `must be between 2 and 10`.
    pub rule: String,
}

impl Violation {
    pub(crate) fn new(parameter: &str, value: impl fmt::Display, rule: impl fmt::Display) -> Self {
        Self { parameter: parameter.into(), value: value.to_string(), rule: rule.to_string() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (got {})", self.parameter, self.rule, self.value)
    }
}

/// Why a call failed.
///
/// One pointer in size. [`kind`](Self::kind) says what happened, the other methods give facts where there are any.
/// `Display` is one line without the source's text, headers and addresses, and of a body only the platform's message or a few words
/// of an error page; the key appears nowhere.
pub struct Error(Box<Repr>);

#[derive(Clone, Debug)]
struct Repr {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static Operation>,
    code: Option<ErrorCode>,
    api_message: Option<String>,
    parameter: Option<String>,
    violations: Vec<Violation>,
    facts: Option<ResponseFacts>,
    body: Option<String>,
    json_path: Option<String>,
    byte_offset: Option<u64>,
    complete_json: bool,
    attempts: u32,
    outcome_unknown: bool,
    note: Option<&'static str>,
    task_id: Option<TaskId>,
    last_status: Option<Box<TasksStatusResponse>>,
    polls: Option<u32>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            operation: None,
            code: None,
            api_message: None,
            parameter: None,
            violations: Vec::new(),
            facts: None,
            body: None,
            json_path: None,
            byte_offset: None,
            complete_json: false,
            attempts: 0,
            outcome_unknown: false,
            note: None,
            task_id: None,
            last_status: None,
            polls: None,
            source: None,
        }))
    }

    /// All complaints about the arguments of one call; there is at least one.
    pub(crate) fn invalid(violations: Vec<Violation>) -> Self {
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        let mut error = Self::new(ErrorKind::InvalidInput, lines.join("; "));
        error.0.code = Some(ErrorCode::ParameterInvalid);
        error.0.parameter = violations.first().map(|violation| violation.parameter.clone());
        error.0.violations = violations;
        error
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    pub(crate) fn with_facts(mut self, facts: ResponseFacts) -> Self {
        self.0.facts = Some(facts);
        self
    }

    pub(crate) fn with_place(mut self, path: Option<String>, offset: u64) -> Self {
        self.0.json_path = path;
        self.0.byte_offset = Some(offset);
        self
    }

    pub(crate) fn with_complete_json(mut self, complete: bool) -> Self {
        self.0.complete_json = complete;
        self
    }

    /// The answer was JSON to its end, and only not the promised one.
    pub(crate) fn is_complete_json(&self) -> bool {
        self.0.complete_json
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.0.note = Some(note);
        self
    }

    pub(crate) fn with_outcome_unknown(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    pub(crate) fn with_task(mut self, id: &TaskId) -> Self {
        self.0.task_id.get_or_insert_with(|| id.clone());
        self
    }

    pub(crate) fn with_wait(mut self, last: Option<TasksStatusResponse>, polls: u32) -> Self {
        self.0.last_status = last.map(Box::new);
        self.0.polls = Some(polls);
        self
    }

    /// The same error, as that of another task.
    pub(crate) fn for_task(&self, id: &TaskId) -> Self {
        let mut repr = self.0.clone();
        repr.task_id = Some(id.clone());
        Self(repr)
    }

    /// What happened.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation of the contract that was called, for example `embed_tasks_create`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(|operation| operation.id)
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.facts.as_ref().map(ResponseFacts::status)
    }

    /// The platform's code for the problem. Arguments refused before anything was sent have `parameter_invalid`, as the
    /// platform would say.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.0.code.as_ref()
    }

    /// The platform's own words.
    pub fn message(&self) -> Option<&str> {
        self.0.api_message.as_deref()
    }

    /// The parameter that the problem is about, by its name on the wire.
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// All rules that the arguments break; empty unless the kind is [`ErrorKind::InvalidInput`].
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// Rate limits, request id and API version of the answer, if there was one.
    pub fn facts(&self) -> Option<&ResponseFacts> {
        self.0.facts.as_ref()
    }

    /// The platform's id of the request, if it gave one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.facts.as_ref()?.request_id()
    }

    /// How long the platform asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.facts.as_ref()?.retry_after()
    }

    /// The start of the body of an error answer, at most 64 KiB, unprinted because bodies may hold anything.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Where in the answer the first problem is, for example `video_embedding.segments[3].float`.
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// Where in the answer the first problem is, in bytes from its start, after decompression: the first byte that is no JSON, the
    /// start of a value that is not the promised one, or the length of an answer that ends early.
    pub fn byte_offset(&self) -> Option<u64> {
        self.0.byte_offset
    }

    /// How many requests were sent for this call.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The platform may have done what it was asked to, although no answer arrived: it may have created a task. List
    /// the newest tasks to find out before creating it again.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The task that the call was about. It exists on the platform whenever it is given here: wait for it or retrieve
    /// it later by this id.
    pub fn task_id(&self) -> Option<&TaskId> {
        self.0.task_id.as_ref()
    }

    /// The status that a wait saw last.
    pub fn last_status(&self) -> Option<&TasksStatusResponse> {
        self.0.last_status.as_deref()
    }

    /// How often a wait asked for the status.
    pub fn polls(&self) -> Option<u32> {
        self.0.polls
    }

    /// The key is missing, wrong or expired.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }

    /// There is no such task, or it is older than the retention time of seven days.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// A rate limit was reached; see [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429)
    }

    /// A time limit of the client, or the deadline of a wait, ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout | ErrorKind::Deadline)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{}: ", operation.id)?;
        }
        f.write_str(&self.0.message)?;
        if self.0.outcome_unknown {
            f.write_str("; the task may have been created all the same")?;
        }
        if let Some(note) = self.0.note {
            write!(f, "; {note}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &repr.kind).field("message", &self.to_string());
        if let Some(status) = self.status() {
            out.field("status", &status);
        }
        if let Some(code) = &repr.code {
            out.field("code", &code.as_str());
        }
        if let Some(path) = &repr.json_path {
            out.field("json_path", path);
        }
        if let Some(id) = &repr.task_id {
            out.field("task_id", &id.as_str());
        }
        if let Some(source) = &repr.source {
            out.field("source", source);
        }
        out.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
