//! The example as a user runs it: its output, the file it writes, and its errors.

use std::process::Output;

use insta::assert_snapshot;

use super::example;

const SILENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/silent.mp4");

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

#[test]
fn errors_are_one_line_and_exit_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "not a video").expect("written");
    let cases: [&[&str]; 7] = [
        &["no/such/file.mp4"],
        &["no/such/file.mp4", "--api", "v2"],
        &[SILENT, "--api", "v3"],
        &[text.to_str().expect("text")],
        &["https://"],
        &["--wrong"],
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
