//! The scenarios.

use std::time::Duration;

use twelvelabs::{ErrorKind as K, RequestOptions, TwelveLabsBuilder};

use super::{
    Act, Expect, Op, Row,
    server::{good, gzip, reply},
};
use crate::support::ID;

const READS: [Op; 3] = [Op::Status, Op::Retrieve, Op::List];
const CREATES: [Op; 3] = [Op::Create, Op::Upload, Op::UploadPath];
const MS: fn(u64) -> Duration = Duration::from_millis;

fn plain(builder: TwelveLabsBuilder, _: Duration) -> TwelveLabsBuilder {
    builder
}

/// Short limits, for scenarios in which nothing comes.
fn short(builder: TwelveLabsBuilder, limit: Duration) -> TwelveLabsBuilder {
    builder.with_header_timeout(limit).with_chunk_timeout(limit)
}

fn once(builder: TwelveLabsBuilder, _: Duration) -> TwelveLabsBuilder {
    builder.with_max_retries(0)
}

fn ok(requests: usize) -> Expect {
    Expect { requests: Some((requests, requests)), ..Expect::default() }
}

fn fails(kind: K, requests: usize) -> Expect {
    Expect { kind: Some(kind), ..ok(requests) }
}

fn api(status: u16, requests: usize) -> Expect {
    Expect { status: Some(status), ..fails(K::Api, requests) }
}

impl Expect {
    fn unknown(self) -> Self {
        Self { unknown: true, ..self }
    }
    fn says(self, text: &'static str) -> Self {
        Self { says: Some(text), ..self }
    }
    fn at_least(self, time: Duration) -> Self {
        Self { takes_at_least: time, ..self }
    }
    fn takes_limit(self) -> Self {
        Self { takes_limit: true, ..self }
    }
    fn between(self, least: usize, most: usize) -> Self {
        Self { requests: Some((least, most)), ..self }
    }
    fn back_in(self, time: Duration) -> Self {
        Self { retry_after: Some(time), ..self }
    }
}

