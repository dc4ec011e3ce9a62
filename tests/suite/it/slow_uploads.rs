//! Uploads to servers that read slowly or not at all.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
    time::sleep,
};
use twelvelabs::{
    ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs, TwelveLabsBuilder,
    embed::v2::{ImageInput, MediaSource},
    raw::Method,
};

use crate::{
    support::{KEY, LIMITS},
    tls,
};

/// Longer than any machine takes.
const HANG: Duration = Duration::from_secs(120);

fn listener() -> (TcpListener, SocketAddr) {
    listener_with(64 * 1024)
}

/// A listener whose connections have a receive buffer of this size.
fn listener_with(buffer: u32) -> (TcpListener, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(buffer).expect("a buffer");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let listener = socket.listen(8).expect("listening");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn client(scheme: &str, address: SocketAddr) -> TwelveLabsBuilder {
    TwelveLabs::builder()
        .api_key(KEY)
        .base_url(format!("{scheme}://{address}/v1.3"))
        .root_certificates_pem(tls::authority())
        .with_max_retries(0)
}

/// Reads a request at a rate, in bytes per `limit`, and responds to it.
async fn read_slowly(mut stream: TcpStream, rate: usize, limit: Duration) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut length = None;
    loop {
        // Some fifty times in each limit.
        let mut buffer = vec![0; rate / 50];
        let count = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..count]);
        if length.is_none()
            && let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
            let value = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            length = value.and_then(|value| value.parse::<usize>().ok()).map(|body| head + 4 + body);
        }
        if length.is_some_and(|length| request.len() >= length) {
            let body = r#"{"_id":"663da73b31cdd0c1f638a8e6","data":[{"embedding":[1]}]}"#;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
            return stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
        if count == 0 {
            return Ok(());
        }
        sleep(limit / 50).await;
    }
}

/// What is sent to a slow server, in bytes.
#[derive(Clone, Copy)]
enum Body {
    /// A form with a file.
    Form(usize),
    /// Bytes of a raw request.
    Bytes(usize),
    /// JSON with this file in Base64, a third more.
    Json(usize),
}

impl Body {
    async fn send(self, client: &TwelveLabs) -> twelvelabs::Result<()> {
        match self {
            Self::Form(size) => {
                let video = FileSource::bytes("v.mp4", vec![0; size]);
                client.embed().tasks().create(ModelName::Marengo30, video).await.map(drop)
            }
            Self::Bytes(size) => client.request(Method::PUT, "/parts/1").bytes(vec![0; size]).await.map(drop),
            Self::Json(size) => {
                let image = ImageInput::new(MediaSource::bytes(vec![0; size]));
                client.embed().v2().create(ModelName::Marengo30, image).await.map(drop)
            }
        }
    }
}

/// Sends a body to a server that reads `rate` bytes in each limit. Tries the next limit if the machine was too slow.
async fn upload(body: Body, rate: usize, settings: fn(TwelveLabsBuilder, Duration) -> TwelveLabsBuilder) {
    for (index, limit) in LIMITS.into_iter().enumerate() {
        let (listener, address) = listener();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            read_slowly(stream, rate, limit).await
        });
        let client = settings(client("http", address), limit).build().expect("a client");
        let outcome = body.send(&client).await;
        server.abort();
        match outcome {
            Ok(()) => return,
            Err(error) if index + 1 == LIMITS.len() => panic!("{error}"),
            Err(_) => {}
        }
    }
}

/// The operating system takes megabytes at once, and then nothing until a third of them has left.
#[cfg(target_os = "linux")]
async fn upload_while_the_socket_takes_nothing(body: Body) {
    upload(body, 600_000, |client, limit| client.with_chunk_timeout(limit)).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_slow_form_is_progress_while_the_socket_takes_nothing() {
    upload_while_the_socket_takes_nothing(Body::Form(6_000_000)).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn slow_bytes_are_progress_while_the_socket_takes_nothing() {
    upload_while_the_socket_takes_nothing(Body::Bytes(6_000_000)).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn slow_json_is_progress_while_the_socket_takes_nothing() {
    upload_while_the_socket_takes_nothing(Body::Json(4_500_000)).await;
}

/// The operating system takes all of the upload at once, and the server reads it for several times the limit.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn the_time_for_the_response_starts_when_the_last_byte_has_left() {
    let bodies = [Body::Form(2_000_000), Body::Bytes(2_000_000), Body::Json(1_500_000)];
    join_all(bodies.map(|body| upload(body, 500_000, |client, limit| client.with_header_timeout(limit)))).await;
}

/// A rate of 10 KB/s, with time limits that are far below the time of the whole upload.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_upload_of_10_kilobytes_per_second_is_progress() {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        return;
    }
    let uploads = [Body::Form(400_000), Body::Bytes(400_000), Body::Json(300_000)].map(async |body| {
        let (listener, address) = listener_with(4 * 1024);
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            read_slowly(stream, 10_000, Duration::from_secs(1)).await
        });
        let limit = Duration::from_secs(10);
        let client = client("http", address).with_chunk_timeout(limit).with_header_timeout(limit);
        body.send(&client.build().expect("a client")).await.expect("uploaded");
        server.await.expect("no panic").expect("read");
    });
    join_all(uploads).await;
}

