//! The dashboard: what the server has stored and received. Rendered without scripts. maud escapes all text from
//! requests, and the content security policy forbids everything else.

mod overview;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    admin,
    families::{Families, Family, Routes},
};

const STYLE: &str = include_str!("dashboard/style.css");

/// The pages of the dashboard and its style sheet.
pub(crate) fn router(families: &Families) -> Routes {
    let style = get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE));
    Router::new()
        .route("/", get(overview::show))
        .nest(admin::PATH, families.merged(Family::dashboard_routes).route("/style.css", style))
        .layer(middleware::from_fn(protect))
}

/// Adds headers that forbid scripts, forms, frames and other sites.
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

/// A page with this content.
pub(crate) fn page(title: &str, content: &Markup) -> Html<String> {
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
                    a href="/" { "twelvelabs-local" }
                    " A local server for the TwelveLabs API. "
                    strong { "Its embeddings are not those of Marengo." }
                }
                main { (content) }
            }
        }
    };
    Html(page.into_string())
}

/// A page that says that there is nothing here.
pub(crate) fn not_found() -> Response {
    (StatusCode::NOT_FOUND, page("Not found", &html! { p { "This page does not exist." } })).into_response()
}
