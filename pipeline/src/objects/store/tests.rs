use std::path::PathBuf;

use object_store::{PutPayload, memory::InMemory};

use super::*;
use crate::check_file;

fn media(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/media").join(name)
}

fn url(key: &str) -> ObjectUrl {
    ObjectUrl::of_ledger(format!("s3://bucket/{key}"))
}

/// A bucket with these objects.
async fn bucket(contents: &[(&str, Vec<u8>)]) -> (Objects, Arc<InMemory>) {
    let (objects, store) = (Objects::default(), Arc::new(InMemory::new()));
    for (key, content) in contents {
        put(&store, key, content.clone()).await;
    }
    let known: Arc<dyn ObjectStore> = Arc::clone(&store) as _;
    objects.stores.lock().expect("no panic").insert("s3://bucket/".into(), known);
    (objects, store)
}

async fn put(store: &InMemory, key: &str, content: Vec<u8>) {
    store.put(&Path::parse(key).expect("a name"), PutPayload::from(content)).await.expect("stored");
}

/// Calls `check` where it may block.
async fn checked(objects: &Objects, key: &str, stamp: &Stamp, kind: FileKind) -> io::Result<CheckedFile> {
    let (objects, url, stamp) = (objects.clone(), url(key), stamp.clone());
    tokio::task::spawn_blocking(move || objects.check(&url, &stamp, kind)).await.expect("no panic")
}

