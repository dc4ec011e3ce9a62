//! Records of requests that have not ended yet.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{extract::Request, response::Response};

use crate::{
    contract_monitor::{Ending, Exchange, Unvalidated, Validation},
    state::ServerState,
};

/// Maximum length of the target of a request in the log.
const SHOWN: usize = 300;

/// Records a request when it ends, even if its client disconnects and the handler is dropped.
pub(super) struct Pending {
    state: Arc<ServerState>,
    started: Instant,
    exchange: Option<Exchange>,
}

impl Pending {
    /// Counts a request. `base` is the part of its path that the router has removed.
    pub(super) fn new(state: &Arc<ServerState>, base: &str, request: &Request, validation: Validation) -> Self {
        let uri = request.uri();
        let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
        Self::with_target(state, format!("{base}{target}"), request, validation)
    }

    /// Counts a request, and shows it with this target.
    pub(super) fn with_target(
        state: &Arc<ServerState>,
        target: String,
        request: &Request,
        validation: Validation,
    ) -> Self {
        let exchange = Exchange {
            number: state.monitor.count(),
            at: state.clock.now(),
            method: request.method().clone(),
            target: target.chars().take(SHOWN).collect(),
            ending: Ending::Disconnected,
            took: Duration::ZERO,
            request: validation,
            response: None,
        };
        Self { state: Arc::clone(state), started: Instant::now(), exchange: Some(exchange) }
    }

    /// Records how the request ended, and queues the response for validation.
    pub(super) fn end(mut self, ending: Ending, request: Validation, response: Option<Unvalidated>) {
        if let Some(mut exchange) = self.exchange.take() {
            (exchange.ending, exchange.request, exchange.took) = (ending, request, self.started.elapsed());
            self.state.monitor.record(exchange, response);
        }
    }

    /// Ends with a response when neither the request nor the response is validated.
    pub(super) fn end_unvalidated(self, response: Response) -> Response {
        self.end(Ending::Status(response.status().as_u16()), Validation::Skipped, None);
        response
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.took = self.started.elapsed();
            self.state.monitor.record(exchange, None);
        }
    }
}
