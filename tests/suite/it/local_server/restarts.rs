//! Restarts after SIGKILL under load: every accepted task exists once, and no incomplete one exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use twelvelabs::{FileSource, ModelName, RequestOptions, TwelveLabs, embed::tasks::TaskStatus, wait::WaitOptions};

use super::{Program, SOON, TINY, create, form};
use crate::support::{KEY, client, plain_http, without_tls};

/// The number of kills. `PLATFORM_KILLS=50` sets another one.
fn kills() -> usize {
    std::env::var("PLATFORM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

fn files(data: &Path, folder: &str) -> usize {
    std::fs::read_dir(data.join(folder)).expect("the folder").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_accepted_task_is_lost_or_doubled() {
    let data = tempfile::tempdir().expect("a folder");
    let accepted = Arc::new(Mutex::new(BTreeMap::<String, String>::new()));
    for round in 0..kills() {
        // Some rounds interrupt computations, others processing times.
        let speed = if round % 2 == 0 { "instant" } else { "20x" };
        let program = Program::start("127.0.0.1:0", Some(data.path()), &["--speed", speed]);
        let stop = Arc::new(AtomicBool::new(false));
        let mut workers = Vec::new();
        for worker in 0..4 {
            let (base, stop, accepted) = (program.base_url.clone(), Arc::clone(&stop), Arc::clone(&accepted));
            workers.push(tokio::spawn(async move {
                for number in 0.. {
                    let name = format!("{round}-{worker}-{number}.mp4");
                    // A create request without a response may have no effect.
                    if let Ok((200, body)) = create(&base, form(&name)).await {
                        let id = body["_id"].as_str().expect("an id").to_owned();
                        accepted.lock().expect("not poisoned").insert(name, id);
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }));
        }
        // An endless upload.
        let slow = futures_util::stream::unfold(0, async |sent| {
            tokio::time::sleep(SOON).await;
            Some((Ok::<_, std::io::Error>(vec![0_u8; 4096]), sent + 1))
        });
        let part = reqwest::multipart::Part::stream(reqwest::Body::wrap_stream(slow)).file_name("slow.mp4");
        let endless = reqwest::multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part);
        let base = program.base_url.clone();
        let endless = tokio::spawn(async move { create(&base, endless).await.map(|(status, _)| status) });

        let before = accepted.lock().expect("not poisoned").len();
        let enough = before + 2 + round * 5 % 23;
        while accepted.lock().expect("not poisoned").len() < enough {
            assert!(!workers.iter().any(tokio::task::JoinHandle::is_finished), "a worker panicked");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        program.kill();
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.await.expect("a worker");
        }
        assert!(endless.await.expect("sent").is_err());
    }

    let program = Program::start("127.0.0.1:0", Some(data.path()), &[]);
    let tasks = client(&program.base_url);
    let listed: Vec<_> = tasks.list().page_limit(50).items().try_collect().await.expect("listed");
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for task in listed {
        let name = task.video_embedding.and_then(|video| video.metadata?.input_filename).expect("a name");
        assert!(ids.insert(task.id.to_string()), "{} is listed twice", task.id);
        by_name.entry(name).or_default().push(task.id.to_string());
    }
    assert!(!by_name.contains_key("slow.mp4"));
    let accepted = accepted.lock().expect("not poisoned").clone();
    assert!(accepted.len() >= 2 * kills());
    for (name, id) in &accepted {
        assert_eq!(by_name.get(name), Some(&vec![id.clone()]), "{name}");
    }
    assert!(by_name.values().all(|ids| ids.len() == 1), "{by_name:?}");
    for id in &ids {
        let done = tasks.wait_for_done(id.as_str()).sleep_interval(SOON).await.expect("ready");
        assert_eq!(done.status, TaskStatus::Ready);
        let result = tasks.retrieve(id.as_str()).send().await.expect("retrieved");
        assert!(!result.video_embedding.expect("embeddings").segments.is_empty());
    }
    #[cfg(unix)]
    assert_eq!(program.signal("TERM").0, Some(0));
    #[cfg(not(unix))]
    program.kill();
    assert_eq!(
        (files(&data.path().join("embed_tasks"), "uploads"), files(&data.path().join("embed_tasks"), "results")),
        (0, ids.len())
    );
}

#[tokio::test]
async fn an_advanced_clock_does_not_go_back_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Program::start("127.0.0.1:0", Some(data.path()), &[]);
    let clock = format!("{}/_local/clock", program.base_url.trim_end_matches("/v1.3"));
    plain_http().post(clock).body("3d").send().await.expect("advanced");
    let tasks = client(&program.base_url);
    let old = tasks.embed(ModelName::Marengo30, FileSource::path(TINY)).sleep_interval(SOON).await.expect("embedded");
    program.kill();
    let program = Program::start("127.0.0.1:0", Some(data.path()), &[]);
    let tasks = client(&program.base_url);
    assert_eq!(tasks.status(&old.id).send().await.expect("read").status, TaskStatus::Ready);
    let new = tasks.embed(ModelName::Marengo30, FileSource::path(TINY)).sleep_interval(SOON);
    let new = new.with_deadline(Duration::from_secs(60)).await.expect("embedded");
    assert!(new.created_at >= old.created_at);
}

#[tokio::test]
async fn a_wait_continues_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    // Two seconds for a clip of four.
    let program = Program::start("127.0.0.1:0", Some(data.path()), &["--speed", "2x"]);
    let address = program.address();
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(&program.base_url).with_max_retries(20);
    let client = client.with_backoff(SOON, Duration::from_millis(100)).build().expect("a client");
    let tasks = client.embed().tasks();
    let id = tasks.create(ModelName::Marengo30, FileSource::path(TINY)).send().await.expect("created").id;
    let waited = tokio::spawn({
        let (tasks, id) = (tasks.clone(), id.clone());
        async move { tasks.wait_for_done(&id).sleep_interval(Duration::from_millis(20)).await }
    });
    assert_eq!(tasks.status(&id).send().await.expect("read").status, TaskStatus::Processing);
    program.kill();
    let program = Program::start(&address, Some(data.path()), &["--speed", "2x"]);
    assert_eq!(waited.await.expect("waited").expect("ready").status, TaskStatus::Ready);
    assert!(!tasks.retrieve(&id).send().await.expect("read").video_embedding.expect("some").segments.is_empty());

    // A data directory is used by one server at a time.
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_local-server"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .expect("run");
    assert_eq!(second.status.code(), Some(2));
    let error = String::from_utf8_lossy(&second.stderr);
    let owner = format!("is in use by another server (process {})", program.child.id());
    assert!(error.contains(&owner), "{error}");
    drop(program);
}
