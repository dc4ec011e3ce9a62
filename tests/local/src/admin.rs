//! Admin endpoints: faults, the clock, the validation report, and those of the families. They respond to this machine
//! only, and not to pages of other sites.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, Method, StatusCode,
    header::{HOST, ORIGIN},
};
use serde_json::json;

use crate::{
    connection::Peer,
    dashboard,
    families::{Family, Routes},
    fault::Fault,
    hosts,
    parse_settings::duration,
    state::ServerState,
    url_policy::UrlPolicy,
};

/// Path of the admin endpoints and of the dashboard, except its first page.
pub(super) const PATH: &str = "/_local";

type Shared = State<Arc<ServerState>>;
type TextResult = Result<String, (StatusCode, String)>;

/// The admin endpoints and the dashboard, which have the same guard.
pub(super) fn router(state: &Arc<ServerState>) -> Routes {
    let endpoints = Router::new()
        .route("/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/clock", get(clock).post(advance))
        .route("/report", get(report))
        .merge(state.families.merged(Family::admin_routes));
    Router::new().nest(PATH, endpoints).merge(dashboard::router(&state.families)).layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let is_local_peer =
        request.extensions().get::<Peer>().is_some_and(|peer| peer.address.ip().to_canonical().is_loopback());
    if !is_local_peer {
        return (StatusCode::FORBIDDEN, "Only this machine may send requests here.\n").into_response();
    }
    match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
    }
}

/// Browsers on this machine run pages of other sites. Such a page cannot forge these headers, and a name of its own
/// that resolves to this machine (DNS rebinding) is not a loopback name.
fn check(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or_default());
    let host = text(&HOST).unwrap_or_default();
    if !is_local(host) {
        return Err("The Host header is not a loopback name.\n");
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    let is_foreign = site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match text(&ORIGIN) {
        Some(origin) if origin != format!("http://{host}") => Err("The request comes from another site.\n"),
        // Another site may link here, and may do nothing else.
        _ if is_foreign && !(reads && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")) => {
            Err("The request comes from another site.\n")
        }
        _ => Ok(()),
    }
}

/// Whether a host, with or without a port, is a loopback name.
fn is_local(host: &str) -> bool {
    hosts::name(host).is_some_and(|name| UrlPolicy::Loopback.allows_host(&name))
}

fn listed(state: &ServerState) -> String {
    state.faults.all().iter().map(|fault| format!("{fault}\n")).collect()
}

async fn faults(State(state): Shared) -> String {
    listed(&state)
}

/// Adds the faults in the body, one per line: all of them or none.
async fn add_faults(State(state): Shared, body: String) -> TextResult {
    let parsed: Result<Vec<Fault>, _> = body.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect();
    let parsed = parsed.map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    parsed.into_iter().for_each(|fault| state.faults.add(fault));
    Ok(listed(&state))
}

async fn clear_faults(State(state): Shared) -> String {
    state.faults.clear();
    listed(&state)
}

async fn clock(State(state): Shared) -> String {
    format!("{}\n", state.clock.now().to_rfc3339())
}

/// Advances the clock by the duration in the body, such as `7d`.
async fn advance(State(state): Shared, body: String) -> TextResult {
    let by = duration(body.trim()).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    state.jobs.idle().await;
    state.clock.advance(by);
    Ok(format!("{}\n", state.clock.now().to_rfc3339()))
}

async fn report(State(state): Shared) -> Response {
    // Waits for responses that are being validated.
    let report = tokio::task::spawn_blocking(move || state.monitor.report()).await;
    match report {
        Ok(report) => {
            let invalid: Vec<String> = report.invalid.iter().map(ToString::to_string).collect();
            let counts = json!({
                "request_count": report.request_count,
                "invalid_count": report.invalid_count,
                "invalid": invalid,
            });
            Json(counts).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(method: Method, pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).expect("a value"))
        });
        check(&method, &headers.collect()).is_ok()
    }

    #[test]
    fn only_loopback_names_and_pages_of_this_server_are_allowed() {
        for host in ["127.0.0.1:8421", "localhost:8421", "LOCALHOST", "[::1]:8421"] {
            assert!(is_allowed(Method::POST, &[("host", host)]), "{host}");
        }
        for host in
            ["", "evil.example", "127.0.0.1.evil.example:8421", "10.0.0.1", "a b", "localhost:8421@evil.example"]
        {
            assert!(!is_allowed(Method::GET, &[("host", host)]), "{host}");
        }
        let here = ("host", "localhost:8421");
        assert!(is_allowed(Method::POST, &[here, ("origin", "http://localhost:8421")]));
        for origin in ["null", "http://evil.example", "http://localhost:9999", "https://localhost:8421"] {
            assert!(!is_allowed(Method::POST, &[here, ("origin", origin)]), "{origin}");
        }
        assert!(is_allowed(Method::GET, &[here, ("sec-fetch-site", "none")]));
        assert!(!is_allowed(Method::POST, &[here, ("sec-fetch-site", "cross-site")]));
        assert!(!is_allowed(Method::GET, &[here, ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(is_allowed(Method::GET, &[here, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(!is_allowed(Method::POST, &[here, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
    }
}
