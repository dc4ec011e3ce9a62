//! An API and a storage host for uploads in parts, which do as they are told and record what they see.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use twelvelabs::{RequestOptions, TwelveLabs, TwelveLabsBuilder};

use crate::support::{ID, KEY, without_tls};

/// What happens to a request for a part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    Status(u16),
    /// The connection breaks before the response.
    Reset,
    /// The part is stored, and its response has no `ETag`.
    NoEtag,
    /// No response ever comes.
    Hang,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) size: u64,
    pub(crate) chunk: u64,
    /// The URLs that the response to the create call has.
    pub(crate) given: u64,
    /// The status of the upload; `gone` for an upload that does not exist, `proxy` for the page of a proxy.
    pub(crate) status: &'static str,
    pub(crate) faults: HashMap<u64, VecDeque<Fault>>,
    /// Statuses of the next responses to reports; 0 records the parts and never responds.
    pub(crate) report_faults: VecDeque<u16>,
    /// Statuses of the next responses to requests for URLs.
    pub(crate) url_faults: VecDeque<u16>,
    /// What was asked of the API, in order.
    pub(crate) calls: Vec<String>,
    /// The part of each URL that was not used yet.
    urls: HashMap<u64, u64>,
    next_url: u64,
    pub(crate) stored: BTreeMap<u64, Bytes>,
    /// How often each part was stored.
    pub(crate) sent: BTreeMap<u64, usize>,
    pub(crate) reported: BTreeSet<u64>,
    /// Parts that were stored again after they were reported.
    pub(crate) resent: Vec<u64>,
    pub(crate) duplicates: usize,
    /// How many reported parts the server does not count.
    pub(crate) forgotten: u64,
    /// The part that the server could not take, until it is sent again.
    pub(crate) failed: Option<u64>,
    /// The status of the upload does not say how many parts are recorded.
    pub(crate) hides_count: bool,
    running: usize,
    pub(crate) most_running: usize,
    /// The headers of the requests to the storage host.
    pub(crate) headers: Vec<HeaderMap>,
    pub(crate) direct: usize,
    pub(crate) deleted: Vec<String>,
    /// The storage host is another server.
    is_elsewhere: bool,
    /// The asset that responses to reports name, if not that of the upload.
    pub(crate) reported_asset: Option<&'static str>,
    /// The URL of every part, if not that of the storage host.
    pub(crate) url: Option<&'static str>,
    /// Headers for the storage host besides the usual ones.
    pub(crate) upload_headers: Vec<(&'static str, Value)>,
}

impl Seen {
    /// The number of parts that the server counts.
    fn recorded(&self) -> u64 {
        let failed = self.failed.is_some_and(|part| self.reported.contains(&part));
        self.reported.len() as u64 - self.forgotten - u64::from(failed)
    }
}

/// The two servers. They end with the runtime of the test.
#[derive(Clone)]
pub(crate) struct Platform {
    seen: Arc<Mutex<Seen>>,
    changed: watch::Sender<()>,
    api: SocketAddr,
    storage: SocketAddr,
}

impl Platform {
    /// For files of this size, in parts of `chunk` bytes.
    pub(crate) async fn start(size: usize, chunk: u64) -> Self {
        let storage = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let platform = Self::with_storage(size, storage.local_addr().expect("an address")).await;
        platform.seen().chunk = chunk;
        platform.seen().is_elsewhere = false;
        let parts = Router::new()
            .route("/parts/{url}", put(part))
            .layer(DefaultBodyLimit::disable())
            .with_state(platform.clone());
        tokio::spawn(async move { axum::serve(storage, parts).await });
        platform
    }

    /// For files of this size, in one part that goes to another server.
    pub(crate) async fn with_storage(size: usize, storage: SocketAddr) -> Self {
        let api = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let chunk = size as u64;
        let seen = Seen { size: size as u64, chunk, given: 3, status: "active", is_elsewhere: true, ..Seen::default() };
        let platform = Self {
            seen: Arc::new(Mutex::new(seen)),
            changed: watch::Sender::new(()),
            api: api.local_addr().expect("an address"),
            storage,
        };
        let routes = Router::new()
            .route("/v1.3/assets", post(direct))
            .route("/v1.3/assets/{id}", get(asset).delete(delete))
            .route("/v1.3/assets/multipart-uploads", post(create))
            .route("/v1.3/assets/multipart-uploads/{id}", get(status).post(report))
            .route("/v1.3/assets/multipart-uploads/{id}/presigned-urls", post(urls))
            .with_state(platform.clone());
        tokio::spawn(async move { axum::serve(api, routes).await });
        platform
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("sane")
    }

