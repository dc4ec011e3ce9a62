//! Sources in object storage: a bucket `videos` of a server that `pipeline/tests/object_store.sh` starts, once for each
//! scheme. Skipped without it.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
};

use futures_util::TryStreamExt;
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt, PutPayload,
    aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder,
    client::{HttpConnector, HttpRequest, ReqwestConnector},
    path::Path as ObjectPath,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    runtime::Handle,
};
use twelvelabs_pipeline::{Event, ItemSource, RunSummary, VectorRow};

use crate::support::{
    Kept, Run as _, client, folder, media, pipeline_without_sources, program, server, shown, write_videos,
};

/// The bucket `videos`.
#[derive(Clone)]
struct Bucket {
    scheme: String,
    /// The variable with the URL of the server.
    endpoint: &'static str,
    /// `None` for Google Cloud Storage, see [`put`](Self::put).
    store: Option<Arc<dyn ObjectStore>>,
}

/// The bucket; `None` without a server.
fn bucket() -> Option<Bucket> {
    let Ok(scheme) = std::env::var("OBJECT_TEST_SCHEME") else {
        eprintln!("skipped: OBJECT_TEST_SCHEME is not set");
        return None;
    };
    let (endpoint, store): (_, Option<Arc<dyn ObjectStore>>) = match scheme.as_str() {
        "s3" => {
            let store = AmazonS3Builder::from_env().with_bucket_name("videos").build().expect("a bucket");
            ("AWS_ENDPOINT_URL", Some(Arc::new(store)))
        }
        "az" => {
            let store = MicrosoftAzureBuilder::from_env().with_container_name("videos").build().expect("a container");
            ("AZURITE_BLOB_STORAGE_URL", Some(Arc::new(store)))
        }
        _ => ("GOOGLE_BASE_URL", None),
    };
    Some(Bucket { scheme, endpoint, store })
}

impl Bucket {
    fn url(&self, key: &str) -> String {
        format!("{}://videos/{key}", self.scheme)
    }

    fn source(&self, key: &str) -> ItemSource {
        ItemSource::Objects(self.url(key))
    }

    /// The URL of the server.
    fn server(&self) -> String {
        std::env::var(self.endpoint).expect("set by the script")
    }

    async fn put(&self, key: &str, content: Vec<u8>) {
        if let Some(store) = &self.store {
            let key = ObjectPath::parse(key).expect("a name");
            store.put(&key, PutPayload::from(content)).await.expect("stored");
            return;
        }
        // fake-gcs-server takes uploads of the JSON API only, which the crate does not use.
        let mut request = HttpRequest::new(content.into());
        let url = format!(
            "{}/upload/storage/v1/b/videos/o?uploadType=media&name={}",
            self.server(),
            utf8_percent_encode(key, NON_ALPHANUMERIC)
        );
        *request.uri_mut() = url.parse().expect("a URL");
        *request.method_mut() = "POST".parse().expect("a method");
        let client =
            ReqwestConnector::default().connect(&ClientOptions::new().with_allow_http(true).with_timeout_disabled());
        let response = client.expect("a client").execute(request).await.expect("a response");
        assert!(response.status().is_success(), "{}", response.status());
    }
}

