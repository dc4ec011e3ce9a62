//! What `kill -9` leaves: nothing is lost, nothing is there twice, nothing is paid for twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use twelvelabs::TwelveLabs;
use twelvelabs_local::{Fault, LocalServer};

use crate::support::{client, folder, program, tasks_of, write_videos};

/// Starts the program. Its events are on its standard output.
fn start(home: &Path, base_url: &str) -> Child {
    embed(program(home), "t".as_ref(), base_url).stderr(Stdio::null()).spawn().expect("the program")
}

/// Adds the arguments of a run over the folder `videos`, whose events are on its standard output.
pub(crate) fn embed(mut command: Command, table: &Path, base_url: &str) -> Command {
    command.args(["embed", "videos", "--format", "jsonl", "--json", "--concurrency", "3", "--out"]).arg(table);
    command.args(["--create-limit", "1s", "--poll-interval", "50ms", "--batch-delay", "50ms"]);
    command.env("TWELVELABS_BASE_URL", base_url).env("TWELVE_LABS_API_KEY", "test-key").stdout(Stdio::piped());
    command
}

/// How a run is disturbed.
#[derive(Clone, Copy)]
enum Disturbance {
    /// `kill -9`.
    Kill,
    /// SIGSTOP, and SIGCONT when the right to create a task has run out.
    #[cfg(unix)]
    Pause,
}

/// Disturbs the program after this many changes of jobs. Returns the exit code if it was not killed.
fn disturb_after(mut child: Child, changes: usize, disturbance: Disturbance) -> Option<i32> {
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut seen = 0;
    for line in lines.map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).expect("an event");
        seen += usize::from(event["event"] == "job");
        if seen == changes {
            match disturbance {
                Disturbance::Kill => {
                    child.kill().expect("killed");
                    break;
                }
                #[cfg(unix)]
                Disturbance::Pause => {
                    signal(&child, "STOP");
                    std::thread::sleep(Duration::from_secs(3));
                    signal(&child, "CONT");
                    // Only once.
                    seen += 1;
                }
            }
        }
    }
    child.wait().expect("ended").code()
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("the program kill").success());
}

/// Kills runs over `items` videos `kills` times, lets the last run end, and counts.
async fn harness(items: usize, kills: usize, seed: u64) {
    let server = LocalServer::builder().processing_time(Duration::from_millis(20)).start().await.expect("a server");
    let home = folder();
    let names: Vec<String> = (0..items).map(|number| format!("{number:03}.mp4")).collect();
    write_videos(&home.path().join("videos"), &names);
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut killed, mut ended) = (0, None);
    while ended.is_none() {
        if random.u8(..4) == 0 {
            server.inject(Fault::reset().operation("embed_v2_tasks_create").times(1));
        }
        let changes = if killed < kills { random.usize(1..(items * 7 / kills).max(3)) } else { usize::MAX };
        let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
        let run =
            tokio::task::spawn_blocking(move || disturb_after(start(&path, &base_url), changes, Disturbance::Kill));
        ended = run.await.expect("no panic");
        killed += usize::from(ended.is_none());
    }
    assert_eq!(ended, Some(0), "the last run has failures");
    count(&client(&server), &home.path().join("t"), items, &format!("seed {seed}, {killed} kills")).await;
}

/// Counts the tasks of the server and the rows of a table: each item has one task, and the same number of rows as the
/// others.
pub(crate) async fn count(client: &TwelveLabs, table: &Path, items: usize, run: &str) {
    let tasks = tasks_of(client).await;
    assert_eq!(tasks.len(), items, "items are lost");
    let twice: Vec<_> = tasks.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{run}: tasks were created twice: {twice:?}");
    let (mut ids, mut per_source) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    let mut total = 0;
    for file in std::fs::read_dir(table.join("rows")).expect("listed") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("rows");
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            ids.insert(row["id"].as_str().expect("an id").to_owned());
            *per_source.entry(row["source"].as_str().expect("a source").to_owned()).or_default() += 1;
            total += 1;
        }
    }
    assert_eq!(ids.len(), total, "{run}: rows are there twice");
    assert_eq!(per_source.len(), items, "{run}: rows are missing");
    let counts: BTreeSet<_> = per_source.values().collect();
    assert_eq!(counts.len(), 1, "{run}: rows are missing: {per_source:?}");
    eprintln!("{run}: {items} items, {total} rows");
}

/// The short form; `LONG_TESTS=1` is 50 kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_double_nothing() {
    if std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1") {
        harness(60, 50, 7).await;
    } else {
        harness(8, 8, fastrand::u64(..)).await;
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_stopped_for_longer_than_its_right_to_create_doubles_nothing() {
    let server = LocalServer::builder().processing_time(Duration::from_millis(20)).start().await.expect("a server");
    let home = folder();
    write_videos(&home.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]);
    let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
    // In the middle of the create calls.
    let run = move || disturb_after(start(&path, &base_url), 7, Disturbance::Pause);
    let ended = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert_eq!(ended, Some(0));
    count(&client(&server), &home.path().join("t"), 4, "one stop").await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_program_says_so_with_its_exit_code_and_goes_on() {
    let server = LocalServer::builder().processing_time(Duration::from_millis(500)).start().await.expect("a server");
    let home = folder();
    write_videos(&home.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"]);
    for name in ["INT", "TERM"] {
        let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
        let interrupted = tokio::task::spawn_blocking(move || {
            let mut child = start(&path, &base_url);
            let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.contains("\"job\"")), "it has started");
            signal(&child, name);
            let last = lines.last().expect("a summary");
            (child.wait().expect("ended").code(), last)
        });
        let (code, last) = interrupted.await.expect("no panic");
        assert_eq!(code, Some(130), "{last}");
        assert!(last.contains("\"interrupted\":true"), "{last}");
    }
    let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
    let run = move || disturb_after(start(&path, &base_url), usize::MAX, Disturbance::Kill);
    assert_eq!(tokio::task::spawn_blocking(run).await.expect("no panic"), Some(0));
    count(&client(&server), &home.path().join("t"), 5, "two interruptions").await;
}