#[tokio::test]
async fn a_url_lists_the_object_with_its_name_or_those_below_it() {
    let contents = ["v/b.mp4", "v/a/c.mp4", "v2/d.mp4", "v.mp4"].map(|key| (key, b"x".to_vec()));
    let (objects, _) = bucket(&contents).await;
    let list = async |key: &str| {
        let found = objects.list(&url(key)).await;
        found.map(|found| found.iter().map(|(url, _)| url.key().to_owned()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(list("v.mp4").await.expect("listed"), "v.mp4");
    assert_eq!(list("v").await.expect("listed"), "v/a/c.mp4 v/b.mp4");
    assert_eq!(list("v/").await.expect("listed"), "v/a/c.mp4 v/b.mp4");
    assert_eq!(list("").await.expect("listed"), "v.mp4 v/a/c.mp4 v/b.mp4 v2/d.mp4");
    let error = list("w\u{202e}").await.expect_err("nothing");
    assert_eq!(error.to_string(), "there are no objects at s3://bucket/w\\u{202e}");
    assert_eq!(error.kind(), PipelineErrorKind::NotFound);
    let error = list("v//a").await.expect_err("refused").to_string();
    assert!(error.starts_with("cannot list s3://bucket/v//a: an object has a name that is not supported"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_checked_as_files_are() {
    for (name, kind) in [
        ("four_shots.mp4", FileKind::Video),
        ("vorbis.mkv", FileKind::Video),
        ("cut.mp4", FileKind::Video),
        ("too_small.mp4", FileKind::Video),
        ("tone.wav", FileKind::Audio),
        ("box.png", FileKind::Image),
        ("tiny.mp4", FileKind::Image),
        ("notes.md", FileKind::Document),
        ("box.jpg", FileKind::Document),
    ] {
        let (objects, _) = bucket(&[(name, std::fs::read(media(name)).expect(name))]).await;
        let stamp = objects.stamp(&url(name)).await.expect("there");
        let (object, file) = (
            checked(&objects, name, &stamp, kind).await.expect(name),
            check_file::check(&media(name), kind).expect(name),
        );
        assert_eq!((&object.seconds, &object.refusal), (&file.seconds, &file.refusal), "{name}");
        // What is refused is not read as a whole.
        let expected = if file.refusal.is_some() { "" } else { file.content.as_str() };
        assert_eq!((object.content.as_str(), object.stamp.size), (expected, file.stamp.size), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_changes_is_not_taken_for_another_one() {
    let video = std::fs::read(media("tiny.mp4")).expect("a clip");
    let (mut objects, store) = bucket(&[("a.mp4", video.clone())]).await;
    let stamp = objects.stamp(&url("a.mp4")).await.expect("there");
    let failure = ReadFailure::default();
    let source = objects.source(&url("a.mp4"), &stamp, "name".into(), &failure);
    let read = async |range: Range<u64>| {
        let mut bytes = Vec::new();
        source.open(range).read_to_end(&mut bytes).await.map(|_| bytes)
    };
    assert_eq!(read(10..20).await.expect("read"), video[10..20]);
    objects.by_e_tag = true;
    let by_tag = checked(&objects, "a.mp4", &stamp, FileKind::Video).await.expect("checked").content;
    assert!(by_tag.starts_with("object-"), "{by_tag}");
    assert!(failure.take().is_none());
    // Another content of the same size.
    put(&store, "a.mp4", video.iter().rev().copied().collect()).await;
    assert_eq!(read(10..20).await.expect_err("changed").to_string(), "was changed after it was checked");
    assert_eq!(failure.take().as_deref(), Some("was changed after it was checked"));
    let error = checked(&objects, "a.mp4", &stamp, FileKind::Video).await.expect_err("changed");
    assert_eq!(error.to_string(), "was changed after it was checked");
    let other = objects.stamp(&url("a.mp4")).await.expect("there");
    assert_ne!(unread_content(&url("a.mp4"), &other), by_tag);
    let gone = objects.stamp(&url("b.mp4")).await.expect_err("missing");
    assert_eq!((gone.kind(), gone.to_string().as_str()), (io::ErrorKind::NotFound, "it does not exist"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_read_from_any_place_in_windows() {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let content: Vec<u8> = (0..3_000_000u32).map(|at| (at % 251) as u8).collect();
    let (objects, _) = bucket(&[("a", content.clone())]).await;
    let stamp = objects.stamp(&url("a")).await.expect("there");
    let source = objects.source(&url("a"), &stamp, String::new(), &ReadFailure::default());
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || {
        let mut file = ObjectFile::new(source, runtime);
        let mut all = Vec::new();
        file.read_to_end(&mut all).expect("read");
        assert!(all == content, "on and on");
        let places = [(SeekFrom::Start(10), 10), (SeekFrom::Current(-5), 9), (SeekFrom::End(-4), 2_999_996)];
        for (to, at) in places {
            assert_eq!(file.seek(to).expect("inside"), at as u64);
            let mut four = [0; 4];
            file.read_exact(&mut four).expect("read");
            assert_eq!(four, content[at..at + 4]);
        }
        assert_eq!(file.read(&mut [0; 4]).expect("the end"), 0);
        file.seek(SeekFrom::Current(-3_000_001)).expect_err("before the start");
    });
    done.await.expect("no panic");
}

#[test]
fn errors_have_neither_urls_nor_bodies() {
    let generic = |text: &str| {
        let source = Box::<dyn std::error::Error + Send + Sync>::from(text);
        self::text(&Error::Generic { store: "S3", source })
    };
    let body = "Error performing GET http://h/b/k?sig=SECRET in 1s - Server returned non-2xx status code: 400 Bad Request: \
                <AWSAccessKeyId>SECRET</AWSAccessKeyId>";
    assert_eq!(generic(body), "the object storage responded with 400");
    let redirect =
        "Error performing GET http://h/b?sig=SECRET in 1s - Received redirect without LOCATION, this normally";
    assert_eq!(generic(redirect), "the object storage refers to another region: set AWS_REGION");
    assert_eq!(
        generic("Error performing GET http://h?SECRET in 1s - Server returned error response: <SECRET>"),
        "the object storage responded with an error"
    );
    assert_eq!(
        generic("Error performing PUT http://169.254.169.254/latest in 1s"),
        "there are no credentials in the environment"
    );
    let no_account = MicrosoftAzureBuilder::new().with_container_name("videos").build().expect_err("no account");
    assert_eq!(text(&no_account), "there is no account in the environment: set AZURE_STORAGE_ACCOUNT_NAME");
    let denied = Error::PermissionDenied { path: "k".into(), source: body.into() };
    assert_eq!(text(&denied), "the credentials do not allow it (403)");
}

#[tokio::test]
async fn a_server_without_tls_must_be_allowed() {
    let store = AmazonS3Builder::new().with_bucket_name("bucket").with_endpoint("http://127.0.0.1:9");
    let store = store.with_access_key_id("id").with_secret_access_key("key").build().expect("a bucket");
    assert_eq!(
        text(&store.head(&Path::from("a")).await.expect_err("refused")),
        "the URL of the object storage must be https://, unless AWS_ALLOW_HTTP or AZURE_ALLOW_HTTP is true"
    );
}

#[test]
fn access_is_shown_without_credentials() {
    assert_eq!(format!("{:?}", Objects::default()), "Objects { by_e_tag: false, .. }");
}
