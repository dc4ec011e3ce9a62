//! The answer of a retrieval, from text to vectors: `cargo bench -p twelvelabs --bench decode`.

use std::{fmt::Write, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use twelvelabs_api::{runtime::LargeArray, types::TasksRetrieveResponse};

#[allow(dead_code, unused_imports, reason = "the client uses more of it than this bench")]
#[path = "../src/json.rs"]
mod json;

/// An answer as the platform writes it, 17 or 18 digits a number.
fn answer(segments: usize) -> String {
    let mut out = String::from(r#"{"_id":"663da73b31cdd0c1f638a8e6","status":"ready","video_embedding":{"segments":["#);
    for segment in 0..segments {
        let numbers: Vec<String> = (0..512)
            .map(|number| {
                let digits = (segment * 512 + number + 1) as u64 * 6_364_136_223_846_793 % 76_500_000_000_000_000;
                format!("{}0.{digits:018}", if digits.is_multiple_of(2) { "-" } else { "" })
            })
            .collect();
        let (comma, floats) = (if segment == 0 { "" } else { "," }, numbers.join(","));
        write!(
            out,
            r#"{comma}{{"float":[{floats}],"start_offset_sec":{segment},"end_offset_sec":{},"embedding_option":"visual","embedding_scope":"clip"}}"#,
            segment + 1
        )
        .expect("a string takes everything");
    }
    out + "]}}"
}

fn decode(criterion: &mut Criterion) {
    let text = answer(100);
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("100 segments, serde_json", |bencher| {
        bencher.iter(|| {
            let whole: TasksRetrieveResponse = serde_json::from_slice(black_box(text.as_bytes())).expect("it is one");
            whole
        });
    });
    group.bench_function("100 segments, ours", |bencher| {
        bencher.iter(|| json::decode::<TasksRetrieveResponse>(black_box(text.as_bytes())).expect("it is one"));
    });
    // As the blocks of a connection.
    group.bench_function("100 segments, ours, in blocks of 64 KiB", |bencher| {
        bencher.iter(|| {
            let (mut splitter, mut segments) = (json::Splitter::<TasksRetrieveResponse>::default(), Vec::new());
            for block in black_box(text.as_bytes()).chunks(64 << 10) {
                splitter.feed(block, |segment| segments.push(segment)).expect("it is one");
            }
            let mut whole = splitter.finish().expect("it is one");
            whole.fill(segments);
            whole
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
