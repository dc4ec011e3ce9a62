//! The example as a user runs it: its output, the file it writes, and its errors.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use insta::assert_snapshot;
use serde_json::Value;
use tokio::time::sleep;
use twelvelabs_local::{Fault, LocalServer};

use super::example;

const SILENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/silent.mp4");

fn run(arguments: &[&str]) -> Output {
    example("embed_video").args(arguments).output().expect("the example runs")
}

/// Standard output without what differs from run to run.
fn printed(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let id = text.lines().find_map(|line| line.strip_prefix("task ")).unwrap_or("none");
    assert_eq!(id.len(), 24, "{text}");
    // On a busy machine the first poll may come when the task is done.
    let text = text.replace(id, "(id)").replace("status processing\n", "");
    // The numbers depend on whether the local server was built with decoders.
    let lines = text.lines().map(|line| match line.find(" 512 ") {
        Some(at) => format!("{} 512  (numbers)\n", &line[..at]),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn it_embeds_a_video_and_writes_its_segments() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("segments.jsonl");
    let out = out.to_str().expect("text");
    let output = run(&[SILENT, "--out", out]);
    assert!(output.status.success(), "{output:?}");
    assert_snapshot!(printed(&output).replace(out, "(out)"));
    let lines = std::fs::read_to_string(out).expect("written");
    let segments: Vec<twelvelabs::embed::Segment> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a segment")).collect();
    assert_eq!(segments.iter().map(|segment| segment.vector.dimensions()).collect::<Vec<_>>(), [512, 512]);
}

#[test]
fn without_arguments_it_embeds_the_clip_of_the_repository() {
    let output = run(&[]);
    assert!(output.status.success(), "{output:?}");
    assert_snapshot!(printed(&output));
}

#[test]
fn it_embeds_a_file_with_version_2() {
    let output = run(&[SILENT, "--api", "v2"]);
    assert!(output.status.success(), "{output:?}");
    assert_snapshot!(printed(&output));
}

/// The numbers of the parts that the journal of an upload has, and whether one of them is reported.
fn parts(journal: &Path) -> (Vec<String>, bool) {
    let text = std::fs::read(journal.with_extension("journal.upload")).unwrap_or_default();
    let journal: Value = serde_json::from_slice(&text).unwrap_or_default();
    let Some(parts) = journal["parts"]["uploaded"].as_object() else { return (Vec::new(), false) };
    (parts.keys().cloned().collect(), parts.values().any(|part| part["reported"] == true))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_killed_is_resumed_by_the_same_command() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&log);
    let builder = LocalServer::builder().part_size(2000).log(move |line| lines.lock().expect("sane").push(line));
    let server = builder.start().await.expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("silent.journal");
    let command = || -> Command {
        let mut command = example("embed_video");
        command.args([SILENT, "--api", "v2", "--journal"]).arg(&journal);
        command.env("TWELVE_LABS_API_KEY", "key").env("TWELVELABS_BASE_URL", server.base_url());
        command.stdout(Stdio::piped());
        command
    };
    // The responses to all parts after these never come.
    server.inject(Fault::delay(Duration::ZERO).operation(Fault::STORAGE).times(12));
    server.inject(Fault::delay(Duration::from_secs(3600)).operation(Fault::STORAGE).times(0));
    let mut process = command().spawn().expect("started");
    while !parts(&journal).1 {
        assert!(process.try_wait().expect("a process").is_none(), "it has ended");
        sleep(Duration::from_millis(1)).await;
    }
    process.kill().expect("killed");
    process.wait().expect("ended");
    server.clear_faults();

    let (uploaded, _) = parts(&journal);
    let sent = log.lock().expect("sane").len();
    assert_eq!((server.asset_count(), server.upload_count()), (0, 1));
    let mut again = command();
    let output =
        tokio::task::spawn_blocking(move || again.output()).await.expect("no panic").expect("the example runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("uploaded 51561 of 51561 bytes"), "{output:?}");
    let log = log.lock().expect("sane").split_off(sent);
    let puts = |part: &str| log.iter().any(|line| line.contains("PUT ") && line.contains(&format!("/{part} ")));
    assert!(!uploaded.iter().any(|part| puts(part)) && puts("26"), "{uploaded:?} were uploaded: {log:?}");
    assert_eq!((server.task_count(), server.asset_count(), server.upload_count()), (1, 1, 1));
    server.finish().await.expect("all requests are valid");
}

#[test]
fn errors_are_one_line_and_exit_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "not a video").expect("written");
    let cases: [&[&str]; 8] = [
        &["no/such/file.mp4"],
        &["no/such/file.mp4", "--api", "v2"],
        &[SILENT, "--api", "v3"],
        &[text.to_str().expect("text")],
        &["https://"],
        &["--wrong"],
        &[SILENT, "--api", "v2", "--journal", "no/such/folder/journal"],
        &[SILENT, "--out", "no/such/folder/out.jsonl"],
    ];
    let mut lines = Vec::new();
    for arguments in cases {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(error.lines().count(), 1, "{error}");
        lines.push(error);
    }
    assert_snapshot!(lines.concat());
}