fn status(code: u16) -> Act {
    with(code, "", r#"{"code":"some_code","message":"Some words"}"#)
}

fn with(code: u16, headers: &str, body: &str) -> Act {
    Act::Reply(code, format!("content-type: application/json\r\n{headers}"), body.as_bytes().to_vec())
}

fn page(code: u16) -> Act {
    Act::Reply(code, "content-type: text/html\r\n".into(), b"<html><h1>Sign in</h1></html>".to_vec())
}

/// A status response for the task that is asked for.
fn task(status: &str) -> String {
    format!(r#"{{"_id":"{ID}","status":"{status}"}}"#)
}

fn json(body: &str) -> Act {
    with(200, "", body)
}

/// A valid response whose body is cut by the end of the connection.
fn cut(op: Op) -> Vec<u8> {
    let body = good(line(op));
    let mut whole = reply(200, "content-type: application/json\r\n", body.as_bytes());
    whole.truncate(whole.len() - body.len() / 2);
    whole
}

fn chunked_cut() -> Vec<u8> {
    b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"_id\r\n".to_vec()
}

fn line(op: Op) -> &'static str {
    match op {
        Op::Status | Op::Wait | Op::WaitUntilLimit => "GET /v1.3/embed/tasks/a/status X",
        Op::Retrieve | Op::Matrix => "GET /v1.3/embed/tasks/a X",
        Op::List | Op::Items | Op::Pages => "GET /v1.3/embed/tasks X",
        _ => "POST /v1.3/embed/tasks X",
    }
}

struct Table(Vec<Row>);

impl Table {
    fn add(&mut self, group: &'static str, name: impl Into<String>, op: Op, acts: Vec<Act>, expect: Expect) {
        self.set(group, name, op, acts, plain, expect);
    }

    fn set(
        &mut self,
        group: &'static str,
        name: impl Into<String>,
        op: Op,
        acts: Vec<Act>,
        settings: fn(TwelveLabsBuilder, Duration) -> TwelveLabsBuilder,
        expect: Expect,
    ) {
        // Early refusals have to come while the client waits for them.
        let is_timed = matches!(group, "timeout" | "early") || op == Op::WaitUntilLimit;
        self.0.push(Row { group, name: name.into(), op, acts, settings, is_timed, is_long: false, expect });
    }
}

pub(super) fn all() -> Vec<Row> {
    let mut table = Table(Vec::new());
    retries(&mut table);
    timeouts(&mut table);
    responses(&mut table);
    retry_after(&mut table);
    waits(&mut table);
    redirects(&mut table);
    names(&mut table);
    table.0
}

fn retries(t: &mut Table) {
    let g = "retry";
    for op in READS {
        for code in [429, 408, 502, 503, 504] {
            t.add(g, format!("{code} twice, then fine"), op, vec![status(code), status(code), Act::Good], ok(3));
        }
        t.add(g, "503 forever", op, vec![status(503)], api(503, 3));
        t.add(g, "reset, then fine", op, vec![Act::Reset, Act::Good], ok(2));
        t.add(g, "closed without a response, then fine", op, vec![Act::Close, Act::Good], ok(2));
        t.add(
            g,
            "cut inside the headers, then fine",
            op,
            vec![Act::Raw(b"HTTP/1.1 200 OK\r\ncont".to_vec()), Act::Good],
            ok(2),
        );
        t.add(g, "cut inside the body, then fine", op, vec![Act::Raw(cut(op)), Act::Good], ok(2));
        t.add(g, "reset inside the body, then fine", op, vec![Act::RawThenReset(cut(op)), Act::Good], ok(2));
        t.add(g, "cut between chunks, then fine", op, vec![Act::Raw(chunked_cut()), Act::Good], ok(2));
        t.add(g, "reset forever", op, vec![Act::Reset], fails(K::Transport, 3));
        t.set(g, "no retries: exactly one request", op, vec![status(503)], once, api(503, 1));
        for code in [400, 401, 403, 404, 409, 410, 422, 500, 501] {
            t.add(g, format!("{code} is permanent"), op, vec![status(code)], api(code, 1));
        }
    }
    for op in CREATES {
        t.add(g, "429 twice, then fine", op, vec![status(429), status(429), Act::Good], ok(3));
        for code in [408, 500, 502, 503, 504] {
            t.add(g, format!("{code} is permanent, outcome unknown"), op, vec![status(code)], api(code, 1).unknown());
        }
        for code in [400, 401, 403, 404, 409, 413, 422] {
            t.add(g, format!("{code} is permanent, no effect"), op, vec![status(code)], api(code, 1));
        }
        let lost = || fails(K::Transport, 1).unknown();
        t.add(g, "reset after the form: not retried", op, vec![Act::Reset], lost());
        t.add(g, "closed after the form: not retried", op, vec![Act::Close], lost());
        t.add(g, "cut inside the response: not retried", op, vec![Act::Raw(cut(op))], lost());
        t.add(g, "cut inside the headers: not retried", op, vec![Act::Raw(b"HTTP/1.1 20".to_vec())], lost());
        t.set("timeout", "no response: not retried", op, vec![Act::Stall], short, fails(K::Timeout, 1).unknown());
        t.set(g, "429, no retries: exactly one request", op, vec![status(429)], once, api(429, 1));
    }
    t.add(g, "429 twice, then fine", Op::UploadFile, vec![status(429), status(429), Act::Good], ok(3));
    t.add(
        g,
        "429: a reader cannot be replayed",
        Op::UploadReader,
        vec![status(429), Act::Good],
        api(429, 1).says("cannot be replayed"),
    );
    t.add(g, "a reader is sent whole", Op::UploadReader, vec![Act::Good], ok(1));
    for op in [Op::Upload, Op::UploadPath, Op::UploadReader] {
        for code in [401, 413] {
            t.add(
                "early",
                format!("{code} while the body is being sent"),
                op,
                vec![Act::Early(code)],
                api(code, 1).between(1, 2),
            );
            let name = format!("{code} while the body is being sent, without another attempt");
            t.set("early", name, op, vec![Act::Early(code)], once, api(code, 1));
        }
    }
}

fn timeouts(t: &mut Table) {
    let g = "timeout";
    for op in READS {
        t.set(g, "no response, then fine", op, vec![Act::Stall, Act::Good], short, ok(2).takes_limit());
        t.set(g, "no response forever", op, vec![Act::Stall], short, fails(K::Timeout, 3));
        let head = || Act::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), MS(20));
        t.set(g, "slow headers", op, vec![head()], short, fails(K::Timeout, 3));
        let body = || Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), MS(20));
        let call = |b: TwelveLabsBuilder, limit| b.with_timeout(limit).with_max_retries(9);
        t.set(g, "a slow body does not outlive the call", op, vec![body()], call, fails(K::Timeout, 1).takes_limit());
        t.set(g, "slow headers does not outlive the call", op, vec![head()], call, fails(K::Timeout, 1).takes_limit());
        let stuck = Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), Duration::from_secs(900));
        t.set(g, "a body that stops, then fine", op, vec![stuck, Act::Good], short, ok(2).takes_limit());
    }
    for op in CREATES {
        let body = Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), MS(20));
        t.set(g, "a slow response", op, vec![body], short, fails(K::Timeout, 1).unknown());
    }
    // Longer than the 30 s that reqwest sets as `TCP_USER_TIMEOUT`.
    let late = Act::GoodLate(Duration::from_secs(34));
    let patient = |b: TwelveLabsBuilder, _| b.with_chunk_timeout(super::NO_LIMIT).with_header_timeout(super::NO_LIMIT);
    t.set("upload", "a server that stops reading for 34 s", Op::Upload, vec![late], patient, ok(1));
    if let Some(row) = t.0.last_mut() {
        row.is_long = true;
    }
    let idle = "a pooled connection that was closed while idle";
    t.add("upload", idle, Op::CreateAfterPoll, vec![Act::GoodOnce], ok(3));
    for op in [Op::Upload, Op::UploadPath, Op::UploadReader] {
        // The form never became whole, so nothing can have happened.
        t.set(g, "an upload that the server does not read", op, vec![Act::StallUnread], short, fails(K::Timeout, 1));
    }
}