/// Reads the headers of each request and nothing more. Sends the address of each client.
async fn read_nothing(listener: TcpListener, is_tls: bool, seen: mpsc::UnboundedSender<SocketAddr>) {
    while let Ok((stream, peer)) = listener.accept().await {
        let seen = seen.clone();
        tokio::spawn(async move {
            if is_tls {
                hold(tls::acceptor().accept(stream).await?, peer, seen).await
            } else {
                hold(stream, peer, seen).await
            }
        });
    }
}

async fn hold(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    seen: mpsc::UnboundedSender<SocketAddr>,
) -> std::io::Result<()> {
    let mut start = [0; 64];
    stream.read_exact(&mut start).await?;
    let _ = seen.send(peer);
    std::future::pending().await
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_large_body_that_ends_early_leaves_nothing_open_even_if_the_server_does_not_read() {
    let bodies = [Body::Bytes(24_000_000), Body::Json(18_000_000)];
    let calls = [false, true].into_iter().flat_map(|is_tls| bodies.map(|body| end_early(body, is_tls)));
    join_all(calls).await;
}

#[cfg(target_os = "linux")]
async fn end_early(body: Body, is_tls: bool) {
    let (listener, address) = listener();
    let (seen, mut clients) = mpsc::unbounded_channel();
    let server = tokio::spawn(read_nothing(listener, is_tls, seen));
    let client = client(scheme(is_tls), address).build().expect("a client");
    let call = tokio::spawn(async move { body.send(&client).await.map(|()| client) });
    let socket = clients.recv().await.expect("a client");
    // Until the buffers on the way are full.
    sleep(Duration::from_millis(500)).await;
    call.abort();
    let _ = call.await;
    closed(Path::new(""), socket).await;
    server.abort();
}

fn scheme(is_tls: bool) -> &'static str {
    if is_tls { "https" } else { "http" }
}

/// Waits until this process has neither the file nor the socket open.
#[cfg(target_os = "linux")]
async fn closed(file: &Path, socket: SocketAddr) {
    let is_open = || {
        let links = std::fs::read_dir("/proc/self/fd").expect("this process").flatten();
        let mut links = links.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let has_file = links.any(|link| link == file);
        // The kernel may go on with what it has taken; its sockets without an owner have no inode.
        let table = std::fs::read_to_string("/proc/self/net/tcp").expect("a table");
        let port = format!(":{:04X}", socket.port());
        let has_socket = table.lines().any(|line| {
            let fields: Vec<_> = line.split_ascii_whitespace().collect();
            fields.get(1).is_some_and(|local| local.ends_with(&port)) && fields.get(9) != Some(&"0")
        });
        (has_file, has_socket)
    };
    let start = tokio::time::Instant::now();
    while is_open() != (false, false) {
        assert!(start.elapsed() < HANG, "file and socket are open: {:?}", is_open());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_upload_that_ends_early_leaves_nothing_open_even_if_the_server_does_not_read() {
    join_all(
        [(false, true), (false, false), (true, true), (true, false)]
            .map(|(is_tls, drops)| file_ends_early(is_tls, drops)),
    )
    .await;
}

/// An upload of a file that is dropped or comes to its time limit.
#[cfg(target_os = "linux")]
async fn file_ends_early(is_tls: bool, drops: bool) {
    // Without the handle that made it.
    let file = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
    std::fs::write(&file, vec![0; 24_000_000]).expect("written");
    let path = file.canonicalize().expect("a path");
    let (listener, address) = listener();
    let (seen, mut clients) = mpsc::unbounded_channel();
    let server = tokio::spawn(read_nothing(listener, is_tls, seen));
    let builder = client(scheme(is_tls), address);
    let builder = if drops { builder } else { builder.with_chunk_timeout(LIMITS[1]) };
    let tasks = builder.build().expect("a client").embed().tasks();
    let sent = Arc::new(AtomicU64::new(0));
    let progress = Arc::clone(&sent);
    let create = tasks
        .create(ModelName::Marengo30, FileSource::path(&path))
        .with_progress(move |now| progress.store(now.sent, Ordering::Relaxed));
    let mut call = tokio::spawn(create.send());
    let socket = clients.recv().await.expect("a client");
    if drops {
        // Until the buffers on the way are full.
        let mut before = 0;
        for _ in 0..20 {
            sleep(Duration::from_millis(20)).await;
            while sent.load(Ordering::Relaxed) != before {
                before = sent.load(Ordering::Relaxed);
                sleep(Duration::from_millis(50)).await;
            }
        }
        call.abort();
        let _ = (&mut call).await;
    } else {
        let error = (&mut call).await.expect("no panic").expect_err("late");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    closed(&path, socket).await;
    server.abort();
}
