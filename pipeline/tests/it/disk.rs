//! A disk that is full, and a ledger that is lost: the run stops, says what is safe and how to go on, and pays for
//! nothing twice.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use tempfile::TempDir;
use twelvelabs_local::LocalServer;
use twelvelabs_pipeline::{Event, ItemSource, Pipeline, PipelineBuilder, PipelineErrorKind, TableFolder, TableFormat};

use crate::{
    crash::{count, embed},
    support::{PROGRAM, Run as _, alone, client, folder, program, server, tasks_by_name, write_videos},
};

const FULL: i32 = 6;
const USAGE: i32 = 2;

/// A folder with so many videos.
fn videos(items: usize) -> TempDir {
    let home = folder();
    let names: Vec<String> = (0..items).map(|number| format!("{number}.mp4")).collect();
    write_videos(&home.path().join("videos"), &names);
    home
}

/// Runs the program to its end.
async fn run(command: Command, table: &Path, server: &LocalServer) -> Output {
    let mut command = embed(command, table, server.base_url());
    tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("the program")
}

/// Runs the program repeatedly, with a command that has more room each time, until it succeeds. Returns how often the
/// disk was full.
async fn until_there_is_room(server: &LocalServer, table: &Path, mut command: impl FnMut(u32) -> Command) -> u32 {
    for times in 0.. {
        let done = run(command(times), table, server).await;
        let errors = String::from_utf8_lossy(&done.stderr);
        match done.status.code() {
            Some(0) => return times,
            code => assert_eq!(code, Some(FULL), "{errors}"),
        }
        let says = ["is safe, and another run goes on from there", "cannot create", "cannot lock", "cannot open"];
        assert!(says.iter().any(|text| errors.contains(text)), "{errors}");
    }
    unreachable!("there is more room each time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_grow_stops_the_run_and_nothing_is_lost() {
    let (server, home) = (server().await, videos(6));
    let table = home.path().join("t");
    let limited = |times: u32| {
        // The signal of the limit would end the program; without it, writing fails.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", 40 + 300 * times);
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, PROGRAM]);
        alone(shell, home.path())
    };
    let times = until_there_is_room(&server, &table, limited).await;
    assert!(times > 1, "the limit was never reached in the middle");
    count(&client(&server), &table, 6, &format!("{times} times too large")).await;
}

/// A small file system, which is unmounted when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` if this process may not mount file systems.
    fn mount(path: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(path).expect("a folder");
        let options = format!("size={kib}k");
        let mut command = Command::new("mount");
        let done = command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path).output().ok()?;
        done.status.success().then(|| Self(path.into()))
    }

    fn resize(&self, kib: u32) {
        let options = format!("remount,size={kib}k");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "not resized");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_run_and_nothing_is_lost() {
    let (server, home) = (server().await, videos(6));
    let table = home.path().join("disk");
    let Some(disk) = SmallDisk::mount(&table, 64) else {
        eprintln!("skipped: this process may not mount a small file system");
        return;
    };
    let larger = |times: u32| {
        disk.resize(64 + 180 * times);
        program(home.path())
    };
    let times = until_there_is_room(&server, &table, larger).await;
    assert!(times > 1, "the disk was never full in the middle");
    count(&client(&server), &table, 6, &format!("{times} times a full disk")).await;
}

