//! What the client sends, request by request.

use std::path::Path;

use chrono::{DateTime, Utc};
use insta::assert_snapshot;
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ModelName, VideoSource, assets::AssetType, embed::tasks::TaskStatus,
};

use twelvelabs_contract::Contract;

use crate::support::{CLIP, ID, json, only_request, scripted, scripted_client, show};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[tokio::test]
async fn create_from_a_path_with_everything() {
    let (server, tasks) = scripted([json(200, "create_200")]).await;
    let create = tasks
        .create(ModelName::Marengo30, VideoSource::path(CLIP))
        .video_start_offset_sec(0.0)
        .video_end_offset_sec(12.5)
        .video_clip_length(6.0)
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video]);
    assert_eq!(create.send().await.expect("created").id.as_str(), ID);
    let request = only_request(&server).await;
    let clip = std::fs::read(CLIP).expect("the clip");
    assert!(request.body.windows(clip.len()).any(|window| window == clip), "the file did not arrive whole");
    assert_snapshot!(show(&request));
}

#[tokio::test]
async fn create_from_bytes() {
    let (server, tasks) = scripted([json(200, "create_200")]).await;
    let source = VideoSource::bytes("we\"ird\r\nX-Evil: 1\\ 100%é.mp4", &b"not a video"[..]);
    tasks.create(ModelName::Marengo30, source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn create_from_a_reader() {
    let (server, tasks) = scripted([json(200, "create_200")]).await;
    let source = VideoSource::reader("r.mp4", 5, &b"bytes"[..]);
    tasks.create("another-model", source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn create_from_a_url() {
    let (server, tasks) = scripted([json(200, "create_200")]).await;
    let source = VideoSource::url("https://example.com/a.mp4?signature=s&x=%20");
    tasks.create(ModelName::Marengo30, source).send().await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

/// All code below a folder.
fn read_all(folder: &Path, code: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the client") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_all(&path, code);
        } else {
            code.push_str(&std::fs::read_to_string(path).expect("code"));
        }
    }
}

#[test]
fn every_operation_has_a_snapshot_and_a_wrapper_or_a_reason() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/it/snapshots");
    let mut snapped = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("snapshots") {
        let path = entry.expect("a file").path();
        if path.to_string_lossy().contains("__wire__") {
            let text = std::fs::read_to_string(path).expect("text");
            let request = text.lines().find_map(|line| line.split_once(" /")).expect("a request line");
            snapped.extend(Contract::embedded().find_operation(request.0, &format!("/{}", request.1)));
        }
    }
    /// Operations of the contract that `twelvelabs` does not wrap, with the reason.
    const EXEMPT: &[(&str, &str)] = &[];
    let mut code = String::new();
    read_all(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../client-ext/src")), &mut code);
    let is_exempt = |operation: &str| EXEMPT.iter().any(|(id, _)| *id == operation);
    for operation in Contract::embedded().operations().filter(|operation| !is_exempt(operation)) {
        assert!(snapped.contains(operation), "no wire snapshot of {operation}");
        let wrapped = code.contains(&format!("api.{operation}_request("));
        assert!(wrapped, "{operation} is neither wrapped nor exempt");
    }
}

#[tokio::test]
async fn status() {
    let (server, tasks) = scripted([json(200, "status_200_ready")]).await;
    tasks.status(ID).send().await.expect("read");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve_everything() {
    let (server, tasks) = scripted([json(200, "retrieve_200")]).await;
    tasks.retrieve(ID).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve_some_options() {
    let (server, tasks) = scripted([json(200, "retrieve_200")]).await;
    let options = [EmbeddingOption::Visual, EmbeddingOption::Audio, "new one&".into()];
    tasks.retrieve(ID).embedding_option(options).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn list_plain() {
    let (server, tasks) = scripted([json(200, "list_200")]).await;
    tasks.list().send().await.expect("listed");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn list_with_every_filter() {
    let (server, tasks) = scripted([json(200, "list_200")]).await;
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

#[tokio::test]
async fn assets_list_with_every_filter() {
    let (server, client) = scripted_client([json(200, "assets_list_200")]).await;
    let list = client
        .assets()
        .list()
        .asset_ids([ID.parse().expect("an id")])
        .asset_types([AssetType::Video, "new one".into()])
        .filename("talk & more")
        .page(2)
        .page_limit(50);
    list.send().await.expect("listed");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn assets_retrieve() {
    let (server, client) = scripted_client([json(200, "asset_200")]).await;
    client.assets().retrieve(ID).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}
