//! The requests of `/assets`, as snapshots.

use insta::assert_snapshot;
use serde_json::{Value, json};
use twelvelabs::{
    FileSource,
    assets::{AssetTranscriptionInclude, AssetType},
};
use wiremock::ResponseTemplate;

use crate::support::{self, ID, only_request, scripted_client, show};

#[tokio::test]
async fn list_with_every_filter() {
    let (server, client) = scripted_client([support::json(200, "assets_list_200")]).await;
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
async fn retrieve() {
    let (server, client) = scripted_client([support::json(200, "assets_retrieve_200")]).await;
    client.assets().retrieve(ID).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn create_from_a_file_with_everything() {
    let (server, client) = scripted_client([support::json(201, "assets_create_201")]).await;
    let create = client
        .assets()
        .create(FileSource::bytes("talk.mp4", &b"video"[..]))
        .filename("Talk & more.mp4")
        .enable_hls(false)
        .enable_thumbnail(true)
        .user_metadata([("language", json!("en")), ("take", json!(3)), ("speakers", json!(["Ada", "Grace"]))]);
    assert_eq!(create.await.expect("created").status.as_str(), "processing");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn the_name_of_an_uploaded_asset_replaces_that_of_its_file() {
    let (server, client) = scripted_client([support::json(201, "assets_create_201")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("private.mp4");
    std::fs::write(&path, "video").expect("written");
    client.assets().upload(&path).filename("a.mp4").await.expect("uploaded");
    let request = show(&only_request(&server).await);
    assert!(request.contains("filename=\"a.mp4\"") && !request.contains("private"), "{request}");
}

#[tokio::test]
async fn create_from_a_url() {
    let (server, client) = scripted_client([support::json(201, "assets_create_201")]).await;
    client.assets().create(FileSource::url("https://example.com/a.m3u8?b=c")).await.expect("created");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn delete() {
    let (server, client) = scripted_client([ResponseTemplate::new(200)]).await;
    client.assets().delete(ID).force(true).await.expect("deleted");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn update_user_metadata() {
    let (server, client) = scripted_client([ResponseTemplate::new(200)]).await;
    let changes = [("language", json!("en")), ("draft", Value::Null)];
    client.assets().update_user_metadata(ID, changes).await.expect("updated");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn replace_user_metadata() {
    let (server, client) = scripted_client([ResponseTemplate::new(200)]).await;
    client.assets().replace_user_metadata(ID, [("language", "en")]).await.expect("replaced");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn delete_user_metadata() {
    let (server, client) = scripted_client([ResponseTemplate::new(200)]).await;
    client.assets().delete_user_metadata(ID).await.expect("deleted");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve_transcription() {
    let (server, client) = scripted_client([support::json(200, "assets_retrieve_transcription_200")]).await;
    let units = [AssetTranscriptionInclude::Words, AssetTranscriptionInclude::Utterances];
    let transcription = client.assets().retrieve_transcription(ID).include(units).await.expect("retrieved");
    assert_eq!(transcription.words[0].value, "hello");
    assert_snapshot!(show(&only_request(&server).await));
}
