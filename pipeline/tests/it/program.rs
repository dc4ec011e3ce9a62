//! The program: help, errors, exit codes, and the way from a folder to a page with results.

use std::path::Path;
#[cfg(unix)]
use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use twelvelabs_local::LocalServer;

use crate::support::{folder, media, program, shown, write_videos};

fn run(home: &Path, arguments: &[&str]) -> String {
    shown(program(home).args(arguments), home)
}

#[test]
fn the_help_of_every_verb() {
    let home = folder();
    let mut all = run(home.path(), &["--help"]);
    for verb in ["embed", "search", "status", "tasks", "assets", "serve", "doctor", "completions"] {
        all += &format!("\n=== {verb}\n{}", run(home.path(), &[verb, "--help"]));
    }
    insta::assert_snapshot!(all.replace(env!("CARGO_PKG_VERSION"), "(version)"));
}

#[test]
fn errors_say_what_is_wrong_before_anything_starts() {
    let home = folder();
    let path = home.path();
    write_videos(path, ["a.mp4"]);
    std::fs::write(path.join("list.csv"), "source,start\na.mp4,soon\n").expect("written");
    std::fs::write(path.join("config.toml"), "[profiles.work]\napi_kee = \"tlk_secret\"\n").expect("written");
    let cases: &[&[&str]] = &[
        &["embed", "a.mp4"],
        &["embed", "--out", "t"],
        &["embed", "none.mp4", "--out", "t", "--local"],
        &["embed", "a.mp4", "--out", "t"],
        &["embed", "a.mp4", "--out", "t", "--local", "--model", "marengo2.7"],
        &["embed", "a.mp4", "--out", "t", "--local", "--dimension", "100"],
        &["embed", "a.mp4", "--out", "t", "--local", "--clips", "fixed:99"],
        &["embed", "a.mp4", "--out", "t", "--local", "--clips", "dynamic:1"],
        &["embed", "a.mp4", "--out", "t", "--local", "--option", "transcription"],
        &["embed", "a.mp4", "--out", "t", "--local", "--option", "smell"],
        &["embed", "a.mp4", "--out", "t", "--local", "--max-cost", "5"],
        &["embed", "a.mp4", "--out", "t", "--dry-run", "--price", "-1"],
        &["embed", "a.mp4", "--out", "t", "--dry-run", "--minutes-per-day", "0"],
        &["embed", "a.mp4", "--out", "t", "--local", "--max-minutes", "NaN"],
        &["embed", "a.mp4", "--out", "t", "--local", "--glob", "[a"],
        &["embed", "--manifest", "list.csv", "--out", "t", "--local"],
        &["embed", "a.mp4", "--out", "t", "--profile", "work", "--config", "config.toml"],
        &["search", "x", "--in", "t", "--local"],
        &["search", "--in", "t"],
        &["search", "x", "--in", "t", "--local", "--filter", "start>=soon"],
        &["search", "x", "--in", "t", "--local", "--filter", "color=red"],
        &["status", "--out", "t"],
        &["embed", "a.mp4", "--out", "t", "--temporal", "127.0.0.1:9"],
        &["worker", "--temporal", "127.0.0.1:9"],
        &["serve", "--listen", "0.0.0.0:0"],
    ];
    let mut all = String::new();
    for arguments in cases {
        all += &format!("$ twelvelabs {}\n{}\n", arguments.join(" "), run(path, arguments));
    }
    assert!(!all.contains("tlk_secret"), "{all}");
    assert!(!path.join("t").exists(), "something was started");
    insta::assert_snapshot!(all);
}

#[test]
fn a_dry_run_makes_no_call_and_leaves_no_trace() {
    let home = folder();
    let path = home.path();
    write_videos(&path.join("videos"), ["a.mp4", "b.mp4"]);
    std::fs::copy(path.join("videos/a.mp4"), path.join("videos/c.mp4")).expect("copied");
    std::fs::copy(media("too_small.mp4"), path.join("videos/small.mp4")).expect("copied");
    let arguments = ["embed", "videos", "--out", "t", "--dry-run", "--price", "0.6"];
    insta::assert_snapshot!(run(path, &arguments));
    assert!(!path.join("t").exists());
}

