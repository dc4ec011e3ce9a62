//! Clients can be shared between threads, futures and streams can be moved to another one, and what is not used up by a
//! call can be cloned.
//!
//! The functions compile, or they do not; nothing is sent, because nothing is polled.

use std::future::{Future, IntoFuture};

use bytes::Bytes;
use futures_util::Stream;
use twelvelabs::{
    Error, FileSource, ModelName, Request, Response, ResponseInfo, TwelveLabs, TwelveLabsBuilder,
    assets::{AssetCleanup, AssetsClient},
    embed::{
        CreateBulk, CreatesJob, EmbedClient, Matrix, ReturnsVectors, Segment,
        tasks::{CreateTask, FindCreated, TaskInput, TasksClient},
        v2::{
            CreateEmbeddingTask, DocumentInput, EmbedInput, EmbedTaskInput, ImageInput, MediaSource, MultiInput,
            TextInput, V2Client, V2TasksClient, VideoInput,
        },
    },
    multipart_upload::MultipartUploadClient,
    raw::{Form, Method, RawRequest},
    request::{Pages, Verb},
    upload::RangeSource,
    wait::{Job, WaitAll, WaitDetails, WaitForDone},
};

use crate::support::{ID, KEY};

fn future<F: Future<Output: Send> + Send + 'static>(_: F) {}

fn stream<S: Stream<Item: Send> + Send + Unpin + 'static>(_: S) {}

fn call<V: Verb>(new: impl Fn() -> Request<V>) {
    future(new().send());
    future(new().send_with_response());
    future(new().into_future());
}

fn list<V: Pages>(new: impl Fn() -> Request<V>) {
    call(&new);
    stream(new().pages());
    stream(new().items());
}

fn vectors<V: ReturnsVectors>(new: impl Fn() -> Request<V>) {
    call(&new);
    stream(new().segments());
    future(new().segments_with_response());
    future(new().matrix());
    future(new().matrix_with_response());
}

fn bulk<V: CreatesJob>(new: impl Fn() -> CreateBulk<V>) {
    future(new().send());
    future(new().into_future());
    stream(new().stream());
    waits(|| new().wait());
}

fn wait<J: Job>(new: impl Fn() -> WaitForDone<J>) {
    future(new().send());
    future(new().into_future());
    stream(new().stream());
}

fn waits<J: Job>(new: impl Fn() -> WaitAll<J>) {
    future(new().send());
    future(new().into_future());
    stream(new().stream());
}

#[tokio::test]
async fn every_future_and_stream_can_be_moved_to_another_thread() {
    let client = TwelveLabs::builder().api_key(KEY).base_url("http://127.0.0.1:9").build().expect("a client");
    let (model, file) = (ModelName::Marengo35, || FileSource::bytes("a.mp4", "a"));

    let assets = client.assets();
    call(|| assets.create(file()));
    call(|| assets.upload("a.mp4"));
    call(|| assets.upload_from(RangeSource::new("a.mp4", 1, |_| std::io::Cursor::new("a"))));
    list(|| assets.list());
    call(|| assets.retrieve(ID));
    call(|| assets.delete(ID));
    call(|| assets.update_user_metadata(ID, [("a", "b")]));
    call(|| assets.replace_user_metadata(ID, [("a", "b")]));
    call(|| assets.delete_user_metadata(ID));
    call(|| assets.retrieve_transcription(ID));
    wait(|| assets.wait_for_done(ID));
    waits(|| assets.wait_all([ID]));
    let cleanup = assets.cleanup();
    future(async move { cleanup.delete().await });

    let uploads = client.multipart_upload();
    call(|| uploads.create("a.mp4", "video", 1));
    list(|| uploads.list_incomplete_uploads());
    list(|| uploads.get_status(ID));
    call(|| uploads.report_chunk_batch(ID, []));
    call(|| uploads.get_additional_presigned_urls(ID, 1, 1));

    let embed = client.embed();
    call(|| embed.create(model.clone()).text("a"));
    let tasks = embed.tasks();
    call(|| tasks.create(model.clone(), file()));
    bulk(|| tasks.create_bulk(model.clone(), [file()]));
    call(|| tasks.status(ID));
    wait(|| tasks.wait_for_done(ID));
    waits(|| tasks.wait_all([ID]));
    vectors(|| tasks.retrieve(ID));
    list(|| tasks.list());
    vectors(|| tasks.embed(model.clone(), file()));
    future(tasks.find_created("a.mp4").send());
    future(tasks.find_created("a.mp4").into_future());

    vectors(|| embed.v2().create(model.clone(), "a"));
    let (tasks, video) = (embed.v2().tasks(), || VideoInput::new(MediaSource::path("a.mp4")));
    call(|| tasks.create(model.clone(), video()));
    bulk(|| tasks.create_bulk(model.clone(), [video()]));
    call(|| tasks.status(ID));
    wait(|| tasks.wait_for_done(ID));
    waits(|| tasks.wait_all([ID]));
    vectors(|| tasks.retrieve(ID));
    list(|| tasks.list());
    vectors(|| tasks.embed(model.clone(), video()));

    let raw = || client.request(Method::GET, "/tasks");
    future(raw().send::<serde_json::Value>());
    future(raw().send_with_response::<serde_json::Value>());
    future(raw().send_for_bytes());
    future(raw().into_future());
}

/// Compiles for types that many threads can use at the same time, each with a clone or a reference.
fn shared<T: Clone + Send + Sync + 'static>() {}

fn sent<T: Send + 'static>() {}

#[test]
fn clients_inputs_and_requests_can_be_cloned_and_shared() {
    shared::<TwelveLabs>();
    shared::<twelvelabs::blocking::TwelveLabs>();
    shared::<AssetsClient>();
    shared::<EmbedClient>();
    shared::<TasksClient>();
    shared::<V2Client>();
    shared::<V2TasksClient>();
    shared::<MultipartUploadClient>();

    shared::<FileSource>();
    shared::<RangeSource>();
    shared::<MediaSource>();
    shared::<TaskInput>();
    shared::<TextInput>();
    shared::<ImageInput>();
    shared::<VideoInput>();
    shared::<DocumentInput>();
    shared::<MultiInput>();
    shared::<EmbedInput>();
    shared::<EmbedTaskInput>();
    shared::<Form>();

    shared::<Request<CreateTask>>();
    shared::<Request<CreateEmbeddingTask>>();
    shared::<CreateBulk<CreateTask>>();
    shared::<FindCreated>();
    shared::<RawRequest>();

    shared::<Response<Bytes>>();
    shared::<ResponseInfo>();
    shared::<Segment>();
    shared::<Matrix>();
    shared::<WaitDetails>();
}

#[test]
fn builders_errors_and_cleanups_can_be_moved_to_another_thread() {
    sent::<TwelveLabsBuilder>();
    sent::<AssetCleanup>();
    // An error of a thread or a task is returned by `join`, and `Box<dyn Error + Send + Sync>` takes it.
    sent::<Error>();
    let boxed: fn(Error) -> Box<dyn std::error::Error + Send + Sync> = |error| error.into();
    let _ = boxed;
}
