//! The responses of `/embed/tasks` as the client returns them.

use insta::assert_debug_snapshot;
use twelvelabs::ModelName;

use crate::support::{ID, json, scripted};

#[tokio::test]
async fn create() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let source = twelvelabs::FileSource::url("https://example.com/a.mp4");
    assert_debug_snapshot!(tasks.create(ModelName::Marengo30, source).send().await.expect("created"));
}

#[tokio::test]
async fn status_ready() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_status_200_ready")]).await;
    assert_debug_snapshot!(tasks.status(ID).send().await.expect("read"));
}

#[tokio::test]
async fn status_with_unknown_values() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_status_200_unknown")]).await;
    assert_debug_snapshot!(tasks.status(ID).send().await.expect("read"));
}

#[tokio::test]
async fn retrieve() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_retrieve_200")]).await;
    assert_debug_snapshot!(tasks.retrieve(ID).send().await.expect("retrieved"));
}

#[tokio::test]
async fn list() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_list_200")]).await;
    assert_debug_snapshot!(tasks.list().send().await.expect("listed"));
}
