//! How many early refusals are reported as what they were: `cargo xtask faults --early`.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::server::TlsStream;
use twelvelabs::{ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs};

use super::video;
use crate::{support::KEY, tls};

/// Runs at the same time.
const CONCURRENCY: usize = 4;

/// When the server refuses the upload.
#[derive(Clone, Copy)]
enum Moment {
    /// With the headers.
    Headers,
    /// After some of the body, in bytes.
    Body(usize),
}

/// What is measured.
#[derive(Clone, Copy)]
struct Case {
    is_tls: bool,
    is_reader: bool,
    retries: u32,
    moment: Moment,
    status: u16,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connection = if self.is_tls { "TLS" } else { "plain" };
        let source = if self.is_reader { "reader" } else { "file" };
        let moment = match self.moment {
            Moment::Headers => "at the headers".to_owned(),
            Moment::Body(bytes) => format!("after {} KB", bytes / 1000),
        };
        write!(f, "{connection} | {source} | {} | {moment} | {}", self.retries, self.status)
    }
}

trait Reset: AsyncRead + AsyncWrite + Unpin {
    /// Makes the connection end with a reset.
    fn set_reset(&self) -> std::io::Result<()>;
}

impl Reset for TcpStream {
    fn set_reset(&self) -> std::io::Result<()> {
        self.set_zero_linger()
    }
}

impl Reset for TlsStream<TcpStream> {
    fn set_reset(&self) -> std::io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Refuses a request, and resets the connection at once.
async fn refuse(mut stream: impl Reset, case: Case) -> std::io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    if let Moment::Body(bytes) = case.moment {
        // What a server with a limit of its own does that does not know the header.
        while request.len() < head + bytes {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
    }
    let body = r#"{"code":"refused_early","message":"No"}"#;
    let response = format!(
        "HTTP/1.1 {} No\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        case.status,
        body.len()
    );
    stream.write_all(response.as_bytes()).await?;
    stream.flush().await?;
    stream.set_reset()
}

async fn serve(listener: TcpListener, case: Case) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            if case.is_tls {
                refuse(tls::acceptor().accept(stream).await?, case).await
            } else {
                refuse(stream, case).await
            }
        });
    }
}

/// The number of runs in which the status was reported, and in which the body was, too.
async fn measure(case: Case, runs: usize) -> (usize, usize) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let scheme = if case.is_tls { "https" } else { "http" };
    let url = format!("{scheme}://{}/v1.3", listener.local_addr().expect("an address"));
    let server = tokio::spawn(serve(listener, case));
    let client = TwelveLabs::builder().api_key(KEY).base_url(url).root_certificates_pem(tls::authority());
    let client = client.with_max_retries(case.retries).with_backoff(Duration::from_millis(1), Duration::from_millis(1));
    let tasks = client.build().expect("a client").embed().tasks();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), video()).expect("written");
    let (statuses, bodies) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let all = (0..runs).map(|_| async {
        let source = match case.is_reader {
            false => FileSource::path(file.path()),
            true => FileSource::reader("v.mp4", video().len() as u64, std::io::Cursor::new(video())),
        };
        let error = tasks.create(ModelName::Marengo30, source).send().await.expect_err("refused");
        if error.kind() == ErrorKind::Api && error.status() == Some(case.status) {
            statuses.fetch_add(1, Ordering::Relaxed);
            let is_whole = error.code().is_some_and(|code| code.as_str() == "refused_early");
            bodies.fetch_add(usize::from(is_whole), Ordering::Relaxed);
        }
    });
    stream::iter(all).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    server.abort();
    (statuses.load(Ordering::Relaxed), bodies.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo xtask faults --early"]
async fn refusals_that_are_followed_by_a_reset() {
    let runs = std::env::var("EARLY_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    println!(
        "| connection | source | retries | refused | status | reported | with its body |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for moment in [Moment::Headers, Moment::Body(1_000_000)] {
        for is_tls in [false, true] {
            for is_reader in [false, true] {
                for retries in [2, 0] {
                    for status in [401, 413] {
                        let case = Case { is_tls, is_reader, retries, moment, status };
                        let (statuses, bodies) = measure(case, runs).await;
                        println!("| {case} | {statuses} of {runs} | {bodies} of {runs} |");
                    }
                }
            }
        }
    }
}
