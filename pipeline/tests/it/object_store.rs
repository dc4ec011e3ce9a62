//! Sources in object storage: a bucket `videos` of a real S3 server, which `pipeline/tests/object_store.sh` starts. Skipped
//! without it.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
};

use object_store::{ObjectStore, ObjectStoreExt, PutPayload, aws::AmazonS3Builder, path::Path as ObjectPath};
use twelvelabs_pipeline::{Event, ItemSource, RunSummary, VectorRow};

use crate::support::{Kept, Run as _, folder, media, pipeline_without_sources, program, server, shown, write_videos};

/// The bucket; `None` without a server.
fn bucket() -> Option<impl ObjectStore> {
    if std::env::var_os("S3_TEST_LOG").is_none() {
        eprintln!("skipped: S3_TEST_LOG is not set");
        return None;
    }
    Some(AmazonS3Builder::from_env().with_bucket_name("videos").build().expect("a bucket"))
}

async fn put(bucket: &impl ObjectStore, key: &str, content: Vec<u8>) {
    let key = ObjectPath::parse(key).expect("a name");
    bucket.put(&key, PutPayload::from(content)).await.expect("stored");
}

/// How many requests with this method were about objects with this prefix.
fn requests(method: &str, prefix: &str) -> usize {
    let log = std::fs::read_to_string(std::env::var_os("S3_TEST_LOG").expect("set")).expect("the log");
    log.lines().filter(|line| line.contains(&format!("{method} /videos/{prefix}/"))).count()
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Neither a key nor a signed request is in a text.
fn assert_no_secret(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let value = std::env::var(secret).expect("set by the script");
        assert!(!text.contains(&value), "{secret}");
    }
    assert!(!text.contains("X-Amz") && !text.contains("AWS4-HMAC"), "a signed request");
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
    put(&bucket, "run/one.mp4", one.clone()).await;
    put(&bucket, "run/copy of one.mp4", one.clone()).await;
    put(&bucket, "run/deep/zwei \u{e9}+%41.mp4", two.clone()).await;
    put(&bucket, "run/small.mp4", read(&media("too_small.mp4"))).await;
    put(&bucket, "run/notes.sh", b"x".to_vec()).await;
    put(&bucket, "runs/other.mp4", one.clone()).await;
    let server = server().await;
    let (sink, events) = (Kept::default(), Arc::new(Mutex::new(Vec::new())));
    let run = async |source: ItemSource| {
        let seen = Arc::clone(&events);
        let run = pipeline_without_sources(&server, home.path(), &sink).source(source);
        run.on_event(move |event| seen.lock().expect("no panic").push(event.clone())).run().await.expect("a run")
    };
    let counts = |summary: &RunSummary| (summary.stored, summary.repeated, summary.refused, summary.failed);
    let first = run(ItemSource::Objects("s3://videos/run".into())).await;
    assert_eq!(counts(&first), (2, 1, 1, 0));
    let hashes: BTreeSet<String> = sink.rows().into_iter().map(|row| row.content_hash).collect();
    assert_eq!(hashes, [&one, &two].map(|content| blake3::hash(content).to_hex().to_string()).into());
    let sources: BTreeSet<String> = sink.rows().into_iter().map(|row| row.source).collect();
    assert!(sources.contains("s3://videos/run/deep/zwei \u{e9}+%41.mp4"), "{sources:?}");
    let failures = sink.failures();
    assert_eq!((failures.len(), failures[0].source.as_str()), (1, "s3://videos/run/small.mp4"));
    assert_eq!(failures[0].code.as_deref(), Some("video_resolution_too_low"));
    // The same contents again, in the bucket and in a folder.
    let before = requests("GET", "run");
    assert!(before > 0, "the log has no requests");
    assert_eq!(requests("HEAD", "run"), 2, "an object is looked at once before its upload");
    events.lock().expect("no panic").clear();
    let second = run(ItemSource::Objects("s3://videos/run/".into())).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_is_sent_in_parts() {
    let Some(bucket) = bucket() else { return };
    // A video whose last box, which players skip, is large.
    let free = 205 << 20;
    let size = u32::try_from(free + 8).expect("small enough").to_be_bytes();
    let content = [read(&media("tiny.mp4")).as_slice(), &size, b"free", &vec![7; free]].concat();
    let hash = blake3::hash(&content).to_hex().to_string();
    put(&bucket, "large/a.mp4", content).await;
    let (home, server, sink) = (folder(), server().await, Kept::default());
    let run = pipeline_without_sources(&server, home.path(), &sink).with_assets_kept(true);
    let summary = run.source(ItemSource::Objects("s3://videos/large/a.mp4".into())).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (1, 0), "{:?}", sink.failures());
    let asset = server.asset_file(&sink.rows()[0].asset).expect("a file");
    let mut uploaded = blake3::Hasher::new();
    uploaded.update_reader(std::fs::File::open(asset).expect("a file")).expect("read");
    assert_eq!(uploaded.finalize().to_hex().to_string(), hash, "byte-identical");
    assert_eq!(server.upload_count(), 1);
    assert_eq!(sink.rows()[0].content_hash, hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_can_be_identified_by_their_etag() {
    let Some(bucket) = bucket() else { return };
    put(&bucket, "tags/a.mp4", read(&media("tiny.mp4"))).await;
    put(&bucket, "tags/b.mp4", read(&media("tiny.mp4"))).await;
    let (home, server, sink) = (folder(), server().await, Kept::default());
    let source = || ItemSource::Objects("s3://videos/tags".into());
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
    put(&bucket, "program/a.mp4", read(&media("tiny.mp4"))).await;
    let home = folder();
    let run = |arguments: &'static [&'static str], endpoint: Option<&'static str>| {
        let path = home.path().to_owned();
        async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut program = program(&path);
                if let Some(url) = endpoint {
                    program.env("AWS_ENDPOINT_URL", url);
                }
                shown(program.args(arguments), &path)
            });
            let done = done.await.expect("no panic");
            assert_no_secret(done.as_bytes());
            done
        }
    };
    std::fs::write(home.path().join("list.csv"), "source,clips\ns3://videos/program/a.mp4,fixed:2\n").expect("written");
    let done = run(&["embed", "--manifest", "list.csv", "s3://videos/program", "--local", "--out", "t"], None).await;
    assert!(done.contains("2 items with") && done.ends_with("--- exit code 0\n"), "{done}");
    let done = run(&["search", "blue", "--in", "t", "--local", "--json", "--top", "1"], None).await;
    assert!(done.contains("\"source\":\"s3://videos/program/a.mp4\""), "{done}");
    let done = run(&["embed", "s3://videos/program", "--dry-run", "--out", "u"], None).await;
    assert!(done.ends_with("--- exit code 0\n"), "{done}");
    let done = run(&["embed", "s3://none/a", "--local", "--out", "u"], None).await;
    assert!(done.contains("error: cannot list s3://none/a: it does not exist\n"), "{done}");
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
