//! What is retried, and what never is.

use super::*;

pub(super) fn add_to(t: &mut Table) {
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
        for code in [425, 520, 521, 522, 523, 524, 529, 530] {
            t.add(g, format!("{code} twice, then fine"), op, vec![status(code), status(code), Act::Good], ok(3));
        }
        for code in [400, 401, 403, 404, 409, 410, 422, 500, 501, 505, 506, 507, 508, 510, 511, 525, 526, 599] {
            t.add(g, format!("{code} is permanent"), op, vec![status(code)], api(code, 1));
        }
    }
    for op in CREATES {
        t.add(g, "429 twice, then fine", op, vec![status(429), status(429), Act::Good], ok(3));
        t.add(g, "425, then fine", op, vec![status(425), Act::Good], ok(2));
        for code in [408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530, 599] {
            t.add(g, format!("{code} is permanent, outcome unknown"), op, vec![status(code)], api(code, 1).unknown());
        }
        for code in [400, 401, 403, 404, 409, 413, 422, 501, 505, 511] {
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
    large_bodies(t);
    for op in [Op::Upload, Op::UploadPath, Op::UploadReader, Op::EmbedBytes, Op::PostBytes] {
        let refused = Act::EarlyReads(reply(403, "content-type: application/json\r\n", br#"{"code":"refused_early"}"#));
        t.add(
            "early",
            "403 at the headers, and the server reads on",
            op,
            vec![refused],
            api(403, 1).says("refused_early"),
        );
        if op != Op::UploadReader {
            let later = Act::EarlyReads(reply(429, "", b""));
            t.add("early", "429 at the headers, and the server reads on", op, vec![later, Act::Good], ok(2));
        }
    }
    for op in READS {
        let cut = || Act::Raw(without_length(op, 2));
        t.add(g, "a body without a length, cut, then fine", op, vec![cut(), Act::Good], ok(2));
        t.add(g, "a body without a length, cut forever", op, vec![cut()], fails(K::Transport, 3));
        t.add(g, "a body without a length", op, vec![Act::Raw(without_length(op, 1))], ok(1));
        let packed = || Act::Raw(packed_without_length(op));
        t.add(g, "a compressed body without a length, cut, then fine", op, vec![packed(), Act::Good], ok(2));
        t.add(g, "407 is the proxy's and permanent", op, vec![status(407)], proxy_refusal());
        t.add(g, "417 without `Expect` is permanent", op, vec![status(417)], api(417, 1));
    }
    for op in CREATES {
        let cut = Act::Raw(without_length(op, 2));
        t.add(g, "a body without a length, cut: not retried", op, vec![cut], fails(K::Transport, 1).unknown());
        t.add(g, "407 is the proxy's and permanent, no effect", op, vec![status(407)], proxy_refusal());
    }
    for op in [Op::Upload, Op::UploadPath, Op::UploadFile, Op::UploadReader] {
        let refused = || Act::Early(417);
        t.set("early", "417: sent again without `Expect`", op, vec![refused(), Act::Good], once, ok(2));
        t.set("early", "417 to every request", op, vec![refused(), status(417)], once, api(417, 2));
    }
}

/// Large bodies that are no forms are retried as their effect allows, complete each time.
fn large_bodies(t: &mut Table) {
    let g = "retry";
    t.add(g, "large JSON: 503 twice, then fine", Op::EmbedBytes, vec![status(503), status(503), Act::Good], ok(3));
    t.add(g, "large JSON: reset, then fine", Op::EmbedBytes, vec![Act::Reset, Act::Good], ok(2));
    t.add(g, "large bytes: 429, then fine", Op::PostBytes, vec![status(429), Act::Good], ok(2));
    t.add(
        g,
        "large bytes: reset after the last one",
        Op::PostBytes,
        vec![Act::Reset],
        fails(K::Transport, 1).unknown(),
    );
    for op in [Op::EmbedBytes, Op::PostBytes] {
        let name = "401 while the body is being sent, without another attempt";
        t.set("early", name, op, vec![Act::Early(401)], once, api(401, 1));
        t.set("early", "417: sent again without `Expect`", op, vec![Act::Early(417), Act::Good], once, ok(2));
    }
}

fn proxy_refusal() -> Expect {
    Expect { status: Some(407), ..fails(K::Transport, 1) }.says("the proxy requires credentials")
}

/// A response whose body ends with the connection, after one part of this many.
fn without_length(op: Op, parts: usize) -> Vec<u8> {
    let body = good(&line(op).replace("tasks/a", &format!("tasks/{ID}")));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    [head.as_bytes(), &body.as_bytes()[..body.len() / parts]].concat()
}

/// As [`without_length`], compressed and cut.
fn packed_without_length(op: Op) -> Vec<u8> {
    let body = gzip(good(line(op)).as_bytes());
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
    [head.as_bytes(), &body[..body.len() / 2]].concat()
}
