//! Responses that are not what the API promises.

use super::*;

pub(super) fn add_to(t: &mut Table) {
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
        let long = |body: String| with(403, "", &body);
        let (small, huge) = ("a".repeat(100_000), "a".repeat(2_000_000));
        for (name, body) in [
            ("code last", format!(r#"{{"message":"{small}","code":"api_not_allowed"}}"#)),
            ("nested, code last", format!(r#"{{"error":{{"message":"{small}","code":"api_not_allowed"}}}}"#)),
            ("code first, larger than what is read", format!(r#"{{"code":"api_not_allowed","message":"{huge}"}}"#)),
            (
                "nested, code first, larger than what is read",
                format!(r#"{{"error":{{"code":"api_not_allowed","details":[["{huge}"]]}}}}"#),
            ),
        ] {
            t.add(g, format!("a large error, {name}"), op, vec![long(body)], api(403, 1).says("403 api_not_allowed"));
        }
        let body = format!(r#"{{"message":"{small}","code":"api_not_allowed"}}"#);
        let zipped_error = Act::Reply(403, "content-encoding: gzip\r\n".into(), gzip(body.as_bytes()));
        t.add(g, "a large error, compressed", op, vec![zipped_error], api(403, 1).says("403 api_not_allowed"));
        let marked = with(401, "", "\u{feff}{\"code\":\"api_key_invalid\",\"message\":\"No\"}");
        t.add(g, "an error behind a byte order mark", op, vec![marked], api(401, 1).says("api_key_invalid: No"));
        let late =
            Act::Raw(b"HTTP/1.1 403 X\r\ncontent-length: 900\r\n\r\n{\"code\":\"api_not_allowed\",\"mess".to_vec());
        t.add(g, "an error whose body is cut after its code", op, vec![late], api(403, 1).says("403 api_not_allowed"));
        let broken = with(403, "", r#"{"code":"two\nlines\u001b[31m","message":"a\nb"}"#);
        t.add(g, "an error whose code breaks the line", op, vec![broken], api(403, 1).says("403 two lines[31m: a b"));
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
    for wrong in [
        "[NaN]",
        "[1e400]",
        "[1e39]",
        "[-3.5e38]",
        "[null]",
        "[\"1\"]",
        "[true]",
        "null",
        "{}",
        "[Infinity]",
        "[0x1]",
        "[]",
    ] {
        t.add(g, format!("the vector {wrong}"), Op::Retrieve, vec![vector(wrong)], fails(K::Decode, 1));
    }
    for fine in ["[1]", "[1, 2.5, -3e-2]", "[0, -0]", "[3.4e38]", "[1e-50]"] {
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
