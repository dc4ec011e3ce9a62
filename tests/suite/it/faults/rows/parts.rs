//! Parts of an upload on the way to a storage host: which refusals are replaced by a new URL, which are retried, and
//! which end the upload.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    let g = "part";
    let part = Op::SendPart;
    for code in [400, 401, 403, 404, 410] {
        let refused = || with(code, "", "<Error><Code>AccessDenied</Code></Error>");
        t.add(g, format!("{code}: the URL is replaced"), part, vec![refused(), Act::Good], ok(2));
        t.add(g, format!("{code} for every URL"), part, vec![refused()], api(code, 3).says("part 1 of 1 (bytes 0 to "));
    }
    for code in [408, 429, 500, 502, 503, 504] {
        t.add(g, format!("{code}: sent again"), part, vec![status(code), Act::Good], ok(2));
        t.add(g, format!("{code} for ever"), part, vec![status(code)], api(code, 3).says("part 1 of 1 (bytes 0 to "));
    }
    for code in [402, 405, 409, 411, 412, 413, 501] {
        t.add(g, format!("{code} is permanent"), part, vec![status(code), Act::Good], api(code, 1));
    }
    for code in [301, 302, 307, 308] {
        let act = with(code, "location: http://127.0.0.1:9/steal\r\n", "");
        t.add(g, format!("{code} is not followed"), part, vec![act], api(code, 1).says("redirects are not followed"));
    }
    for (name, act) in [
        ("closed without a word", Act::Close),
        ("reset", Act::Reset),
        ("cut in the headers", Act::Raw(b"HTTP/1.1 200 OK\r\netag: \"e".to_vec())),
        ("not HTTP", Act::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())),
    ] {
        t.add(g, format!("{name}: sent again"), part, vec![act.clone(), Act::Good], ok(2));
        t.add(g, format!("{name} for ever"), part, vec![act], fails(K::Transport, 3));
    }
    for op in [Op::SendPart, Op::SendLargePart] {
        t.add(g, "refused before it has arrived: sent again", op, vec![Act::Early(503), Act::Good], ok(2));
    }
    let early = Act::EarlyRaw(b"HTTP/1.1 200 OK\r\netag: \"e-1\"\r\ncontent-length: 0\r\n\r\n".to_vec());
    t.add(g, "a success before the part has arrived", Op::SendLargePart, vec![early, Act::Good], ok(2));
    let no_etag = Act::Reply(200, String::new(), Vec::new());
    t.add(g, "a success without an ETag", part, vec![no_etag], fails(K::Decode, 1).says("has no ETag"));
    let wait = |seconds: u64| with(503, &format!("retry-after: {seconds}\r\n"), "");
    t.add(g, "Retry-After is respected", part, vec![wait(1), Act::Good], ok(2).at_least(MS(1000)));
    t.add(g, "a long Retry-After ends the upload", part, vec![wait(91)], api(503, 1).back_in(MS(91_000)));
    for (name, op, act) in [
        ("a storage host that does not respond", Op::SendPart, Act::Stall),
        ("a storage host that does not read", Op::SendLargePart, Act::StallUnread),
    ] {
        t.set("timeout", format!("{name}: sent again"), op, vec![act.clone(), Act::Good], short, ok(2).takes_limit());
        t.set("timeout", name, op, vec![act], short, fails(K::Timeout, 3).takes_limit());
    }
}
