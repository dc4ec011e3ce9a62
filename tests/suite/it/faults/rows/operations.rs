//! The same faults for every operation: what is retried and what is not follows from its effect.

use twelvelabs::raw::Effect;

use super::*;
use crate::faults::other::Other;

/// A response with header lines besides its length.
fn response(headers: &str, body: &[u8]) -> Act {
    Act::Raw(reply(200, headers, body))
}

/// A response of which only the start is written here.
fn written(head: &str, body: &[u8]) -> Act {
    Act::Raw([head.as_bytes(), body].concat())
}

pub(super) fn add_to(t: &mut Table) {
    for other in Other::ALL {
        add_retries(t, other);
        add_bodies(t, other);
        add_heads(t, other);
    }
}

/// An operation that changes something leaves its outcome unknown.
fn changed(other: Other, expect: Expect) -> Expect {
    if matches!(other.effect(), Effect::Read | Effect::Compute) { expect } else { expect.unknown() }
}

fn text(other: Other) -> String {
    other.body().map(|body| body.to_string()).unwrap_or_default()
}

fn fine(other: Other) -> Act {
    response("content-type: application/json\r\n", text(other).as_bytes())
}

/// What comes out if the first attempt fails, and the second one is fine.
fn repeated(other: Other, failure: Expect) -> Expect {
    if other.effect() == Effect::Create { failure.unknown() } else { ok(2) }
}

