//! What the client takes, and that the recorded bodies are what the contract promises.

use insta::assert_debug_snapshot;
use serde_json::Value;
use twelvelabs::ModelName;
use twelvelabs_contract::Contract;

use crate::support::{ID, body, json, scripted};

#[test]
fn recorded_bodies_keep_the_contract() {
    let contract = Contract::embedded();
    let bodies = [
        ("embed_tasks_create", 200, "create_200"),
        ("embed_tasks_status", 200, "status_200_processing"),
        ("embed_tasks_status", 200, "status_200_failed"),
        ("embed_tasks_status", 200, "status_200_unknown"),
        ("embed_tasks_status", 200, "status_200_ready"),
        ("embed_tasks_retrieve", 200, "retrieve_200"),
        ("embed_tasks_list", 200, "list_200"),
        ("assets_list", 200, "assets_list_200"),
        ("assets_retrieve", 200, "asset_200"),
        ("embed_tasks_create", 400, "error_400"),
        ("embed_tasks_list", 401, "error_401"),
        ("embed_tasks_retrieve", 404, "error_404"),
        ("embed_tasks_create", 429, "error_429"),
    ];
    let recorded = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/it/bodies")).expect("bodies").count();
    assert_eq!(recorded, bodies.len(), "a recorded body is not checked here");
    for (operation, status, name) in bodies {
        // `null` for what is optional is tolerated by the client and not promised by the contract.
        let body = without_nulls(body(name)).to_string();
        assert_eq!(contract.validate_response_body(operation, status, body.as_bytes()), Ok(()), "{name}");
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[tokio::test]
async fn create() {
    let (_server, tasks) = scripted([json(200, "create_200")]).await;
    let source = twelvelabs::VideoSource::url("https://example.com/a.mp4");
    assert_debug_snapshot!(tasks.create(ModelName::Marengo30, source).send().await.expect("created"));
}

#[tokio::test]
async fn status_ready() {
    let (_server, tasks) = scripted([json(200, "status_200_ready")]).await;
    assert_debug_snapshot!(tasks.status(ID).send().await.expect("read"));
}

#[tokio::test]
async fn status_with_values_that_nobody_knew() {
    let (_server, tasks) = scripted([json(200, "status_200_unknown")]).await;
    assert_debug_snapshot!(tasks.status(ID).send().await.expect("read"));
}

#[tokio::test]
async fn retrieve() {
    let (_server, tasks) = scripted([json(200, "retrieve_200")]).await;
    assert_debug_snapshot!(tasks.retrieve(ID).send().await.expect("retrieved"));
}

#[tokio::test]
async fn list() {
    let (_server, tasks) = scripted([json(200, "list_200")]).await;
    assert_debug_snapshot!(tasks.list().send().await.expect("listed"));
}
