//! The key is nowhere but in its header, and nothing is left running.

use std::time::Duration;

use futures_util::FutureExt as _;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use twelvelabs::{FileSource, ModelName, RequestOptions, TwelveLabs, wait::WaitOptions};
use wiremock::ResponseTemplate;

use crate::support::{CLIP, ID, KEY, json, local, scripted};

/// Set in the process that logs for the test below: loggers belong to whole processes.
const CHILD: &str = "TWELVELABS_TEST_LOG";

#[tokio::test]
async fn a_flow_that_logs_everything() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    subscriber.with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL).init();
    let responses = [
        json(200, "embed_tasks_create_200"),
        ResponseTemplate::new(503),
        json(200, "embed_tasks_status_200_ready"),
        json(401, "error_401"),
    ];
    let (_server, tasks) = scripted(responses).await;
    let source = FileSource::url("https://user:URLSECRET@example.com/v.mp4?signature=QUERYSECRET");
    println!("{source} {source:?}");
    let create = tasks.create(ModelName::Marengo30, source);
    println!("{create:?}");
    create.send().await.expect("created");
    tasks.wait_for_done(ID).sleep_interval(Duration::from_millis(2)).await.expect("ready");
    let error = tasks.status(ID).send().await.expect_err("unauthorized");
    println!("{tasks:?} {error} {error:?}");
    // TLS and proxies are logged by other crates, to the crate `log`.
    crate::connections::call_over_tls().await;
    let proxied = TwelveLabs::builder().api_key(KEY).base_url("https://api.test/v1.3").with_max_retries(0);
    let proxied = proxied.proxy("http://user:PROXYSECRET@127.0.0.1:9").build().expect("a client");
    let error = proxied.embed().tasks().status(ID).await.expect_err("no proxy");
    println!("{error} {error:?}");
}

#[test]
fn no_log_at_any_level_shows_the_key_or_a_query() {
    let program = std::env::current_exe().expect("this program");
    let arguments = ["--exact", "secrets::a_flow_that_logs_everything", "--nocapture"];
    let output = std::process::Command::new(program).args(arguments).env(CHILD, "1").output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let names = [
        "twelvelabs.call",
        "twelvelabs.attempt",
        "twelvelabs.wait",
        "http.request.method",
        "url.template",
        "http.response.status_code",
        "reqwest::connect",
    ];
    for expected in names {
        assert!(text.contains(expected), "{expected} is not in the log");
    }
    for secret in [KEY, "0123456789SECRET", "QUERYSECRET", "URLSECRET", "PROXYSECRET"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn responses_and_errors_have_response_info() {
    let limits = |response: ResponseTemplate| {
        let fields = [
            ("x-api-version", "1.3"),
            ("x-request-id", "r-7"),
            ("x-ratelimit-request-limit", "25"),
            ("x-ratelimit-request-remaining", "24"),
        ];
        fields.into_iter().fold(response, |response, (name, value)| response.insert_header(name, value))
    };
    let (_server, tasks) =
        scripted([limits(json(200, "embed_tasks_status_200_ready")), limits(json(400, "error_400"))]).await;
    let response = tasks.status(ID).send_with_response().await.expect("read");
    let error = tasks.status(ID).send().await.expect_err("refused");
    for facts in [response.info(), error.response().expect("facts")] {
        assert_eq!((facts.api_version(), facts.request_id()), (Some("1.3"), Some("r-7")));
        assert_eq!((facts.request_limit().limit, facts.request_limit().remaining), (Some(25), Some(24)));
    }
    assert_eq!((response.info().status(), error.status()), (200, Some(400)));
}

/// A server that never responds, and says when a request begins and when its connection ends, with the bytes that came.
async fn silent() -> (String, mpsc::UnboundedReceiver<()>, mpsc::UnboundedReceiver<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1.3", listener.local_addr().expect("an address"));
    let (began, begins) = mpsc::unbounded_channel();
    let (ended, ends) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (began, ended) = (began.clone(), ended.clone());
            tokio::spawn(async move {
                let (mut buffer, mut count) = (vec![0; 65536], 0);
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    if count == 0 {
                        let _ = began.send(());
                    }
                    count += read as u64;
                }
                let _ = stream.shutdown().await;
                let _ = ended.send(count);
            });
        }
    });
    (url, begins, ends)
}

