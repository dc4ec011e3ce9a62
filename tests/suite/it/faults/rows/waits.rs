//! What ends a wait, and what does not.

use super::*;
use crate::support::KEY;

pub(super) fn add_to(t: &mut Table) {
    of_other_jobs(t);
    let g = "wait";
    let still = || json(&task("processing"));
    for code in [400, 401, 403, 404, 422, 501, 505, 511] {
        t.add(g, format!("{code} ends it at once"), Op::Wait, vec![still(), status(code)], api(code, 2));
    }
    for code in [401, 403] {
        let foreign = api(code, 2).says("(not a response of the API, check the base URL and the proxy): Sign in");
        t.add(g, format!("a page with {code} ends it at once"), Op::Wait, vec![still(), page(code)], foreign);
    }
    for code in [425, 500, 507, 520, 521, 522, 523, 524, 525, 526, 529, 530, 599] {
        t.add(g, format!("{code} is tolerated"), Op::Wait, vec![still(), status(code), Act::Good], ok(3));
    }
    let refused = Expect { status: Some(407), ..fails(K::Transport, 2) };
    t.add(g, "407 ends it at once", Op::Wait, vec![still(), status(407)], refused);
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
        ("a body without a length that is cut", Act::Raw(b"HTTP/1.1 200 OK\r\n\r\n{\"_id\":".to_vec())),
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
    let other_without = json(r#"{"_id":"other"}"#);
    t.add(g, "another task without a status five times in a row", Op::Wait, vec![other_without], fails(K::Decode, 5));
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
    let echo = json(&task(&format!("waiting for {KEY}")));
    let late = fails(K::Deadline, 1).between(2, usize::MAX).takes_limit();
    t.add(g, "a status with the key until the deadline", Op::WaitUntilLimit, vec![echo], late.says("waiting for ***"));
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
    let none = json(&task("ready"));
    t.add(g, "no vectors after the wait", Op::Embed, vec![Act::Good, Act::Good, none], fails(K::Decode, 3));
    t.add(g, "the vectors fail after the wait", Op::Embed, vec![Act::Good, Act::Good, status(404)], api(404, 3));
}

/// Assets and tasks of version 2, whose status is that of the list of tasks or, if that cannot be used, of the task
/// itself.
fn of_other_jobs(t: &mut Table) {
    let g = "wait";
    let job = |status: &str| json(&format!(r#"{{"_id":"{ID}"{status}}}"#));
    let ready = || job(r#","status":"ready""#);
    let page = |status: &str| json(&format!(r#"{{"data":[{{"_id":"{ID}"{status}}}],"page_info":{{"total_page":1}}}}"#));
    let done = || page(r#","status":"ready""#);
    for (op, ready) in [(Op::WaitAsset, ready()), (Op::WaitV2, done())] {
        for code in [401, 403, 505] {
            let requests = if op == Op::WaitV2 && code == 505 { 2 } else { 1 };
            t.add(g, format!("{code} ends it at once"), op, vec![status(code)], api(code, requests));
        }
        for (name, act) in [("503", status(503)), ("529", status(529)), ("a reset", Act::Reset), ("429", status(429))] {
            let acts = vec![act.clone(), act.clone(), act.clone(), act, ready.clone()];
            t.add(g, format!("{name} four times is tolerated"), op, acts, ok(5));
        }
        let pause = with(429, "retry-after: 1\r\n", "");
        t.add(g, "Retry-After is respected", op, vec![pause, ready.clone()], ok(2).at_least(MS(1000)));
    }
    let failed = || job(r#","status":"failed","error":{"message":"broken"}"#);
    let of_list = vec![page(r#","status":"failed""#), failed()];
    for (op, acts) in [(Op::WaitAsset, vec![failed()]), (Op::WaitV2, of_list)] {
        let expect = fails(K::JobFailed, acts.len()).says("broken");
        t.add(g, "failed is an error with its reason", op, acts, expect);
    }
    for (name, text) in
        [("no status", ""), ("a null status", r#","status":null"#), ("an unknown one", r#","status":"x""#)]
    {
        let act = job(text);
        let acts = vec![act.clone(), act.clone(), act.clone(), act.clone(), act, ready()];
        t.add(g, format!("{name} five times, then ready"), Op::WaitAsset, acts, ok(6));
    }
    for (name, text) in [("no status", ""), ("a null status", r#","status":null"#)] {
        for (place, listed) in [
            ("in the list, too", page(text)),
            ("not in the list", json(r#"{"data":[]}"#)),
            ("without the list", status(404)),
        ] {
            let polls = (0..5).flat_map(|_| [listed.clone(), job(text)]);
            let acts = polls.chain([done()]).collect();
            t.add(g, format!("{name} five times, {place}, then ready"), Op::WaitV2, acts, ok(11));
        }
        let acts = vec![page(r#","status":"failed""#), job(text)];
        t.add(g, format!("failed in the list, and {name}"), Op::WaitV2, acts, fails(K::JobFailed, 2));
    }
    let unknown = page(r#","status":"x""#);
    let acts = vec![unknown.clone(), unknown.clone(), unknown.clone(), unknown.clone(), unknown, done()];
    t.add(g, "an unknown status five times, then ready", Op::WaitV2, acts, ok(6));
    for wrong in ["5", "{}", "[\"ready\"]", "true"] {
        let act = job(&format!(r#","status":{wrong}"#));
        let expect = fails(K::Decode, 5).says("status");
        t.add(g, format!("the status {wrong}, five times in a row"), Op::WaitAsset, vec![act], expect);
        let entry = page(&format!(r#","status":{wrong}"#));
        t.add(g, format!("the status {wrong} in the list"), Op::WaitV2, vec![entry, ready()], ok(2));
        let act = job(&format!(r#","status":{wrong}"#));
        let expect = fails(K::Decode, 10).says("status");
        t.add(g, format!("the status {wrong}, five times in a row"), Op::WaitV2, vec![act], expect);
    }
    let other = json(r#"{"_id":"other","status":"ready"}"#);
    let both = "requested \"663da73b31cdd0c1f638a8e6\", received \"other\"";
    t.add(
        g,
        "another asset five times in a row ends it",
        Op::WaitAsset,
        vec![other.clone()],
        fails(K::Decode, 5).says(both),
    );
    t.add(g, "another task five times in a row ends it", Op::WaitV2, vec![other], fails(K::Decode, 10).says(both));
}
