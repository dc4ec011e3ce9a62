//! Whole flows against the local platform, with real videos.

mod assets;
mod v2;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt};
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ErrorCode, ErrorKind, FileSource, ModelName,
    embed::{
        Retrieved,
        tasks::{TaskInput, TaskStatus},
    },
    wait::WaitOptions,
};

use crate::support::{CLIP, SILENT, TINY, TOO_SMALL, local};

const SOON: Duration = Duration::from_millis(10);

#[tokio::test]
async fn a_video_becomes_embeddings() {
    let (_platform, tasks) = local().await;
    let progress = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&progress);
    let task = tasks
        .create(ModelName::Marengo30, FileSource::path(CLIP))
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
        .with_progress(move |now| log.lock().expect("sane").push((now.sent, now.total)))
        .send()
        .await
        .expect("created");
    let size = std::fs::metadata(CLIP).expect("the clip").len();
    {
        let progress = progress.lock().expect("sane");
        assert_eq!(progress.last(), Some(&(size, size)));
        assert!(progress.windows(2).all(|pair| pair[0].0 < pair[1].0), "{progress:?}");
    }

    let done = tasks.wait_for_done(&task.id).sleep_interval(SOON).await.expect("ready");
    let metadata = done.video_embedding.and_then(|video| video.metadata).expect("metadata");
    assert_eq!(metadata.input_filename.as_deref(), Some("four_shots.mp4"));
    assert_eq!(metadata.duration.map(|seconds| (seconds * 1000.0).round()), Some(14_000.0));

    let result = tasks.retrieve(&task.id).send().await.expect("retrieved");
    let video = result.video_embedding.expect("embeddings");
    let mut count = BTreeMap::new();
    for segment in &video.segments {
        let option = segment.embedding_option.clone().expect("an option");
        *count
            .entry((option.to_string(), segment.embedding_scope.clone().expect("a scope").to_string()))
            .or_insert(0) += 1;
        assert_eq!(segment.float.dimensions(), 512);
        let length: f32 = segment.float.iter().map(|number| number * number).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    let expected = ["audio", "transcription", "visual"]
        .map(|option| [((option.into(), "clip".into()), 3), ((option.into(), "video".into()), 1)]);
    assert_eq!(count, expected.into_iter().flatten().collect());

    let audio = tasks.retrieve(&task.id).embedding_option([EmbeddingOption::Audio]).send().await.expect("retrieved");
    let audio = audio.video_embedding.expect("embeddings").segments;
    let from_all = video.segments.iter().filter(|segment| segment.embedding_option == Some(EmbeddingOption::Audio));
    assert!(audio.iter().eq(from_all));
}

#[tokio::test]
async fn the_same_media_gives_the_same_vectors_everywhere() {
    let (_platform, tasks) = local().await;
    let embed = tasks.embed(ModelName::Marengo30, FileSource::path(CLIP)).video_clip_length(3.5).sleep_interval(SOON);
    let first = embed.await.expect("embedded").video_embedding.expect("embeddings").segments;
    assert_eq!(first.len(), 12);
    let mut distinct: Vec<_> = first.iter().map(|segment| format!("{:?}", segment.float.as_slice())).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 12);
    let start: Vec<f32> = first[0].float.iter().take(4).copied().collect();
    assert_eq!(start, PINNED, "the vectors are not those of other machines");
}

#[tokio::test]
async fn streamed_vectors_of_embed_know_their_model() {
    let (_platform, tasks) = local().await;
    let embed = tasks.embed(ModelName::Marengo30, FileSource::path(TINY)).sleep_interval(SOON);
    let mut models = Vec::new();
    let mut parts = embed.segments();
    while let Some(part) = parts.try_next().await.expect("embedded") {
        if let Retrieved::Segment(segment) = part {
            models.push(segment.vector.model().map(str::to_owned));
        }
    }
    assert!(!models.is_empty() && models.iter().all(|model| model.as_deref() == Some("marengo3.0")), "{models:?}");
}

/// The first vector of the clip in clips of 3.5 s: the same on every machine.
const PINNED: [f32; 4] = [-0.024040133, 0.10771527, -0.068627834, 0.088746674];

#[tokio::test]
async fn a_video_without_sound_has_no_audio_vectors_and_a_range_has_its_clips() {
    let (_platform, tasks) = local().await;
    let embed = tasks
        .embed(ModelName::Marengo30, FileSource::path(SILENT))
        .video_start_offset_sec(0.5)
        .video_end_offset_sec(4.5);
    let result = embed.video_clip_length(2.5).sleep_interval(SOON).await.expect("embedded");
    let segments = result.video_embedding.expect("embeddings").segments;
    let shown: Vec<_> =
        segments.iter().map(|s| (s.embedding_option.clone(), s.start_offset_sec, s.end_offset_sec)).collect();
    // The rest of 1.5 s is too short.
    assert_eq!(shown, [(Some(EmbeddingOption::Visual), Some(0.5), Some(3.0))]);
}

#[tokio::test]
async fn bytes_readers_and_urls_are_embedded() {
    let (_platform, tasks) = local().await;
    let bytes = std::fs::read(SILENT).expect("the clip");
    let server = wiremock::MockServer::start().await;
    let response = wiremock::ResponseTemplate::new(200).set_body_bytes(bytes.clone());
    wiremock::Mock::given(wiremock::matchers::path("/v.mp4")).respond_with(response).mount(&server).await;
    let sources = [
        FileSource::path(SILENT),
        FileSource::bytes("silent.mp4", bytes.clone()),
        FileSource::reader("silent.mp4", bytes.len() as u64, std::io::Cursor::new(bytes)),
        FileSource::url(format!("{}/v.mp4", server.uri())),
    ];
    let mut results = Vec::new();
    for source in sources {
        let result = tasks.embed(ModelName::Marengo30, source).sleep_interval(SOON).await.expect("embedded");
        results.push(result.video_embedding.expect("embeddings").segments);
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1] && !pair[0].is_empty()));
}

