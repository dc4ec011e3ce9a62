//! `/assets/multipart-uploads` and the object storage: parts of large files.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use twelvelabs_local::{Fault, LocalServer, LocalServerBuilder, UndocumentedBehaviour};

use super::{DAY, Program};
use crate::support::{KEY, plain_http};

const HOUR: Duration = Duration::from_secs(3600);
const PART: usize = 1000;

/// Bytes that differ from part to part.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index / 7 + index) as u8).collect()
}

fn builder() -> LocalServerBuilder {
    LocalServer::builder().manual_clock().part_size(PART as u64)
}

/// Sends a request with a JSON body, or without one. Returns the status and the body.
pub(super) async fn call(base_url: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let method = method.parse().expect("a method");
    let mut request = plain_http().request(method, format!("{base_url}{path}")).header("x-api-key", KEY);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.expect("a response");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// An upload that a client has started.
struct Upload {
    base_url: String,
    id: String,
    asset_id: String,
    created: Value,
}

impl Upload {
    async fn start(base_url: &str, size: usize) -> Self {
        let body = json!({ "filename": "picture.png", "type": "image", "total_size": size });
        let (status, created) = call(base_url, "POST", "/assets/multipart-uploads", Some(body)).await;
        assert_eq!(status, 201, "{created}");
        let text = |name: &str| created[name].as_str().expect("an id").to_owned();
        Self { base_url: base_url.to_owned(), id: text("upload_id"), asset_id: text("asset_id"), created }
    }

    fn path(&self, more: &str) -> String {
        format!("/assets/multipart-uploads/{}{more}", self.id)
    }

    /// A URL of this part that is not used yet.
    async fn url(&self, part: usize) -> String {
        let body = json!({ "start": part, "count": 1 });
        let (status, body) = call(&self.base_url, "POST", &self.path("/presigned-urls"), Some(body)).await;
        assert_eq!(status, 200, "{body}");
        body["upload_urls"][0]["url"].as_str().expect("a URL").to_owned()
    }

    async fn put(&self, url: &str, bytes: &[u8]) -> reqwest::Result<Response> {
        let mut request = plain_http().put(url).body(bytes.to_vec());
        for (name, value) in self.created["upload_headers"].as_object().expect("headers") {
            request = request.header(name, value.as_str().expect("text"));
        }
        request.send().await
    }

    /// Uploads a part. Returns its entry in a report.
    async fn send(&self, part: usize, content: &[u8]) -> Value {
        let bytes = content.chunks(PART).nth(part - 1).expect("a part");
        let response = self.put(&self.url(part).await, bytes).await.expect("a response");
        assert_eq!(response.status(), 200);
        entry(part, &etag(&response), bytes.len())
    }

    async fn report(&self, entries: &[Value]) -> (u16, Value) {
        call(&self.base_url, "POST", &self.path(""), Some(json!({ "completed_chunks": entries }))).await
    }

    async fn status(&self, query: &str) -> Value {
        let (status, body) = call(&self.base_url, "GET", &self.path(query), None).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

/// The ETag without its quotes.
fn etag(response: &Response) -> String {
    let etag = response.headers()["etag"].to_str().expect("text");
    etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).expect("quotes").to_owned()
}

fn entry(part: usize, proof: &str, size: usize) -> Value {
    json!({ "chunk_index": part, "proof": proof, "proof_type": "etag", "chunk_size": size })
}

/// Status and code of a response of the object storage, if it is an error.
async fn storage_error(response: reqwest::Result<Response>) -> (u16, String) {
    let response = response.expect("a response");
    let status = response.status().as_u16();
    let body = response.text().await.expect("a body");
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    (status, code.map(|(code, _)| code.to_owned()).unwrap_or_default())
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_file_is_uploaded_in_parallel_parts() {
    let server = builder().start().await.expect("a server");
    let content = content(12 * PART + 345);
    let upload = Upload::start(server.base_url(), content.len()).await;
    let created = &upload.created;
    assert_eq!((&created["chunk_size"], &created["total_chunks"]), (&PART.into(), &13.into()));
    let first = created["upload_urls"].as_array().expect("URLs");
    assert_eq!(
        first.iter().map(|url| url["chunk_index"].as_u64()).collect::<Vec<_>>(),
        (1..=10).map(Some).collect::<Vec<_>>()
    );
    assert!(first[0]["url"].as_str().is_some_and(|url| url.starts_with(&server.storage_url())));
    // The asset does not exist until all parts are reported.
    let asset_path = format!("/assets/{}", upload.asset_id);
    assert_eq!(call(server.base_url(), "GET", &asset_path, None).await.0, 404);

    let sent = futures_util::future::join_all((1..=13).map(|part| upload.send(part, &content))).await;
    let status = upload.status("").await;
    assert_eq!((&status["status"], &status["chunks_pending"]), (&"active".into(), &13.into()));
    // In any order, and some of them twice.
    let (status, body) = upload.report(&[sent[12].clone(), sent[3].clone(), sent[3].clone()]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body,
        json!({ "asset_id": upload.asset_id, "processed_chunks": 2, "duplicate_chunks": 1, "total_completed": 2 })
    );
    let page = upload.status("?page=2&page_limit=4").await;
    assert_eq!(page["page_info"]["total_results"], 13);
    assert_eq!((&page["chunks_completed"], &page["uploaded_size"]), (&2.into(), &(PART + 345).into()));
    let list = call(server.base_url(), "GET", "/assets/multipart-uploads", None).await.1;
    assert_eq!(list["data"][0]["upload_id"], upload.id.as_str());

    let (_, body) = upload.report(&sent).await;
    assert_eq!((&body["processed_chunks"], &body["duplicate_chunks"]), (&11.into(), &2.into()));
    let url = body["url"].as_str().expect("the URL of the file").to_owned();
    // A client whose response was lost reports again.
    let (status, again) = upload.report(&sent).await;
    assert_eq!((status, &again["duplicate_chunks"], &again["url"]), (200, &13.into(), &body["url"]));
    assert_eq!(upload.status("").await["status"], "completed");
    let list = call(server.base_url(), "GET", "/assets/multipart-uploads", None).await.1;
    assert_eq!(list["data"], json!([]));

    server.advance(HOUR).await;
    let asset = call(server.base_url(), "GET", &asset_path, None).await.1;
    assert_eq!((&asset["status"], &asset["method"]), (&"ready".into(), &"multipart".into()), "{asset}");
    assert_eq!((&asset["size"], &asset["file_type"]), (&content.len().into(), &"image/png".into()));
    let path = server.asset_file(&upload.asset_id).expect("the file");
    assert!(std::fs::read(path).expect("read") == content, "the file differs");
    let downloaded = plain_http().get(url).send().await.expect("a response").bytes().await.expect("a body");
    assert!(downloaded == content, "the downloaded file differs");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_url_is_valid_for_one_request_and_one_hour() {
    let server = builder().start().await.expect("a server");
    let upload = Upload::start(server.base_url(), 2 * PART).await;
    let bytes = content(PART);
    let url = |part: usize| upload.created["upload_urls"][part - 1]["url"].as_str().expect("a URL").to_owned();
    assert_eq!(storage_error(upload.put(&url(1), &bytes).await).await, error(200, ""));
    assert_eq!(storage_error(upload.put(&url(1), &bytes).await).await, error(403, "AccessDenied"));
    // The URL of another part has another signature.
    let other = url(2).replace("/2?", "/1?");
    assert_eq!(storage_error(upload.put(&other, &bytes).await).await, error(403, "SignatureDoesNotMatch"));
    server.advance(HOUR).await;
    assert_eq!(storage_error(upload.put(&url(2), &bytes).await).await, error(403, "AccessDenied"));
    assert_eq!(storage_error(upload.put(&upload.url(2).await, &bytes).await).await, error(200, ""));
    // An unreported part may be sent again, with a new URL.
    assert_eq!(storage_error(upload.put(&upload.url(1).await, &bytes).await).await, error(200, ""));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn the_storage_checks_headers_and_sizes() {
    let server = builder().behaviour(UndocumentedBehaviour::UploadHeader).start().await.expect("a server");
    let upload = Upload::start(server.base_url(), PART + 1).await;
    assert_eq!(upload.created["upload_headers"].as_object().map(serde_json::Map::len), Some(2));
    let (url, http) = (upload.url(1).await, plain_http());
    let without = http.put(&url).header("content-type", "application/octet-stream").body(content(PART));
    assert_eq!(storage_error(without.send().await).await, error(403, "SignatureDoesNotMatch"));
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(content(PART))]);
    let mut chunked = http.put(&url).body(reqwest::Body::wrap_stream(stream));
    for (name, value) in upload.created["upload_headers"].as_object().expect("headers") {
        chunked = chunked.header(name, value.as_str().expect("text"));
    }
    assert_eq!(storage_error(chunked.send().await).await, error(411, "MissingContentLength"));
    assert_eq!(storage_error(upload.put(&url, &content(PART + 1)).await).await, error(400, "EntityTooLarge"));
    assert_eq!(storage_error(http.get(&url).send().await).await, error(405, "MethodNotAllowed"));
    assert_eq!(storage_error(http.put(server.storage_url()).send().await).await, error(404, "NoSuchKey"));
    // A page of another site that points its name to this machine.
    let elsewhere = |request: reqwest::RequestBuilder| request.header("host", "evil.example").send();
    assert_eq!(storage_error(elsewhere(http.put(&url).body(content(PART))).await).await, error(403, "AccessDenied"));
    assert_eq!(storage_error(elsewhere(http.get(server.storage_url())).await).await, error(403, "AccessDenied"));
    // None of these requests has used the URL.
    assert_eq!(storage_error(upload.put(&url, &content(PART)).await).await, error(200, ""));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_key_at_the_storage_is_a_violation() {
    let server = builder().allow_violations().start().await.expect("a server");
    let upload = Upload::start(server.base_url(), PART).await;
    let request = plain_http().put(upload.url(1).await).header("x-api-key", KEY).body(content(PART));
    let request = request.header("content-type", "application/octet-stream");
    assert_eq!(storage_error(request.send().await).await, error(200, ""));
    let report = server.report();
    assert_eq!(report.invalid_count, 1);
    let violation = report.invalid[0].to_string();
    let end =
        format!("PUT /storage/uploads/{}/1: /header/x-api-key: must not be sent to the object storage", upload.id);
    assert!(violation.ends_with(&end), "{violation}");
}

#[tokio::test]
async fn a_wrong_report_records_nothing() {
    let server = builder().allow_violations().start().await.expect("a server");
    let content = content(2 * PART);
    let upload = Upload::start(server.base_url(), content.len()).await;
    let good = upload.send(1, &content).await;
    let proof = good["proof"].as_str().expect("a proof");
    let cases = [
        (entry(1, &format!("\"{proof}\""), PART), "completed_chunks.1.proof"),
        (entry(1, "other", PART), "completed_chunks.1.proof"),
        (entry(1, proof, PART - 1), "completed_chunks.1.chunk_size"),
        (entry(2, proof, PART), "part 2 is not uploaded"),
        (entry(3, proof, PART), "should be between 1 and 2"),
        (
            json!({ "chunk_index": 1, "proof": proof, "proof_type": "md5", "chunk_size": PART }),
            "completed_chunks.1.proof_type",
        ),
    ];
    for (wrong, reason) in cases {
        let (status, body) = upload.report(&[good.clone(), wrong]).await;
        assert!(status == 400 && body["message"].as_str().is_some_and(|message| message.contains(reason)), "{body}");
    }
    // A part that is smaller than it should be.
    let short = upload.put(&upload.url(2).await, b"short").await.expect("a response");
    let (status, body) = upload.report(&[entry(2, &etag(&short), PART)]).await;
    assert!(status == 400 && body["message"].as_str().is_some_and(|message| message.contains("5 bytes")), "{body}");
    assert_eq!(upload.status("").await["chunks_completed"], 0);
    let unlisted = server.report().invalid.into_iter().filter(|invalid| invalid.response.is_some()).count();
    assert_eq!(unlisted, 0, "{}", server.report());
}

#[tokio::test]
async fn uploads_that_are_not_completed_in_time_expire() {
    let data = tempfile::tempdir().expect("a folder");
    let server = builder().data(data.path()).allow_violations().start().await.expect("a server");
    let content = content(2 * PART);
    let upload = Upload::start(server.base_url(), content.len()).await;
    let sent = upload.send(1, &content).await;
    assert_eq!(upload.report(std::slice::from_ref(&sent)).await.0, 200);
    let files = || std::fs::read_dir(data.path().join("multipart_uploads/uploads")).expect("a folder").count();
    assert_eq!(files(), 1);
    server.advance(DAY - HOUR / 2).await;
    // URLs are not valid longer than the upload.
    let late = upload.url(2).await;
    server.advance(HOUR / 2).await;
    assert_eq!(storage_error(upload.put(&late, &content[PART..]).await).await, error(403, "AccessDenied"));
    assert_eq!(upload.status("").await["status"], "expired");
    assert_eq!(upload.report(&[sent]).await.0, 400);
    let urls = json!({ "start": 1, "count": 1 });
    assert_eq!(call(server.base_url(), "POST", &upload.path("/presigned-urls"), Some(urls)).await.0, 400);
    assert_eq!(call(server.base_url(), "GET", "/assets/multipart-uploads", None).await.1["data"], json!([]));
    assert_eq!((files(), server.asset_count()), (0, 0));
}

#[tokio::test]
async fn faults_of_the_storage_concern_parts_only() {
    let server = builder().start().await.expect("a server");
    let content = content(PART);
    let upload = Upload::start(server.base_url(), PART).await;
    let url = upload.url(1).await;
    server.inject(Fault::status(503).operation(Fault::STORAGE).retry_after(Duration::from_secs(1)));
    let busy = upload.put(&url, &content).await.expect("a response");
    assert_eq!(busy.headers()["retry-after"], "1");
    assert_eq!(storage_error(Ok(busy)).await, error(503, "SlowDown"));
    server.inject(Fault::drop_request().operation(Fault::STORAGE));
    assert!(upload.put(&url, &content).await.is_err());
    // Both have not used the URL. This one does, and its response is lost.
    server.inject(Fault::reset().operation(Fault::STORAGE));
    assert!(upload.put(&url, &content).await.is_err());
    assert_eq!(storage_error(upload.put(&url, &content).await).await, error(403, "AccessDenied"));
    server.inject(Fault::expired_url());
    let url = upload.url(1).await;
    assert_eq!(storage_error(upload.put(&url, &content).await).await, error(403, "AccessDenied"));
    server.inject(Fault::wrong_etag());
    let wrong = upload.put(&upload.url(1).await, &content).await.expect("a response");
    let (status, _) = upload.report(&[entry(1, &etag(&wrong), PART)]).await;
    assert_eq!((wrong.status().as_u16(), status), (200, 400));
    let good = upload.send(1, &content).await;
    assert_eq!(upload.report(&[good]).await.0, 200);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_fault_of_the_job_concerns_the_asset() {
    let server = builder().start().await.expect("a server");
    server.inject(Fault::job_fails().operation("multipart_upload_create"));
    let content = content(PART);
    let upload = Upload::start(server.base_url(), PART).await;
    let sent = upload.send(1, &content).await;
    assert_eq!(upload.report(&[sent]).await.0, 200);
    server.advance(HOUR).await;
    let asset = call(server.base_url(), "GET", &format!("/assets/{}", upload.asset_id), None).await.1;
    assert_eq!(asset["status"], "failed", "{asset}");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn uploads_and_assets_survive_restarts() {
    let data = tempfile::tempdir().expect("a folder");
    let start = async || builder().data(data.path()).start().await.expect("a server");
    let content = content(3 * PART + 1);
    let server = start().await;
    let mut upload = Upload::start(server.base_url(), content.len()).await;
    let first = upload.send(1, &content).await;
    assert_eq!(upload.report(&[first]).await.0, 200);
    let unreported = upload.send(2, &content).await;
    let old_url = upload.url(3).await;
    server.finish().await.expect("all requests are valid");

    let server = start().await;
    upload.base_url = server.base_url().to_owned();
    let status = upload.status("").await;
    assert_eq!((&status["status"], &status["chunks_completed"]), (&"active".into(), &1.into()));
    // URLs of the last run are unknown, whatever their port.
    let old_url = format!("{}{}", server.storage_url(), old_url.split_once("/storage").expect("a path").1);
    assert_eq!(storage_error(upload.put(&old_url, &content[..PART]).await).await, error(403, "SignatureDoesNotMatch"));
    let rest = [unreported, upload.send(3, &content).await, upload.send(4, &content).await];
    assert_eq!(upload.report(&rest).await.1["total_completed"], 4);
    // A computation would keep the data directory open.
    server.advance(Duration::ZERO).await;
    server.finish().await.expect("all requests are valid");

    let server = start().await;
    server.advance(HOUR).await;
    assert_eq!((server.asset_count(), server.upload_count()), (1, 1));
    let path = server.asset_file(&upload.asset_id).expect("the asset is ready");
    assert!(std::fs::read(path).expect("read") == content, "the file differs");
}

/// The maximum memory of a process so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_memory_of_the_server_does_not_grow_with_a_part() {
    const SIZE: usize = 64 << 20;
    let data = tempfile::tempdir().expect("a folder");
    let part_size = SIZE.to_string();
    let program = Program::start("127.0.0.1:0", Some(data.path()), &["--part-size", &part_size]);
    let body = json!({ "filename": "talk.mp4", "type": "video", "total_size": SIZE });
    let (_, created) = call(&program.base_url, "POST", "/assets/multipart-uploads", Some(body)).await;
    let url = created["upload_urls"][0]["url"].as_str().expect("a URL");
    let before = peak_memory(program.child.id());
    let chunk = bytes::Bytes::from(content(1 << 20));
    let chunks = std::iter::repeat_n(chunk, SIZE >> 20).map(Ok::<_, std::io::Error>);
    let request = plain_http().put(url).header("content-type", "application/octet-stream");
    let request =
        request.header("content-length", SIZE).body(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), 200);
    let grown = peak_memory(program.child.id()) - before;
    assert!(grown < 24 << 10, "the peak of the memory grew by {grown} KiB");
}
