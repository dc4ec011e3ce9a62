//! Tasks and embeddings of version 2.

use futures_util::{StreamExt, TryStreamExt};
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ErrorKind, ModelName, RequestOptions, TwelveLabs,
    embed::{
        FailureReason, IntoSegments, Retrieved,
        tasks::TaskStatus,
        v2::{EmbeddingTaskStatus, ImageInput, MediaSource, Segmentation, VideoInput},
    },
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer, LocalServerBuilder};

use super::SOON;
use crate::support::{CLIP, KEY, SILENT, TINY, without_tls};

async fn started(builder: LocalServerBuilder) -> (LocalServer, TwelveLabs) {
    let server = builder.start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_max_retries(0);
    (server, client.build().expect("a client"))
}

/// More requests per minute than a test makes.
const MANY: u32 = 100_000;

/// A video as bytes in the request.
fn inline(path: &str) -> VideoInput {
    VideoInput::new(MediaSource::bytes(std::fs::read(path).expect("the clip")))
}

#[tokio::test]
async fn many_tasks_are_created_listed_and_waited_for() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    let bulk = tasks.create_bulk(ModelName::Marengo35, [TINY, SILENT, TINY].map(inline)).embedding_dimension(128);
    let mut ids = vec![None; 3];
    let mut created = bulk.with_concurrency(2).stream();
    while let Some(created) = created.next().await {
        ids[created.index] = Some(created.result.expect("created").id);
    }
    let ids: Vec<_> = ids.into_iter().map(|id| id.expect("an id")).collect();

    let mut waited = tasks.wait_all(&ids).with_requests_per_minute(MANY).sleep_interval(SOON).stream();
    let mut ended = Vec::new();
    while let Some(waited) = waited.next().await {
        let status = waited.result.expect("ready");
        assert_eq!((&status.id, &status.status), (&ids[waited.index], &TaskStatus::Ready));
        ended.push(waited.index);
    }
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2]);

    let listed: Vec<_> = tasks.list().page_limit(2).items().map_ok(|task| task.id).try_collect().await.expect("listed");
    let mut sorted = ids.clone();
    sorted.sort_unstable_by_key(|id| listed.iter().position(|listed| listed == id));
    assert_eq!((listed.len(), &sorted), (3, &listed));
    assert!(tasks.list().status(TaskStatus::Processing).await.expect("listed").data.is_empty());
    let statuses: Vec<_> = tasks.wait_for_done(&ids[1]).stream().try_collect().await.expect("ready");
    assert_eq!(statuses.last().map(|last| &last.status), Some(&TaskStatus::Ready));
    assert_eq!(tasks.status(&ids[2]).await.expect("polled").status, TaskStatus::Ready);
    let dimensions = tasks.retrieve(&ids[0]).await.expect("retrieved").data[0].embedding.dimensions();
    assert_eq!(dimensions, 128);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn the_reason_of_a_failure_is_told_by_every_wait() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    server.inject(Fault::job_fails().operation("embed_v2_tasks_create").times(2));
    let created = tasks.create_bulk(ModelName::Marengo30, [TINY, TINY, TINY].map(inline)).with_concurrency(1).await;
    let ids: Vec<_> = created.into_iter().map(|created| created.expect("created").id).collect();
    let outcomes = tasks.wait_all(&ids).with_requests_per_minute(MANY).sleep_interval(SOON).await;
    for error in outcomes[..2].iter().map(|outcome| outcome.as_ref().expect_err("failed")) {
        assert_eq!(error.kind(), ErrorKind::JobFailed);
        assert!(error.to_string().contains("a fault injected"), "{error}");
        let last: &EmbeddingTaskStatus = error.wait_details().and_then(|wait| wait.last_status()).expect("a status");
        assert_eq!(FailureReason::of_error(error), last.failure_reason());
    }
    assert!(outcomes[2].is_ok());
    let values = tasks.wait_all(&ids).with_failed_as_value().with_requests_per_minute(MANY).sleep_interval(SOON).await;
    let messages: Vec<_> = values.into_iter().map(|value| value.expect("a status").error_message.is_some()).collect();
    assert_eq!(messages, [true, true, false]);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn vectors_arrive_whole_one_by_one_and_as_a_matrix() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    let video = inline(CLIP).segmentation(Segmentation::fixed(5)).embedding_option([EmbeddingOption::Visual]);
    let id = tasks.create(ModelName::Marengo30, video).await.expect("created").id;
    tasks.wait_for_done(&id).sleep_interval(SOON).await.expect("ready");
    let whole = tasks.retrieve(&id).await.expect("retrieved").into_segments();
    assert_eq!(whole.len(), 4);
    let mut segments = Vec::new();
    let mut arriving = tasks.retrieve(&id).segments();
    let mut task = None;
    while let Some(item) = arriving.next().await {
        match item.expect("received") {
            Retrieved::Segment(segment) => segments.push(segment),
            Retrieved::Response(response) => task = Some(response),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((&segments, task.expect("the end").status), (&whole, TaskStatus::Ready));
    let matrix = tasks.retrieve(&id).matrix().await.expect("received");
    assert_eq!((matrix.rows(), matrix.dimensions()), (4, 512));
    let scopes: Vec<_> = matrix.segments().iter().map(|info| info.scope.clone()).collect();
    assert_eq!(scopes.iter().filter(|scope| **scope == Some(EmbeddingScope::Asset)).count(), 1);
    for (row, segment) in whole.iter().enumerate() {
        assert_eq!(matrix.row(row), Some(segment.vector.as_slice()));
    }

    // The response of an embedding without a task is received in the same ways.
    let embed = || client.embed().v2().create(ModelName::Marengo30, inline(SILENT));
    let whole = embed().await.expect("embedded").into_segments();
    let arriving: Vec<_> = embed().segments().try_collect().await.expect("received");
    assert_eq!(arriving.len(), whole.len() + 1);
    assert_eq!(embed().matrix().await.expect("received").rows(), whole.len());
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn an_asset_is_embedded_in_tasks_and_without() {
    let (server, client) = started(LocalServer::builder()).await;
    let upload = client.assets().upload(SILENT).with_wait_until_ready(true).sleep_interval(SOON);
    let asset = upload.await.expect("ready");
    let tasks = client.embed().v2().tasks();
    let embedded = tasks.embed(ModelName::Marengo30, VideoInput::new(&asset)).sleep_interval(SOON).await;
    let embedded = embedded.expect("embedded").into_segments();
    let at_once = client.embed().v2().create(ModelName::Marengo30, VideoInput::new(&asset)).await;
    let at_once = at_once.expect("embedded").into_segments();
    assert_eq!(embedded.len(), at_once.len());
    assert!(embedded.iter().all(|segment| at_once.iter().any(|other| other.vector == segment.vector)));
    let image = client.embed().v2().create(ModelName::Marengo30, ImageInput::new(&asset)).await;
    assert_eq!(image.map(|_| ()).expect_err("a video is no image").status(), Some(400));
    server.finish().await.expect("all requests are valid");
}
