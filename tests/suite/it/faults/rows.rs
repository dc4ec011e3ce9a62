//! The scenarios.

mod names;
mod operations;
mod optional;
mod parts;
mod redirects;
mod responses;
mod retries;
mod retry_after;
mod timeouts;
mod waits;

use std::time::Duration;

use twelvelabs::{ErrorKind as K, RequestOptions, TwelveLabsBuilder};

use super::{
    Act, Expect, NO_LIMIT, Op, Row,
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
        Op::Retrieve | Op::Matrix | Op::Segments => "GET /v1.3/embed/tasks/a X",
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
    retries::add_to(&mut table);
    timeouts::add_to(&mut table);
    responses::add_to(&mut table);
    optional::add_to(&mut table);
    retry_after::add_to(&mut table);
    waits::add_to(&mut table);
    redirects::add_to(&mut table);
    names::add_to(&mut table);
    parts::add_to(&mut table);
    operations::add_to(&mut table);
    table.0
}
