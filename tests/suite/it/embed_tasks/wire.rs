//! The requests of `/embed/tasks`, as snapshots.

use chrono::{DateTime, Utc};
use insta::assert_snapshot;
use twelvelabs::{EmbeddingOption, EmbeddingScope, FileSource, ModelName, embed::tasks::TaskStatus};

use crate::support::{CLIP, ID, json, only_request, scripted, show};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[tokio::test]
async fn create_from_a_path_with_everything() {
    let (server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let create = tasks
        .create(ModelName::Marengo30, FileSource::path(CLIP))
        .video_start_offset_sec(0.0)
        .video_end_offset_sec(12.5)
        .video_clip_length(6.0)
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video]);
    assert_eq!(create.send().await.expect("created").id.as_str(), ID);
    let request = only_request(&server).await;
    let clip = std::fs::read(CLIP).expect("the clip");
    assert!(memchr::memmem::find(&request.body, &clip).is_some(), "the file did not arrive whole");
    assert_snapshot!(show(&request));
}

#[tokio::test]
async fn create_from_bytes() {
    let (server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let source = FileSource::bytes("we\"ird\r\nX-Evil: 1\\ 100%é.mp4", &b"not a video"[..]);
    tasks.create(ModelName::Marengo30, source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn create_from_a_reader() {
    let (server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let source = FileSource::reader("r.mp4", 5, &b"bytes"[..]);
    tasks.create("another-model", source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn create_from_a_url() {
    let (server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let source = FileSource::url("https://example.com/a.mp4?signature=s&x=%20");
    tasks.create(ModelName::Marengo30, source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn status() {
    let (server, tasks) = scripted([json(200, "embed_tasks_status_200_ready")]).await;
    tasks.status(ID).send().await.expect("read");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve_everything() {
    let (server, tasks) = scripted([json(200, "embed_tasks_retrieve_200")]).await;
    tasks.retrieve(ID).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve_some_options() {
    let (server, tasks) = scripted([json(200, "embed_tasks_retrieve_200")]).await;
    let options = [EmbeddingOption::Visual, EmbeddingOption::Audio, "new one&".into()];
    tasks.retrieve(ID).embedding_option(options).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn list_plain() {
    let (server, tasks) = scripted([json(200, "embed_tasks_list_200")]).await;
    tasks.list().send().await.expect("listed");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn list_with_every_filter() {
    let (server, tasks) = scripted([json(200, "embed_tasks_list_200")]).await;
    let list = tasks
        .list()
        .started_at(time("2026-01-02T03:04:05.678+01:00"))
        .ended_at(time("2026-01-03T00:00:00.001Z"))
        .status(TaskStatus::Ready)
        .page(2)
        .page_limit(50);
    list.send().await.expect("listed");
    assert_snapshot!(show(&only_request(&server).await));
}