/// A run in this process, with a table in the folder.
fn pipeline(server: &LocalServer, home: &Path) -> PipelineBuilder {
    let sink = TableFolder::new(home.join("t"), TableFormat::JsonLines);
    Pipeline::builder(client(server), home.join("t/ledger.sqlite"), sink)
        .source(ItemSource::Path(home.join("videos")))
        .with_poll_interval(Duration::from_millis(20))
        .with_batch_delay(Duration::from_millis(20))
        .with_create_limit(Duration::from_secs(2))
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_on_a_full_disk_stops_the_run_and_its_batch_is_written_later() {
    let (server, home) = (server().await, videos(3));
    let table = home.path().join("t");
    let unfinished = table.join("rows/.unfinished-000001.jsonl");
    // Planted before the first batch, and after the folder was tidied up.
    let run = pipeline(&server, home.path()).on_event(move |event| {
        if matches!(event, Event::Job { state: "uploading", .. }) {
            let _ = symlink("/dev/full", &unfinished);
        }
    });
    let error = run.run().await.expect_err("a full disk");
    assert_eq!(error.kind(), PipelineErrorKind::Storage, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("rows/000001.jsonl; what is stored is safe, and another run goes on from there: No space"),
        "{text}"
    );
    let summary = pipeline(&server, home.path()).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (3, 0));
    count(&client(&server), &table, 3, "a full disk").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_lost_in_the_middle_stops_the_run_before_anything_more_is_paid() {
    let (server, home) = (server().await, videos(4));
    let (table, ledger) = (home.path().join("t"), home.path().join("t/ledger.sqlite"));
    let aside = home.path().join("aside");
    let (from, to) = (ledger.clone(), aside.clone());
    let run = pipeline(&server, home.path()).with_concurrency(1).on_event(move |event| {
        if matches!(event, Event::Job { state: "created", .. }) {
            let _ = std::fs::rename(&from, &to);
        }
    });
    let error = run.run().await.expect_err("no ledger");
    assert_eq!(error.kind(), PipelineErrorKind::Storage, "{error}");
    assert!(error.to_string().contains("was deleted or replaced while it was in use: put it back"), "{error}");
    assert_eq!(tasks_by_name(&server).await.len(), 1, "more tasks were created");
    // The log of the ledger has the last changes. A new ledger beside it would delete it.
    let refused = run_again(&server, home.path()).await;
    assert!(refused.contains("is missing, and its log") && refused.contains("put the ledger back"), "{refused}");
    let log = [table.join("ledger.sqlite-wal"), home.path().join("aside-wal")];
    std::fs::rename(&log[0], &log[1]).expect("moved");
    for _ in 0..2 {
        let refused = run_again(&server, home.path()).await;
        assert!(refused.contains("is that of an earlier run, and its ledger is missing: restore"), "{refused}");
    }
    assert_eq!(tasks_by_name(&server).await.len(), 1);
    std::fs::rename(&log[1], &log[0]).expect("put back");
    std::fs::rename(&aside, &ledger).expect("put back");
    let summary = pipeline(&server, home.path()).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (4, 0));
    count(&client(&server), &table, 4, "a lost ledger").await;
}

/// The error of a run of the program, which is refused.
async fn run_again(server: &LocalServer, home: &Path) -> String {
    let done = run(program(home), "t".as_ref(), server).await;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(USAGE), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_or_emptied_ledger_is_not_paid_for_again() {
    let (server, home) = (server().await, videos(2));
    let (table, ledger) = (home.path().join("t"), home.path().join("t/ledger.sqlite"));
    pipeline(&server, home.path()).run().await.expect("a run");
    let whole = std::fs::read(&ledger).expect("read");
    std::fs::write(&ledger, "").expect("emptied");
    for _ in 0..2 {
        let refused = run_again(&server, home.path()).await;
        assert!(refused.contains("its ledger is missing"), "{refused}");
    }
    std::fs::write(&ledger, &whole[..whole.len() / 2]).expect("cut");
    let error = pipeline(&server, home.path()).run().await.expect_err("damaged");
    assert_eq!(error.kind(), PipelineErrorKind::Storage, "{error}");
    assert!(error.to_string().contains("is damaged: restore it from a copy"), "{error}");
    std::fs::write(&ledger, &whole).expect("restored");
    let before = server.report().request_count;
    pipeline(&server, home.path()).run().await.expect("a run");
    assert_eq!(server.report().request_count, before, "a call was made");
    count(&client(&server), &table, 2, "a damaged ledger").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let (server, home) = (server().await, videos(1));
    let ledger = home.path().join("t/ledger.sqlite");
    std::fs::create_dir(home.path().join("t")).expect("a folder");
    let other = rusqlite::Connection::open(&ledger).expect("a database");
    other.execute_batch("CREATE TABLE users (name TEXT)").expect("a table");
    drop(other);
    let before = std::fs::read(&ledger).expect("read");
    let error = pipeline(&server, home.path()).run().await.expect_err("refused");
    assert_eq!(error.kind(), PipelineErrorKind::Usage, "{error}");
    assert!(error.to_string().contains("is a database of another program"), "{error}");
    assert_eq!(std::fs::read(&ledger).expect("read"), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_their_ledger_are_not_replaced() {
    let (server, home) = (server().await, videos(1));
    let rows = home.path().join("t/rows/000001.jsonl");
    std::fs::create_dir_all(home.path().join("t/rows")).expect("a folder");
    std::fs::write(&rows, "{}\n").expect("written");
    for _ in 0..2 {
        let error = pipeline(&server, home.path()).run().await.expect_err("refused");
        assert!(error.to_string().contains("its ledger is missing"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&rows).expect("read"), "{}\n");
}
