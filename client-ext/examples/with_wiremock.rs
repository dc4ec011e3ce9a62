//! Tests of your own code with wiremock, where a test writes each response. `twelvelabs-contract` matches requests that
//! are valid against the OpenAPI document.
//!
//! ```text
//! cargo test --workspace --test with_wiremock
//! ```

use std::time::Duration;

use serde_json::{Value, json};
use twelvelabs::{RequestOptions, TwelveLabs};
use twelvelabs_contract::{Contract, ContractMatcher};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ID: &str = "64f8d2c7e4a1b37f8a9c5d12";

/// The code under test. It takes the client, so that a test can choose the server.
async fn newest_task(client: &TwelveLabs) -> twelvelabs::Result<Option<String>> {
    let page = client.embed().tasks().list().page_limit(1).send().await?;
    Ok(page.data.first().map(|task| task.id.to_string()))
}

fn client(server: &MockServer) -> TwelveLabs {
    TwelveLabs::builder()
        .api_key("test-key")
        .base_url(format!("{}/v1.3", server.uri()))
        .with_backoff(Duration::ZERO, Duration::ZERO)
        .build()
        .expect("a client")
}

/// Valid requests for the list. wiremock responds to any other with a 404.
fn list() -> ContractMatcher {
    Contract::embedded().matcher("embed_tasks_list")
}

/// A page with these tasks. `Contract::example` builds a body if a test needs no values of its own.
fn page(tasks: &[Value]) -> ResponseTemplate {
    let page_info = json!({ "limit_per_page": 1, "page": 1, "total_page": 1, "total_results": tasks.len() });
    ResponseTemplate::new(200).set_body_json(json!({ "data": tasks, "page_info": page_info }))
}

fn task() -> Value {
    json!({ "_id": ID, "model_name": "marengo3.0", "status": "ready", "created_at": "2026-01-02T03:04:05Z" })
}

#[tokio::test]
async fn the_newest_task_is_the_first_one_of_the_list() {
    let server = MockServer::start().await;
    Mock::given(list()).respond_with(page(&[task()])).expect(1).mount(&server).await;
    assert_eq!(newest_task(&client(&server)).await.expect("a list").as_deref(), Some(ID));
}

#[tokio::test]
async fn without_tasks_there_is_no_newest_one() {
    let server = MockServer::start().await;
    Mock::given(list()).respond_with(page(&[])).expect(1).mount(&server).await;
    assert_eq!(newest_task(&client(&server)).await.expect("a list"), None);
}

#[tokio::test]
async fn a_server_that_is_overloaded_for_a_moment_is_no_error() {
    let server = MockServer::start().await;
    let overloaded = Mock::given(list()).respond_with(ResponseTemplate::new(503));
    overloaded.up_to_n_times(2).expect(2).mount(&server).await;
    Mock::given(list()).respond_with(page(&[task()])).expect(1).mount(&server).await;
    assert_eq!(newest_task(&client(&server)).await.expect("a list").as_deref(), Some(ID));
}
