//! Performance of the local server: `cargo xtask bench local-server`. The load generator is part of this program, uses
//! loopback only, and is limited in count and time.
//!
//! - status requests against an empty handler of the same web framework, with 100 and with 100,000 tasks kept;
//! - 50 uploads of 100 MB at once, and the peak memory of the program.

use std::{
    io::{self, BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Minimum rate of status requests, relative to the empty handler.
const SHARE: f64 = 0.5;
/// Maximum memory for the uploads, in MiB.
const MEMORY: u64 = 150;
const UPLOADS: usize = 50;
const UPLOAD_BYTES: usize = 100_000_000;
const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const TINY: &[u8] = include_bytes!("../../media/tiny.mp4");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A server in a process of its own, which is killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let address = loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                return Err("the server ended".into());
            }
            if let Some(url) = line.strip_prefix("export TWELVELABS_BASE_URL=http://") {
                break url.trim_end().trim_end_matches("/v1.3").to_owned();
            }
        };
        // The log is read and discarded.
        std::thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        Ok(Self { child, address })
    }

    fn local(more: &[&str]) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-server"));
        Self::start(command.args(["--listen", "127.0.0.1:0"]).args(more))
    }

    fn empty() -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("--empty-handler"))
    }

    /// Peak memory in MiB, as reported by Linux.
    fn peak(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server that the local server is compared with.
async fn serve_nothing() -> Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("export TWELVELABS_BASE_URL=http://{}", listener.local_addr()?);
    let app = axum::Router::new().route("/v1.3/embed/tasks/{id}/status", axum::routing::get(async || ()));
    Ok(axum::serve(listener, app).await?)
}

/// Sends sequential requests on a few connections. Returns the number of responses per second.
async fn rate(address: &str, paths: &[String]) -> Result<f64> {
    let start = Instant::now();
    let workers = (0..CONNECTIONS).map(|worker| async move {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; 16 * 1024];
        let mut count = 0_u64;
        // A stride that visits all paths in a scattered order.
        let mut index = worker * 7919;
        while start.elapsed() < TIME {
            index = (index + 104_729) % paths.len();
            let head = format!("GET {} HTTP/1.1\r\nhost: {address}\r\nx-api-key: k\r\n\r\n", paths[index]);
            stream.write_all(head.as_bytes()).await?;
            read_response(&mut stream, &mut buffer).await?;
            count += 1;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(count)
    });
    let counts: Vec<_> = stream::iter(workers).buffer_unordered(CONNECTIONS).collect().await;
    let total: u64 = counts.into_iter().collect::<Result<Vec<_>>>()?.iter().sum();
    Ok(total as f64 / start.elapsed().as_secs_f64())
}

/// Reads one response with a Content-Length, which must be a success.
async fn read_response(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the connection ended".into());
        }
        filled += read;
        let Some(end) = memchr::memmem::find(&buffer[..filled], b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(head.to_owned().into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if filled >= end + 4 + length.map_or(Ok(0), str::parse::<usize>)? {
            return Ok(());
        }
    }
}

/// Creates tasks. Returns the paths of their statuses.
async fn fill(address: &str, count: usize) -> Result<Vec<String>> {
    let client = reqwest::Client::new();
    let create = |_| {
        let client = client.clone();
        async move {
            let part = reqwest::multipart::Part::bytes(Vec::new()).file_name("a.mp4");
            let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part);
            let request = client.post(format!("http://{address}/v1.3/embed/tasks")).header("x-api-key", "k");
            let body: Value = request.multipart(form).send().await?.json().await?;
            let id = body["_id"].as_str().ok_or("no id")?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(format!("/v1.3/embed/tasks/{id}/status"))
        }
    };
    let paths: Vec<_> = stream::iter(0..count).map(create).buffer_unordered(32).collect().await;
    paths.into_iter().collect()
}

async fn statuses() -> Result<bool> {
    let empty = Server::empty()?;
    // Tasks that are created without probing a video, which is all that this needs.
    let few = Server::local(&["--behaviour", "media-fails-later"])?;
    let many = Server::local(&["--behaviour", "media-fails-later"])?;
    let few_paths = fill(&few.address, 100).await?;
    let start = Instant::now();
    let many_paths = fill(&many.address, 100_000).await?;
    println!("100,000 tasks created in {:.1?}, {} MiB", start.elapsed(), many.peak()?);
    let mut best = [0.0_f64; 3];
    // In turn, so that a busy moment of the machine affects all of them.
    for _ in 0..ROUNDS {
        let rates = [
            rate(&empty.address, &few_paths).await?,
            rate(&few.address, &few_paths).await?,
            rate(&many.address, &many_paths).await?,
        ];
        best.iter_mut().zip(rates).for_each(|(best, rate)| *best = best.max(rate));
    }
    let [empty, few, many] = best;
    let share = |rate: f64| 100.0 * rate / empty;
    println!("empty handler              {empty:>9.0} /s");
    println!("status of    100 tasks     {few:>9.0} /s  {:>4.0} %", share(few));
    println!("status of 100,000 tasks    {many:>9.0} /s  {:>4.0} %  (bar: {:.0} %)", share(many), SHARE * 100.0);
    Ok(few >= SHARE * empty && many >= SHARE * empty)
}

/// A video of this size: the tiny one, followed by a box of free space.
fn large() -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    let filling = UPLOAD_BYTES - TINY.len();
    let head = [&(filling as u32).to_be_bytes()[..], b"free"].concat();
    let zeros = Bytes::from(vec![0; 64 * 1024]);
    let (full, rest) = ((filling - 8) / zeros.len(), (filling - 8) % zeros.len());
    let tail = zeros.slice(..rest);
    let start = [Bytes::from_static(TINY), head.into()];
    stream::iter(start.into_iter().chain(std::iter::repeat_n(zeros, full)).chain([tail]).map(Ok))
}

async fn uploads() -> Result<bool> {
    let server = Server::local(&[])?;
    let client = reqwest::Client::new();
    let start = Instant::now();
    let upload = |number: usize| {
        let (client, address) = (client.clone(), server.address.clone());
        async move {
            let body = reqwest::Body::wrap_stream(large());
            let part = reqwest::multipart::Part::stream_with_length(body, UPLOAD_BYTES as u64);
            let part = part.file_name(format!("{number}.mp4"));
            let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part);
            let request = client.post(format!("http://{address}/v1.3/embed/tasks")).header("x-api-key", "k");
            let response = request.multipart(form).send().await?;
            match response.status().as_u16() {
                200 => Ok(()),
                status => Err(format!("{status} {}", response.text().await?).into()),
            }
        }
    };
    let done: Vec<Result<()>> = stream::iter(0..UPLOADS).map(upload).buffer_unordered(UPLOADS).collect().await;
    done.into_iter().collect::<Result<Vec<()>>>()?;
    let peak = server.peak()?;
    println!("{UPLOADS} uploads of 100 MB at once: {:.1?}, at most {peak} MiB  (bar: {MEMORY} MiB)", start.elapsed());
    Ok(peak < MEMORY)
}

async fn run() -> Result<bool> {
    if std::env::args().any(|argument| argument == "--empty-handler") {
        serve_nothing().await?;
    }
    // `cargo bench` sets this argument. `cargo test --benches` only builds this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(true);
    }
    let uploads = uploads().await?;
    Ok(statuses().await? && uploads)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a limit is missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
