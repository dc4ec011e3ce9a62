//! The short examples, against a local server whose tasks are ready at once.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

use twelvelabs::{FileSource, ModelName, TwelveLabs, wait::WaitOptions};
use twelvelabs_local::LocalServer;

use super::example;

const MEDIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media");

/// Whether tests run that take seconds, because an example polls every five of them, as the default is.
fn skips_long_tests() -> bool {
    let skips = std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1");
    if skips {
        println!("skipped: set LONG_TESTS=1");
    }
    skips
}

async fn server() -> LocalServer {
    LocalServer::builder().processing_time(Duration::ZERO).start().await.expect("a server")
}

fn clip(name: &str) -> String {
    format!("{MEDIA}/{name}")
}

/// The lines that an example prints, which must succeed.
async fn lines(server: &LocalServer, name: &str, arguments: &[&str]) -> Vec<String> {
    let mut command = example(name);
    command.args(arguments).env("TWELVELABS_BASE_URL", server.base_url()).env("TWELVE_LABS_API_KEY", "test-key");
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("the example runs");
    assert!(output.status.success(), "{name}: {output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn create_and_wait_embeds_several_videos() {
    if skips_long_tests() {
        return;
    }
    let server = server().await;
    let (first, missing) = (clip("tiny.mp4"), clip("no such file.mp4"));
    let lines = lines(&server, "create_and_wait", &[&first, &missing]).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with(&first) && line.ends_with(" is ready")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with(&missing) && !line.ends_with(" is ready")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn handle_errors_says_what_was_created_or_what_is_wrong() {
    let server = server().await;
    let created = lines(&server, "handle_errors", &[&clip("tiny.mp4")]).await;
    assert!(matches!(&created[..], [line] if line.starts_with("created ")), "{created:?}");
    let refused = lines(&server, "handle_errors", &[&clip("no such file.mp4")]).await;
    assert!(matches!(&refused[..], [line] if line.contains("no such file.mp4")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_prints_the_status_of_the_task() {
    if skips_long_tests() {
        return;
    }
    let server = server().await;
    let lines = lines(&server, "progress", &[&clip("tiny.mp4")]).await;
    assert!(lines.last().is_some_and(|line| line.ends_with(" is ready")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_segments_prints_every_segment() {
    let server = server().await;
    let client = TwelveLabs::builder().api_key("test-key").base_url(server.base_url()).build().expect("a client");
    let source = FileSource::path(clip("four_shots.mp4"));
    let tasks = client.embed().tasks();
    let task = tasks.create(ModelName::Marengo30, source).send().await.expect("created");
    tasks.wait_for_done(&task.id).sleep_interval(Duration::from_millis(50)).send().await.expect("ready");
    let lines = lines(&server, "stream_segments", &[task.id.as_ref()]).await;
    let (last, segments) = lines.split_last().expect("lines");
    assert!(!segments.is_empty() && segments.iter().all(|line| line.ends_with("512 dimensions")), "{lines:?}");
    assert_eq!(last, &format!("{} segments of {}", segments.len(), task.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn search_video_finds_moments() {
    if skips_long_tests() {
        return;
    }
    let server = server().await;
    let lines = lines(&server, "search_video", &[&clip("shots.mp4"), "something green"]).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(assets(&server).await, 0, "the example deletes its asset");
}

async fn assets(server: &LocalServer) -> usize {
    let client = TwelveLabs::builder().api_key("test-key").base_url(server.base_url()).build().expect("a client");
    client.assets().list().send().await.expect("a list").data.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn own_settings_makes_a_call() {
    let server = server().await;
    assert_eq!(lines(&server, "own_settings", &[]).await, ["0 tasks"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_request_prints_the_response() {
    let server = server().await;
    let lines = lines(&server, "raw_request", &["/embed/tasks"]).await;
    assert!(lines.iter().any(|line| line.contains("\"page_info\"")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_async_prints_the_segments() {
    if skips_long_tests() {
        return;
    }
    let server = server().await;
    let lines = lines(&server, "without_async", &[&clip("silent.mp4")]).await;
    assert!(lines.iter().any(|line| line.ends_with(" dimensions")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_handler_responds_with_the_id_of_a_task() {
    let server = server().await;
    let mut command = example("upload_handler");
    command.arg("0").env("TWELVELABS_BASE_URL", server.base_url()).env("TWELVE_LABS_API_KEY", "test-key");
    let video = std::fs::read(clip("tiny.mp4")).expect("a clip");
    let exchange = move || {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the example runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("http://").expect("a URL").to_owned();
        let put = |headers: &str, body: &[u8]| {
            let mut stream = TcpStream::connect(&address).expect("connected");
            let head =
                format!("PUT /videos/tiny.mp4 HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
            let mut response = String::new();
            stream.read_to_string(&mut response).expect("a response");
            response
        };
        let created = put(&format!("content-length: {}\r\n", video.len()), &video);
        let refused = put("", b"");
        child.kill().expect("stopped");
        child.wait().expect("ended");
        (created, refused)
    };
    let (created, refused) = tokio::task::spawn_blocking(exchange).await.expect("no panic");
    let id = created.rsplit("\r\n").next().unwrap_or_default();
    assert!(created.starts_with("HTTP/1.1 200") && id.len() == 24, "{created}");
    assert!(refused.starts_with("HTTP/1.1 411"), "{refused}");
}