    pub(crate) fn fault(&self, part: u64, faults: impl IntoIterator<Item = Fault>) {
        self.seen().faults.entry(part).or_default().extend(faults);
    }

    pub(crate) fn builder(&self) -> TwelveLabsBuilder {
        let millisecond = std::time::Duration::from_millis(1);
        let builder = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("http://{}/v1.3", self.api));
        builder.with_backoff(millisecond, millisecond)
    }

    pub(crate) fn client(&self) -> TwelveLabs {
        self.builder().build().expect("a client")
    }

    /// Completes when the servers have seen this.
    pub(crate) async fn until(&self, condition: impl Fn(&Seen) -> bool) {
        let mut changes = self.changed.subscribe();
        while !condition(&self.seen()) {
            changes.changed().await.expect("the servers run");
        }
    }

    /// The parts that were stored, as a file.
    pub(crate) fn file(&self) -> Vec<u8> {
        self.seen().stored.values().flat_map(|part| part.to_vec()).collect()
    }

    fn parts(&self) -> u64 {
        let seen = self.seen();
        seen.size.div_ceil(seen.chunk)
    }

    fn urls(&self, parts: impl Iterator<Item = u64>) -> Vec<Value> {
        let count = self.parts();
        let mut seen = self.seen();
        let mut url = |part| {
            seen.next_url += 1;
            let number = seen.next_url;
            seen.urls.insert(number, part);
            let own = || format!("http://{}/parts/{number}?signature=SECRET", self.storage);
            let url = seen.url.map_or_else(own, str::to_owned);
            json!({ "chunk_index": part, "url": url, "expires_at": "2026-07-30T13:00:00Z" })
        };
        parts.filter(|part| *part <= count).map(&mut url).collect()
    }

    fn call(&self, text: String) {
        self.seen().calls.push(text);
        self.changed.send_replace(());
    }
}

