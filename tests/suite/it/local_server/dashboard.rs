//! The dashboard: text from requests is escaped, and a real browser shows the pages.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use twelvelabs::{EmbeddingScope, FileSource, ModelName};
use twelvelabs_local::{Fault, LocalServer};

use super::{DAY, create, form, get, started};
use crate::support::CLIP;

/// Markup that would run, in every place where a client can send text.
const HOSTILE: &str = "<script>document.title='owned'</script><img src=x onerror=alert(1)>'&amp;";

#[tokio::test]
async fn text_from_requests_is_escaped() {
    let (server, _) = started(LocalServer::builder().manual_clock().allow_violations()).await;
    let (status, body) = create(server.base_url(), form(&format!("{HOSTILE}.mp4"))).await.expect("created");
    assert_eq!(status, 200, "{body}");
    get(&format!("{}/embed/tasks?<script>alert(1)</script>=%3Cscript%3E", server.base_url())).await;
    create(server.base_url(), form("a.mp4").text(HOSTILE, HOSTILE)).await.expect("a response");
    server.inject(Fault::job_status(HOSTILE));
    create(server.base_url(), form("b.mp4")).await.expect("created");
    server.inject(Fault::job_status(HOSTILE));
    server.advance(Duration::from_secs(60)).await;

    let id = body["_id"].as_str().expect("an id");
    for place in ["/".to_owned(), format!("/_local/tasks/{id}"), "/_local/tasks/none".into()] {
        let (status, headers, page) = get(&format!("{}{place}", server.dashboard_url())).await;
        assert_eq!(status, if place.ends_with("none") { 404 } else { 200 }, "{page}");
        for tag in ["<script", "<img src=x", "<img src=\"x"] {
            assert!(!page.contains(tag), "{place}: {tag}");
        }
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let (_, _, page) = get(server.dashboard_url()).await;
    assert!(page.contains("&lt;script&gt;") && page.contains("Invalid requests and responses"), "{page}");
    let (status, headers, _) =
        get(&format!("{}/_local/tasks/{id}/matrix.png?embedding_option=visual", server.dashboard_url())).await;
    assert_eq!((status, headers["content-type"].as_bytes()), (200, b"image/png".as_slice()));
    let away = get(&format!("{}/_local/tasks/..%2F..%2Fuploads/thumbnails/0", server.dashboard_url())).await;
    assert_eq!(away.0, 404);
}

/// Chromium, if it is installed.
fn chromium() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join("chromium")).find(|file| file.is_file())
}

/// Starts a browser three times, so it is one of the long tests: `LONG_TESTS=1`, as in a job of the workflow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_the_page() {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        eprintln!("skipped: set LONG_TESTS=1");
        return;
    }
    let Some(chromium) = chromium() else {
        eprintln!("skipped: there is no chromium here");
        return;
    };
    let (server, tasks) = started(LocalServer::builder().manual_clock().allow_violations()).await;
    let video = std::fs::read(CLIP).expect("the clip");
    let scopes = [EmbeddingScope::Clip, EmbeddingScope::Video];
    let create = tasks.create(ModelName::Marengo30, FileSource::bytes(HOSTILE, video)).video_clip_length(2.0);
    let id = create.video_embedding_scope(scopes).send().await.expect("created").id;
    server.advance(DAY).await;
    tasks.retrieve(&id).send().await.expect("retrieved");
    server.inject(Fault::job_stalls());
    tasks.create(ModelName::Marengo30, FileSource::path(CLIP)).send().await.expect("created");
    get(&format!("{}/embed/tasks?colour=red", server.base_url())).await;

    let folder = tempfile::tempdir().expect("a folder");
    let keep = std::env::var_os("PLATFORM_SCREENSHOTS").map(PathBuf::from);
    let pages = [
        ("overview", server.dashboard_url().to_owned()),
        ("task", format!("{}/_local/tasks/{id}", server.dashboard_url())),
    ];
    for (name, url) in pages {
        let picture = keep.as_deref().unwrap_or(folder.path()).join(format!("{name}.png"));
        let dump = run(&chromium, &url, &["--dump-dom"], folder.path()).await;
        assert!(dump.contains("<title>") && !dump.contains("<title>owned"), "{dump}");
        let shot = format!("--screenshot={}", picture.display());
        run(&chromium, &url, &[&shot, "--window-size=1200,1500"], folder.path()).await;
        let size = std::fs::metadata(&picture).expect("a picture").len();
        assert!(size > 10_000, "{name}: {size} bytes");
    }
    let dump =
        run(&chromium, &format!("{}/_local/tasks/{id}", server.dashboard_url()), &["--dump-dom"], folder.path()).await;
    assert_eq!(dump.matches("<rect").count(), 3 * 7 + 3, "{dump}");
    assert_eq!(dump.matches("class=\"matrix\"").count(), 3);
}

async fn run(chromium: &std::path::Path, url: &str, what: &[&str], folder: &std::path::Path) -> String {
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(what)
        .arg(url)
        .stderr(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("run").expect("chromium");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