/// How many requests with this method were about objects with this prefix.
fn requests(method: &str, prefix: &str) -> usize {
    let log = std::fs::read_to_string(std::env::var_os("OBJECT_TEST_LOG").expect("set")).expect("the log");
    // Before the bucket, Azurite has the account. The names in Google Cloud Storage are encoded with their slashes.
    let (method, prefix) = (format!("{method} /"), format!("/videos/{prefix}/"));
    log.lines().filter(|line| line.contains(&method) && line.replace("%2F", "/").contains(&prefix)).count()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Neither a key nor a signed request is in a text.
fn assert_no_secret(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let secrets = std::env::var("OBJECT_TEST_SECRETS").expect("set by the script");
    for secret in secrets.split(' ').chain(["X-Amz", "AWS4-HMAC", "SharedKey", "Bearer"]) {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// The vectors by content and range.
fn vectors(rows: &[VectorRow]) -> Vec<(String, String, Vec<f32>)> {
    let mut all: Vec<_> =
        rows.iter().map(|row| (row.content_hash.clone(), row.id.clone(), row.vector.clone())).collect();
    all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_becomes_the_same_table_as_its_files_and_is_uploaded_once() {
    let Some(bucket) = bucket() else { return };
    let home = folder();
    let videos = home.path().join("videos");
    write_videos(&videos, ["one.mp4", "two.mp4", "other.mp4"]);
    let (one, two) = (read(&videos.join("one.mp4")), read(&videos.join("two.mp4")));
    std::fs::remove_file(videos.join("other.mp4")).expect("removed");
    bucket.put("run/one.mp4", one.clone()).await;
    bucket.put("run/copy of one.mp4", one.clone()).await;
    bucket.put("run/deep/zwei \u{e9}+%41.mp4", two.clone()).await;
    bucket.put("run/small.mp4", read(&media("too_small.mp4"))).await;
    bucket.put("run/notes.sh", b"x".to_vec()).await;
    bucket.put("runs/other.mp4", one.clone()).await;
    let server = server().await;
    let (sink, events) = (Kept::default(), Arc::new(Mutex::new(Vec::new())));
    let run = async |source: ItemSource| {
        let seen = Arc::clone(&events);
        let run = pipeline_without_sources(&server, home.path(), &sink).source(source);
        run.on_event(move |event| seen.lock().expect("no panic").push(event.clone())).run().await.expect("a run")
    };
    let counts = |summary: &RunSummary| (summary.stored, summary.repeated, summary.refused, summary.failed);
    let first = run(bucket.source("run")).await;
    assert_eq!(counts(&first), (2, 1, 1, 0));
    let hashes: BTreeSet<String> = sink.rows().into_iter().map(|row| row.content_hash).collect();
    assert_eq!(hashes, [&one, &two].map(|content| blake3::hash(content).to_hex().to_string()).into());
    let sources: BTreeSet<String> = sink.rows().into_iter().map(|row| row.source).collect();
    assert!(sources.contains(&bucket.url("run/deep/zwei \u{e9}+%41.mp4")), "{sources:?}");
    let failures = sink.failures();
    assert_eq!((failures.len(), &failures[0].source), (1, &bucket.url("run/small.mp4")));
    assert_eq!(failures[0].code.as_deref(), Some("video_resolution_too_low"));
    // The same contents again, in the bucket and in a folder.
    let before = requests("GET", "run");
    assert!(before > 0, "the log has no requests");
    assert_eq!(requests("HEAD", "run"), 2, "an object is looked at once before its upload");
    events.lock().expect("no panic").clear();
    let second = run(bucket.source("run/")).await;
    assert_eq!(counts(&second), (2, 1, 1, 0));
    let third = run(ItemSource::Path(videos.clone())).await;
    assert_eq!(counts(&third), (2, 3, 1, 0));
    assert_eq!(requests("GET", "run"), before, "an object that has not changed was read again");
    let all = events.lock().expect("no panic").clone();
    assert!(!all.iter().any(|event| matches!(event, Event::Upload { .. })), "{all:?}");
    // What was uploaded are the bytes of the objects.
    let of_files = Kept::default();
    let own = folder();
    let local = pipeline_without_sources(&server, own.path(), &of_files).source(ItemSource::Path(videos));
    local.run().await.expect("a run");
    assert_eq!(vectors(&of_files.rows()), vectors(&sink.rows()));
    assert_no_secret(format!("{all:?} {:?} {:?}", sink.rows(), sink.failures()).as_bytes());
    for entry in std::fs::read_dir(home.path()).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            assert_no_secret(&read(&path));
        }
    }
}

/// A video whose last box, which players skip, has this content.
fn video_with(free: &[u8]) -> Vec<u8> {
    let size = u32::try_from(free.len() + 8).expect("small enough").to_be_bytes();
    [read(&media("tiny.mp4")).as_slice(), &size, b"free", free].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_is_sent_in_parts_unless_it_changes() {
    let Some(bucket) = bucket() else { return };
    let [before, after] = [7, 8].map(|byte| video_with(&vec![byte; 205 << 20]));
    let hash = blake3::hash(&after).to_hex().to_string();
    bucket.put("large/a.mp4", before).await;
    let (home, server, sink) = (folder(), server().await, Kept::default());
    let run = || {
        pipeline_without_sources(&server, home.path(), &sink)
            .with_assets_kept(true)
            .source(bucket.source("large/a.mp4"))
    };
    let (after, events) = (Mutex::new(Some(after)), Arc::new(Mutex::new(Vec::new())));
    let (changing, seen, runtime) = (bucket.clone(), Arc::clone(&events), Handle::current());
    let first = run().on_event(move |event| {
        seen.lock().expect("no panic").push(event.to_string());
        if matches!(event, Event::Upload { .. })
            && let Some(after) = after.lock().expect("no panic").take()
        {
            // The upload waits for this call.
            let put = changing.put("large/a.mp4", after);
            std::thread::scope(|scope| scope.spawn(|| runtime.block_on(put)).join().expect("no panic"));
        }
    });
    let summary = first.run().await.expect("a run");
    let events = events.lock().expect("no panic").join("\n");
    assert_eq!((summary.stored, summary.failed), (0, 1), "{events}");
    // fake-gcs-server writes into the file that it reads from, which breaks a response.
    let reason = if bucket.scheme == "gs" { "" } else { "was changed after it was checked" };
    assert!(events.contains(&format!("retried later: the file cannot be read: {reason}")), "{events}");
    assert!(events.contains("failed: the file was changed after it was checked: run again"), "{events}");
    let summary = run().run().await.expect("a run");
    // What it was before stays failed.
    assert_eq!((summary.stored, summary.failed), (1, 1), "{:?}", sink.failures());
    let asset = server.asset_file(&sink.rows()[0].asset).expect("a file");
    let mut uploaded = blake3::Hasher::new();
    uploaded.update_reader(std::fs::File::open(asset).expect("a file")).expect("read");
    assert_eq!(uploaded.finalize().to_hex().to_string(), hash, "byte-identical");
    assert_eq!(server.upload_count(), 2);
    assert_eq!(sink.rows()[0].content_hash, hash);
}

/// A proxy whose connections break after so many bytes of responses. Returns its URL.
async fn breaking(server: String, after: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server.trim_start_matches("http://")).await.expect("connected");
            tokio::spawn(async move {
                let ((mut requests, mut back), (responses, mut on)) = (client.into_split(), server.into_split());
                let mut responses = responses.take(after);
                tokio::select! {
                    _ = tokio::io::copy(&mut requests, &mut on) => {}
                    _ = tokio::io::copy(&mut responses, &mut back) => {}
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_read_on_where_a_connection_broke() {
    let Some(bucket) = bucket() else { return };
    let mut random = fastrand::Rng::with_seed(1);
    let content = video_with(&std::iter::repeat_with(|| random.u8(..)).take(3 << 20).collect::<Vec<_>>());
    bucket.put("broken/a.mp4", content.clone()).await;
    let (home, server) = (folder(), server().await);
    let mut program = program(home.path());
    program.env(bucket.endpoint, breaking(bucket.server(), 1 << 20).await);
    program.env("TWELVELABS_BASE_URL", server.base_url()).env("TWELVE_LABS_API_KEY", "test-key");
    program.args(["embed", &bucket.url("broken"), "--out", "t", "--keep-assets", "--batch-delay", "50ms"]);
    let path = home.path().to_owned();
    let done = tokio::task::spawn_blocking(move || shown(&mut program, &path)).await.expect("no panic");
    assert!(done.ends_with("--- exit code 0\n"), "{done}");
    let assets: Vec<_> = client(&server).assets().list().items().try_collect().await.expect("listed");
    assert_eq!(assets.len(), 1);
    assert!(read(&server.asset_file(assets[0].id.as_str()).expect("a file")) == content, "byte-identical");
    // At least four to hash it, and four to upload it.
    assert!(requests("GET", "broken") >= 8, "{}", requests("GET", "broken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_can_be_identified_by_their_etag() {
    let Some(bucket) = bucket() else { return };
    bucket.put("tags/a.mp4", read(&media("tiny.mp4"))).await;
    bucket.put("tags/b.mp4", read(&media("tiny.mp4"))).await;
    let (home, server, sink) = (folder(), server().await, Kept::default());
    let source = || bucket.source("tags");
    let run = pipeline_without_sources(&server, home.path(), &sink).with_objects_by_e_tag(true).source(source());
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.repeated), (2, 0), "two jobs");
    assert!(sink.rows().iter().all(|row| row.content_hash.starts_with("object-")));
    let other = pipeline_without_sources(&server, home.path(), &sink).source(source()).run().await;
    let error = other.expect_err("another identity").to_string();
    assert!(error.contains("was written with objects by ETag, and this run has the default"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_takes_objects_and_says_what_is_wrong_with_them() {
    let Some(bucket) = bucket() else { return };
    bucket.put("program/a.mp4", read(&media("tiny.mp4"))).await;
    let home = folder();
    // What follows is written for S3.
    let scheme = format!("{}://", bucket.scheme);
    let run = |arguments: &'static [&'static str], endpoint: Option<&'static str>| {
        let (path, scheme) = (home.path().to_owned(), scheme.clone());
        async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut program = program(&path);
                if let Some(url) = endpoint {
                    program.env(bucket.endpoint, url);
                }
                let arguments = arguments.iter().map(|argument| argument.replace("s3://", &scheme));
                shown(program.args(arguments), &path).replace(&scheme, "s3://")
            });
            let done = done.await.expect("no panic");
            assert_no_secret(done.as_bytes());
            done
        }
    };
    let list = format!("source,clips\n{},fixed:2\n", bucket.url("program/a.mp4"));
    std::fs::write(home.path().join("list.csv"), list).expect("written");
    let done = run(&["embed", "--manifest", "list.csv", "s3://videos/program", "--local", "--out", "t"], None).await;
    assert!(done.contains("2 items with") && done.ends_with("--- exit code 0\n"), "{done}");
    let done = run(&["search", "blue", "--in", "t", "--local", "--json", "--top", "1"], None).await;
    assert!(done.contains("\"source\":\"s3://videos/program/a.mp4\""), "{done}");
    let done = run(&["embed", "s3://videos/program", "--dry-run", "--out", "u"], None).await;
    assert!(done.ends_with("--- exit code 0\n"), "{done}");
    let done = run(&["embed", "s3://none/a", "--local", "--out", "u"], None).await;
    // fake-gcs-server knows no other status for it.
    let reason = if bucket.scheme == "gs" { "the object storage responded with 500" } else { "it does not exist" };
    assert!(done.contains(&format!("error: cannot list s3://none/a: {reason}\n")), "{done}");
    let done = run(&["embed", "s3://videos/none", "--local", "--out", "u"], None).await;
    assert!(done.contains("error: there are no objects at s3://videos/none\n--- exit code 3"), "{done}");
    let done = run(&["embed", "s3://videos/a", "--local", "--out", "u"], Some("http://127.0.0.1:9")).await;
    assert!(
        done.contains("cannot list s3://videos/a: cannot connect to the object storage\n--- exit code 2"),
        "{done}"
    );
    let done = run(&["embed", "s3://videos/a?X-Amz-Signature=b", "--local", "--out", "u"], None).await;
    assert!(done.contains("without user and query\n--- exit code 2") && !done.contains("Signature"), "{done}");
}
