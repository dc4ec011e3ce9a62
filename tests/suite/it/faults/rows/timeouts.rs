//! Silence, slow servers and stuck uploads.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    let g = "timeout";
    for op in READS {
        t.set(g, "no response, then fine", op, vec![Act::Stall, Act::Good], short, ok(2).takes_limit());
        t.set(g, "no response forever", op, vec![Act::Stall], short, fails(K::Timeout, 3));
        let head = || Act::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec(), MS(20));
        t.set(g, "slow headers", op, vec![head()], short, fails(K::Timeout, 3));
        let body = || Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), MS(20));
        let call = |b: TwelveLabsBuilder, limit| b.with_timeout(limit).with_max_retries(9);
        let late = || fails(K::Timeout, 1).takes_limit().says("(with_timeout)");
        t.set(g, "a slow body does not outlive the call", op, vec![body()], call, late());
        t.set(g, "slow headers do not outlive the call", op, vec![head()], call, late());
        let stuck = Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), Duration::from_secs(900));
        t.set(g, "a body that stops, then fine", op, vec![stuck, Act::Good], short, ok(2).takes_limit());
    }
    for op in [Op::Status, Op::List] {
        let body = Act::Drip(b"HTTP/1.1 200 OK\r\n\r\n{".to_vec(), MS(20));
        let headers = |b: TwelveLabsBuilder, limit| b.with_header_timeout(limit).with_max_retries(0);
        let expect = fails(K::Timeout, 1).takes_limit().says("s (with_header_timeout)");
        t.set(g, "a small body that never ends", op, vec![body], headers, expect);
    }
    for op in CREATES {
        let body = Act::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n{".to_vec(), MS(20));
        t.set(g, "a slow response", op, vec![body], short, fails(K::Timeout, 1).unknown());
    }
    // Longer than the 30 s that reqwest sets as `TCP_USER_TIMEOUT`.
    let late = Act::GoodLate(Duration::from_secs(34));
    let patient = |b: TwelveLabsBuilder, _| b.with_chunk_timeout(NO_LIMIT).with_header_timeout(NO_LIMIT);
    t.set("upload", "a server that stops reading for 34 s", Op::Upload, vec![late], patient, ok(1));
    if let Some(row) = t.0.last_mut() {
        row.is_long = true;
    }
    for op in [Op::UploadPath, Op::SendLargePart] {
        t.set(g, "a server that reads slowly and steadily", op, vec![Act::GoodSlow], short, ok(1).takes_limit());
    }
    let idle = "a pooled connection that was closed while idle";
    t.add("upload", idle, Op::CreateAfterPoll, vec![Act::GoodOnce], ok(3));
    for op in [Op::Upload, Op::UploadPath, Op::UploadReader] {
        // The form never became whole, so nothing can have happened.
        t.set(g, "an upload that the server does not read", op, vec![Act::StallUnread], short, fails(K::Timeout, 1));
    }
    let unread = || fails(K::Timeout, 1).says("no upload progress");
    t.set(g, "large bytes that the server does not read", Op::PostBytes, vec![Act::StallUnread], short, unread());
    let single = |b: TwelveLabsBuilder, limit| short(b, limit).with_max_retries(0);
    t.set(g, "large JSON that the server does not read", Op::EmbedBytes, vec![Act::StallUnread], single, unread());
    for op in [Op::EmbedBytes, Op::PostBytes] {
        let done = || fails(K::Timeout, 1).says("no response headers");
        let done = if op == Op::PostBytes { done().unknown() } else { done() };
        t.set(g, "a large body without a response", op, vec![Act::Stall], single, done);
    }
}
