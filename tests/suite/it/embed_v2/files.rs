//! Tasks for files of this machine, against the local server: every step is interrupted and resumed.

mod killed;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;
use twelvelabs::{
    ErrorKind, ModelName, Request, RequestOptions, TwelveLabs,
    embed::{
        tasks::TaskStatus,
        v2::{DocumentInput, EmbedInTask, ImageInput, MediaSource, VideoInput},
    },
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer, LocalServerBuilder, UndocumentedBehaviour};
use wiremock::ResponseTemplate;

use crate::support::{ID, KEY, SILENT, TINY, body, scripted_client, without_tls};

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

fn client(base_url: &str) -> TwelveLabs {
    let builder = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(base_url).with_max_retries(0);
    builder.build().expect("a client")
}

fn embed(base_url: &str, video: &Path, journal: &Path) -> Request<EmbedInTask> {
    let video = VideoInput::new(MediaSource::path(video));
    let embed = client(base_url).embed().v2().tasks().embed(ModelName::Marengo30, video).sleep_interval(SOON);
    embed.with_journal(journal).with_upload(|upload| upload.sleep_interval(SOON).with_concurrency(2))
}

/// A local server that logs its requests, and a video with a journal.
struct Setup {
    server: LocalServer,
    _folder: TempDir,
    video: PathBuf,
    journal: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
}

impl Setup {
    async fn new(clip: &str, builder: LocalServerBuilder) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let builder = builder.log(move |line| lines.lock().expect("sane").push(line));
        let server = builder.start().await.expect("a server");
        let folder = tempfile::tempdir().expect("a folder");
        let (video, journal) = (folder.path().join("talk.mp4"), folder.path().join("talk.journal"));
        std::fs::copy(clip, &video).expect("copied");
        Self { server, _folder: folder, video, journal, log }
    }

    fn embed(&self) -> Request<EmbedInTask> {
        embed(self.server.base_url(), &self.video, &self.journal)
    }

    /// The text of the journal, and of the journal of the upload.
    fn journals(&self) -> String {
        let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        text(&self.journal) + &text(&self.journal.with_extension("journal.upload"))
    }

    /// The number of requests whose line has this text.
    fn requests(&self, text: &str) -> usize {
        self.log.lock().expect("sane").iter().filter(|line| line.contains(text)).count()
    }

    /// Runs a call until this is true, and drops it then, as the end of the process would.
    async fn interrupt(&self, when: impl Fn(&Self) -> bool) {
        let running = self.embed();
        tokio::select! {
            outcome = running.send() => panic!("it has ended: {outcome:?}"),
            () = async { while !when(self) { tokio::time::sleep(Duration::from_millis(1)).await } } => {}
        }
        self.server.clear_faults();
        self.server.settled().await;
    }

    /// Runs the call to its end. There is one task, and one asset with the bytes of the file.
    async fn finish(self) {
        let task = self.embed().await.expect("embedded");
        assert!(!task.data.is_empty());
        assert_eq!((self.server.task_count(), self.server.asset_count()), (1, 1), "{:?}", self.log);
        let assets = client(self.server.base_url()).assets().list().await.expect("listed");
        let asset = &assets.data[0];
        let name = asset.filename.as_deref().expect("a name");
        assert!(name.ends_with("-talk.mp4"), "{name}");
        let stored = std::fs::read(self.server.asset_file(asset.id.as_str()).expect("a file")).expect("read");
        assert!(stored == std::fs::read(&self.video).expect("read"), "byte-identical");
        // Once more: the same task, and nothing is created.
        let again = self.embed().await.expect("retrieved");
        assert_eq!((again.id, self.server.task_count(), self.server.asset_count()), (task.id, 1, 1));
        assert!(!self.journal.with_extension("journal.upload").exists());
        self.server.finish().await.expect("all requests are valid");
    }
}

fn in_parts() -> LocalServerBuilder {
    LocalServer::builder().part_size(200)
}

#[tokio::test]
async fn a_call_that_is_interrupted_in_any_step_goes_on_there() {
    type When = fn(&Setup) -> bool;
    // The request whose response does not come, and how far the call is by then.
    let steps: [(Option<&str>, When); 8] = [
        (Some("multipart_upload_create"), |setup| setup.server.upload_count() == 1),
        (Some(Fault::STORAGE), |setup| setup.journals().contains("\"upload_id\"")),
        (Some("multipart_upload_report_chunk_batch"), |setup| setup.server.asset_count() == 1),
        (Some("assets_retrieve"), |setup| setup.journals().contains("\"completed\": true")),
        (Some("embed_v2_tasks_create"), |setup| setup.server.task_count() == 1),
        (Some("embed_v2_tasks_list"), |setup| setup.journals().contains("\"task_id\"")),
        (Some("embed_v2_tasks_retrieve"), |setup| setup.journals().contains("\"task_id\"")),
        (None, |setup| setup.journal.exists()),
    ];
    for (operation, when) in steps {
        let setup = Setup::new(TINY, in_parts()).await;
        if let Some(operation) = operation {
            setup.server.inject(Fault::delay(NEVER).operation(operation).times(0));
        }
        setup.interrupt(when).await;
        setup.finish().await;
    }
}