#[tokio::test]
async fn dropping_a_call_ends_its_connection() {
    let (url, mut begins, mut ends) = silent().await;
    let client = TwelveLabs::builder().api_key(KEY).base_url(url).build().expect("a client");
    let tasks = client.embed().tasks();
    let calls: Vec<futures_util::future::BoxFuture<'_, ()>> = vec![
        Box::pin(tasks.status(ID).send().map(drop)),
        Box::pin(tasks.retrieve(ID).send().map(drop)),
        Box::pin(tasks.list().send().map(drop)),
        Box::pin(tasks.wait_for_done(ID).into_future().map(drop)),
        Box::pin(tasks.create(ModelName::Marengo30, FileSource::path(CLIP)).send().map(drop)),
        Box::pin(tasks.create_bulk(ModelName::Marengo30, [FileSource::path(CLIP)]).send().map(drop)),
        Box::pin(tasks.embed(ModelName::Marengo30, FileSource::path(CLIP)).into_future().map(drop)),
    ];
    for call in calls {
        tokio::select! {
            () = call => panic!("a call ended by itself"),
            began = begins.recv() => began.expect("a server"),
        }
        let end = tokio::time::timeout(Duration::from_secs(300), ends.recv()).await;
        assert!(end.is_ok_and(|count| count.is_some_and(|count| count > 0)), "a connection outlives its call");
    }
}

#[tokio::test]
async fn connection_pool_works_after_dropped_calls() {
    let (_platform, tasks) = local().await;
    for brief in [0u64, 1, 2, 5, 10] {
        let create = tasks.create(ModelName::Marengo30, FileSource::path(CLIP)).send();
        let _ = tokio::time::timeout(Duration::from_millis(brief), create).await;
        let _ = tokio::time::timeout(Duration::from_millis(brief), tasks.list().send()).await;
        tasks.list().send().await.expect("the pool works");
    }
}

#[tokio::test]
async fn with_reqwest_cannot_enable_redirects() {
    let moved = ResponseTemplate::new(307).insert_header("location", "http://127.0.0.1:9/steal");
    let (server, _) = scripted([moved]).await;
    let builder = TwelveLabs::builder().api_key(KEY).base_url(server.uri());
    let builder =
        builder.with_reqwest(|http| http.redirect(twelvelabs::reqwest::redirect::Policy::limited(9)).no_proxy());
    let tasks = builder.build().expect("a client").embed().tasks();
    assert_eq!(tasks.status(ID).send().await.expect_err("not followed").status(), Some(307));
}

#[tokio::test]
async fn upload_stops_after_an_early_response() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1.3", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (mut buffer, mut count) = (vec![0; 16384], stream.read(&mut [0; 1024]).await.expect("a head"));
        stream.write_all(b"HTTP/1.1 401 X\r\ncontent-length: 2\r\n\r\n{}").await.expect("written");
        // Reads on, slowly: a client that still sends would be read to the end.
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            count += read;
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        count
    });
    let client = TwelveLabs::builder().api_key(KEY).base_url(url).with_max_retries(0).build().expect("a client");
    const SIZE: usize = 40_000_000;
    let source = FileSource::bytes("v.mp4", vec![0; SIZE]);
    let error = client.embed().tasks().create(ModelName::Marengo30, source).send().await.expect_err("unauthorized");
    assert_eq!(error.status(), Some(401));
    let count =
        tokio::time::timeout(Duration::from_secs(60), server).await.expect("the connection ends").expect("counted");
    assert!(count < SIZE / 2, "{count} of {SIZE} bytes were sent after all");
}
