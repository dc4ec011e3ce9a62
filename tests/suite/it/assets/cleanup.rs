//! Assets that are deleted together, and the report of those that were left.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt},
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use twelvelabs::{RequestOptions, TwelveLabs};

use crate::support::{KEY, without_tls};

/// The ids in warnings about assets that were left.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Vec<String>>>);

impl Visit for Left {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "asset_ids" {
            self.0.lock().expect("sane").push(value.to_owned());
        }
    }
}

impl<S: Subscriber> Layer<S> for Left {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

async fn server(asset: &str, response: ResponseTemplate, server: &MockServer) {
    let delete = Mock::given(method("DELETE")).and(path(format!("/v1.3/assets/{asset}")));
    delete.respond_with(response).mount(server).await;
}

#[tokio::test]
async fn a_cleanup_deletes_what_it_can_and_reports_what_it_leaves() {
    let http = MockServer::start().await;
    server("a", ResponseTemplate::new(200), &http).await;
    let gone = json!({ "code": "resource_not_exist", "message": "gone" });
    server("b", ResponseTemplate::new(404).set_body_json(gone), &http).await;
    let used = json!({ "code": "some_code", "message": "in use" });
    server("c", ResponseTemplate::new(409).set_body_json(used), &http).await;
    server("d", ResponseTemplate::new(200), &http).await;
    let client = without_tls(TwelveLabs::builder())
        .api_key(KEY)
        .base_url(format!("{}/v1.3", http.uri()))
        .build()
        .expect("a client");
    let cleanup = client.assets().cleanup().with_max_retries(0);
    let id = |id: &str| id.parse().expect("an id");
    for asset in ["a", "b", "c", "d", "a"] {
        cleanup.add(&id(asset));
    }
    let error = cleanup.delete().await.expect_err("in use");
    assert_eq!((error.status(), error.resource_id()), (Some(409), Some("c")));
    assert_eq!(cleanup.ids(), [id("c")]);
    assert_eq!(http.received_requests().await.expect("recorded").len(), 4, "one is there once");

    cleanup.add(&id("e"));
    let left = Left::default();
    tracing::subscriber::with_default(Registry::default().with(left.clone()), || drop(cleanup));
    assert_eq!(*left.0.lock().expect("sane"), ["c e"]);

    let kept = client.assets().cleanup();
    kept.add(&id("f"));
    assert_eq!(kept.keep(), [id("f")]);
    tracing::subscriber::with_default(Registry::default().with(left.clone()), || drop(kept));
    assert_eq!(left.0.lock().expect("sane").len(), 1, "nothing to report");
}

#[tokio::test]
async fn a_delete_whose_response_was_lost_has_worked() {
    let http = MockServer::start().await;
    let first = Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(503)).up_to_n_times(1);
    first.mount(&http).await;
    let gone = json!({ "code": "resource_not_exist", "message": "gone" });
    server("a", ResponseTemplate::new(404).set_body_json(gone), &http).await;
    let millisecond = std::time::Duration::from_millis(1);
    let builder = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", http.uri()));
    let client = builder.with_backoff(millisecond, millisecond).build().expect("a client");
    client.assets().delete("a").await.expect("deleted by the first attempt");
    assert!(client.assets().delete("a").await.expect_err("unknown").is_not_found());
    // A refused attempt has deleted nothing.
    http.reset().await;
    let limited = Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(429)).up_to_n_times(1);
    limited.mount(&http).await;
    let gone = json!({ "code": "resource_not_exist", "message": "gone" });
    server("a", ResponseTemplate::new(404).set_body_json(gone), &http).await;
    let error = client.assets().delete("a").await.expect_err("unknown");
    assert!(error.is_not_found() && error.attempts() == 2, "{error}");
}
