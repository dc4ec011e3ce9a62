//! Tests of your own code against the local server, without a key and without a network.
//!
//! ```text
//! cargo test --workspace --test with_local_server
//! ```

use std::time::Duration;

use twelvelabs::{ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs, wait::WaitOptions};
use twelvelabs_local::{Fault, LocalServer};

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/silent.mp4");
/// Between two polls, instead of 5 s.
const INTERVAL: Duration = Duration::from_millis(20);

/// The code under test. It takes the client, so that a test can choose the server.
async fn count_segments(client: &TwelveLabs, video: &str, interval: Duration) -> twelvelabs::Result<usize> {
    let embed = client.embed().tasks().embed(ModelName::Marengo30, FileSource::path(video));
    let task = embed.sleep_interval(interval).send().await?;
    Ok(task.video_embedding.map_or(0, |video| video.segments.len()))
}

/// A server for one test, on a free port, and a client for it. Any key is valid.
async fn start() -> (LocalServer, TwelveLabs) {
    let server = LocalServer::builder().processing_time(Duration::ZERO).start().await.expect("a server");
    let client = TwelveLabs::builder()
        .api_key("test-key")
        .base_url(server.base_url())
        .with_backoff(Duration::ZERO, Duration::ZERO)
        .build()
        .expect("a client");
    (server, client)
}

#[tokio::test]
async fn a_short_video_has_one_segment() {
    let (server, client) = start().await;
    let count = count_segments(&client, VIDEO, INTERVAL).await.expect("embedded");
    assert_eq!(count, 1);
    // Returns an error if a request was not valid against the OpenAPI document.
    server.finish().await.expect("valid requests");
}

#[tokio::test]
async fn a_task_that_fails_is_an_error() {
    let (server, client) = start().await;
    server.inject(Fault::job_fails());
    let error = count_segments(&client, VIDEO, INTERVAL).await.expect_err("the task fails");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}

#[tokio::test]
async fn a_server_that_is_overloaded_for_a_moment_is_no_error() {
    let (server, client) = start().await;
    server.inject(Fault::status(503).operation("embed_tasks_retrieve").times(2));
    assert_eq!(count_segments(&client, VIDEO, INTERVAL).await.expect("embedded"), 1);
}