#[tokio::test]
async fn a_task_whose_response_was_lost_is_found_in_the_list() {
    for builder in [in_parts(), in_parts().behaviour(UndocumentedBehaviour::MetadataWhenDone)] {
        let setup = Setup::new(TINY, builder).await;
        setup.server.inject(Fault::reset().operation("embed_v2_tasks_create"));
        let task = setup.embed().await.expect("found");
        assert_eq!(setup.requests("POST /v1.3/embed-v2/tasks"), 1, "{:?}", setup.log);
        assert!(setup.journals().contains(task.id.as_str()));
        setup.finish().await;
    }
}

#[tokio::test]
async fn a_task_that_was_not_created_is_created_by_the_next_call() {
    let setup = Setup::new(TINY, in_parts()).await;
    setup.server.inject(Fault::drop_request().operation("embed_v2_tasks_create"));
    let error = setup.embed().await.expect_err("its request is lost");
    assert!(error.is_outcome_unknown() && error.to_string().contains("call again with the same journal"), "{error}");
    assert!(setup.journals().contains("\"since\""), "{}", setup.journals());
    // A refusal leaves no doubt.
    setup.server.inject(Fault::status(400).operation("embed_v2_tasks_create"));
    let error = setup.embed().await.expect_err("refused");
    assert_eq!((error.status(), setup.server.task_count()), (Some(400), 0));
    assert!(!setup.journals().contains("\"since\""), "{}", setup.journals());
    setup.finish().await;
}

#[tokio::test]
async fn a_task_is_searched_for_on_the_clock_of_the_server() {
    for hours in [-1, 1] {
        let now = (Utc::now() + TimeDelta::hours(hours)).trunc_subsecs(0);
        let mut ready = body("assets_create_201");
        ready["status"] = "ready".into();
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let created = ResponseTemplate::new(201).set_body_json(ready).insert_header("date", date.as_str());
        let none = ResponseTemplate::new(200).set_body_json(json!({ "data": [] }));
        let (server, client) = scripted_client([created, ResponseTemplate::new(500), none]).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, journal) = (folder.path().join("a.txt"), folder.path().join("a.journal"));
        std::fs::write(&file, "Some words.").expect("written");
        let tasks = client.embed().v2().tasks();
        let create = tasks.create(ModelName::Marengo35, DocumentInput::new(file.as_path())).with_journal(journal);
        let error = create.with_upload(|upload| upload.sleep_interval(SOON)).await.expect_err("unknown");
        assert!(error.is_outcome_unknown(), "{error}");
        let requests = server.received_requests().await.expect("recorded");
        assert_eq!(requests.len(), 4);
        for search in &requests[2..] {
            let start =
                search.url.query_pairs().find(|(name, _)| name == "started_at").expect("a start").1.into_owned();
            let start: DateTime<Utc> = start.parse().expect("a time");
            assert_eq!(start, now - TimeDelta::minutes(2));
        }
    }
}

