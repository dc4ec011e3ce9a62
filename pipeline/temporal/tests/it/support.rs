//! Shared helpers.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use futures::TryStreamExt;
use serde_json::Value;
use tempfile::TempDir;
use twelvelabs::TwelveLabs;
use twelvelabs_local::LocalServer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_twelvelabs-temporal");
/// The operation that creates a task.
pub(crate) const CREATE: &str = "embed_v2_tasks_create";

/// The program `temporal`, or `None` with a message: `test.sh` installs it.
pub(crate) fn temporal() -> Option<PathBuf> {
    let path = std::env::var_os("TEMPORAL_BIN").filter(|path| !path.is_empty()).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: TEMPORAL_BIN is not set; pipeline/temporal/test.sh installs the dev server");
    }
    path
}

/// A process that is killed at the end of the test.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().expect("started"))
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(sent.expect("the program kill").success());
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Temporal dev server with a database in a folder, and a home for its clients.
pub(crate) struct World {
    program: PathBuf,
    home: TempDir,
    temporal: Option<Process>,
    address: SocketAddr,
}

impl World {
    pub(crate) async fn new(program: PathBuf) -> Self {
        // Free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
        let home = tempfile::tempdir().expect("a folder");
        let mut world = Self { program, home, temporal: None, address };
        world.start_temporal();
        world
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Starts the server, and waits until it can be used.
    pub(crate) fn start_temporal(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error", "--port"]);
        command.arg(self.address.port().to_string()).arg("--db-filename").arg(self.home().join("temporal.sqlite"));
        // Another one may run on this machine.
        command.args(["--metrics-port", "0"]);
        command.env("TEMPORAL_VERSION_CHECK_DISABLED", "1").env("HOME", self.home());
        let log = std::fs::File::create(self.home().join("temporal.log")).expect("a file");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        self.temporal = Some(Process::spawn(&mut command));
        for _ in 0..600 {
            let mut health = Command::new(&self.program);
            health.args(["operator", "namespace", "describe", "default", "--address"]).arg(self.address());
            health.env("HOME", self.home()).stdout(Stdio::null()).stderr(Stdio::null());
            if TcpStream::connect(self.address).is_ok() && health.status().is_ok_and(|status| status.success()) {
                return;
            }
            let ended = self.temporal.as_mut().expect("started").has_ended();
            assert!(!ended, "the Temporal server ended: {}", self.log("temporal.log"));
            sleep(Duration::from_millis(100));
        }
        panic!("the Temporal server does not start: {}", self.log("temporal.log"));
    }

    /// `kill -9` of the server.
    pub(crate) fn kill_temporal(&mut self) {
        self.temporal = None;
    }

    pub(crate) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.home().join(name)).unwrap_or_default()
    }

    /// A command of the program `temporal`.
    pub(crate) fn temporal(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--address").arg(self.address()).env("HOME", self.home());
        command.output().expect("the program temporal")
    }

    fn command(&self, verb: &str, out: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        let surroundings = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("TEMPORAL_") || name.starts_with("TWELVE")
        });
        for (name, _) in surroundings {
            command.env_remove(name);
        }
        command.env("HOME", self.home()).env("NO_PROXY", "*").current_dir(self.home()).stdin(Stdio::null());
        command.args([verb, "--temporal"]).arg(self.address()).args(["--format", "jsonl", "--out", out]);
        command
    }

    /// A worker for the table `t`, whose messages are in a file.
    pub(crate) fn worker(&self, base_url: &str, name: &str) -> Process {
        self.worker_with(base_url, name, "test-key")
    }

    /// A worker with this key.
    pub(crate) fn worker_with(&self, base_url: &str, name: &str, key: &str) -> Process {
        let log = self.home().join(format!("{name}.log"));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a file");
        let mut command = self.command("worker", "t");
        command.args(["--rate", "20", "--poll-interval", "100ms"]);
        command.env("TWELVELABS_BASE_URL", base_url).env("TWELVE_LABS_API_KEY", key);
        Process::spawn(command.stdout(Stdio::null()).stderr(log))
    }

    /// `embed` over the folder `videos`, with short time limits.
    pub(crate) fn embed(&self, out: &str) -> Command {
        let mut command = self.command("embed", out);
        command.args(["videos", "--create-limit", "4s", "--poll-interval", "300ms", "--heartbeat-timeout", "2s"]);
        command.args(["--backoff", "200ms"]);
        command
    }

    /// Writes different videos of four seconds: each has a box of its own at its end, which players skip.
    pub(crate) fn write_videos(&self, count: u32) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media/tiny.mp4");
        let video = std::fs::read(path).expect("the video");
        let folder = self.home().join("videos");
        std::fs::create_dir_all(&folder).expect("a folder");
        for number in 0..count {
            let free = [12u32.to_be_bytes().as_slice(), b"free", &number.to_be_bytes()].concat();
            std::fs::write(folder.join(format!("{number:03}.mp4")), [video.as_slice(), &free].concat())
                .expect("written");
        }
    }

    /// The number of rows of each source of the table `t`. No row is there twice.
    pub(crate) fn rows(&self) -> BTreeMap<String, usize> {
        let (mut ids, mut sources) = (BTreeSet::new(), BTreeMap::new());
        for file in self.row_files() {
            let text = std::fs::read_to_string(file).expect("rows");
            for line in text.lines() {
                let row: Value = serde_json::from_str(line).expect("a row");
                assert!(ids.insert(row["id"].as_str().expect("an id").to_owned()), "a row is there twice: {row}");
                *sources.entry(row["source"].as_str().expect("a source").to_owned()).or_default() += 1;
            }
        }
        sources
    }

    pub(crate) fn row_files(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.home().join("t/rows")) else { return Vec::new() };
        let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        // An unfinished file of a process that was killed may be left.
        paths.filter(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))).collect()
    }

    /// The status of each source in the table of failures of a folder.
    pub(crate) fn failures(&self, out: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.home().join(out).join("failures.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
    }
}

