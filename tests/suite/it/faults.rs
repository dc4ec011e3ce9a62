//! The fault suite: what goes wrong on the wire, one scenario a line, and what a careful client does about it.
//!
//! `cargo xtask faults` runs it and prints the table.

mod early;
mod other;
mod requests;
mod rows;
mod server;
mod soak;

use std::{
    collections::BTreeMap,
    sync::LazyLock,
    time::{Duration, Instant},
};

use bytes::Bytes;

use futures_util::{StreamExt, TryStreamExt, future::ready, stream};
use twelvelabs::{
    Error, ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs, TwelveLabsBuilder,
    embed::v2::{ImageInput, MediaSource},
    raw::Method,
    wait::WaitOptions,
};

use self::{
    other::Other,
    requests::complete,
    server::{Act, RawServer, Seen},
};
use crate::{
    assets::upload::platform::Platform,
    support::{ID, KEY, LIMITS, without_tls},
};

/// How many scenarios each group has.
pub(crate) fn groups() -> BTreeMap<&'static str, usize> {
    let mut groups = BTreeMap::new();
    for row in rows::all() {
        *groups.entry(row.group).or_insert(0) += 1;
    }
    groups
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Status,
    Retrieve,
    /// As one matrix.
    Matrix,
    /// Segment by segment.
    Segments,
    List,
    /// All entries of a list.
    Items,
    /// All pages of a list.
    Pages,
    /// From a URL.
    Create,
    /// Twice from a URL, by a client that has polled a status before.
    CreateAfterPoll,
    /// From bytes.
    Upload,
    /// From a file on disk.
    UploadPath,
    /// From an open file.
    UploadFile,
    /// From a reader, which can be read once.
    UploadReader,
    /// An embedding of bytes, which are sent as large JSON.
    EmbedBytes,
    /// Large bytes of a raw request that creates something.
    PostBytes,
    Wait,
    /// A wait whose deadline is the time limit of the row.
    WaitUntilLimit,
    /// A wait for a task of version 2.
    WaitV2,
    /// A wait for an asset.
    WaitAsset,
    /// Create, wait, retrieve.
    Embed,
    StatusOf(&'static str),
    RetrieveOf(&'static str),
    WaitOf(&'static str),
    /// An upload with this file name.
    Named(&'static str),
    /// From this URL.
    CreateFrom(&'static str),
    /// An upload with these bytes and another length announced.
    Announced(u64),
    /// An upload in one part, of which the server is the storage host.
    SendPart,
    /// As `SendPart`, with a part that does not fit into the buffers on the way.
    SendLargePart,
    /// An operation that is not one of those above.
    Other(Other),
}

/// A scenario: a line of the table.
struct Row {
    group: &'static str,
    name: String,
    op: Op,
    acts: Vec<Act>,
    /// The settings of the client, given the time limit of the row.
    settings: fn(TwelveLabsBuilder, Duration) -> TwelveLabsBuilder,
    /// The expectation holds for a machine that is fast for the time limit: what misses it is run again with a longer
    /// one.
    is_timed: bool,
    /// It takes longer than the rest of the table: run with `LONG_TESTS=1` only.
    is_long: bool,
    expect: Expect,
}

/// What must come out.
#[derive(Clone, Default)]
struct Expect {
    kind: Option<ErrorKind>,
    status: Option<u16>,
    requests: Option<(usize, usize)>,
    unknown: bool,
    says: Option<&'static str>,
    retry_after: Option<Duration>,
    takes_at_least: Duration,
    /// It takes at least the time limit of the row.
    takes_limit: bool,
}

/// What came out.
struct Outcome {
    error: Option<Error>,
    seen: Vec<Seen>,
    took: Duration,
}

/// Only a client that hangs takes this long.
const HANG: Duration = Duration::from_secs(300);
/// No time limit of a row that is not about time limits; only a client that hangs reaches it.
const NO_LIMIT: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_comes_out_as_expected() {
    let mut rows = rows::all();
    assert!(rows.len() >= 150, "only {} scenarios", rows.len());
    // For work on one group: FAULTS=early cargo test -p twelvelabs-suite faults
    if let Ok(group) = std::env::var("FAULTS") {
        rows.retain(|row| row.group == group);
    }
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        rows.retain(|row| !row.is_long);
    }
    let count = rows.len();
    // Timed rows come first and with few beside them, so that they rarely need a longer limit.
    let (timed, others): (Vec<_>, Vec<_>) = rows.into_iter().enumerate().partition(|(_, row)| row.is_timed);
    let mut results = run_all(timed, 8).await;
    results.extend(run_all(others, 24).await);
    results.sort_by_key(|(index, ..)| *index);

    let mut failed = 0;
    println!("| group | call | scenario | outcome |\n| --- | --- | --- | --- |");
    for (_, row, got, misses) in &results {
        println!("| {} | {:?} | {} | {got} |", row.group, row.op, row.name);
        for miss in misses {
            println!("|  |  | **missed** | {miss} |");
        }
        failed += usize::from(!misses.is_empty());
    }
    println!("faults: {} of {count} scenarios as expected", count - failed);
    assert_eq!(failed, 0, "{failed} scenarios missed their expectation, see the table above");
}

/// A row, its place in the table, what came out, and what was missed.
type Checked = (usize, Row, String, Vec<String>);

async fn run_all(rows: Vec<(usize, Row)>, at_once: usize) -> Vec<Checked> {
    let checks = rows.into_iter().map(|(index, row)| async move {
        let limits = if row.is_timed { &LIMITS[..] } else { &LIMITS[..1] };
        let mut checked = (String::new(), Vec::new());
        for limit in limits {
            let outcome = tokio::time::timeout(HANG, run(&row, *limit)).await;
            checked = match &outcome {
                Ok(outcome) => (describe(outcome), check(&row, outcome, *limit)),
                Err(_) => ("hangs".to_owned(), vec![format!("not done after {HANG:?}")]),
            };
            if checked.1.is_empty() {
                break;
            }
        }
        let (got, misses) = checked;
        (index, row, got, misses)
    });
    stream::iter(checks).buffer_unordered(at_once).collect().await
}

fn client(row: &Row, server: &RawServer, limit: Duration) -> TwelveLabs {
    let builder = without_tls(TwelveLabs::builder())
        .api_key(KEY)
        .base_url(format!("http://{}/v1.3", server.address))
        .with_backoff(Duration::from_millis(1), Duration::from_millis(5));
    (row.settings)(builder, limit).build().expect("a client")
}

async fn run(row: &Row, limit: Duration) -> Outcome {
    let server = RawServer::start(row.acts.clone(), limit).await;
    let client = client(row, &server, limit);
    let started = Instant::now();
    let result = match row.op {
        Op::SendPart => send_part(row, &server, limit, &video()[..200_000]).await,
        Op::SendLargePart => send_part(row, &server, limit, &video()).await,
        op => call(op, &client, limit).await,
    };
    let took = started.elapsed();
    // A request that arrives after the call has ended would be a stray one.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Outcome { error: result.err(), seen: server.seen(), took }
}

/// More than socket buffers hold, so that a server can respond before it has read all of it.
fn video() -> Bytes {
    static VIDEO: LazyLock<Bytes> = LazyLock::new(|| (0..6_000_000u32).map(|index| (index % 251) as u8).collect());
    VIDEO.clone()
}

/// Uploads a file in one part, with up to two retries.
async fn send_part(row: &Row, storage: &RawServer, limit: Duration, part: &[u8]) -> twelvelabs::Result<()> {
    let platform = Platform::with_storage(part.len(), storage.address).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), part).expect("written");
    let client = (row.settings)(platform.builder(), limit).build().expect("a client");
    client.assets().upload(file.path()).with_direct_limit(0).with_part_retries(2).await.map(drop)
}

async fn call(op: Op, client: &TwelveLabs, limit: Duration) -> twelvelabs::Result<()> {
    let (model, tasks) = (ModelName::Marengo30, client.embed().tasks());
    match op {
        Op::EmbedBytes => {
            let image = ImageInput::new(MediaSource::bytes(video()));
            client.embed().v2().create(model, image).send().await.map(drop)
        }
        Op::Other(other) => other.call(client).await,
        Op::PostBytes => client.request(Method::POST, "/things").bytes(video()).await.map(drop),
        Op::Status => tasks.status(ID).send().await.map(drop),
        Op::Retrieve => tasks.retrieve(ID).send().await.map(drop),
        Op::Matrix => tasks.retrieve(ID).matrix().await.map(drop),
        Op::Segments => tasks.retrieve(ID).segments().try_for_each(|_| ready(Ok(()))).await,
        Op::Items => tasks.list().items().try_for_each(|_| ready(Ok(()))).await,
        Op::Pages => tasks.list().pages().try_for_each(|_| ready(Ok(()))).await,
        Op::List => tasks.list().send().await.map(drop),
        Op::Create => tasks.create(model, FileSource::url("https://example.com/v.mp4")).send().await.map(drop),
        Op::CreateAfterPoll => {
            let video = || FileSource::url("https://example.com/v.mp4");
            tasks.status(ID).send().await?;
            // The time in which the connection is idle, and in which it comes back to the pool.
            tokio::time::sleep(Duration::from_millis(50)).await;
            tasks.create(model.clone(), video()).send().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            tasks.create(model, video()).send().await.map(drop)
        }
        Op::Upload => {
            tasks.create(model, FileSource::bytes("v.mp4", video())).video_clip_length(5.0).send().await.map(drop)
        }
        Op::UploadPath => {
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), video()).expect("written");
            tasks.create(model, FileSource::path(file.path())).with_file_name("v.mp4").send().await.map(drop)
        }
        Op::UploadFile => {
            let mut file = tempfile::tempfile().expect("a file");
            std::io::Write::write_all(&mut file, &video()).expect("written");
            tasks.create(model, file).with_file_name("v.mp4").send().await.map(drop)
        }
        Op::UploadReader => {
            let bytes = video();
            let source = FileSource::reader("v.mp4", bytes.len() as u64, std::io::Cursor::new(bytes));
            tasks.create(model, source).send().await.map(drop)
        }
        Op::Wait | Op::WaitUntilLimit => tasks
            .wait_for_done(ID)
            .sleep_interval(Duration::from_millis(2))
            .with_deadline(if op == Op::Wait { NO_LIMIT } else { limit })
            .with_max_failures(4)
            .await
            .map(drop),
        Op::WaitV2 => {
            let wait = client.embed().v2().tasks().wait_for_done(ID).sleep_interval(Duration::from_millis(2));
            wait.with_deadline(NO_LIMIT).with_max_failures(4).await.map(drop)
        }
        Op::WaitAsset => {
            let wait = client.assets().wait_for_done(ID).sleep_interval(Duration::from_millis(2));
            wait.with_deadline(NO_LIMIT).with_max_failures(4).await.map(drop)
        }
        Op::StatusOf(id) => tasks.status(id).send().await.map(drop),
        Op::RetrieveOf(id) => tasks.retrieve(id).send().await.map(drop),
        Op::WaitOf(id) => tasks.wait_for_done(id).await.map(drop),
        Op::CreateFrom(url) => tasks.create(model, FileSource::url(url)).send().await.map(drop),
        Op::Named(name) => tasks.create(model, FileSource::bytes(name, &b"video"[..])).send().await.map(drop),
        Op::Announced(length) => {
            tasks.create(model, FileSource::reader("v.mp4", length, &b"video"[..])).send().await.map(drop)
        }
        Op::Embed => {
            let embed = tasks
                .embed(model, FileSource::url("https://example.com/v.mp4"))
                .sleep_interval(Duration::from_millis(2));
            embed.with_deadline(NO_LIMIT).await.map(drop)
        }
        Op::SendPart | Op::SendLargePart => unreachable!("they need another client"),
    }
}