#[tokio::test]
async fn a_task_that_may_exist_is_not_created_again() {
    let setup = Setup::new(TINY, in_parts()).await;
    // A task that the list shows without a file name.
    let tasks = client(setup.server.base_url()).embed().v2().tasks();
    let bytes = MediaSource::bytes(std::fs::read(SILENT).expect("the clip"));
    let other = tasks.create(ModelName::Marengo30, VideoInput::new(bytes)).await.expect("created");
    setup.server.inject(Fault::drop_request().operation("embed_v2_tasks_create"));
    setup.embed().await.expect_err("its request is lost");
    let error = setup.embed().await.expect_err("unclear");
    assert!(error.is_outcome_unknown() && error.to_string().contains(other.id.as_str()), "{error}");
    assert_eq!(setup.server.task_count(), 1);
    setup.server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn without_a_journal_a_file_is_uploaded_and_its_asset_deleted_by_a_cleanup() {
    let setup = Setup::new(SILENT, LocalServer::builder()).await;
    let client = client(setup.server.base_url());
    let cleanup = client.assets().cleanup();
    let tasks = client.embed().v2().tasks();
    let bytes = MediaSource::bytes(std::fs::read(SILENT).expect("the clip"));
    let [first, second] = [&setup.video, &setup.video].map(|path| MediaSource::from(path.as_path()));
    let videos = [first, second, bytes].map(VideoInput::new);
    let created = tasks.create_bulk(ModelName::Marengo30, videos).with_cleanup(&cleanup).await;
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    let create = tasks.create(ModelName::Marengo30, VideoInput::new(setup.video.as_path())).with_cleanup(&cleanup);
    let create = create.with_upload(|upload| upload.filename("other.mp4").sleep_interval(SOON));
    let task = create.await.expect("created");
    assert_eq!((setup.server.asset_count(), cleanup.ids().len()), (3, 3));
    tasks.wait_for_done(&task.id).sleep_interval(SOON).await.expect("ready");
    cleanup.delete().await.expect("deleted");
    assert_eq!(setup.server.asset_count(), 0);
    assert_eq!(setup.requests("other.mp4"), 0, "the name is in no URL");
    setup.server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_bulk_call_changes_the_upload_of_each_file() {
    let setup = Setup::new(SILENT, LocalServer::builder()).await;
    let client = client(setup.server.base_url());
    let content = std::fs::read(SILENT).expect("the clip");
    let size = content.len() as u64;
    let [first, last] = [&setup.video, &setup.video].map(|path| MediaSource::from(path.as_path()));
    let videos = [first, MediaSource::bytes(content), last].map(VideoInput::new);
    let sent = Arc::new(Mutex::new([0; 3]));
    let seen = Arc::clone(&sent);
    let bulk = client.embed().v2().tasks().create_bulk(ModelName::Marengo30, videos);
    let bulk = bulk.with_upload(move |index, upload| {
        let seen = Arc::clone(&seen);
        let upload = upload.filename(format!("{index}.mp4")).sleep_interval(SOON);
        upload.with_progress(move |now| seen.lock().expect("sane")[index] = now.sent)
    });
    let created = bulk.await;
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    assert_eq!(*sent.lock().expect("sane"), [size, 0, size]);
    let assets = client.assets().list().await.expect("listed");
    let mut names: Vec<_> = assets.data.iter().filter_map(|asset| asset.filename.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["0.mp4", "2.mp4"]);
    setup.server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    let setup = Setup::new(TINY, in_parts()).await;
    let client = client(setup.server.base_url());
    let (tasks, journal) = (client.embed().v2().tasks(), &setup.journal);
    let asset = || VideoInput::new(MediaSource::asset(ID));
    let missing = || setup.video.with_extension("missing");
    let errors = [
        tasks.embed(ModelName::Marengo30, asset()).with_journal(journal).await.map(|_| ()),
        tasks.create(ModelName::Marengo30, asset()).with_upload(|upload| upload).await.map(|_| ()),
        client.embed().v2().create(ModelName::Marengo30, ImageInput::new(setup.video.as_path())).await.map(|_| ()),
        tasks.create(ModelName::Marengo30, VideoInput::new(missing())).await.map(|_| ()),
        tasks.create(ModelName::Marengo30, VideoInput::new(setup.video.as_path()).start_sec(-1)).await.map(|_| ()),
    ];
    let expected = [
        "with_journal needs a source that is a path",
        "with_upload needs a source that is a path",
        "image.media_source must be a URL, bytes or an asset: only tasks of version 2 upload a file first",
        "file must be a readable file",
        "start_sec must be",
    ];
    for (error, expected) in errors.into_iter().zip(expected) {
        let error = error.expect_err(expected);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(!journal.exists());
    assert_eq!(setup.server.report().request_count, 0);
}

#[tokio::test]
async fn a_journal_of_something_else_is_refused_and_a_lost_task_is_told() {
    let setup = Setup::new(TINY, in_parts()).await;
    let task = setup.embed().await.expect("embedded");
    let other = VideoInput::new(setup.video.as_path()).end_sec(3.0);
    let other = client(setup.server.base_url()).embed().v2().tasks().embed(ModelName::Marengo30, other);
    let error = other.with_journal(&setup.journal).await.expect_err("another request").to_string();
    assert!(error.contains("journal must be of the same request"), "{error}");
    std::fs::write(&setup.video, "other").expect("written");
    let error = setup.embed().await.expect_err("another file").to_string();
    assert!(error.contains("file must not have changed since the upload began"), "{error}");

    let setup = Setup::new(TINY, in_parts()).await;
    assert_ne!(setup.embed().await.expect("embedded").id, task.id);
    setup.server.advance(Duration::from_secs(8 * 24 * 3600)).await;
    let error = setup.embed().await.expect_err("the task is gone");
    assert!(error.is_not_found() && error.to_string().contains("delete the journal"), "{error}");
}

#[tokio::test]
async fn a_failed_task_stays_failed() {
    let setup = Setup::new(TINY, in_parts()).await;
    setup.server.inject(Fault::job_fails().operation("embed_v2_tasks_create"));
    for _ in 0..2 {
        let error = setup.embed().await.expect_err("failed");
        assert_eq!(error.kind(), ErrorKind::JobFailed, "{error}");
    }
    let id = setup.embed().await.expect_err("failed").resource_id().expect("an id").to_owned();
    let status = client(setup.server.base_url()).embed().v2().tasks().status(&*id).await.expect("polled");
    assert_eq!((status.status, setup.server.task_count()), (TaskStatus::Failed, 1));
}
