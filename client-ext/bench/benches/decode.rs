//! The response of a retrieval, from JSON to vectors: `cargo bench -p twelvelabs-bench --bench decode`.

use std::{fmt::Write, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use twelvelabs::__internals::{Splitter, decode as decode_json};
use twelvelabs_api::{runtime::LargeArray, types::TasksRetrieveResponse};

/// A response as the server writes it, with 17 or 18 digits per number.
fn response(segments: usize) -> String {
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
        .expect("a string accepts everything");
    }
    out + "]}}"
}

fn decode(criterion: &mut Criterion) {
    let text = response(100);
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("100 segments, serde_json", |bencher| {
        bencher.iter(|| {
            let whole: TasksRetrieveResponse = serde_json::from_slice(black_box(text.as_bytes())).expect("valid");
            whole
        });
    });
    group.bench_function("100 segments, ours", |bencher| {
        bencher.iter(|| decode_json::<TasksRetrieveResponse>(black_box(text.as_bytes())).expect("valid"));
    });
    // As the chunks of a connection.
    group.bench_function("100 segments, ours, in chunks of 64 KiB", |bencher| {
        bencher.iter(|| {
            let (mut splitter, mut segments) = (Splitter::<TasksRetrieveResponse>::default(), Vec::new());
            for chunk in black_box(text.as_bytes()).chunks(64 << 10) {
                splitter.feed(chunk, |segment| segments.push(segment)).expect("valid");
            }
            let mut whole = splitter.finish(|segment| segments.push(segment)).expect("valid").document;
            whole.fill(segments);
            whole
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
