//! Assets and their uploads.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use futures_util::TryStreamExt;
use serde_json::json;
use tempfile::TempDir;
use twelvelabs::{
    RequestOptions, TwelveLabs,
    assets::{AssetStatus, AssetType},
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer, LocalServerBuilder, UndocumentedBehaviour};

use super::SOON;
use crate::support::{KEY, SILENT, without_tls};

async fn started(builder: LocalServerBuilder) -> (LocalServer, TwelveLabs) {
    let server = builder.start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_backoff(SOON, SOON);
    (server, client.build().expect("a client"))
}

/// A copy of a video in a folder of its own.
fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("talk.mp4");
    std::fs::copy(SILENT, &path).expect("copied");
    (folder, path)
}

fn same(server: &LocalServer, id: &str, path: &Path) -> bool {
    std::fs::read(server.asset_file(id).expect("a file")).expect("read") == std::fs::read(path).expect("read")
}

#[tokio::test]
async fn a_file_is_uploaded_in_parts_in_spite_of_faults_of_the_storage() {
    let builder = LocalServer::builder().part_size(2000).behaviour(UndocumentedBehaviour::UploadHeader);
    let (server, client) = started(builder).await;
    let faults = [
        Fault::expired_url(),
        Fault::status(503).operation(Fault::STORAGE),
        Fault::reset().operation(Fault::STORAGE),
        Fault::drop_request().operation(Fault::STORAGE),
        Fault::status(503).operation("multipart_upload_report_chunk_batch"),
        Fault::status(503).operation("multipart_upload_get_additional_presigned_urls"),
    ];
    faults.into_iter().for_each(|fault| server.inject(fault));
    let (_folder, path) = copy();
    let sent = Arc::new(Mutex::new(0));
    let last = Arc::clone(&sent);
    let upload = client.assets().upload(&path).with_direct_limit(0).with_progress(move |now| {
        *last.lock().expect("sane") = now.sent;
    });
    let asset = upload.user_metadata([("language", "en")]).with_wait_until_ready(true).sleep_interval(SOON).await;
    let asset = asset.expect("uploaded");
    assert_eq!((&asset.status, asset.size), (&AssetStatus::Ready, Some(51_561)));
    assert_eq!(*sent.lock().expect("sane"), 51_561);
    assert!(same(&server, asset.id.as_str(), &path), "byte-identical");
    assert_eq!((server.upload_count(), server.asset_count()), (1, 1));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn an_upload_that_was_dropped_is_resumed_from_its_journal() {
    let (server, client) = started(LocalServer::builder().part_size(2000)).await;
    let (folder, path) = copy();
    let journal = folder.path().join("talk.journal");
    let upload = || client.assets().upload(&path).with_direct_limit(0).with_journal(&journal);
    // Enough for a report; the next responses never come.
    server.inject(Fault::delay(SOON).operation(Fault::STORAGE).times(14));
    server.inject(Fault::delay(std::time::Duration::from_secs(3600)).operation(Fault::STORAGE).times(0));
    let reported = || std::fs::read_to_string(&journal).unwrap_or_default().contains("\"reported\": true");
    tokio::select! {
        outcome = upload().send() => panic!("it has ended: {outcome:?}"),
        () = async { while !reported() { tokio::time::sleep(SOON).await } } => {}
    }
    server.clear_faults();
    let asset = upload().with_wait_until_ready(true).sleep_interval(SOON).await.expect("resumed");
    assert!(same(&server, asset.id.as_str(), &path), "byte-identical");
    assert_eq!((server.upload_count(), server.asset_count()), (1, 1));
    assert_eq!(upload().await.expect("nothing is left to do").id, asset.id);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn assets_are_listed_changed_and_deleted() {
    let (server, client) = started(LocalServer::builder()).await;
    let assets = client.assets();
    let cleanup = assets.cleanup();
    for name in ["one.mp4", "two.mp4"] {
        assets.upload(SILENT).filename(name).with_cleanup(&cleanup).await.expect("uploaded");
    }
    let ids = cleanup.ids();
    let ready = assets.wait_all(&ids).with_requests_per_minute(100_000).sleep_interval(SOON).await;
    assert!(ready.iter().all(Result::is_ok), "{ready:?}");
    let names = |assets: Vec<twelvelabs::assets::Asset>| -> Vec<_> {
        assets.into_iter().map(|asset| asset.filename.expect("a name")).collect()
    };
    let all = assets.list().asset_types([AssetType::Video]).page_limit(1).items().try_collect().await.expect("listed");
    assert_eq!(names(all), ["two.mp4", "one.mp4"]);
    assert_eq!(names(assets.list().filename("ONE").await.expect("listed").data), ["one.mp4"]);

    assets.update_user_metadata(&ids[0], [("a", json!(1)), ("b", json!("two"))]).await.expect("changed");
    assets.update_user_metadata(&ids[0], [("a", json!(null))]).await.expect("changed");
    let metadata = assets.retrieve(&ids[0]).await.expect("retrieved").user_metadata.expect("metadata");
    assert_eq!(serde_json::to_value(metadata).expect("JSON"), json!({ "b": "two" }));
    assets.delete(&ids[1]).await.expect("deleted");
    assert!(assets.retrieve(&ids[1]).await.expect_err("gone").is_not_found());
    cleanup.delete().await.expect("the other one is deleted");
    assert_eq!(server.asset_count(), 0);
    server.finish().await.expect("all requests are valid");
}
