//! The page for people: what the platform has, and what it has seen. Rendered here, without scripts; maud escapes everything
//! that comes from requests, and the policy forbids the rest.

mod matrix;
mod overview;
mod task;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use maud::{DOCTYPE, Markup, html};

use super::{Platform, admin};

const STYLE: &str = include_str!("page/style.css");

type Shared = State<Arc<Platform>>;

pub(super) fn router() -> Router<Arc<Platform>> {
    let under = |path: &str| format!("{}/{path}", admin::PATH);
    Router::new()
        .route("/", get(overview::show))
        .route(&under("tasks/{id}"), get(task::show))
        .route(&under("tasks/{id}/matrix.png"), get(matrix::show))
        .route(&under("tasks/{id}/thumbnails/{number}"), get(thumbnail))
        .route(&under("style.css"), get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .layer(middleware::from_fn(protect))
}

/// Whatever slipped through could do nothing.
async fn protect(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let mut put = |name: HeaderName, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
    put(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(header::CACHE_CONTROL, "no-store");
    response
}

fn page(title: &str, content: &Markup) -> Html<String> {
    let style = format!("{}/style.css", admin::PATH);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                link rel="stylesheet" href=(style);
            }
            body {
                header {
                    a href="/" { "Local platform" }
                    " A stand-in for the video embedding API of TwelveLabs. "
                    strong { "Its vectors are not Marengo's." }
                }
                main { (content) }
            }
        }
    };
    Html(page.into_string())
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, page("Not here", &html! { p { "There is nothing here." } })).into_response()
}

async fn thumbnail(State(platform): Shared, Path((id, number)): Path<(String, usize)>) -> Response {
    // The id of a task that there is has no path in it.
    let Some(task) = platform.store.get(&id) else { return not_found() };
    let path = platform.store.folder().thumbnails(&task.id).join(number.to_string());
    match tokio::fs::read(path).await {
        Ok(picture) => ([(header::CONTENT_TYPE, "image/png")], picture).into_response(),
        Err(_) => not_found(),
    }
}
