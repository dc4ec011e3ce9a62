//! The client without async, against the local server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::runtime::Runtime;
use twelvelabs::{
    ErrorKind, FileSource, ModelName, RequestOptions,
    blocking::TwelveLabs,
    embed::{
        Retrieved,
        tasks::TaskStatus,
        v2::{MediaSource, VideoInput},
    },
    raw::Method,
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer};

use crate::support::{CLIP, KEY, SILENT};

const SOON: Duration = Duration::from_millis(10);
/// For waits for many tasks, which make 25 requests per minute.
const A_MOMENT: Duration = Duration::from_millis(300);

/// A local server on the threads of a runtime of its own, and a client for it on none.
fn local() -> (Runtime, LocalServer, TwelveLabs) {
    let runtime = Runtime::new().expect("a runtime");
    let local = runtime.block_on(LocalServer::start()).expect("a server");
    let client = client(local.base_url());
    (runtime, local, client)
}

fn client(base_url: &str) -> TwelveLabs {
    TwelveLabs::builder().api_key(KEY).base_url(base_url).with_max_retries(0).build().expect("a client")
}

#[test]
fn a_video_becomes_embeddings_without_async() {
    let (_runtime, _local, client) = local();
    let tasks = client.embed().tasks();
    let sent = Arc::new(AtomicUsize::new(0));
    let log = Arc::clone(&sent);
    let task = tasks
        .create(ModelName::Marengo30, FileSource::path(CLIP))
        .video_clip_length(5.0)
        .with_progress(move |now| log.store(now.sent as usize, Ordering::Relaxed))
        .send()
        .expect("created");
    assert_eq!(sent.load(Ordering::Relaxed) as u64, std::fs::metadata(CLIP).expect("the clip").len());

    let polls = Arc::new(AtomicUsize::new(0));
    let (log, caller) = (Arc::clone(&polls), std::thread::current().id());
    let wait = tasks.wait_for_done(&task.id).sleep_interval(SOON).callback(move |_| {
        assert_eq!(std::thread::current().id(), caller, "the thread of the caller");
        log.fetch_add(1, Ordering::Relaxed);
    });
    let done = wait.send().expect("ready");
    assert!(done.status == TaskStatus::Ready && polls.load(Ordering::Relaxed) > 0);
    let statuses: Vec<_> = tasks.wait_for_done(&task.id).stream().map(|status| status.expect("ready").status).collect();
    assert_eq!(statuses, [TaskStatus::Ready]);

    let whole = tasks.retrieve(&task.id).send_with_response().expect("retrieved");
    assert_eq!(whole.status(), 200);
    let segments = whole.into_value().video_embedding.expect("ready").segments;
    let matrix = tasks.retrieve(&task.id).matrix().expect("retrieved");
    assert_eq!(matrix.segments().len(), segments.len());
    let streamed: Vec<_> = tasks.retrieve(&task.id).segments().map(|item| item.expect("retrieved")).collect();
    assert_eq!(streamed.len(), segments.len() + 1);
    assert!(matches!(streamed.last(), Some(Retrieved::Response(_))));
    let begun = tasks.retrieve(&task.id).segments_with_response().expect("retrieved");
    assert_eq!((begun.status(), begun.into_value().count()), (200, streamed.len()));
}