#[test]
fn a_dry_run_counts_what_earlier_runs_have_left_and_names_files_by_url() {
    let home = folder();
    let path = home.path();
    write_videos(path, ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]);
    // Four seconds are allowed, which is one file.
    let limited = ["embed", "a.mp4", "b.mp4", "c.mp4", "--local", "--out", "t", "--max-minutes", "0.07"];
    let done = run(path, &limited);
    assert!(done.contains("1 item with") && done.contains("2 are not finished"), "{done}");
    let url = "https://example.com/e.mp4?token=SECRET";
    let dry_run = ["embed", "d.mp4", "c.mp4", url, "--out", "t", "--dry-run", "--price", "0.6"];
    let shown = run(path, &dry_run);
    let json = run(path, &[&dry_run[..], &["--json"]].concat());
    let json = json.lines().next().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let estimate = json.map(|json| json["estimate"].clone()).expect("an estimate");
    let count = |name: &str| estimate[name].as_f64();
    // Besides d and the URL, what is left of a, b and c, of which c or a and b are among the items or not.
    let (jobs, open) = (count("jobs").unwrap_or_default(), count("open").unwrap_or_default());
    assert_eq!((jobs + open, count("urls"), count("seconds")), (4.0, Some(1.0), Some(12.0)), "{shown}");
    assert!(shown.contains(&format!("open jobs          {open}, which earlier runs have left\n")), "{shown}");
    assert!(shown.contains("files by URL       1, whose bytes, minutes and vectors are not known"), "{shown}");
    assert!(shown.contains("minutes            0.20\n") && shown.contains("cost               0.12 at"), "{shown}");
    assert!(!shown.contains("SECRET"), "{shown}");
    // Without sources, they are all there is.
    let shown = run(path, &["embed", "--out", "t", "--dry-run"]);
    assert!(shown.contains("open jobs          2,") && shown.contains("minutes            0.13\n"), "{shown}");
}

