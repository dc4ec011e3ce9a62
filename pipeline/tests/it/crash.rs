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

use crate::support::{advance_for_ever, client, folder, program, tasks_of, write_videos};

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

/// Calls `disturb` each time when so many jobs have changed, until it returns false. Returns the exit code if the program
/// was not killed.
fn disturb(mut child: Child, changes: usize, mut disturb: impl FnMut(&mut Child) -> bool) -> Option<i32> {
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (mut seen, mut goes_on) = (0, true);
    for line in lines.map_while(Result::ok) {
        // The last line of a program that was killed may be cut off.
        if !goes_on {
            continue;
        }
        let event: Value = serde_json::from_str(&line).expect("an event");
        seen += usize::from(event["event"] == "job");
        if seen == changes {
            (seen, goes_on) = (0, disturb(&mut child));
        }
    }
    child.wait().expect("ended").code()
}

/// `kill -9`.
fn kill(child: &mut Child) -> bool {
    child.kill().expect("killed");
    false
}

/// SIGSTOP, and SIGCONT after some time.
#[cfg(unix)]
fn pause(child: &Child, time: Duration) {
    signal(child, "STOP");
    std::thread::sleep(time);
    signal(child, "CONT");
}

#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
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
        let run = tokio::task::spawn_blocking(move || disturb(start(&path, &base_url), changes, kill));
        ended = run.await.expect("no panic");
        killed += usize::from(ended.is_none());
        // The last create call may still be on its way through the server.
        server.settled().await;
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
    let once = |child: &mut Child| {
        pause(child, Duration::from_secs(3));
        false
    };
    // In the middle of the create calls.
    let run = move || disturb(start(&path, &base_url), 7, once);
    let ended = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert_eq!(ended, Some(0));
    count(&client(&server), &home.path().join("t"), 4, "one stop").await;
}

/// Of the calls and of the server, in the middle of uploads, polls, create calls, results and deletions. Only with
/// `LONG_TESTS=1`.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_stopped_for_longer_than_every_time_limit_loses_and_doubles_nothing() {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        println!("skipped: set LONG_TESTS=1");
        return;
    }
    let second = Duration::from_secs(1);
    let builder = LocalServer::builder().processing_time(Duration::from_millis(20));
    let server = builder.header_timeout(second).upload_timeout(second).start().await.expect("a server");
    // So that some calls are under way at any time.
    server.inject(Fault::delay(Duration::from_millis(300)).times(0));
    let home = folder();
    let names: Vec<String> = (0..8).map(|number| format!("{number}.mp4")).collect();
    write_videos(&home.path().join("videos"), &names);
    let mut command = embed(program(home.path()), "t".as_ref(), server.base_url());
    command.args(["--call-limit", "2s"]).stderr(Stdio::null());
    let run = move || {
        let mut stops = 0;
        let ended = disturb(command.spawn().expect("the program"), 8, |child| {
            stops += 1;
            pause(child, Duration::from_secs(4));
            stops < 6
        });
        (ended, stops)
    };
    let (ended, stops) = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert_eq!((ended, stops), (Some(0), 6));
    server.clear_faults();
    count(&client(&server), &home.path().join("t"), 8, &format!("{stops} stops")).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_program_says_so_with_its_exit_code_and_goes_on() {
    // Nothing is processed before the clock is advanced, so that no run ends before its signal.
    let second = Duration::from_secs(1);
    let server = LocalServer::builder().processing_time(second).manual_clock().start().await.expect("a server");
    let home = folder();
    write_videos(&home.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"]);
    for (name, event) in [("INT", "job"), ("TERM", "checked")] {
        let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
        let interrupted = tokio::task::spawn_blocking(move || {
            let mut child = start(&path, &base_url);
            let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.contains(&format!("{{\"event\":\"{event}\""))), "it has started");
            signal(&child, name);
            let last = lines.last().expect("a summary");
            (child.wait().expect("ended").code(), last)
        });
        let (code, last) = interrupted.await.expect("no panic");
        assert_eq!(code, Some(130), "{last}");
        assert!(last.contains("\"interrupted\":true"), "{last}");
    }
    let (path, base_url) = (home.path().to_owned(), server.base_url().to_owned());
    let run = move || disturb(start(&path, &base_url), usize::MAX, kill);
    tokio::select! {
        ended = tokio::task::spawn_blocking(run) => assert_eq!(ended.expect("no panic"), Some(0)),
        () = advance_for_ever(&server, second) => {}
    }
    count(&client(&server), &home.path().join("t"), 5, "two interruptions").await;
}
