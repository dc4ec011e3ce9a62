//! A server on a raw socket that misbehaves to order: wiremock is too polite for this.

use std::{
    collections::VecDeque,
    io::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// What to do with the next request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A valid response.
    Good,
    /// A valid response, compressed.
    GoodGzip,
    /// A complete response with a status, header lines and a body.
    Reply(u16, String, Vec<u8>),
    /// Respond as soon as the headers of the request have arrived, and close.
    Early(u16),
    /// These bytes when only the head of the request has come, then close.
    EarlyRaw(Vec<u8>),
    /// As `EarlyRaw`, but then read until the client closes the connection.
    EarlyReads(Vec<u8>),
    /// These bytes, then close.
    Raw(Vec<u8>),
    /// These bytes, then a pause each, for ever.
    Drip(Vec<u8>, Duration),
    /// Close without a word.
    Close,
    /// A TCP reset.
    Reset,
    /// Bytes, then a TCP reset.
    RawThenReset(Vec<u8>),
    /// Nothing, for ever.
    Stall,
    /// Do not even read the body.
    StallUnread,
    /// A valid response; the connection is reset when another request arrives on it, as one that was closed while idle.
    GoodOnce,
    /// A valid response, but do not read the body before this time has passed.
    GoodLate(Duration),
    /// A valid response, but read little of the body at a time, for more than twice the time limit of the row.
    GoodSlow,
}

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The whole body came.
    pub(crate) whole: bool,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct State {
    acts: VecDeque<Act>,
    last: Option<Act>,
    seen: Vec<Seen>,
}

/// The server; it stops when dropped.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

/// How often a slow server reads within a time limit, in how many of them, and how many bytes at a time.
const SLOW_READS: (u32, u32, usize) = (8, 20, 32 * 1024);

impl RawServer {
    /// A server that does these acts in turn, the last one for ever. `limit` is the time limit that a slow one
    /// respects.
    pub(crate) async fn start(acts: Vec<Act>, limit: Duration) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // So small that a large form does not fit into the buffers on the way.
        socket.set_recv_buffer_size(64 * 1024).expect("a buffer");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let listener = socket.listen(64).expect("listening");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { acts: acts.into(), ..State::default() }));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                connections.spawn(async move {
                    let _ = serve(stream, &state, limit).await;
                });
            }
        });
        Self { address, state, _tasks: tasks }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().expect("sane").seen.clone()
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>, limit: Duration) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    let mut closed = false;
    loop {
        let Some(mut seen) = read_head(&mut stream, &mut buffer).await? else { return Ok(()) };
        if closed {
            return reset(stream);
        }
        let (act, index) = {
            let mut state = state.lock().expect("sane");
            let act = state.acts.pop_front().or_else(|| state.last.clone()).unwrap_or(Act::Good);
            state.last = Some(act.clone());
            state.seen.push(seen.clone());
            (act, state.seen.len() - 1)
        };
        closed = matches!(act, Act::GoodOnce);
        if let Act::Early(status) = act {
            let body = r#"{"code":"refused_early","message":"No"}"#;
            let response = format!(
                "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(response.as_bytes()).await?;
            return Ok(());
        }
        if let Act::EarlyRaw(bytes) = &act {
            stream.write_all(bytes).await?;
            stream.flush().await?;
            sleep(Duration::from_millis(50)).await;
            return Ok(());
        }
        if let Act::EarlyReads(bytes) = &act {
            stream.write_all(bytes).await?;
            return tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop);
        }
        if matches!(act, Act::StallUnread) {
            std::future::pending::<()>().await;
        }
        if let Act::GoodLate(pause) = act {
            sleep(pause).await;
        }
        if matches!(act, Act::GoodSlow) {
            let (in_limit, reads, bytes) = SLOW_READS;
            for _ in 0..reads {
                sleep(limit / in_limit).await;
                let mut some = vec![0; bytes];
                let read = stream.read(&mut some).await?;
                buffer.extend_from_slice(&some[..read]);
            }
        }
        let length: usize = seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        while buffer.len() < length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        seen.body = taken(&mut buffer, length);
        seen.whole = true;
        let line = seen.line.clone();
        state.lock().expect("sane").seen[index] = seen;
        match act {
            Act::Good | Act::GoodOnce | Act::GoodLate(_) | Act::GoodSlow => {
                stream.write_all(&good_reply(&line)).await?
            }
            Act::GoodGzip => {
                let body = gzip(good(&line).as_bytes());
                stream
                    .write_all(&reply(200, "content-type: application/json\r\ncontent-encoding: gzip\r\n", &body))
                    .await?;
            }
            Act::Reply(status, headers, body) => stream.write_all(&reply(status, &headers, &body)).await?,
            Act::Raw(bytes) => return stream.write_all(&bytes).await,
            Act::Drip(bytes, pause) => {
                stream.write_all(&bytes).await?;
                loop {
                    sleep(pause).await;
                    stream.write_all(b" ").await?;
                }
            }
            Act::Close => return Ok(()),
            Act::Reset => return reset(stream),
            Act::RawThenReset(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                sleep(Duration::from_millis(20)).await;
                return reset(stream);
            }
            Act::Stall => std::future::pending().await,
            Act::Early(_) | Act::EarlyRaw(_) | Act::EarlyReads(_) | Act::StallUnread => {}
        }
    }
}

/// Closing with a linger of zero sends a reset.
fn reset(stream: TcpStream) -> std::io::Result<()> {
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Seen>> {
    let end = loop {
        if let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&taken(buffer, end + 4)).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Ok(Some(Seen { line, headers: headers.collect(), ..Seen::default() }))
}

/// The first bytes of a buffer, which keeps the others.
fn taken(buffer: &mut Vec<u8>, count: usize) -> Vec<u8> {
    let rest = buffer.split_off(count);
    std::mem::replace(buffer, rest)
}

pub(crate) fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

/// The response to a request line: that of a storage host to a part, and what the contract promises to everything else.
fn good_reply(line: &str) -> Vec<u8> {
    if line.starts_with("PUT") {
        return reply(200, "etag: \"e-1\"\r\n", b"");
    }
    reply(200, "content-type: application/json\r\n", good(line).as_bytes())
}

/// What the contract promises for a request line.
pub(crate) fn good(line: &str) -> String {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let name = if path.ends_with("/embed-v2") {
        return crate::support::body("embed_v2_create_200").to_string();
    } else if line.starts_with("POST") {
        "embed_tasks_create_200"
    } else if path.ends_with("/status") {
        "embed_tasks_status_200_ready"
    } else if path.ends_with("/embed/tasks") {
        "embed_tasks_list_200"
    } else {
        "embed_tasks_retrieve_200"
    };
    let mut body = crate::support::body(name);
    // About the task that is asked for.
    let segment = path.trim_end_matches("/status").rsplit('/').next().unwrap_or_default();
    if segment != "tasks" {
        body["_id"] = percent_decoded(segment).into();
    }
    body.to_string()
}

/// A path segment without its percent encoding.
fn percent_decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = segment.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
