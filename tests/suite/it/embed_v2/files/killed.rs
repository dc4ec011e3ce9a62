//! A process that is killed in the middle of its work, and another one that goes on.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use twelvelabs_local::{Fault, LocalServer};

use super::{NEVER, Setup, embed, in_parts};
use crate::support::{SILENT, TINY};

/// The variable with the arguments of the process: base URL, video and journal.
const ARGUMENTS: &str = "TWELVELABS_TEST_EMBED";

/// The program of the process.
#[tokio::test]
#[ignore = "it is the program of another test"]
async fn program() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let [base_url, video, journal] = arguments.split('|').collect::<Vec<_>>()[..] else { panic!("{arguments}") };
    let task = embed(base_url, Path::new(video), Path::new(journal)).await.expect("embedded");
    println!("vectors {}", task.data.len());
}

/// Starts the program.
fn start(setup: &Setup) -> Child {
    let name = concat!(module_path!(), "::program");
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    let arguments = format!("{}|{}|{}", setup.server.base_url(), setup.video.display(), setup.journal.display());
    let mut command = Command::new(std::env::current_exe().expect("the test program"));
    command.args(["--exact", name, "--ignored", "--nocapture"]).env(ARGUMENTS, arguments);
    command.stdout(Stdio::piped()).spawn().expect("started")
}

/// Runs the program until this is true, and kills it then.
async fn kill(setup: &Setup, when: impl Fn() -> bool) {
    let mut process = start(setup);
    while !when() {
        assert!(process.try_wait().expect("a process").is_none(), "it has ended");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    process.kill().expect("killed");
    process.wait().expect("ended");
    setup.server.clear_faults();
}

/// The parts that the journal of the upload has, with whether they are reported.
fn parts(setup: &Setup) -> Vec<(String, bool)> {
    let text = std::fs::read(setup.journal.with_extension("journal.upload")).unwrap_or_default();
    let journal: Value = serde_json::from_slice(&text).unwrap_or_default();
    let parts = journal["parts"]["uploaded"].as_object().into_iter().flatten();
    parts.map(|(number, part)| (number.clone(), part["reported"] == true)).collect()
}

#[tokio::test]
async fn an_upload_that_is_killed_is_resumed_by_the_next_process() {
    let setup = Setup::new(SILENT, LocalServer::builder().part_size(2000)).await;
    for _ in 0..2 {
        // Enough for a report. The response to the next ones never comes.
        setup.server.inject(Fault::delay(Duration::ZERO).operation(Fault::STORAGE).times(12));
        setup.server.inject(Fault::delay(NEVER).operation(Fault::STORAGE).times(0));
        let before = parts(&setup).len();
        kill(&setup, || parts(&setup).len() > before).await;
    }
    let (parts, sent) = (parts(&setup), setup.log.lock().expect("sane").len());
    assert!((11..26).contains(&parts.len()) && parts.iter().any(|(_, reported)| *reported), "{parts:?}");
    assert_eq!((setup.server.asset_count(), setup.server.upload_count()), (0, 1));
    let process = start(&setup);
    let output = tokio::task::spawn_blocking(|| process.wait_with_output()).await.expect("no panic").expect("ended");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("vectors "), "{text}");
    let log = setup.log.lock().expect("sane").split_off(sent);
    let is_part = |line: &String, number: &str| line.contains("PUT ") && line.contains(&format!("/{number} "));
    let again: Vec<_> = parts.iter().filter(|(number, _)| log.iter().any(|line| is_part(line, number))).collect();
    assert!(again.is_empty(), "{again:?} were sent again: {log:?}");
    assert!(log.iter().any(|line| is_part(line, "26")), "{log:?}");
    assert_eq!((setup.server.task_count(), setup.server.upload_count()), (1, 1));
    setup.finish().await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_creates_the_task_creates_no_second_one() {
    let setup = Setup::new(TINY, in_parts()).await;
    setup.server.inject(Fault::delay(NEVER).operation("embed_v2_tasks_create"));
    kill(&setup, || setup.server.task_count() == 1).await;
    assert!(setup.journals().contains("\"since\""), "{}", setup.journals());
    setup.finish().await;
}