#[test]
fn lists_bulks_and_waits_are_iterators_and_vectors() {
    let (_runtime, _local, client) = local();
    let tasks = client.embed().tasks();
    let inputs = || [CLIP, SILENT].map(FileSource::path);
    let created: Vec<_> = tasks.create_bulk(ModelName::Marengo30, inputs()).stream().collect();
    let ids: Vec<_> = created.into_iter().map(|created| created.result.expect("created").id).collect();
    let done = tasks.create_bulk(ModelName::Marengo30, inputs()).wait().sleep_interval(A_MOMENT).send();
    assert!(done.len() == 2 && done.iter().all(Result::is_ok), "{done:?}");
    let waited: Vec<_> = tasks.wait_all(&ids).sleep_interval(A_MOMENT).stream().collect();
    assert!(waited.len() == 2 && waited.iter().all(|waited| waited.result.is_ok()), "{waited:?}");

    let pages = tasks.list().page_limit(1).pages().map(|page| page.expect("listed").data.len());
    assert_eq!(pages.collect::<Vec<_>>(), [1, 1, 1, 1]);
    // The rest is not requested.
    assert!(tasks.list().page_limit(1).items().next().expect("an item").is_ok());
    assert_eq!(tasks.list().items().filter_map(Result::ok).count(), 4);
    assert_eq!(tasks.find_created("silent.mp4").send().expect("listed").len(), 2);
    assert_eq!(client.assets().list().send().expect("listed").data.len(), 0);
    let raw: Value = client.request(Method::GET, "/embed/tasks").query("page_limit", 3).send().expect("listed");
    assert_eq!(raw["data"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_file_is_uploaded_embedded_and_deleted_without_async() {
    let (_runtime, local, client) = local();
    let folder = tempfile::tempdir().expect("a folder");
    let cleanup = client.assets().cleanup();
    let video = VideoInput::new(MediaSource::path(SILENT));
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo30, video).with_cleanup(&cleanup);
    let embed = embed.with_upload(|upload| upload.sleep_interval(SOON)).sleep_interval(SOON);
    let matrix = embed.with_journal(folder.path().join("talk.journal")).matrix().expect("embedded");
    assert_eq!((matrix.dimensions(), local.asset_count(), local.task_count()), (512, 1, 1));
    let text = client.embed().v2().create(ModelName::Marengo30, "a box").send().expect("embedded");
    assert_eq!(text.data.len(), 1);
    cleanup.delete().expect("deleted");
    assert_eq!(local.asset_count(), 0);
    assert!(client.multipart_upload().list_incomplete_uploads().items().next().is_none());
}

#[test]
fn an_iterator_that_is_dropped_stops_its_work() {
    let (_runtime, local, client) = local();
    local.inject(Fault::job_stalls());
    let task = client.embed().tasks().create(ModelName::Marengo30, FileSource::path(SILENT)).send().expect("created");
    let mut statuses = client.embed().tasks().wait_for_done(&task.id).sleep_interval(SOON).stream();
    let first = statuses.next().expect("a status").expect("polled");
    assert_eq!(first.status, TaskStatus::Processing);
    drop(statuses);
    let mut segments = client.embed().tasks().retrieve(&task.id).segments();
    assert_eq!(segments.next().map(|item| item.is_err()), Some(true));
    drop(client.embed().tasks().list().items());
}

/// The names of the public methods of a client struct.
fn methods(file: &str) -> Vec<String> {
    let path = format!("{}/../../client-ext/src/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a file");
    let names = text.lines().filter_map(|line| line.trim_start().strip_prefix("pub fn ")?.split('(').next());
    let mut names: Vec<_> = names.map(str::to_owned).filter(|name| name != "build").collect();
    names.sort_unstable();
    names
}

#[test]
fn both_clients_have_the_same_families() {
    assert_eq!(methods("blocking.rs"), methods("client.rs"));
}

#[test]
fn threads_share_a_client() {
    let (_runtime, _local, client) = local();
    std::thread::scope(|scope| {
        let embed = || {
            let result = client.embed().tasks().embed(ModelName::Marengo30, FileSource::path(SILENT));
            result.sleep_interval(SOON).send().map(|result| result.id)
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(embed)).collect();
        for thread in threads {
            thread.join().expect("no panic").expect("embedded");
        }
    });
    assert_eq!(client.embed().tasks().list().items().count(), 4);
}

/// An address that nothing listens at.
fn unused() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

#[tokio::test]
async fn a_blocking_call_in_async_code_is_an_error_and_sends_nothing() {
    let client = client(&format!("http://{}", unused()));
    let tasks = client.embed().tasks();
    let refused = |error: twelvelabs::Error| {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0), "{error}");
        assert!(error.to_string().contains("spawn_blocking"), "{error}");
    };
    refused(tasks.list().send().expect_err("refused"));
    let mut items = tasks.list().items();
    refused(items.next().expect("an item").expect_err("refused"));
    assert!(items.next().is_none());
    let all = tasks.wait_all(["a", "b"]).send();
    assert_eq!(all.len(), 2);
    all.into_iter().for_each(|result| refused(result.expect_err("refused")));
    let created = tasks.create_bulk(ModelName::Marengo30, [CLIP, SILENT].map(FileSource::path)).stream();
    let places: Vec<_> = created.map(|created| (created.index, created.result.is_err())).collect();
    assert_eq!(places, [(0, true), (1, true)]);

    let allowed = tokio::task::spawn_blocking(move || client.embed().tasks().list().send());
    let error = allowed.await.expect("no panic").expect_err("refused by the system");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1), "{error}");
}

#[test]
fn a_time_limit_ends_a_blocking_call() {
    // Accepts connections and does not respond.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = client(&format!("http://{}", listener.local_addr().expect("an address")));
    let error = client.embed().tasks().list().with_timeout(Duration::from_millis(50)).send().expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let wait =
        client.embed().tasks().wait_for_done("663da73b31cdd0c1f638a8e6").with_deadline(Duration::from_millis(50));
    assert_eq!(wait.send().expect_err("late").kind(), ErrorKind::Deadline);
}