fn error(status: u16) -> Response {
    let body = json!({ "code": "some_code", "message": "Some words" });
    (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
}

async fn direct(State(platform): State<Platform>, body: Body) -> Response {
    axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    platform.seen().direct += 1;
    platform.call("create directly".into());
    (StatusCode::CREATED, Json(json!({ "_id": ID, "status": "processing" }))).into_response()
}

async fn asset(State(platform): State<Platform>, Path(id): Path<String>) -> Response {
    let count = platform.parts();
    let is_ready = platform.seen().reported.len() as u64 == count;
    platform.call("retrieve the asset".into());
    Json(json!({ "_id": id, "status": if is_ready { "ready" } else { "processing" } })).into_response()
}

async fn delete(State(platform): State<Platform>, Path(id): Path<String>) -> Response {
    platform.seen().deleted.push(id.clone());
    match id.as_str() {
        "in-use" => error(409),
        "gone" => {
            let body = json!({ "code": "resource_not_exist", "message": "gone" });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        _ => StatusCode::OK.into_response(),
    }
}

async fn create(State(platform): State<Platform>, Json(body): Json<Value>) -> Response {
    let (given, size, chunk) = {
        let seen = platform.seen();
        (seen.given, seen.size, seen.chunk)
    };
    assert_eq!(body["total_size"], size);
    platform.call(format!("create {} {}", body["type"].as_str().expect("a type"), body["filename"]));
    let usual = [("Content-Type", "video/mp4"), ("x-amz-meta-a", "b"), ("Content-Length", "7")];
    let usual = usual.map(|(name, value)| (name, value.into()));
    let headers: HashMap<_, Value> = usual.into_iter().chain(platform.seen().upload_headers.clone()).collect();
    let body = json!({
        "upload_id": "u-1",
        "asset_id": ID,
        "upload_urls": platform.urls(1..=given),
        "upload_headers": headers,
        "chunk_size": chunk,
        "total_chunks": platform.parts(),
        "expires_at": "2026-07-31T12:00:00Z",
    });
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn urls(State(platform): State<Platform>, Json(body): Json<Value>) -> Response {
    let (start, count) = (body["start"].as_u64().expect("a start"), body["count"].as_u64().expect("a count"));
    platform.call(format!("URLs for {count} from {start}"));
    let fault = platform.seen().url_faults.pop_front();
    if let Some(status) = fault {
        return error(status);
    }
    let urls = platform.urls(start..start + count);
    let (generated, expires) = ("2026-07-30T12:00:00Z", "2026-07-30T13:00:00Z");
    let body = json!({ "start_index": start, "count": urls.len(), "upload_urls": urls, "generated_at": generated, "expires_at": expires });
    Json(body).into_response()
}

async fn report(State(platform): State<Platform>, Json(body): Json<Value>) -> Response {
    let chunks = body["completed_chunks"].as_array().expect("parts");
    let fault = platform.seen().report_faults.pop_front();
    platform.call(format!("report {}", chunks.len()));
    if let Some(status) = fault.filter(|status| *status > 0) {
        return error(status);
    }
    let count = platform.parts();
    let mut new = 0;
    let total = {
        let mut seen = platform.seen();
        for chunk in chunks {
            let index = chunk["chunk_index"].as_u64().expect("an index");
            if !seen.is_elsewhere {
                let stored = seen.stored.get(&index).expect("a part that is stored");
                assert_eq!(chunk["chunk_size"].as_u64(), Some(stored.len() as u64));
            }
            assert_eq!(chunk["proof_type"], "etag");
            assert_eq!(chunk["proof"], format!("e-{index}"), "without quotes");
            match seen.reported.insert(index) {
                true => new += 1,
                false => seen.duplicates += 1,
            }
        }
        seen.recorded()
    };
    platform.changed.send_replace(());
    if fault == Some(0) {
        std::future::pending::<()>().await;
    }
    let asset = platform.seen().reported_asset.unwrap_or(ID);
    let mut body = json!({ "asset_id": asset, "processed_chunks": new, "total_completed": total });
    if total == count {
        body["url"] = "https://storage.example.com/whole".into();
    }
    Json(body).into_response()
}

async fn status(State(platform): State<Platform>) -> Response {
    platform.call("status".into());
    let seen = platform.seen();
    match seen.status {
        "gone" => return error(404),
        "proxy" => return (StatusCode::NOT_FOUND, "<html>Not found</html>").into_response(),
        _ => {}
    }
    let recorded = (!seen.hides_count).then(|| seen.recorded());
    let failed: Vec<_> = seen.failed.iter().map(|part| json!({ "index": part, "status": "failed" })).collect();
    let (status, count) = (seen.status, failed.len());
    let body = json!({
        "upload_id": "u-1",
        "status": status,
        "chunks_completed": recorded,
        "chunks_failed": count,
        "uploaded_chunks": failed,
    });
    Json(body).into_response()
}

async fn part(State(platform): State<Platform>, Path(url): Path<u64>, headers: HeaderMap, body: Bytes) -> Response {
    let (part, fault) = {
        let mut seen = platform.seen();
        seen.headers.push(headers);
        // A URL is for one request.
        let Some(part) = seen.urls.remove(&url) else { return StatusCode::FORBIDDEN.into_response() };
        seen.running += 1;
        seen.most_running = seen.most_running.max(seen.running);
        (part, seen.faults.get_mut(&part).and_then(VecDeque::pop_front))
    };
    platform.changed.send_replace(());
    // Others may begin meanwhile.
    tokio::task::yield_now().await;
    let mut etag = Some(format!("\"e-{part}\""));
    match fault {
        Some(Fault::Status(status)) => {
            platform.seen().running -= 1;
            return StatusCode::from_u16(status).expect("a status").into_response();
        }
        Some(Fault::Reset) => {
            platform.seen().running -= 1;
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("reset")) });
            // The headers promise a body that never comes.
            return ([("content-length", "7")], Body::from_stream(broken)).into_response();
        }
        Some(Fault::Hang) => std::future::pending::<()>().await,
        Some(Fault::NoEtag) => etag = None,
        None => {}
    }
    let mut seen = platform.seen();
    seen.running -= 1;
    if seen.reported.contains(&part) {
        seen.resent.push(part);
    }
    if seen.failed == Some(part) && seen.sent.contains_key(&part) {
        seen.failed = None;
    }
    seen.stored.insert(part, body);
    *seen.sent.entry(part).or_insert(0) += 1;
    drop(seen);
    platform.changed.send_replace(());
    let mut response = StatusCode::OK.into_response();
    if let Some(etag) = etag {
        response.headers_mut().insert("etag", etag.parse().expect("a header"));
    }
    response
}