#[tokio::test]
async fn bulk_results_keep_their_order_and_fail_independently() {
    let (_platform, tasks) = local().await;
    let inputs = [
        TaskInput::new(FileSource::path(SILENT)),
        TaskInput::new(FileSource::path("no/such/file.mp4")),
        TaskInput::new(FileSource::path(TOO_SMALL)),
        TaskInput::new(FileSource::path(CLIP)).video_clip_length(2.0),
    ];
    let results = tasks.create_bulk(ModelName::Marengo30, inputs).with_concurrency(2).send().await;
    let kinds: Vec<_> =
        results.iter().map(|result| result.as_ref().map(|_| ()).map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Ok(()), Err(ErrorKind::InvalidInput), Err(ErrorKind::Api), Ok(())]);
    assert_eq!(results[2].as_ref().err().and_then(|error| error.code()), Some(&ErrorCode::VideoResolutionTooLow));
    let names: Vec<_> = tasks.list().items().try_collect::<Vec<_>>().await.expect("listed");
    assert_eq!(names.len(), 2);
    for (result, name) in [(&results[0], "silent.mp4"), (&results[3], "four_shots.mp4")] {
        let id = &result.as_ref().expect("created").id;
        let task = names.iter().find(|task| task.id == *id).expect("listed");
        let metadata = task.video_embedding.as_ref().and_then(|video| video.metadata.as_ref()).expect("metadata");
        assert_eq!(metadata.input_filename.as_deref(), Some(name));
    }
}

#[tokio::test]
async fn list_streams_end_after_the_last_page() {
    let (_platform, tasks) = local().await;
    let empty: Vec<_> = tasks.list().items().collect().await;
    assert!(empty.is_empty());
    let inputs = (0..7).map(|_| FileSource::path(TINY));
    let created = tasks.create_bulk(ModelName::Marengo30, inputs).send().await;
    let ids: Vec<_> = created.into_iter().map(|result| result.expect("created").id).collect();
    let pages: Vec<_> = tasks.list().page_limit(3).pages().try_collect().await.expect("listed");
    assert_eq!(pages.iter().map(|page| page.data.len()).collect::<Vec<_>>(), [3, 3, 1]);
    let mut items: Vec<_> =
        tasks.list().page_limit(2).items().map_ok(|task| task.id).try_collect().await.expect("listed");
    assert_eq!(items.len(), 7);
    items.sort();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(items, sorted);
    for id in &ids {
        tasks.wait_for_done(id).sleep_interval(SOON).await.expect("ready");
    }
    let ready = tasks.list().status(TaskStatus::Ready).items().count().await;
    let failed = tasks.list().status(TaskStatus::Failed).items().count().await;
    assert_eq!((ready, failed), (7, 0));
}

#[tokio::test]
async fn invalid_videos_and_parameters_are_rejected() {
    // The contract lists neither the model nor the form of the id.
    let platform = twelvelabs_local::LocalServer::builder().allow_violations().start().await.expect("a platform");
    let tasks = crate::support::client(platform.base_url());
    let mut cut = std::fs::read(CLIP).expect("the clip");
    cut.truncate(100_000);
    let cases = [
        (FileSource::bytes("a.mp4", &b"not a video"[..]), ErrorCode::VideoFileBroken),
        (FileSource::bytes("cut.mp4", cut), ErrorCode::VideoFileBroken),
        (FileSource::path(TOO_SMALL), ErrorCode::VideoResolutionTooLow),
    ];
    for (source, code) in cases {
        let error = tasks.create(ModelName::Marengo30, source).send().await.expect_err("refused");
        assert_eq!((error.status(), error.code()), (Some(400), Some(&code)), "{error}");
    }
    let late = tasks
        .create(ModelName::Marengo30, FileSource::path(SILENT))
        .video_start_offset_sec(0.0)
        .video_end_offset_sec(60.0);
    let error = late.send().await.expect_err("refused");
    assert_eq!((error.code(), error.parameter()), (Some(&ErrorCode::ParameterInvalid), Some("video_end_offset_sec")));
    let error = tasks.create("marengo2.7", FileSource::path(SILENT)).send().await.expect_err("refused");
    assert_eq!(error.parameter(), Some("model_name"));
    let error = tasks.status("663da73b31cdd0c1f638a8e6").send().await.expect_err("unknown");
    assert!(error.is_not_found() && error.code() == Some(&ErrorCode::ResourceNotExist));
    let error = tasks.status("short").send().await.expect_err("malformed");
    assert_eq!((error.status(), error.parameter()), (Some(400), Some("task_id")));
}

#[tokio::test]
async fn embed_error_after_create_has_the_task_id() {
    let platform = twelvelabs_local::LocalServer::builder()
        .processing_time(Duration::from_secs(600))
        .start()
        .await
        .expect("a platform");
    let tasks = crate::support::client(platform.base_url());
    let embed = tasks
        .embed(ModelName::Marengo30, FileSource::path(SILENT))
        .sleep_interval(SOON)
        .with_deadline(Duration::from_millis(100));
    let error = embed.await.expect_err("late");
    let id = error.resource_id().expect("the id");
    assert_eq!(tasks.status(id).send().await.expect("read").status, TaskStatus::Processing);
    let early = tasks.retrieve(id).send().await.expect_err("no vectors yet");
    assert_eq!((early.kind(), early.resource_id()), (twelvelabs::ErrorKind::NotReady, Some(id)));
    assert!(early.to_string().contains("the task has no vectors (status: processing)"), "{early}");
}
