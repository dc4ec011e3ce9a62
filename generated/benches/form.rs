//! Writing the form of a creation, from fields to the last byte of its body: `cargo bench -p twelvelabs-api`.

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

/// Makes the request, sends nothing, and reads its body to the end.
async fn write(client: &Client, form: &TasksCreateRequest) -> usize {
    let body = form.encode().await.expect("the file is there");
    let mut request = client.embed_tasks_create_request(body).expect("a request").request;
    let mut body = request.body_mut().take().expect("a form");
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.expect("the file does not change").data_ref().map_or(0, bytes::Bytes::len);
    }
    length
}

fn form(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = Key::new("bench").expect("a key");
    // No request is sent to it.
    let client = Client::new_with_client("http://127.0.0.1:9", reqwest::Client::new(), key);

    let mut fields = TasksCreateRequest::new(ModelName::Marengo30);
    fields.video_url = Some("https://example.com/talk.mp4".into());
    fields.video_clip_length = Some(2.0);
    fields.video_embedding_scope = vec![EmbeddingScope::Clip, EmbeddingScope::Video];
    criterion.bench_function("form/fields", |bencher| bencher.iter(|| runtime.block_on(write(&client, &fields))));

    let mut file = tempfile::NamedTempFile::new().expect("room for a file");
    file.write_all(&vec![0; SIZE]).expect("room for a file");
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
