//! The workflow against stored histories: the code must give the same commands, or jobs that run stop. `histories.rs`
//! records them.

use std::path::PathBuf;

use temporalio_client::WorkflowHistory;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
use twelvelabs_temporal::workflow::{EmbedWorkflow, LateWorkflow};

fn replayer() -> WorkflowReplayer {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<EmbedWorkflow>()
        .and_then(|options| options.register_workflow::<LateWorkflow>())
        .expect("registered");
    WorkflowReplayer::new(options.build()).expect("a replayer")
}

fn histories() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let entries = std::fs::read_dir(folder).expect("the histories");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn the_workflow_replays_all_stored_histories() {
    let paths = histories();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in paths {
        let history = std::fs::read(&path).expect("read");
        let replayed = replayer().replay_workflow(WorkflowHistory::from_json(&history).expect("a history")).await;
        assert!(replayed.is_ok(), "{}: {replayed:?}", path.display());
    }
}

/// Otherwise the test above would prove nothing.
#[tokio::test]
async fn a_history_of_other_commands_is_refused() {
    let path = histories().into_iter().find(|path| path.ends_with("stored.json")).expect("a history");
    let text = std::fs::read_to_string(path).expect("read");
    let other = text.replace("\"name\":\"store\"", "\"name\":\"keep\"");
    assert_ne!(text, other);
    let history = WorkflowHistory::from_json(other.as_bytes()).expect("a history");
    replayer().replay_workflow(history).await.expect_err("another activity");
}
