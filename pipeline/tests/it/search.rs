//! `search` of the program: what is wrong is known before the query is embedded.

use std::{path::Path, time::Duration};

use twelvelabs_pipeline::{ItemSource, Pipeline, TableFolder, TableFormat};

use crate::support::{Run as _, client, folder, media, program, server, shown, write_videos};

/// Searches with a server that does not exist: a call is exit code 5.
fn run(home: &Path, arguments: &[&str]) -> String {
    let mut command = program(home);
    command.env("TWELVELABS_API_KEY", "k").env("TWELVELABS_BASE_URL", "http://127.0.0.1:9");
    shown(command.args(["search", "--in", "t"]).args(arguments), home)
}

/// A folder with a table of the local server.
fn table() -> tempfile::TempDir {
    let home = folder();
    write_videos(&home.path().join("videos"), ["a.mp4"]);
    let arguments = ["embed", "videos", "--local", "--out", "t", "--format", "jsonl"];
    let embedded = shown(program(home.path()).args(arguments), home.path());
    assert!(embedded.ends_with("--- exit code 0\n"), "{embedded}");
    home
}

#[test]
fn no_call_is_made_for_a_search_that_cannot_succeed() {
    let home = table();
    let path = home.path();
    for name in ["notes.md", "box.png", "tone.wav", "tiny.mp4", "box.jpg"] {
        std::fs::copy(media(name), path.join(name)).expect("copied");
    }
    std::fs::write(path.join("cut.mp4"), &std::fs::read(media("tiny.mp4")).expect("a video")[..600]).expect("written");
    std::fs::create_dir(path.join("folder")).expect("a folder");
    let cases: [(&[&str], &str, u8); 13] = [
        (&["blue", "--html", "none/out.html"], "cannot write none/out.html: ", 6),
        (&["blue", "--html", "folder"], "cannot write folder: ", 6),
        (&["blue", "--top", "0"], "top must be at least 1 (got 0)", 2),
        (
            &["blue", "--scope", "clip", "--filter", "option=visual", "--weight", "visual=0"],
            "must be greater than 0",
            2,
        ),
        (&["--image", "none.png"], "cannot read none.png: ", 3),
        (&["--image", "folder"], "cannot read folder: ", 2),
        (&["--image", "notes.md"], "--image must be a PNG or JPEG file (got notes.md)", 2),
        (&["--video", "none.mp4"], "cannot read none.mp4: ", 3),
        (&["--video", "box.png"], "--video must be a whole video, and the file has an unknown container", 2),
        (&["--video", "tone.wav"], "--video must be a whole video, and the file ", 2),
        (&["--video", "cut.mp4"], "--video must be a whole video, and the file ", 2),
        (&["blue", "--filter", "start>=100"], "no row of the table meets the conditions", 0),
        (&["blue", "--source", "b.mp4", "--json"], "no row of the table meets the conditions", 0),
    ];
    for (arguments, message, exit) in cases {
        let found = run(path, arguments);
        assert!(found.contains(message) && found.starts_with("--- stderr\n"), "{arguments:?}: {found}");
        assert!(found.ends_with(&format!("--- exit code {exit}\n")), "{arguments:?}: {found}");
    }
    // A page without results is one, too.
    let found = run(path, &["blue", "--source", "b.mp4", "--html", "out.html"]);
    let page = std::fs::read_to_string(path.join("out.html")).expect("a page");
    assert!(page.contains("0 results"), "{found}");
    // These make a call, which fails: the old page stays, and no new one is there.
    let calls: [&[&str]; 4] = [
        &["blue", "--html", "out.html"],
        &["blue", "--html", "new.html"],
        &["--image", "box.jpg"],
        &["--video", "tiny.mp4", "--scope", "clip"],
    ];
    for arguments in calls {
        let found = run(path, &[arguments, &["--call-limit", "1s"]].concat());
        assert!(found.ends_with("--- exit code 5\n"), "{arguments:?}: {found}");
    }
    assert_eq!(std::fs::read_to_string(path.join("out.html")).expect("the page"), page);
    assert!(!path.join("new.html").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_of_the_local_server_are_not_searched_with_the_platform_nor_the_reverse() {
    let home = tokio::task::spawn_blocking(table).await.expect("no panic");
    let path = home.path();
    let message = "t has vectors of the local server, which cannot be compared with a query of the platform: \
                   search with --local\n--- exit code 2\n";
    let search = |key: bool, arguments: &[&str]| {
        let mut command = program(path);
        if key {
            command.env("TWELVELABS_API_KEY", "k");
        }
        shown(command.args(["search", "blue"]).args(arguments), path)
    };
    for key in [true, false] {
        let found = search(key, &["--in", "t"]);
        assert!(found.ends_with(message), "{found}");
    }
    // No ledger, no check.
    std::fs::rename(path.join("t/ledger.sqlite"), path.join("ledger.sqlite")).expect("moved");
    let found = search(false, &["--in", "t"]);
    assert!(found.ends_with("--- exit code 4\n"), "{found}");

    let server = server().await;
    let sink = TableFolder::new(path.join("p"), TableFormat::JsonLines);
    let run = Pipeline::builder(client(&server), path.join("p/ledger.sqlite"), sink)
        .source(ItemSource::Path(path.join("videos")))
        .with_poll_interval(Duration::from_millis(20))
        .with_batch_delay(Duration::from_millis(20));
    assert_eq!(run.run().await.expect("a run").stored, 1);
    let found = search(false, &["--in", "p", "--local"]);
    assert!(found.contains("p has vectors of the platform, which cannot be compared with a query of the local server"));
    assert!(found.ends_with(": search without --local\n--- exit code 2\n"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_table_has_no_hits() {
    let (server, home) = (server().await, folder());
    let table = home.path().join("t");
    let sink = TableFolder::new(&table, TableFormat::JsonLines);
    Pipeline::builder(client(&server), table.join("ledger.sqlite"), sink).run().await.expect("a run");
    for arguments in [&["blue", "--scope", "clip"][..], &["blue", "--weight", "visual=2", "--filter", "option=visual"]]
    {
        let found = run(home.path(), arguments);
        assert_eq!(found, "--- stderr\nno row of the table meets the conditions\n--- exit code 0\n");
    }
    assert_eq!(run(home.path(), &["blue"]), "--- stderr\nthe table has no rows\n--- exit code 0\n");
}
