//! Encodes the form of a create request, from the fields to the last byte of the body:
//! `cargo bench -p twelvelabs-bench --bench form`.

use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_body_util::BodyExt;
use twelvelabs_api::{
    Client,
    forms::TasksCreateRequest,
    runtime::{FilePart, Key},
    types::{EmbeddingScope, ModelName},
};

const SIZE: usize = 16 * 1024 * 1024;

/// Builds the request and reads its body to the end without sending it.
async fn write(client: &Client, form: &TasksCreateRequest) -> usize {
    let body = form.encode().await.expect("an encoded form");
    let mut request = client.embed_tasks_create_request(body).expect("a request").request;
    let mut body = request.body_mut().take().expect("a form");
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.expect("a chunk").data_ref().map_or(0, bytes::Bytes::len);
    }
    length
}

fn form(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = Key::new("bench").expect("a key");
    // Nothing is sent to this address.
    let client = Client::new_with_client("http://127.0.0.1:9", reqwest::Client::new(), key);

    let mut fields = TasksCreateRequest::new(ModelName::Marengo30);
    fields.video_url = Some("https://example.com/talk.mp4".into());
    fields.video_clip_length = Some(2.0);
    fields.video_embedding_scope = vec![EmbeddingScope::Clip, EmbeddingScope::Video];
    criterion.bench_function("form/fields", |bencher| bencher.iter(|| runtime.block_on(write(&client, &fields))));

    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&vec![0; SIZE]).expect("a temporary file");
    let parts = [("bytes", FilePart::bytes("a.mp4", vec![0; SIZE])), ("file", FilePart::path(file.path()))];
    let mut group = criterion.benchmark_group("form");
    group.throughput(Throughput::Bytes(SIZE as u64));
    for (name, part) in parts {
        let mut form = TasksCreateRequest::new(ModelName::Marengo30);
        form.video_file = Some(part);
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(write(&client, &form))));
    }
    group.finish();
}

criterion_group!(benches, form);
criterion_main!(benches);