#[test]
fn a_folder_becomes_a_table_that_is_searched() {
    let home = folder();
    let path = home.path();
    let hostile = "\"><script>alert(1)<\u{202e}\u{1}.mp4";
    write_videos(&path.join("videos"), ["a.mp4", hostile, "--out.mp4"]);
    for format in ["parquet", "jsonl"] {
        let embedded = run(path, &["embed", "videos", "--local", "--out", format, "--format", format]);
        assert!(embedded.contains("3 items with"), "{embedded}");
        assert!(embedded.ends_with("--- exit code 0\n"), "{embedded}");
        assert!(!embedded.contains('\u{202e}'), "a name reaches the terminal: {embedded}");
        let found = run(path, &["search", "blue", "--in", format, "--local", "--top", "2", "--html", "out.html"]);
        assert!(found.ends_with("--- exit code 0\n"), "{found}");
        let page = std::fs::read_to_string(path.join("out.html")).expect("the page");
        assert!(page.contains("src=\"data:image/png;base64,") && !page.contains("<script"), "{page}");
        let found = run(path, &["search", "blue", "--in", format, "--local", "--json", "--scope", "asset"]);
        let hits: Vec<serde_json::Value> = found.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert_eq!(hits.len(), 3, "{found}");
        let filtered = |filters: &[&str]| {
            let arguments = [&["search", "blue", "--in", format, "--local", "--json"][..], filters].concat();
            let found = run(path, &arguments);
            assert!(found.ends_with("--- exit code 0\n"), "{found}");
            let hits = found.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            hits.map(|hit| hit["source"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(filtered(&["--filter", "source=*/a.mp4", "--filter", "end<=4"]), ["videos/a.mp4"]);
        assert!(filtered(&["--filter", "start>=4"]).is_empty());
        assert_eq!(filtered(&["--source", "os/a.mp4", "--scope", "clip"]), ["videos/a.mp4"]);
        let refused = run(path, &["search", "blue", "--in", format, "--local", "--scope", "scene"]);
        assert!(refused.contains("scope must be one of asset, clip (got \"scene\")"), "{refused}");
        let refused = run(path, &["search", "blue", "--in", format, "--local", "--filter", "option=smell"]);
        assert!(refused.contains("the filter option=smell is wrong: option must be one of"), "{refused}");
        let refused = run(path, &["search", "blue", "--in", format, "--local", "--weight", "smell=1"]);
        assert!(refused.contains("weight must be of one of") && refused.ends_with("--- exit code 2\n"), "{refused}");
    }
    // Vectors of another model, or of another server, are not mixed with them; a dry run says so, too.
    let other = ["embed", "videos", "--local", "--out", "jsonl", "--format", "jsonl", "--model", "marengo3.0"];
    for arguments in [&other[..], &[&other[..], &["--dry-run"]].concat()] {
        let other = run(path, arguments);
        assert!(other.contains("was written with model marengo3.5, and this run has marengo3.0"), "{other}");
        assert!(other.ends_with("--- exit code 2\n"), "{other}");
    }
    let again = run(path, &["embed", "videos", "--out", "jsonl", "--dry-run"]);
    assert!(again.contains("already stored     3") && again.ends_with("--- exit code 0\n"), "{again}");
    let tasks = run(path, &["tasks", "--local", "--in", "jsonl", "--json"]);
    assert!(tasks.matches("\"status\":\"ready\"").count() == 3 && tasks.ends_with("--- exit code 0\n"), "{tasks}");
    let assets = run(path, &["assets", "clean", "--local", "--in", "jsonl"]);
    assert!(assets.ends_with("--- exit code 0\n"), "{assets}");
    let nowhere = run(path, &["assets", "--local"]);
    assert!(nowhere.contains("--local needs --in FOLDER") && nowhere.ends_with("--- exit code 2\n"), "{nowhere}");
    let nowhere = run(path, &["tasks", "--local", "--in", "videos"]);
    assert!(nowhere.contains("no local server at videos") && nowhere.ends_with("--- exit code 3\n"), "{nowhere}");
    let status = run(path, &["status", "--out", "jsonl"]);
    assert!(status.contains("cleaned    3") && status.contains("server     the local server"), "{status}");
    // Nothing but the table and its ledger is in the folder.
    let mut names: Vec<String> = std::fs::read_dir(path.join("parquet"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let expected = [".local-server", "failures.parquet", "ledger.sqlite", "ledger.sqlite.lock", "rows", "table.json"];
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_has_key_and_base_url_and_the_key_is_never_printed() {
    let server = LocalServer::builder().key("tlk_0123456789SECRET").start().await.expect("a server");
    let home = folder();
    let config = |key: &str| {
        let text = format!("[profiles.default]\napi_key = {key:?}\nbase_url = {:?}\n", server.base_url());
        std::fs::create_dir_all(home.path().join(".config/twelvelabs")).expect("a folder");
        std::fs::write(home.path().join(".config/twelvelabs/config.toml"), text).expect("written");
    };
    let run = |arguments: &'static [&'static str]| {
        let home = home.path().to_owned();
        async move {
            let done = tokio::task::spawn_blocking(move || run(&home, arguments)).await.expect("no panic");
            assert!(!done.contains("SECRET"), "{done}");
            done
        }
    };
    config("tlk_0123456789SECRET");
    let done = run(&["doctor"]).await;
    assert!(done.contains("from the profile default") && done.contains("accepts the key"), "{done}");
    let done = run(&["tasks"]).await;
    assert!(done.starts_with("task") && done.ends_with("--- exit code 0\n"), "{done}");
    let done = run(&["assets", "clean", "--profile", "default"]).await;
    assert!(done.ends_with("--- exit code 0\n"), "{done}");
    let path = home.path().join(".config/twelvelabs/config.toml");
    std::fs::write(path, "[profiles]\ndefault = \"tlk_0123456789SECRET\"\n").expect("written");
    let done = run(&["doctor"]).await;
    assert!(done.contains("config.toml:2: the configuration file is not valid: a profile is a table"), "{done}");
    config("tlk_wrong_SECRET");
    let done = run(&["doctor"]).await;
    assert!(done.ends_with("--- exit code 4\n"), "{done}");
}

#[cfg(unix)]
#[test]
fn a_manifest_may_be_a_pipe_whose_paths_are_relative_to_the_current_folder() {
    let home = folder();
    write_videos(&home.path().join("videos"), ["a.mp4"]);
    for (name, text) in [("-", "source\nvideos/a.mp4\n"), ("/dev/stdin", "{\"source\":\"videos/a.mp4\"}\n")] {
        let mut command = program(home.path());
        command.args(["embed", "--manifest", name, "--out", "t", "--dry-run"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("ended");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("to embed           1\n") && output.status.success(), "{name}: {text}");
    }
    // The standard input may be a file, too.
    std::fs::write(home.path().join("list.csv"), "source\nvideos/a.mp4\n").expect("written");
    for name in ["-", "/dev/stdin"] {
        let file = std::fs::File::open(home.path().join("list.csv")).expect("the file");
        let mut command = program(home.path());
        command.args(["embed", "--manifest", name, "--out", "t", "--dry-run"]);
        let text = shown(command.stdin(file), home.path());
        assert!(text.contains("to embed           1\n") && text.ends_with("--- exit code 0\n"), "{name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_over_a_table_is_refused() {
    let home = folder();
    write_videos(home.path(), ["a.mp4"]);
    let data = home.path().join("t/.local-server");
    std::fs::create_dir_all(&data).expect("a folder");
    // As the first run has it.
    let server = LocalServer::builder().data(&data).start().await.expect("a server");
    let path = home.path().to_owned();
    let second = tokio::task::spawn_blocking(move || run(&path, &["embed", "a.mp4", "--out", "t", "--local"]));
    let second = second.await.expect("no panic");
    assert!(second.contains("is in use by another server") && second.ends_with("--- exit code 2\n"), "{second}");
    assert!(!home.path().join("t/rows").exists(), "something was started");
    drop(server);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_end_leaves_nothing() {
    let (home, temporary) = (folder(), folder());
    let mut command = program(home.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()).stdout(Stdio::piped());
    let mut server = command.spawn().expect("the program");
    let mut lines = BufReader::new(server.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("dashboard: ")), "it has started");
    let entries = || std::fs::read_dir(temporary.path()).expect("listed").count();
    assert_eq!(entries(), 1, "its data");
    crate::crash::signal(&server, "TERM");
    assert_eq!(server.wait().expect("ended").code(), Some(0));
    assert_eq!(entries(), 0);
}
