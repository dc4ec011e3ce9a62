//! The side of the operator, outside of the API's paths: faults, the clock, the verdict. It answers this machine only, and no
//! page of another site.

use std::{net::IpAddr, sync::Arc};

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

use super::{Fault, Platform, fault::duration, server::Peer};

pub(super) const PATH: &str = "/_local";

type Shared = State<Arc<Platform>>;
type Said = Result<String, (StatusCode, String)>;

/// The operator's routes, and those of the page, guarded alike.
pub(super) fn router(platform: &Arc<Platform>, page: Router<Arc<Platform>>) -> Router<Arc<Platform>> {
    Router::new()
        .route(&format!("{PATH}/faults"), get(faults).post(add_faults).delete(clear_faults))
        .route(&format!("{PATH}/clock"), get(clock).post(advance))
        .route(&format!("{PATH}/verdict"), get(verdict))
        .merge(page)
        .layer(middleware::from_fn(guard))
        .with_state(Arc::clone(platform))
}

async fn guard(request: Request, next: Next) -> Response {
    let is_here = request.extensions().get::<Peer>().is_some_and(|peer| peer.address.ip().to_canonical().is_loopback());
    if !is_here {
        return (StatusCode::FORBIDDEN, "This answers the machine that it runs on only.\n").into_response();
    }
    match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => (StatusCode::FORBIDDEN, reason).into_response(),
    }
}

/// A browser on this machine runs the pages of others. They cannot say that they came from here, and a name of theirs that
/// was made to mean this machine is not one of ours.
fn check(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or_default());
    let host = text(&HOST).unwrap_or_default();
    if !is_local(host) {
        return Err("The Host of the request is not this machine.\n");
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    let is_foreign = site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match text(&ORIGIN) {
        Some(origin) if origin != format!("http://{host}") => Err("The request comes from another site.\n"),
        // A link on another page may lead here; nothing else of it may.
        _ if is_foreign && !(reads && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")) => {
            Err("The request comes from another site.\n")
        }
        _ => Ok(()),
    }
}

/// Whether a host with or without a port names this machine.
fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn listed(platform: &Platform) -> String {
    platform.faults.all().iter().map(|fault| format!("{fault}\n")).collect()
}

async fn faults(State(platform): Shared) -> String {
    listed(&platform)
}

/// Adds the faults of the body, one a line; all of them or none.
async fn add_faults(State(platform): Shared, body: String) -> Said {
    let parsed: Result<Vec<Fault>, String> =
        body.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect();
    let parsed = parsed.map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    parsed.into_iter().for_each(|fault| platform.faults.add(fault));
    Ok(listed(&platform))
}

async fn clear_faults(State(platform): Shared) -> String {
    platform.faults.clear();
    listed(&platform)
}

async fn clock(State(platform): Shared) -> String {
    format!("{}\n", platform.clock.now().to_rfc3339())
}

/// Puts the clock forward by the time of the body, such as `7d`.
async fn advance(State(platform): Shared, body: String) -> Said {
    let by = duration(body.trim()).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    platform.engine.idle().await;
    platform.clock.advance(by);
    Ok(format!("{}\n", platform.clock.now().to_rfc3339()))
}

async fn verdict(State(platform): Shared) -> Response {
    // It waits for answers that are being checked.
    let verdict = tokio::task::spawn_blocking(move || platform.judge.verdict()).await;
    match verdict {
        Ok(verdict) => {
            let violations: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
            Json(json!({ "requests": verdict.requests, "count": verdict.count, "violations": violations }))
                .into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(method: Method, pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).expect("a value"))
        });
        check(&method, &headers.collect()).is_ok()
    }

    #[test]
    fn only_this_machine_and_its_own_pages_pass() {
        for host in ["127.0.0.1:8421", "localhost:8421", "LOCALHOST", "[::1]:8421"] {
            assert!(passes(Method::POST, &[("host", host)]), "{host}");
        }
        for host in
            ["", "evil.example", "127.0.0.1.evil.example:8421", "10.0.0.1", "a b", "localhost:8421@evil.example"]
        {
            assert!(!passes(Method::GET, &[("host", host)]), "{host}");
        }
        let here = ("host", "localhost:8421");
        assert!(passes(Method::POST, &[here, ("origin", "http://localhost:8421")]));
        for origin in ["null", "http://evil.example", "http://localhost:9999", "https://localhost:8421"] {
            assert!(!passes(Method::POST, &[here, ("origin", origin)]), "{origin}");
        }
        assert!(passes(Method::GET, &[here, ("sec-fetch-site", "none")]));
        assert!(!passes(Method::POST, &[here, ("sec-fetch-site", "cross-site")]));
        assert!(!passes(Method::GET, &[here, ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(passes(Method::GET, &[here, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(!passes(Method::POST, &[here, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
    }
}