fn responses(t: &mut Table) {
    let g = "response";
    for op in [Op::Status, Op::Retrieve, Op::List, Op::Create] {
        let wrong = || {
            let expect = fails(K::Decode, 1);
            if op == Op::Create { expect.unknown() } else { expect }
        };
        t.add(g, "an HTML page with 200", op, vec![page(200)], wrong());
        t.add(g, "an empty body with 200", op, vec![json("")], wrong());
        t.add(g, "an empty body with 204", op, vec![Act::Raw(b"HTTP/1.1 204 X\r\n\r\n".to_vec())], wrong());
        t.add(g, "truncated JSON", op, vec![json(&good(line(op))[..20])], wrong());
        t.add(g, "JSON with more behind it", op, vec![json(&format!("{} {{}}", good(line(op))))], wrong());
        for body in ["null", "[]", "\"ready\"", "7", "{}", "{\"error\":{}}"] {
            t.add(g, format!("`{body}`"), op, vec![json(body)], wrong());
        }
        t.add(g, "bytes that are not UTF-8", op, vec![Act::Reply(200, String::new(), vec![0xff, 0xfe, 0x00])], wrong());
        t.add(g, "compressed", op, vec![Act::GoodGzip], ok(1));
        let gz = gzip(good(line(op)).as_bytes());
        let zipped = |bytes: &[u8]| Act::Reply(200, "content-encoding: gzip\r\n".into(), bytes.to_vec());
        t.add(g, "compressed and cut", op, vec![zipped(&gz[..gz.len() / 2])], wrong());
        t.add(g, "compressed, checksum cut", op, vec![zipped(&gz[..gz.len() - 4])], wrong());
        t.add(g, "said to be compressed", op, vec![zipped(b"{}")], wrong());
        let other = Act::Reply(200, "content-encoding: br\r\n".into(), b"xx".to_vec());
        t.add(g, "an encoding that was not requested", op, vec![other], wrong().says("encoding"));
        let bomb = zipped(&gzip(&vec![b' '; 8_000_000]));
        let small = |b: TwelveLabsBuilder, _| b.with_response_limit(1_000_000);
        let by_default = if op == Op::Retrieve { fails(K::Decode, 1) } else { wrong().says("larger than the limit") };
        t.add(g, "a compressed bomb, with the default limits", op, vec![bomb.clone()], by_default);
        t.set(g, "a compressed bomb", op, vec![bomb], small, wrong().says("larger than the limit"));
        let announced =
            Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n{".to_vec(), Duration::from_secs(900));
        t.set(g, "announced as too large", op, vec![announced], small, wrong().says("larger than the limit"));
        let endless = Act::Raw([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 3_000_000]].concat());
        t.set(g, "too large without announcing it", op, vec![endless], small, wrong().says("larger than the limit"));
        let foreign = api(404, 1).says("(not a response of the API, check the base URL): Sign in");
        t.add(g, "an error page", op, vec![page(404)], foreign);
        t.add(g, "no such endpoint", op, vec![status(404)], api(404, 1).says("/embed/tasks"));
        t.add(g, "an error without a body", op, vec![Act::Reply(400, String::new(), Vec::new())], api(400, 1));
        let escaped = with(403, "", r#"{"code":"\u0074lk_0123456789SECRET","message":"\u0074lk_0123456789SECRET"}"#);
        t.add(g, "an error that echoes the key in escapes", op, vec![escaped], api(403, 1).says("***"));
        let echoed_id = with(403, "x-request-id: tlk_0123456789SECRET\r\n", "{}");
        t.add(g, "an error that echoes the key as its id", op, vec![echoed_id], api(403, 1));
        let echo = with(403, "", r#"{"code":"x","message":"bad key tlk_0123456789SECRET"}"#);
        t.add(g, "an error that echoes the key", op, vec![echo], api(403, 1).says("***"));
        let cut_error = Act::Raw(b"HTTP/1.1 401 X\r\ncontent-length: 900\r\n\r\n{\"code\":\"api".to_vec());
        t.add(g, "an error whose body is cut", op, vec![cut_error], api(401, 1));
    }
    let early =
        b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"_id\":".to_vec();
    t.add(
        g,
        "a 201 that comes early and is cut: not retried",
        Op::Upload,
        vec![Act::EarlyRaw(early)],
        fails(K::Transport, 1).unknown(),
    );
    let id = |id: &str| json(&format!(r#"{{"_id":{id},"status":"ready"}}"#));
    for op in [Op::Status, Op::Retrieve, Op::Matrix] {
        let other = || fails(K::Decode, 1).says("requested \"663da73b31cdd0c1f638a8e6\", received \"other\"");
        t.add(g, "another task", op, vec![id("\"other\"")], other());
        t.add(g, "another task, whose id is spelt with escapes", op, vec![id("\"oth\\u0065r\"")], other());
    }
    for (name, kind) in [("processing", K::NotReady), ("queued", K::NotReady), ("failed", K::JobFailed)] {
        for op in [Op::Retrieve, Op::Matrix] {
            let expect = fails(kind, 1).says("the task has no vectors (status: ");
            t.add(g, format!("the vectors of a task that is {name}"), op, vec![json(&task(name))], expect);
        }
    }
    let listed = |ids: &[&str], total: u64| {
        let tasks: Vec<_> = ids.iter().map(|id| format!(r#"{{"_id":"{id}","status":"ready"}}"#)).collect();
        let tasks = tasks.join(",");
        json(&format!(r#"{{"data":[{tasks}],"page_info":{{"page":1,"total_page":{total}}}}}"#))
    };
    let endless = |requests| fails(K::Decode, requests).says("the list does not end");
    let growing: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"]
        .iter()
        .zip(2..)
        .map(|(id, total)| listed(&[id], total))
        .collect();
    for op in [Op::Items, Op::Pages] {
        t.add(g, "the same page without end", op, vec![listed(&["a", "b"], 1_000_000)], endless(4));
        t.add(
            g,
            "pages that alternate",
            op,
            vec![listed(&["a"], 9), listed(&["b"], 9), listed(&["a"], 9), listed(&["b"], 9), listed(&["a"], 9)],
            endless(5),
        );
        t.add(g, "a total that grows with every page", op, growing.clone(), endless(14));
        t.add(g, "a total that shrinks", op, vec![listed(&["a"], 9), listed(&["b"], 1)], ok(2));
        t.add(g, "an empty page before the end", op, vec![listed(&["a"], 9), listed(&[], 9)], ok(2));
    }
    for wrong in ["\"\"", "null", "7", "[\"a\"]", "{}"] {
        t.add(g, format!("the id {wrong}"), Op::Create, vec![id(wrong)], fails(K::Decode, 1).unknown().says("_id"));
        t.add(g, format!("the id {wrong}"), Op::Status, vec![id(wrong)], fails(K::Decode, 1).says("_id"));
    }
    let vector = |numbers: &str| {
        let segment =
            format!(r#"{{"float":{numbers},"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}}"#);
        json(&format!(r#"{{"_id":"{ID}","status":"ready","video_embedding":{{"segments":[{segment}]}}}}"#))
    };
    for wrong in
        ["[NaN]", "[1e400]", "[1e39]", "[-3.5e38]", "[null]", "[\"1\"]", "[true]", "null", "{}", "[Infinity]", "[0x1]"]
    {
        t.add(g, format!("the vector {wrong}"), Op::Retrieve, vec![vector(wrong)], fails(K::Decode, 1));
    }
    for fine in ["[1]", "[1, 2.5, -3e-2]", "[0, -0]", "[3.4e38]", "[1e-50]", "[]"] {
        t.add(g, format!("the vector {fine}"), Op::Retrieve, vec![vector(fine)], ok(1));
    }
    let fine = [
        r#"{"_id":"663da73b31cdd0c1f638a8e6","status":"ready","new":[{}]}"#,
        r#"{"_id":"663da73b31cdd0c1f638a8e6","status":"thinking","model_name":null}"#,
        r#"{"_id":"663da73b31cdd0c1f638a8e6","status":"ready","video_embedding":{"metadata":{"duration":30,"video_embedding_scope":null}}}"#,
    ];
    for body in fine {
        t.add(g, format!("`{body}`"), Op::Status, vec![json(body)], ok(1));
    }
}

fn retry_after(t: &mut Table) {
    let g = "retry-after";
    let limited = |headers: &str| with(429, headers, "");
    for (op, again) in [(Op::Status, 2), (Op::Create, 2)] {
        t.add(
            g,
            "429 with Retry-After: 1",
            op,
            vec![limited("retry-after: 1\r\n"), Act::Good],
            ok(again).at_least(MS(1000)),
        );
        t.add(
            g,
            "429 with Retry-After-Ms: 300",
            op,
            vec![limited("retry-after-ms: 300\r\n"), Act::Good],
            ok(again).at_least(MS(300)),
        );
        let reset = "x-ratelimit-request-remaining: 0\r\nx-ratelimit-request-reset: 1\r\n";
        t.add(
            g,
            "429 with a limit that resets in 1 s",
            op,
            vec![limited(reset), Act::Good],
            ok(again).at_least(MS(900)),
        );
        let past = "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
        t.add(g, "429 with a date in the past", op, vec![limited(past), Act::Good], ok(again));
        let hour = limited("retry-after: 3600\r\n");
        let later = Duration::from_secs(3600);
        t.add(g, "429 with Retry-After: 3600 returns at once", op, vec![hour], api(429, 1).back_in(later));
        for beyond in ["1e99", "inf", "99999999999999999999"] {
            t.add(
                g,
                format!("429 with Retry-After: {beyond} returns at once"),
                op,
                vec![limited(&format!("retry-after: {beyond}\r\n"))],
                api(429, 1),
            );
        }
        let twice = "retry-after: 0\r\nretry-after-ms: 400\r\n";
        t.add(
            g,
            "429 with two values respects the longer",
            op,
            vec![limited(twice), Act::Good],
            ok(again).at_least(MS(400)),
        );
        for odd in ["-1", "NaN", "soon", ""] {
            t.add(
                g,
                format!("429 with Retry-After: {odd}"),
                op,
                vec![limited(&format!("retry-after: {odd}\r\n")), Act::Good],
                ok(again),
            );
        }
    }
    let call = |b: TwelveLabsBuilder, _| b.with_timeout(Duration::from_secs(29));
    let beyond = with(503, "retry-after: 30\r\n", "");
    let back = Duration::from_secs(30);
    t.set(
        g,
        "a Retry-After beyond the call's limit returns at once",
        Op::List,
        vec![beyond],
        call,
        api(503, 1).back_in(back),
    );
    t.add(
        g,
        "503 with Retry-After: 1",
        Op::Retrieve,
        vec![with(503, "retry-after: 1\r\n", ""), Act::Good],
        ok(2).at_least(MS(1000)),
    );
}

fn waits(t: &mut Table) {
    let g = "wait";
    let still = || json(&task("processing"));
    for code in [400, 401, 403, 404, 422] {
        t.add(g, format!("{code} ends it at once"), Op::Wait, vec![still(), status(code)], api(code, 2));
    }
    let errors = [
        ("429", status(429)),
        ("500", status(500)),
        ("503", status(503)),
        ("a reset", Act::Reset),
        ("an HTML page with 200", page(200)),
        ("an HTML page with 502", page(502)),
        ("truncated JSON", json("{\"_id\":")),
        ("a body that is cut", Act::Raw(cut(Op::Wait))),
        ("closed without a response", Act::Close),
    ];
    for (name, act) in errors {
        t.add(
            g,
            format!("{name} four times is tolerated"),
            Op::Wait,
            vec![act.clone(), act.clone(), act.clone(), act.clone(), Act::Good],
            ok(5),
        );
        let kind = match name {
            "429" | "500" | "503" | "an HTML page with 502" => K::Api,
            "an HTML page with 200" | "truncated JSON" => K::Decode,
            _ => K::Transport,
        };
        t.add(g, format!("{name} five times in a row ends it"), Op::Wait, vec![act], fails(kind, 5));
    }
    for cut in [r#"{"_id":"abc","status":"proces"#, r#"{"_id":"abc","status":"#, r#"{"_id":"abc","status":"ready""#] {
        t.add(
            g,
            format!("cut at the status, five times in a row: `{cut}`"),
            Op::Wait,
            vec![json(cut)],
            fails(K::Decode, 5),
        );
    }
    let other = || json(r#"{"_id":"other","status":"ready"}"#);
    let both = fails(K::Decode, 5).says("requested \"663da73b31cdd0c1f638a8e6\", received \"other\"");
    t.add(g, "another task five times in a row ends it", Op::Wait, vec![other()], both);
    t.add(g, "another task once is tolerated", Op::Wait, vec![other(), Act::Good], ok(2));
    let unknown = [
        ("an unknown status", r#"{"_id":"663da73b31cdd0c1f638a8e6","status":"resting"}"#),
        ("no status", r#"{"_id":"663da73b31cdd0c1f638a8e6"}"#),
        ("a null status", r#"{"_id":"663da73b31cdd0c1f638a8e6","status":null}"#),
    ];
    for (name, body) in unknown {
        let act = json(body);
        let acts = vec![act.clone(), act.clone(), act.clone(), act.clone(), act.clone(), Act::Good];
        t.add(g, format!("{name} five times, then ready"), Op::Wait, acts, ok(6));
        let late = fails(K::Deadline, 1).between(2, usize::MAX).takes_limit();
        t.add(g, format!("{name} until the deadline"), Op::WaitUntilLimit, vec![act], late);
    }
    for wrong in ["5", "{}", "[\"ready\"]", "true"] {
        let act = json(&format!(r#"{{"_id":"{ID}","status":{wrong}}}"#));
        let expect = fails(K::Decode, 5).says("status");
        t.add(g, format!("the status {wrong}, five times in a row"), Op::Wait, vec![act.clone()], expect);
        t.add(g, format!("the status {wrong} once is tolerated"), Op::Wait, vec![act, Act::Good], ok(2));
    }
    t.add(
        g,
        "the deadline ends a request in flight",
        Op::WaitUntilLimit,
        vec![still(), Act::Stall],
        fails(K::Deadline, 2).takes_limit(),
    );
    let pause = with(429, "retry-after: 1\r\n", "");
    t.add(g, "Retry-After is respected", Op::Wait, vec![pause, Act::Good], ok(2).at_least(MS(1000)));
    let hour = with(429, "retry-after: 3600\r\n", "");
    t.add(
        g,
        "a Retry-After beyond the deadline returns at once",
        Op::Wait,
        vec![hour],
        api(429, 1).back_in(Duration::from_secs(3600)),
    );
    t.add(g, "failed is an error", Op::Wait, vec![json(&task("failed"))], fails(K::JobFailed, 1));
    t.add(g, "a redirect is not followed", Op::Wait, vec![with(302, "location: /elsewhere\r\n", "")], api(302, 1));
    t.add(g, "all three steps", Op::Embed, vec![Act::Good], ok(3));
    t.add(g, "the status fails after the create call", Op::Embed, vec![Act::Good, status(404)], api(404, 2));
    t.add(g, "the vectors fail after the wait", Op::Embed, vec![Act::Good, Act::Good, status(404)], api(404, 3));
}

fn redirects(t: &mut Table) {
    for op in [Op::Status, Op::Retrieve, Op::List, Op::Create, Op::Upload] {
        for code in [301, 302, 303, 307, 308] {
            // To the same server, which would record a request that follows it, and respond to it.
            let act = with(code, "location: /v1.3/embed/tasks/x/status\r\n", "");
            t.add(
                "redirect",
                format!("{code} is not followed"),
                op,
                vec![act, Act::Good],
                api(code, 1).says("redirects are not followed"),
            );
        }
        let other = with(307, "location: http://127.0.0.1:9/steal\r\n", "");
        t.add("redirect", "307 to another port is not followed", op, vec![other], api(307, 1));
    }
}

fn names(t: &mut Table) {
    let g = "name";
    for id in ["", ".", "..", "a/b", "a\\b", "/", "\0", "a\r\nX-Evil: 1", "a\u{7f}"] {
        for op in [Op::StatusOf(id), Op::RetrieveOf(id), Op::WaitOf(id)] {
            t.add(
                g,
                "an id that is not one path segment",
                op,
                vec![Act::Good],
                fails(K::InvalidInput, 0).says("task_id"),
            );
        }
    }
    for id in ["663da73b31cdd0c1f638a8e6", "a b", "%2e%2e", "a?b=c", "a#b", "ä", "...", "a;b"] {
        t.add(g, "an unusual id that is one path segment", Op::StatusOf(id), vec![Act::Good], ok(1));
    }
    let names = [
        "plain.mp4",
        "quo\"te.mp4",
        "line\r\nX-Evil: 1\r\n\r\n.mp4",
        "back\\slash.mp4",
        "100%41.mp4",
        "日本 é 🎬.mp4",
        "",
        "semi;colon=1.mp4",
    ];
    for name in names {
        t.add(g, "a file name", Op::Named(name), vec![Act::Good], ok(1));
    }
    let cut = || fails(K::InvalidInput, 1).between(0, 1);
    t.add(g, "a reader that ends too early", Op::Announced(9), vec![Act::Good], cut().says("ended after 5 of 9 bytes"));
    t.add(g, "a reader that has more", Op::Announced(3), vec![Act::Good], cut().says("more than the 3 bytes"));
    let refused = |b: TwelveLabsBuilder, _| b.base_url("http://127.0.0.1:9/v1.3");
    t.set(g, "connection refused", Op::Status, vec![Act::Good], refused, fails(K::Transport, 0).says("cannot connect"));
    t.set(g, "connection refused", Op::Create, vec![Act::Good], refused, fails(K::Transport, 0).says("cannot connect"));
    t.set(
        g,
        "connection refused",
        Op::UploadPath,
        vec![Act::Good],
        refused,
        fails(K::Transport, 0).says("cannot connect"),
    );
}
