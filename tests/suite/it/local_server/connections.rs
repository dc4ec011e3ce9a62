//! Host names and time limits: what a connection may ask for, and how long it may take.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use twelvelabs_local::{LocalServer, LocalServerBuilder};

use super::{create, form, get, started};
use crate::support::{KEY, plain_http};

/// Short enough to wait for. No request in a test with this limit needs to be sent faster.
const LIMIT: Duration = Duration::from_millis(50);

/// Sends a request with this `Host` header. Returns the status.
async fn status(url: &str, host: &str) -> u16 {
    let request = plain_http().get(url).header("x-api-key", KEY).header("host", host);
    request.send().await.expect("a response").status().as_u16()
}

#[tokio::test]
async fn operations_accept_addresses_localhost_and_configured_host_names() {
    let (server, _) = started(LocalServer::builder().host_name("twelvelabs.test")).await;
    let tasks = format!("{}/embed/tasks", server.base_url());
    for host in ["127.0.0.1", "localhost:8421", "10.0.0.7:8421", "[::1]", "twelvelabs.test", "TWELVELABS.test:80"] {
        assert_eq!(status(&tasks, host).await, 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "twelvelabs.test.evil.example"] {
        assert_eq!(status(&tasks, host).await, 403, "{host}");
        assert_eq!(status(&format!("{}/embed/tasks", server.dashboard_url()), host).await, 403, "{host}");
    }
    let report = server.finish().await.expect("a request to another host is not validated");
    assert_eq!(report.request_count, 12);
}

/// Sends bytes, and returns what the server sends until it closes the connection.
async fn sent(builder: LocalServerBuilder, request: &str) -> (LocalServer, String) {
    let (server, _) = started(builder).await;
    let address = server.dashboard_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut received = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut received).await;
    (server, String::from_utf8_lossy(&received).into_owned())
}

#[tokio::test]
async fn a_connection_without_complete_headers_is_closed() {
    for start in ["", "GET /v1.3/embed/tasks HTTP/1.1\r\nhost: 127.0.0.1\r\n"] {
        let (server, received) = sent(LocalServer::builder().header_timeout(LIMIT), start).await;
        assert_eq!(received, "");
        assert_eq!(server.finish().await.expect("valid").request_count, 0);
    }
}

#[tokio::test]
async fn a_stalled_upload_is_a_408_and_closes_the_connection() {
    let head = |path: &str, media_type: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {KEY}\r\ncontent-type: {media_type}\r\n\
             content-length: 1000\r\n\r\n"
        )
    };
    let media_type = "multipart/form-data; boundary=b";
    let part = "--b\r\ncontent-disposition: form-data; name=\"video_file\"; filename=\"a.mp4\"\r\n\r\nstart";
    // In a file, before a part, and in a body that is read only to be discarded.
    for (head, body) in [
        (head("/v1.3/embed/tasks", media_type), part),
        (head("/v1.3/embed/tasks", media_type), ""),
        (head("/v1.3/none", media_type), "x"),
    ] {
        let builder = LocalServer::builder().upload_timeout(LIMIT).allow_violations();
        let (server, received) = sent(builder, &format!("{head}{body}")).await;
        assert!(
            received.starts_with("HTTP/1.1 408 ") && received.contains("request_canceled_or_timed_out"),
            "{received}"
        );
        let (status, _) = create(server.base_url(), form("a.mp4")).await.expect("created");
        assert_eq!(status, 200, "an upload without a pause is not affected");
        assert!(
            server.report().invalid.iter().all(|invalid| invalid.to_string().contains("/none")),
            "{}",
            server.report()
        );
    }
}

#[tokio::test]
async fn a_request_outside_of_the_base_path_is_logged_and_is_no_violation() {
    let (lines, log) = std::sync::mpsc::channel();
    let builder = LocalServer::builder().log(move |line| {
        let _ = lines.send(line);
    });
    let (server, _) = started(builder).await;
    let (status, _, body) = get(&format!("{}/embed/tasks", server.dashboard_url())).await;
    assert!(status == 404 && body.contains("/v1.3"), "{body}");
    assert_eq!(server.finish().await.expect("valid").request_count, 1);
    let line = log.try_recv().expect("a line");
    assert!(line.contains("GET /embed/tasks 404 "), "{line}");
}
