//! What a call needs to know of its operation, and the retry rules and default time limits that follow from the
//! operation's effect.

use std::time::Duration;

use twelvelabs_api::runtime::{Effect, Operation, Param};

/// Default limit for the response headers of a call that only reads.
const READ_HEADERS: Duration = Duration::from_secs(60);
/// Default limit for the response headers of a call that makes the server work: it responds when it has the whole
/// upload and has looked at it, or when the result is computed.
const WORK_HEADERS: Duration = Duration::from_secs(5 * 60);
/// Default limit for a whole call that cannot be an upload.
const CALL: Duration = Duration::from_secs(15 * 60);

/// An operation of the OpenAPI document, or the target of a raw request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationInfo {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// The path below the base URL, with `{names}` for its parameters.
    pub(crate) template: &'static str,
    pub(crate) effect: Effect,
    pub(crate) params: &'static [Param],
}

impl From<&'static Operation> for OperationInfo {
    fn from(operation: &'static Operation) -> Self {
        let Operation { id, method, path, effect, params, .. } = *operation;
        Self { id, method, template: path, effect, params }
    }
}

/// An effect that is added later counts as `Create`, the one that allows least.
impl OperationInfo {
    /// The request may be sent again although an earlier attempt may have taken effect: the server ends in the same
    /// state.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self.effect, Effect::Read | Effect::Compute | Effect::Update | Effect::Delete)
    }

    /// The request changes something on the server, so that a lost response leaves the outcome unknown.
    pub(super) fn changes_state(&self) -> bool {
        !matches!(self.effect, Effect::Read | Effect::Compute)
    }

    /// The default limit from the last byte of the request to the response headers.
    pub(super) fn header_timeout(&self) -> Duration {
        match self.effect {
            Effect::Read | Effect::Update | Effect::Delete => READ_HEADERS,
            _ => WORK_HEADERS,
        }
    }

    /// The default limit for the whole call. Uploads have none: they may take as long as they make progress.
    pub(super) fn call_timeout(&self) -> Option<Duration> {
        self.is_repeatable().then_some(CALL)
    }
}
