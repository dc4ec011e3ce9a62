//! Shared helpers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::TryStreamExt;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use twelvelabs::TwelveLabs;
use twelvelabs_local::LocalServer;
use twelvelabs_pipeline::{
    FailureRow, ItemSource, Pipeline, PipelineBuilder, PipelineError, RunSummary, Sink, SinkResult, VectorRow,
    VectorSpace,
};

/// A folder that is removed at the end of the test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

pub(crate) fn media(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media").join(name)
}

/// Writes different videos of four seconds: each has a box of its own at its end, which players skip.
pub(crate) fn write_videos(folder: &Path, names: impl IntoIterator<Item = impl AsRef<Path>>) {
    let video = std::fs::read(media("tiny.mp4")).expect("the video");
    std::fs::create_dir_all(folder).expect("a folder");
    for (number, name) in names.into_iter().enumerate() {
        let number = u32::try_from(number).expect("few");
        let free = [12u32.to_be_bytes().as_slice(), b"free", &number.to_be_bytes()].concat();
        std::fs::write(folder.join(name), [video.as_slice(), &free].concat()).expect("written");
    }
}

/// The operation that creates a task.
pub(crate) const CREATE: &str = "embed_v2_tasks_create";

/// A server whose jobs take no time.
pub(crate) async fn server() -> LocalServer {
    LocalServer::builder().processing_time(Duration::ZERO).start().await.expect("a server")
}

pub(crate) fn client(server: &LocalServer) -> TwelveLabs {
    client_of(server.base_url())
}

pub(crate) fn client_of(base_url: &str) -> TwelveLabs {
    TwelveLabs::builder().api_key("test-key").base_url(base_url).no_proxy().build().expect("a client")
}

/// The number of tasks by the name of their file.
pub(crate) async fn tasks_by_name(server: &LocalServer) -> BTreeMap<String, usize> {
    server.settled().await;
    tasks_of(&client(server)).await
}

/// The number of tasks by the name of their file, on the server of this client.
pub(crate) async fn tasks_of(client: &TwelveLabs) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut tasks = client.embed().v2().tasks().list().page_limit(50).items();
    while let Some(task) = tasks.try_next().await.expect("listed") {
        let name = task.video_embedding.and_then(|video| video.metadata?.input_filename).unwrap_or_default();
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Advances the clock of a server again and again.
pub(crate) async fn advance_for_ever(server: &LocalServer, by: Duration) {
    loop {
        server.advance(by).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A sink that keeps the rows, also when its pipeline is gone.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) batches: Arc<Mutex<BTreeMap<u64, Vec<VectorRow>>>>,
    pub(crate) failures: Arc<Mutex<Vec<FailureRow>>>,
    /// How many of the next batches are stored although an error is returned, as by a disk that is full at the end.
    pub(crate) broken: Arc<Mutex<u32>>,
}

impl Kept {
    pub(crate) fn rows(&self) -> Vec<VectorRow> {
        self.batches.lock().expect("no panic").values().flatten().cloned().collect()
    }

    pub(crate) fn failures(&self) -> Vec<FailureRow> {
        self.failures.lock().expect("no panic").clone()
    }
}

impl Sink for Kept {
    fn open(&mut self, _: &VectorSpace, _: &str) -> SinkResult {
        Ok(())
    }

    fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult {
        self.batches.lock().expect("no panic").insert(batch, rows.to_vec());
        let mut broken = self.broken.lock().expect("no panic");
        if *broken > 0 {
            *broken -= 1;
            return Err("the disk is full".into());
        }
        Ok(())
    }

    fn write_failures(&mut self, rows: &[FailureRow]) -> SinkResult {
        *self.failures.lock().expect("no panic") = rows.to_vec();
        Ok(())
    }

    fn commit(&mut self) -> SinkResult {
        Ok(())
    }
}

/// The rows are those of so many sources: none is missing or there twice.
pub(crate) fn assert_rows(sink: &Kept, sources: usize) {
    let rows = sink.rows();
    let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), rows.len(), "a row is there twice");
    let names: BTreeSet<_> = rows.iter().map(|row| &row.source).collect();
    assert_eq!(names.len(), sources, "{names:?}");
    let per_source = rows.len() / sources.max(1);
    for name in names {
        assert_eq!(rows.iter().filter(|row| row.source == *name).count(), per_source, "{name}");
    }
}

/// Serves the files of a folder over HTTP until the end of the test. Returns the address.
pub(crate) async fn serve_files(folder: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, folder) = (listener.local_addr().expect("an address"), folder.to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let folder = folder.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut lines = Vec::new();
                while stream.read_until(b'\n', &mut lines).await.is_ok_and(|read| read > 2) {}
                let request = String::from_utf8_lossy(&lines);
                let path = request.split([' ', '?']).nth(1).unwrap_or_default();
                let file = std::fs::read(folder.join(path.trim_start_matches('/')));
                let status = if file.is_ok() { "200 OK" } else { "404 Not Found" };
                let body = file.unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: video/mp4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

/// Builds a pipeline, and runs it.
pub(crate) trait Run {
    async fn run(self) -> Result<RunSummary, PipelineError>;
}

impl Run for PipelineBuilder {
    async fn run(self) -> Result<RunSummary, PipelineError> {
        self.build()?.run().await
    }
}

/// A run over a folder with pauses that suit a test.
pub(crate) fn pipeline(server: &LocalServer, folder: &Path, sink: &Kept) -> PipelineBuilder {
    pipeline_of(client(server), folder, sink)
}

pub(crate) fn pipeline_of(client: TwelveLabs, folder: &Path, sink: &Kept) -> PipelineBuilder {
    without_sources(client, folder, sink).source(ItemSource::Path(folder.join("videos")))
}

pub(crate) fn pipeline_without_sources(server: &LocalServer, folder: &Path, sink: &Kept) -> PipelineBuilder {
    without_sources(client(server), folder, sink)
}

fn without_sources(client: TwelveLabs, folder: &Path, sink: &Kept) -> PipelineBuilder {
    Pipeline::builder(client, folder.join("ledger.sqlite"), sink.clone())
        .with_poll_interval(Duration::from_millis(20))
        .with_batch_delay(Duration::from_millis(50))
        .with_backoff(Duration::from_millis(20))
        .with_create_limit(Duration::from_secs(2))
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_twelvelabs");

/// The program, without the surroundings of this process.
pub(crate) fn program(home: &Path) -> Command {
    alone(Command::new(PROGRAM), home)
}

/// A command without the surroundings of this process.
pub(crate) fn alone(mut command: Command, home: &Path) -> Command {
    for name in ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY", "TWELVELABS_BASE_URL", "XDG_CONFIG_HOME", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("HOME", home).env("NO_COLOR", "1").env("NO_PROXY", "*").stdin(Stdio::null()).current_dir(home);
    command
}

/// What the program printed and its exit code, as text.
pub(crate) fn shown(command: &mut Command, home: &Path) -> String {
    let output = command.output().expect("the program");
    let home = home.canonicalize().expect("a folder");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&home.display().to_string(), "~");
    let mut all = text(&output.stdout);
    if !output.stderr.is_empty() {
        all += &format!("--- stderr\n{}", text(&output.stderr));
    }
    all + &format!("--- exit code {}\n", output.status.code().unwrap_or(-1))
}