/// What a program printed, for messages of assertions.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) async fn local_server(processing: Duration) -> LocalServer {
    // A connection may be held back for as long as a worker is stopped.
    let builder = LocalServer::builder().processing_time(processing).header_timeout(Duration::from_secs(600));
    builder.allow_violations().start().await.expect("a server")
}

fn client(server: &LocalServer) -> TwelveLabs {
    let client = TwelveLabs::builder().api_key("test-key").base_url(server.base_url()).no_proxy();
    client.build().expect("a client")
}

/// The number of tasks by the name of their file.
pub(crate) async fn tasks(server: &LocalServer) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut tasks = client(server).embed().v2().tasks().list().page_limit(50).items();
    while let Some(task) = tasks.try_next().await.expect("listed") {
        let name = task.video_embedding.and_then(|video| video.metadata?.input_filename).unwrap_or_default();
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// The number of assets.
pub(crate) async fn assets(server: &LocalServer) -> usize {
    client(server)
        .assets()
        .list()
        .page_limit(50)
        .items()
        .try_fold(0, async |count, _| Ok(count + 1))
        .await
        .expect("listed")
}

/// A server whose jobs are processed when its clock is advanced.
pub(crate) async fn manual_server() -> LocalServer {
    let builder = LocalServer::builder().processing_time(Duration::from_secs(1)).manual_clock();
    builder.header_timeout(Duration::from_secs(600)).allow_violations().start().await.expect("a server")
}

/// Advances the clock of a server again and again.
pub(crate) async fn advance(server: &LocalServer) -> Infallible {
    loop {
        server.advance(Duration::from_secs(1)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for something that a loaded machine may do late.
pub(crate) async fn until(what: &str, mut is_done: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is_done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("not within two minutes: {what}");
}