fn describe(outcome: &Outcome) -> String {
    let requests = outcome.seen.len();
    let plural = if requests == 1 { "" } else { "s" };
    match &outcome.error {
        None => format!("ok, {requests} request{plural}"),
        Some(error) => {
            let status = error.status().map(|status| format!(" {status}")).unwrap_or_default();
            let unknown = if error.is_outcome_unknown() { ", outcome unknown" } else { "" };
            format!("{:?}{status}, {requests} request{plural}{unknown}", error.kind())
        }
    }
}

fn check(row: &Row, outcome: &Outcome, limit: Duration) -> Vec<String> {
    let expect = &row.expect;
    let mut misses = Vec::new();
    let mut must = |good: bool, what: String| {
        if !good {
            misses.push(what);
        }
    };
    let kind = outcome.error.as_ref().map(Error::kind);
    must(kind == expect.kind, format!("expected {:?}, got {:?}", expect.kind, outcome.error));
    if let Some((least, most)) = expect.requests {
        let count = outcome.seen.len();
        must((least..=most).contains(&count), format!("expected {least} to {most} requests, saw {count}"));
    }
    let least = if expect.takes_limit { limit } else { expect.takes_at_least };
    must(outcome.took >= least, format!("expected at least {least:?}, took {:?}", outcome.took));
    if let Some(error) = &outcome.error {
        must(
            expect.status.is_none() || error.status() == expect.status,
            format!("expected status {:?}, got {:?}", expect.status, error.status()),
        );
        must(
            error.is_outcome_unknown() == expect.unknown,
            format!("expected unknown = {}, got {}", expect.unknown, error.is_outcome_unknown()),
        );
        must(
            expect.says.is_none_or(|text| error.to_string().contains(text)),
            format!("expected {:?} in {error}", expect.says),
        );
        must(
            expect.retry_after.is_none() || error.retry_after() == expect.retry_after,
            format!("expected to come back in {:?}, got {:?}", expect.retry_after, error.retry_after()),
        );
        let mut all = format!("{error} {error:?} {:?} {:?} {:?}", error.message(), error.code(), error.response());
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            all.push_str(&format!(" {inner} {inner:?}"));
            source = inner.source();
        }
        let is_foreign = error.to_string().contains("not a response of the API");
        let blames = error.is_unauthorized() || error.is_forbidden() || error.is_not_found() || all.contains("API key");
        must(!is_foreign || !blames, format!("a page says nothing about the key or the resource: {error}"));
        must(!requests::has_key(&all), format!("the key is in {all}"));
        must(!error.to_string().contains('\n'), format!("more than a line: {error}"));
    }
    misses.extend(complete(&outcome.seen));
    if let (Op::Named(name), Some(request)) = (row.op, outcome.seen.first()) {
        // As the HTML standard escapes it, in one line, and with no header more.
        let escaped = name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
        let head = format!(
            "name=\"video_file\"; filename=\"{escaped}\"\r\nContent-Type: application/octet-stream\r\n\r\nvideo"
        );
        if memchr::memmem::find(&request.body, head.as_bytes()).is_none() {
            misses.push(format!("the file name is not in {:?}", String::from_utf8_lossy(&request.body)));
        }
    }
    misses
}
