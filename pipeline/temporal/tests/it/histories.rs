//! Records the histories that `replay.rs` replays: `RECORD_HISTORIES=1 pipeline/temporal/test.sh`. A history that is
//! stored already is never replaced: jobs of that time may still run.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, WorkflowFetchHistoryOptions};
use twelvelabs_local::{Fault, LocalServer};
use twelvelabs_temporal::workflow::EmbedWorkflow;

use crate::support::{CREATE, World, local_server, temporal, text};

/// A name, what goes wrong, and the exit code of `embed`.
fn cases() -> Vec<(&'static str, Option<Fault>, i32)> {
    vec![
        ("stored", None, 0),
        ("response_lost", Some(Fault::reset().operation(CREATE)), 0),
        ("rate_limit", Some(Fault::status(429).retry_after(Duration::from_secs(1)).operation(CREATE)), 0),
        ("refused", Some(Fault::status(400).operation(CREATE)), 1),
        ("task_failed", Some(Fault::job_fails().operation(CREATE)), 1),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn record() {
    if !is_recorded() {
        println!("skipped: set RECORD_HISTORIES=1");
        return;
    }
    let Some(program) = temporal() else { return };
    for (name, fault, code) in cases() {
        let world = World::new(program.clone()).await;
        let server = local_server(Duration::from_millis(500)).await;
        world.write_videos(1);
        let id = run(&world, &server, fault, &[], code).await;
        write(&folder().join(format!("{name}.json")), &world, &id).await;
        if name == "task_failed" {
            let id = run(&world, &server, None, &["--retry-failed"], 0).await;
            write(&folder().join("retried.json"), &world, &id).await;
        }
    }
}

/// Records the history of the job of another test.
pub(crate) async fn keep(world: &World, name: &str) {
    if is_recorded() {
        write(&folder().join(format!("{name}.json")), world, &list(world).await).await;
    }
}

fn is_recorded() -> bool {
    std::env::var_os("RECORD_HISTORIES").is_some_and(|value| value == "1")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Embeds one video, and returns the id of its workflow.
async fn run(world: &World, server: &LocalServer, fault: Option<Fault>, more: &[&str], code: i32) -> String {
    let worker = world.worker(server.base_url(), "worker");
    if let Some(fault) = fault {
        server.inject(fault);
    }
    let mut embed = world.embed("t");
    embed.args(more);
    let output = tokio::task::spawn_blocking(move || embed.output().expect("started")).await.expect("no panic");
    assert_eq!(output.status.code(), Some(code), "{}\n{}", text(&output), world.log("worker.log"));
    drop(worker);
    let tasks = crate::support::tasks(server).await;
    let name = tasks.keys().next().cloned().unwrap_or_default();
    match name.strip_prefix("twelvelabs-pipeline-").and_then(|name| name.strip_suffix(".mp4")) {
        Some(id) => id.to_owned(),
        // Refused before there was a task.
        None => list(world).await,
    }
}

async fn client(world: &World) -> Client {
    let url = url::Url::parse(&format!("http://{}", world.address())).expect("a URL");
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await.expect("connected");
    Client::new(connection, ClientOptions::new("default").build()).expect("a client")
}

async fn list(world: &World) -> String {
    use futures::TryStreamExt;
    let list = client(world).await.list_workflows("WorkflowType = 'embed'", Default::default());
    let all: Vec<_> = list.try_collect().await.expect("listed");
    all.first().expect("a workflow").id().to_owned()
}

/// Writes a history without what it says of this machine.
async fn write(path: &Path, world: &World, id: &str) {
    if path.exists() {
        println!("kept: {}", path.display());
        return;
    }
    let handle = client(world).await.get_workflow_handle::<EmbedWorkflow>(id);
    let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
    let json = history.to_json().await.expect("a history");
    let mut value: Value = serde_json::from_slice(&json).expect("JSON");
    let home = world.home().to_string_lossy().into_owned();
    without_machine(&mut value, &home);
    let text = serde_json::to_string(&value).expect("JSON");
    assert!(!text.contains(&home), "a path is left");
    std::fs::write(path, text + "\n").expect("written");
    println!("written: {}", path.display());
}

fn without_machine(value: &mut Value, home: &str) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match (key.as_str(), &value) {
                    ("identity", Value::String(_)) => *value = "worker".into(),
                    // A payload.
                    ("data", Value::String(data)) => {
                        let bytes = BASE64.decode(data).expect("base64");
                        let text = String::from_utf8(bytes).expect("JSON").replace(home, "/home");
                        *value = BASE64.encode(text).into();
                    }
                    _ => without_machine(value, home),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| without_machine(value, home)),
        _ => {}
    }
}