fn add_retries(t: &mut Table, other: Other) {
    let (g, op) = ("operation", Op::Other(other));
    let mut add = |name: &str, acts: Vec<Act>, expect: Expect| t.add(g, name, op, acts, expect);
    for code in [408, 502, 503, 504, 520, 524, 529] {
        add(&format!("{code}, then fine"), vec![status(code), fine(other)], repeated(other, api(code, 1)));
    }
    let forever = if other.effect() == Effect::Create { api(502, 1) } else { api(502, 3) };
    add("an HTML page with 502 forever", vec![page(502)], changed(other, forever.says("502: Sign in")));
    add("reset, then fine", vec![Act::Reset, fine(other)], repeated(other, fails(K::Transport, 1)));
    add("500 is permanent", vec![status(500)], changed(other, api(500, 1)));
    for code in [505, 511] {
        add(&format!("{code} is permanent, no effect"), vec![status(code)], api(code, 1));
    }
    add("429 twice, then fine", vec![status(429), status(429), fine(other)], ok(3));
    let long = with(429, "retry-after: 1e9\r\n", "");
    add(
        "429 with Retry-After: 1e9 returns at once",
        vec![long],
        api(429, 1).back_in(Duration::from_secs(1_000_000_000)),
    );
    let elsewhere = with(307, "location: http://127.0.0.1:9/steal\r\n", "");
    add("307 to another port is not followed", vec![elsewhere], api(307, 1).says("redirects are not followed"));
    add("an error page", vec![page(404)], api(404, 1).says("(not a response of the API, check the base URL)"));
    for code in [401, 403] {
        let foreign = api(code, 1).says("(not a response of the API, check the base URL and the proxy): Sign in");
        add(&format!("a page with {code}"), vec![page(code)], foreign);
    }
    let refusal = Expect { status: Some(407), ..fails(K::Transport, 1) };
    add("a page with 407", vec![page(407)], refusal.says("407: Sign in; the proxy requires credentials"));
    for (name, body) in [
        ("the code comes late", format!(r#"{{"message":"{}","code":"api_key_invalid"}}"#, "a".repeat(100_000))),
        ("the code comes first", format!(r#"{{"code":"api_key_invalid","message":"{}"}}"#, "a".repeat(100_000))),
    ] {
        let long = api(401, 1).says("401 api_key_invalid: aaa");
        add(&format!("a large error, {name}"), vec![with(401, "", &body)], long);
    }
}

fn add_bodies(t: &mut Table, other: Other) {
    let (g, op, whole) = ("operation", Op::Other(other), text(other));
    let mut add = |name: &str, act: Act, expect: Expect| t.add(g, name, op, vec![act], expect);
    let wrong = || changed(other, fails(K::Decode, 1));
    add("an HTML page with 200", page(200), wrong().says("the response is HTML, not JSON"));
    let empty = || if other.body().is_some() { wrong() } else { ok(1) };
    add("204", written("HTTP/1.1 204 X\r\n\r\n", b""), empty());
    add("an empty body with 200", json(""), empty());
    for body in [r#"{"code":"internal_server_error","message":"a"}"#, r#"{"error":{"code":"internal_server_error"}}"#] {
        let says = if other.body().is_none() { "the body of an error: internal_server_error" } else { "" };
        add(&format!("an error body with 200: `{body}`"), json(body), wrong().says(says));
    }
    if other.body().is_none() {
        for body in ["{}", "null", r#"{"message":"deleted"}"#] {
            add(&format!("`{body}`"), json(body), ok(1));
        }
        return;
    }
    add("a success body with 404", with(404, "", &whole), api(404, 1));
    add_empty(&mut add, other);
    let zipped = |bytes: Vec<u8>| response("content-encoding: gzip\r\n", &bytes);
    let (start, end) = whole.as_bytes().split_at(9);
    add("two gzip members", zipped([gzip(start), gzip(end)].concat()), ok(1));
    add("gzip with bytes behind it", zipped([gzip(whole.as_bytes()), b"behind".to_vec()].concat()), wrong());
    let unnamed = response("", &gzip(whole.as_bytes()));
    add(
        "gzip that is not announced",
        unnamed,
        wrong().says("it is compressed, which its Content-Encoding does not say"),
    );
    for body in ["null", "[]", "7", "\"ready\"", "{}", "{\"error\":{}}", "{\"data\":null}", "{\"data\":{}}"] {
        let is_list = matches!(other, Other::V2List | Other::AssetList | Other::UploadList);
        let is_accepted = is_list && body == "{\"data\":null}";
        add(&format!("`{body}`"), json(body), if is_accepted { ok(1) } else { wrong() });
    }
    let bomb = zipped(gzip(&vec![b' '; 8_000_000]));
    let is_large = matches!(other, Other::V1Embed | Other::V2Embed | Other::V2Retrieve | Other::Transcription);
    let by_size = if is_large { wrong() } else { wrong().says("larger than the limit of 4194304 bytes") };
    add("a compressed bomb, with the default limits", bomb, by_size);
    if other == Other::V1Embed {
        for body in [
            r#"{"model_name":"m"}"#,
            r#"{"model_name":"m","text_embedding":null}"#,
            r#"{"model_name":"m","text_embedding":{}}"#,
            r#"{"model_name":"m","text_embedding":{"segments":[]}}"#,
            r#"{"model_name":"m","image_embedding":{"segments":[{"float":[1]}]}}"#,
        ] {
            let expect = wrong().says("neither a vector nor an error of the text");
            add(&format!("nothing of the input: `{body}`"), json(body), expect);
        }
    }
    add("a byte order mark", json(&format!("\u{feff}{whole}")), wrong());
    add("two documents", json(&format!("{whole}\n{whole}")), wrong());
    let number = whole.replacen('{', "{\"x\":NaN,", 1);
    add("NaN", json(&number), wrong().says("not JSON"));
    // A member of each response that the client knows.
    let first = other.body().and_then(|body| body.as_object()?.keys().next().cloned()).unwrap_or_default();
    add("a member twice", json(&whole.replacen('{', &format!("{{\"{first}\":null,"), 1)), wrong());
    if other == Other::UploadCreate {
        for value in ["5", "null", "[\"a\"]", "{}", "true"] {
            let mut body = other.body().unwrap_or_default();
            body["upload_headers"]["x-wrong"] = serde_json::from_str(value).expect("JSON");
            let expect = wrong().says("at $.upload_headers.x-wrong");
            add(&format!("an upload header that is {value}"), json(&body.to_string()), expect);
        }
    }
    if let Some(field) = other.id_field() {
        let mut body = other.body().unwrap_or_default();
        body[field] = "another".into();
        add("another resource", json(&body.to_string()), wrong().says("received \"another\""));
    }
}

/// Valid JSON that does not have what was requested.
fn add_empty(add: &mut impl FnMut(&str, Act, Expect), other: Other) {
    let (bodies, says) = match other {
        Other::V2Embed => (vec![r#"{"data":[]}"#.to_owned()], "no vectors: the response has none"),
        Other::V2Retrieve => {
            let ready = |data: &str| format!(r#"{{"_id":"{ID}","status":"ready"{data}}}"#);
            add("a ready task with an empty list", json(&ready(r#","data":[]"#)), ok(1));
            let bodies = ["", r#","data":null"#].map(ready);
            (bodies.to_vec(), "no vectors: the task is ready, but the response has none")
        }
        Other::UploadUrls => {
            let url =
                |part: i64| format!(r#"{{"upload_urls":[{{"chunk_index":{part},"url":"https://example.com/3"}}]}}"#);
            let bodies = [r#"{"upload_urls":[]}"#.to_owned(), r#"{"upload_urls":null}"#.to_owned(), url(3), url(-2)];
            (bodies.to_vec(), "no URL for part 2")
        }
        Other::UploadReport => {
            let bodies = [r#"{"asset_id":"a"}"#, r#"{"url":null,"total_completed":null}"#].map(str::to_owned);
            (bodies.to_vec(), "it does not say which parts are recorded")
        }
        _ => return,
    };
    for body in bodies {
        add(
            &format!("nothing of what was requested: `{body}`"),
            json(&body),
            changed(other, fails(K::Decode, 1)).says(says),
        );
    }
    if other == Other::UploadReport {
        for body in [r#"{"url":"https://example.com/v.mp4"}"#, r#"{"total_completed":1}"#, r#"{"duplicate_chunks":1}"#]
        {
            add(&format!("`{body}`"), json(body), ok(1));
        }
    }
}

fn add_heads(t: &mut Table, other: Other) {
    let (g, op, whole) = ("operation", Op::Other(other), text(other));
    let length = whole.len();
    let is_create = other.effect() == Effect::Create;
    let mut add = |name: &str, acts: Vec<Act>, expect: Expect| t.add(g, name, op, acts, expect);
    let first = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
    );
    add("100 and 103 before the response", vec![written(&first, whole.as_bytes())], ok(1));
    let only = written("HTTP/1.1 100 Continue\r\n\r\n", b"");
    add("100 and no response", vec![only, fine(other)], repeated(other, fails(K::Transport, 1)));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-a\r\n\r\n{length:x};a=b\r\n{whole}\r\n0\r\nx-a: b\r\n\r\n"
    );
    // A chunk of no bytes would be the last one.
    if length > 0 {
        add("chunks with extensions and trailers", vec![written(&chunked, b"")], ok(1));
        let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{whole}", length + 3);
        add("a body that is cut", vec![written(&cut, b""), fine(other)], repeated(other, fails(K::Transport, 1)));
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
        for (name, end) in [("before the last chunk", ""), ("in a chunk size", "\r\n1"), ("in the last chunk", "\r\n0")]
        {
            let cut = format!("{head}\r\n{length:x}\r\n{whole}{end}");
            let name = format!("a body that is cut {name}");
            add(&name, vec![written(&cut, b""), fine(other)], repeated(other, fails(K::Transport, 1)));
        }
        let odd = format!("{head}\r\nzz\r\n{whole}\r\n0\r\n\r\n");
        let size = repeated(other, fails(K::Transport, 1));
        add("a chunk size that is no number", vec![written(&odd, b""), fine(other)], size);
        let both = format!("{head}content-length: 3\r\n\r\n{length:x}\r\n{whole}\r\n0\r\n\r\n");
        add("chunks and a length", vec![written(&both, b"")], ok(1));
        let lines = format!("HTTP/1.1 200 OK\ncontent-length: {length}\n\n{whole}");
        add("lines that end with a line feed only", vec![written(&lines, b"")], ok(1));
        let short = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{whole}", length - 3);
        add("a length that is too small", vec![written(&short, b"")], changed(other, fails(K::Decode, 1)));
    }
    let invalid = || {
        let expect = if is_create { fails(K::Transport, 1) } else { fails(K::Transport, 3) };
        changed(other, expect).says("the response is not valid HTTP")
    };
    for (name, head) in [
        ("two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 7\r\ncontent-length: 8\r\n\r\n1234567"),
        ("a negative length", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        ("a header without a name", "HTTP/1.1 200 OK\r\n: x\r\ncontent-length: 0\r\n\r\n"),
        ("another protocol", "SSH-2.0-OpenSSH_9\r\n"),
        ("the status 000", "HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n"),
    ] {
        add(name, vec![written(head, b"")], invalid());
    }
    add("the status 999", vec![status(999)], changed(other, api(999, 1)));
    let many: String = (0..200).map(|index| format!("x-{index}: a\r\n")).collect();
    add("200 headers", vec![response(&many, whole.as_bytes())], invalid());
    let large = format!("x-a: {}\r\n", "a".repeat(64 * 1024));
    add("a header of 64 KB", vec![response(&large, whole.as_bytes())], ok(1));
    add("a cookie", vec![response("set-cookie: a=b; path=/\r\n", whole.as_bytes())], ok(1));
    let old = format!("HTTP/1.0 200 OK\r\n\r\n{whole}");
    add("HTTP/1.0, ended by the connection", vec![written(&old, b"")], ok(1));
}
