//! A loopback server that is never the bottleneck: responses rendered in advance, large writes, one thread per
//! connection.
//!
//! ```text
//! bench_server [--segments N,…] [--gzip] [--pending N] [--hash]
//! ```
//!
//! It prints one line of JSON about itself and runs until its standard input ends, so that it cannot outlive its
//! parent. The base URL of a retrieval selects the response, as `BASE_URL/s7200.r400.gzip`: the number of segments, the rate
//! in MB/s (default unlimited), and whether it is compressed. `GET /bench/counts` returns the number of calls. Files are
//! uploaded in parts, too, whose bytes are discarded; with `--hash`, `GET /bench/compare/PATH` compares the last upload
//! with a file.

mod parts;
mod responses;
mod tasks;

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parts::Uploads;
use responses::{Responses, TASK_ID};
use tasks::Tasks;

/// How much of an upload is read at once, in bytes.
const BLOCK: usize = 1024 * 1024;
/// A rate-limited response is sent in slices of this duration.
const SLICE: Duration = Duration::from_micros(500);
/// The delay that a rate-limited response may catch up after the machine let it sleep too long; the rest is lost, as on
/// a real line.
const MAKE_UP: Duration = Duration::from_millis(4);

struct Bench {
    responses: Responses,
    tasks: Tasks,
    uploads: Uploads,
    base_url: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use lexopt::prelude::*;
    let (mut sizes, mut gzip, mut pending, mut hashes) = (Vec::new(), false, 0, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("segments") => {
                sizes =
                    arguments.value()?.parse_with(|text| text.split(',').map(str::parse).collect::<Result<_, _>>())?;
            }
            Long("gzip") => gzip = true,
            Long("hash") => hashes = true,
            Long("pending") => pending = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let bench = Arc::new(Bench {
        responses: Responses::render(&sizes, gzip),
        tasks: Tasks::new(pending),
        uploads: Uploads::new(hashes),
        base_url: format!("http://{}/v1.3", listener.local_addr()?),
    });
    let about = serde_json::json!({ "base_url": bench.base_url, "responses": bench.responses.about() });
    println!("{about}");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bench = Arc::clone(&bench);
            // A closed connection is not an error.
            thread::spawn(move || serve(&bench, stream));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// The parts of a request that matter here.
#[derive(Default)]
struct Head {
    method: String,
    target: String,
    length: u64,
    chunked: bool,
    /// It waits for `100 Continue`.
    expects: bool,
    takes_gzip: bool,
}

fn serve(bench: &Bench, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut input = BufReader::with_capacity(64 * 1024, stream);
    while let Some(head) = read_head(&mut input)? {
        if head.expects {
            out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if let Some(done) = parts(bench, &head, &mut input, &mut out) {
            done?;
            continue;
        }
        let received = match head.chunked {
            true => skip_chunks(&mut input)?,
            false => skip(&mut input, head.length)?,
        };
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let path = path.strip_prefix("/v1.3/").unwrap_or(path);
        if let Some((selected, TASK_ID)) = path.split_once("/embed/tasks/")
            && let Some((body, encoding, rate)) = bench.responses.get(selected, head.takes_gzip)
        {
            bench.tasks.count("retrieve");
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{encoding}Content-Length: {length}\r\n\r\n"
            );
            out.write_all(head.as_bytes())?;
            send(&mut out, body, rate)?;
            continue;
        }
        let path = path.strip_prefix("embed/tasks").unwrap_or(path);
        match (head.method.as_str(), path.strip_prefix('/').unwrap_or(path)) {
            ("POST", "") => {
                bench.tasks.count("create");
                respond(&mut out, 200, &format!(r#"{{"_id":"{:024x}","received":{received}}}"#, 1))?;
            }
            ("GET", "") => respond(&mut out, 200, &bench.tasks.list(query))?,
            ("GET", "bench/counts") => respond(&mut out, 200, &bench.tasks.counts())?,
            ("GET", rest) => match rest.strip_suffix("/status") {
                Some(id) => respond(&mut out, 200, &bench.tasks.status(id))?,
                None => respond(&mut out, 404, r#"{"code":"resource_not_exist","message":"no such id"}"#)?,
            },
            _ => respond(&mut out, 404, r#"{"code":"resource_not_exist","message":"no such path"}"#)?,
        }
    }
    Ok(())
}

/// Responds to a request of an upload in parts. `None` if it is another request.
fn parts(bench: &Bench, head: &Head, input: &mut impl Read, out: &mut impl Write) -> Option<io::Result<()>> {
    let mut run = || -> io::Result<bool> {
        let path = head.target.strip_prefix("/v1.3/").unwrap_or(&head.target);
        if let Some(path) = path.strip_prefix("parts/") {
            let mut block = vec![0; BLOCK];
            let is_stored = bench.uploads.receive(path, input, head.length, &mut block)?;
            let status = if is_stored { "200 Bench\r\nETag: \"e\"" } else { "403 Bench" };
            out.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
        } else if let Some(path) = path.strip_prefix("bench/compare/") {
            respond(out, 200, &bench.uploads.compare(&format!("/{path}"))?.to_string())?;
        } else if let Some(path) = path.strip_prefix("assets/") {
            let mut body = vec![0; usize::try_from(head.length).map_err(io::Error::other)?];
            input.read_exact(&mut body)?;
            let body = serde_json::from_slice(&body).unwrap_or_default();
            match bench.uploads.call(&bench.base_url, &head.method, path, &body) {
                Some((status, response)) => respond(out, status, &response.to_string())?,
                None => respond(out, 404, r#"{"code":"resource_not_exist","message":"no such upload"}"#)?,
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    };
    match run() {
        Ok(true) => Some(Ok(())),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    }
}

fn read_head(input: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace().map(str::to_owned);
    let mut head =
        Head { method: words.next().unwrap_or_default(), target: words.next().unwrap_or_default(), ..Head::default() };
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            return Ok(Some(head));
        }
        let (name, value) = line.trim_end().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => head.length = value.trim().parse().unwrap_or(0),
            "transfer-encoding" => head.chunked = value.trim() == "chunked",
            "expect" => head.expects = true,
            "accept-encoding" => head.takes_gzip = value.contains("gzip"),
            _ => {}
        }
    }
}

fn skip(input: &mut impl Read, length: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK.min(usize::try_from(length).unwrap_or(BLOCK))];
    let mut left = length;
    while left > 0 {
        let wanted = block.len().min(usize::try_from(left).unwrap_or(BLOCK));
        match input.read(&mut block[..wanted])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => left -= count as u64,
        }
    }
    Ok(length)
}

fn skip_chunks(input: &mut impl BufRead) -> io::Result<u64> {
    let (mut line, mut received) = (String::new(), 0);
    loop {
        line.clear();
        input.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        received += skip(input, length)?;
        skip(input, 2)?;
        if length == 0 {
            return Ok(received);
        }
    }
}

fn respond(out: &mut impl Write, status: u16, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Bench\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    out.write_all((head + body).as_bytes())
}

/// Writes a body, at most `rate` bytes a second.
fn send(out: &mut impl Write, body: &[u8], rate: Option<f64>) -> io::Result<()> {
    let Some(rate) = rate else { return out.write_all(body) };
    let slice = (rate * SLICE.as_secs_f64()) as usize;
    let mut due = Instant::now();
    for part in body.chunks(slice.max(1)) {
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(early) => thread::sleep(early),
            None => due = due.max(now.checked_sub(MAKE_UP).unwrap_or(due)),
        }
        out.write_all(part)?;
        due += Duration::from_secs_f64(part.len() as f64 / rate);
    }
    // The last byte arrives when its time has come.
    thread::sleep(due.saturating_duration_since(Instant::now()));
    Ok(())
}
