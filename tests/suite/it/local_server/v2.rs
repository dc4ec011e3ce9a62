//! `/embed-v2` and `/embed` of the local server, with the client.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs,
    embed::{
        FailureReason,
        tasks::TaskStatus,
        v2::{
            AudioInput, DocumentInput, DocumentSpatialSegmentationStrategy, EmbeddingData, EmbeddingType, ImageInput,
            MediaSource, MultiInput, MultiInputSource, Segmentation, TextImageInput, VideoInput,
        },
    },
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer, LocalServerBuilder};

use super::{
    SOON,
    files::{pdf, png, tone},
};
use crate::support::{CLIP, KEY, SILENT, without_tls};

/// The picture of `box.png`, and the sound of `tone.wav`.
const JPEG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/box.jpg");
const FLAC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/tone.flac");
/// A PDF file that is broken.
const NO_PAGES: &[u8] = b"%PDF-1.7 without pages";

/// A server, and a client that does not retry.
async fn started(builder: LocalServerBuilder) -> (LocalServer, TwelveLabs) {
    let server = builder.start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_max_retries(0);
    (server, client.build().expect("a client"))
}

fn file(path: &str) -> MediaSource {
    MediaSource::bytes(std::fs::read(path).expect("the clip"))
}

/// Option, scope and range of each item.
fn shown(data: &[EmbeddingData]) -> Vec<String> {
    let place = |data: &EmbeddingData| {
        let option = data.embedding_option.as_ref().map_or("-", |option| option.as_str());
        let scope = data.embedding_scope.as_ref().map_or("-", |scope| scope.as_str());
        let mut line = format!("{option} {scope}");
        if let Some((start, end)) = data.start_sec.zip(data.end_sec) {
            line.push_str(&format!(" {start}-{end}"));
        }
        if let Some(page) = data.start_page_number {
            line.push_str(&format!(" page {page}"));
        }
        if let Some(quarter) = &data.quadrant {
            line.push_str(&format!(" {quarter}"));
        }
        if let Some(index) = data.chunk_index {
            line.push_str(&format!(" chunk {index}"));
        }
        line
    };
    data.iter().map(place).collect()
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|number| number * number).sum::<f32>().sqrt()
}

#[tokio::test]
async fn a_video_task_has_clips_and_the_whole_and_keeps_a_short_last_clip() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    let video = VideoInput::new(file(CLIP)).segmentation(Segmentation::fixed(5)).end_sec(11.0);
    let done = tasks.embed(ModelName::Marengo30, video).sleep_interval(SOON).await.expect("embedded");
    let mut count = BTreeMap::new();
    shown(&done.data).into_iter().for_each(|line| *count.entry(line).or_insert(0) += 1);
    let ranges = ["asset 0-11", "clip 0-5", "clip 10-11", "clip 5-10"];
    let expected = ["audio", "transcription", "visual"].into_iter();
    let expected = expected.flat_map(|option| ranges.map(|range| (format!("{option} {range}"), 1)));
    assert_eq!(count, expected.collect());
    assert!(
        done.data.iter().all(|data| data.embedding.dimensions() == 512 && (norm(&data.embedding) - 1.0).abs() < 1e-5)
    );
    let metadata = done.metadata.expect("metadata");
    assert_eq!((metadata.clip_length, metadata.end_offset_sec), (Some(5), Some(11.0)));
    assert!(done.usage.is_none());
    let listed: Vec<_> = tasks.list().items().try_collect().await.expect("listed");
    let video = listed[0].video_embedding.as_ref().and_then(|video| video.metadata.as_ref()).expect("metadata");
    assert_eq!((listed[0].id.clone(), video.video_clip_length), (done.id, Some(5.0)));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn clips_of_both_versions_have_the_same_vectors() {
    let (_server, client) = started(LocalServer::builder()).await;
    let first = client.embed().tasks().embed(ModelName::Marengo30, FileSource::path(SILENT)).sleep_interval(SOON);
    let first = first.video_clip_length(5.0).await.expect("embedded").video_embedding.expect("embeddings").segments;
    let video =
        VideoInput::new(file(SILENT)).segmentation(Segmentation::fixed(5)).embedding_scope([EmbeddingScope::Clip]);
    let second = client.embed().v2().create(ModelName::Marengo30, video).await.expect("embedded").data;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].float, second[0].embedding);
}

#[tokio::test]
async fn dynamic_clips_are_shots() {
    let (server, client) = started(LocalServer::builder()).await;
    let video = VideoInput::new(file(CLIP))
        .embedding_option([EmbeddingOption::Visual])
        .embedding_scope([EmbeddingScope::Local, EmbeddingScope::Asset]);
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo35, video).embedding_dimension(128);
    let done = embed.sleep_interval(SOON).await.expect("embedded");
    let expected =
        ["visual clip 0-3.5", "visual clip 3.5-7", "visual clip 7-10.5", "visual clip 10.5-14", "visual asset 0-14"];
    let shown: Vec<String> = shown(&done.data).iter().map(|line| line.replace("14.000", "14")).collect();
    assert_eq!(shown, expected);
    assert!(done.data.iter().all(|data| data.embedding.dimensions() == 128));
    assert!(done.usage.expect("usage").input_tokens["video"] > 0);
    assert_eq!(done.metadata.and_then(|metadata| metadata.embedding_dimension), Some(128));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn options_follow_the_tracks_and_fused_vectors_include_texts() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    let both = [EmbeddingType::SeparateEmbedding, EmbeddingType::FusedEmbedding];
    let embed = async |video: VideoInput| {
        let video = video.segmentation(Segmentation::fixed(10)).embedding_scope([EmbeddingScope::Clip]);
        tasks.embed(ModelName::Marengo35, video).sleep_interval(SOON).await.expect("embedded").data
    };
    let silent = embed(VideoInput::new(file(SILENT))).await;
    assert_eq!(shown(&silent), ["visual clip 0-5"]);
    let options = [EmbeddingOption::Visual, EmbeddingOption::Audio];
    let with_text = |from: f64| {
        VideoInput::new(file(CLIP)).embedding_option(options.clone()).embedding_type(both.clone()).time_based_metadata(
            from,
            from + 1.0,
            "a red box",
        )
    };
    let (early, late) = (embed(with_text(1.0)).await, embed(with_text(12.0)).await);
    let lines = ["visual", "audio", "fused"].map(|option| format!("{option} clip 0-10"));
    assert_eq!(shown(&early)[..3], lines);
    assert_eq!(early[..2], late[..2]);
    assert_ne!(early[2].embedding, late[2].embedding, "only one of the texts overlaps the clip");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn uncertainty_is_a_second_vector_and_short_vectors_are_the_start_of_long_ones() {
    let (server, client) = started(LocalServer::builder()).await;
    let embed = client.embed().v2();
    let query = async |dimension: u64, uncertain: bool| {
        let query = embed.create(ModelName::Marengo35, "a dark red box").embedding_dimension(dimension);
        query.embedding_uncertainty(uncertain).await.expect("embedded").data.remove(0)
    };
    let (long, short) = (query(512, false).await, query(128, true).await);
    assert_eq!(
        (long.embedding_uncertainty.is_none(), short.embedding_uncertainty.map(|second| second.len())),
        (true, Some(128))
    );
    let scale = norm(&long.embedding[..128]);
    let close = long.embedding.iter().zip(short.embedding.iter()).all(|(a, b)| (a / scale - b).abs() < 1e-5);
    assert!(close && (norm(&short.embedding) - 1.0).abs() < 1e-5);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn everything_is_embedded_without_a_task() {
    let (server, client) = started(LocalServer::builder()).await;
    let embed = client.embed().v2();
    let image = || MediaSource::bytes(png(200, 150, [200, 30, 30]));
    let mut lines = Vec::new();
    for (name, input) in [
        ("text", "a red box".into()),
        ("image", ImageInput::new(image()).into()),
        ("image, JPEG", ImageInput::new(file(JPEG)).into()),
        ("text and image", TextImageInput::new(image(), "a red box").into()),
        ("audio", AudioInput::new(MediaSource::bytes(tone(7.0, 440.0))).into()),
        ("audio, FLAC", AudioInput::new(file(FLAC)).into()),
        ("video", VideoInput::new(file(SILENT)).into()),
        (
            "several",
            MultiInput::new().input_text("as <@it>").media_source(MultiInputSource::image(image()).name("it")).into(),
        ),
    ] {
        let input: twelvelabs::embed::v2::EmbedInput = input;
        let response = embed.create(ModelName::Marengo30, input).await.expect(name);
        let metadata = response.metadata.map(|metadata| metadata.input_type.to_string());
        lines.push(format!("{name}: {metadata:?} {}", shown(&response.data).join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    text: None - -
    image: Some("image") - -
    image, JPEG: Some("image") - -
    text and image: Some("text_image") - -
    audio: Some("audio") audio clip 0-6, transcription clip 0-6, audio clip 6-7, transcription clip 6-7, audio asset 0-7, transcription asset 0-7
    audio, FLAC: Some("audio") audio clip 0-3, transcription clip 0-3, audio asset 0-3, transcription asset 0-3
    video: Some("video") visual clip 0-5, visual asset 0-5
    several: Some("multi_input") - -
    "#);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn the_format_of_an_image_or_a_sound_hardly_matters() {
    let (server, client) = started(LocalServer::builder()).await;
    let embed = client.embed();
    let vectors = async |image: &str, audio: &str| {
        let call = embed.create(ModelName::Marengo30).image(FileSource::path(image)).audio(FileSource::path(audio));
        let response = call.await.expect("embedded");
        let mut image = response.image_embedding.expect("an image");
        let mut audio = response.audio_embedding.expect("audio");
        let files = [image.metadata, audio.metadata].map(|of| of.and_then(|metadata| metadata.input_filename));
        (files.map(Option::unwrap_or_default), [image.segments.remove(0).float, audio.segments.remove(0).float])
    };
    let (files, found) = vectors(JPEG, FLAC).await;
    assert_eq!(files, ["box.jpg", "tone.flac"]);
    let (_, same) = vectors(&JPEG.replace("jpg", "png"), &FLAC.replace("flac", "wav")).await;
    for (name, (found, same)) in files.iter().zip(found.iter().zip(&same)) {
        let cosine = found.cosine(same).expect("of one model");
        assert!(cosine > 0.98, "{name}: {cosine}");
    }
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn marengo_35_takes_several_files_at_once() {
    let (server, client) = started(LocalServer::builder()).await;
    let embed = client.embed().v2();
    let input = MultiInput::new()
        .input_text("a talk about <@slides>")
        .media_source(MultiInputSource::image(MediaSource::bytes(png(200, 150, [0, 0, 128]))).name("slides"))
        .media_source(MultiInputSource::video(file(SILENT)))
        .media_source(MultiInputSource::audio(MediaSource::bytes(tone(3.0, 300.0))))
        .media_source(MultiInputSource::document(MediaSource::bytes(&b"One. Two."[..])));
    let response = embed.create(ModelName::Marengo35, input).await.expect("embedded");
    assert_eq!(shown(&response.data), ["- -"]);
    let usage = response.usage.expect("usage");
    let mut kinds: Vec<_> = usage.input_tokens.into_keys().collect();
    kinds.sort();
    assert_eq!(kinds, ["audio", "document", "image", "text", "video"]);
    let long = "word ".repeat(2500);
    let error = embed.create(ModelName::Marengo35, long.as_str()).await.expect_err("too long");
    assert_eq!((error.status(), error.parameter()), (Some(400), Some("multi_input")), "{error}");
    let cut = embed.create(ModelName::Marengo35, long).auto_truncate(true).await.expect("cut");
    assert!(cut.usage.is_some_and(|usage| usage.truncated && usage.input_tokens["text"] <= 2000));
    let too_long = MultiInput::new().media_source(MultiInputSource::audio(MediaSource::bytes(tone(31.0, 300.0))));
    assert_eq!(embed.create(ModelName::Marengo35, too_long).await.expect_err("too long").status(), Some(400));
    let many = MultiInput::new().media_source(MultiInputSource::document(MediaSource::bytes(pdf(17, "a"))));
    let error = embed.create(ModelName::Marengo35, many).await.expect_err("too many pages");
    assert!(error.status() == Some(413) && error.to_string().contains("17 pages"), "{error}");
    for nothing in [NO_PAGES, &b" \n"[..]] {
        let nothing = MultiInput::new().media_source(MultiInputSource::document(MediaSource::bytes(nothing)));
        assert_eq!(embed.create(ModelName::Marengo35, nothing).await.expect_err("nothing").status(), Some(400));
    }
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn documents_and_images_are_embedded_in_tasks() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    let document = |bytes: Vec<u8>| DocumentInput::new(MediaSource::bytes(bytes));
    let text = || document(b"# Title\n\nOne. Two! Three? Four.".to_vec());
    let quadrants = DocumentSpatialSegmentationStrategy::Quadrants;
    let mut lines = Vec::new();
    for (name, input) in [
        ("text", text().into()),
        ("chunks", text().sequential_with_overlap(3, 1).embedding_scope([EmbeddingScope::Local]).into()),
        ("pages", document(pdf(3, "words")).into()),
        ("quarters", document(pdf(1, "words")).spatial(quadrants).into()),
        (
            "text of a PDF",
            document(pdf(1, "words"))
                .embedding_option([EmbeddingOption::Text])
                .embedding_scope([EmbeddingScope::Asset])
                .into(),
        ),
        ("image", ImageInput::new(MediaSource::bytes(png(200, 150, [9, 9, 9]))).into()),
    ] {
        let input: twelvelabs::embed::v2::EmbedTaskInput = input;
        let done = tasks.embed(ModelName::Marengo35, input).sleep_interval(SOON).await.expect(name);
        lines.push(format!("{name}: {}", shown(&done.data).join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    text: text asset
    chunks: text chunk chunk 0, text chunk chunk 1
    pages: visual page page 1, visual page page 2, visual page page 3
    quarters: visual page page 1, visual page page 1 top_left, visual page page 1 top_right, visual page page 1 bottom_left, visual page page 1 bottom_right
    text of a PDF: text asset
    image: visual asset
    ");
    let error = tasks
        .embed(ModelName::Marengo35, document(pdf(65, "words")))
        .sleep_interval(SOON)
        .await
        .expect_err("many pages");
    assert_eq!((error.kind(), FailureReason::of_error(&error)), (ErrorKind::JobFailed, Some(FailureReason::TooLarge)));
    assert!(error.to_string().contains("Document (65 pages) exceeds the limit of 64 pages for its size"), "{error}");
    let broken = DocumentInput::new(MediaSource::bytes(NO_PAGES));
    let error = tasks.embed(ModelName::Marengo35, broken).sleep_interval(SOON).await.expect_err("broken");
    assert_eq!(FailureReason::of_error(&error), Some(FailureReason::NotProcessed), "{error}");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_failed_task_has_its_reason_and_others_stall() {
    let (server, client) = started(LocalServer::builder()).await;
    let tasks = client.embed().v2().tasks();
    server.inject(Fault::job_fails().operation("embed_v2_tasks_create"));
    let error = tasks
        .embed(ModelName::Marengo30, VideoInput::new(file(SILENT)))
        .sleep_interval(SOON)
        .await
        .expect_err("failed");
    assert!(error.to_string().contains("a fault injected"), "{error}");
    server.inject(Fault::job_stalls());
    let task = tasks.create(ModelName::Marengo30, VideoInput::new(file(SILENT))).await.expect("created");
    assert_eq!(task.status, Some(TaskStatus::Processing));
    assert_eq!(tasks.retrieve(&task.id).await.expect_err("no vectors").kind(), ErrorKind::NotReady);
    server.inject(Fault::status(503).operation("embed_v2_tasks_retrieve"));
    assert_eq!(tasks.retrieve(&task.id).await.expect_err("refused").status(), Some(503));
    assert_eq!(server.task_count(), 2);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn version_1_embeds_text_images_and_audio() {
    let (server, client) = started(LocalServer::builder()).await;
    let embed = client.embed();
    let response = embed
        .create(ModelName::Marengo30)
        .text("a red box")
        .image(FileSource::bytes("red.png", png(200, 150, [200, 30, 30])))
        .audio(FileSource::bytes("tone.wav", tone(7.0, 440.0)))
        .audio_start_offset_sec(0.5)
        .await
        .expect("embedded");
    let text = response.text_embedding.expect("a text").segments.remove(0).float;
    let image = response.image_embedding.expect("an image");
    assert_eq!(image.metadata.and_then(|metadata| metadata.input_filename).as_deref(), Some("red.png"));
    let audio = response.audio_embedding.expect("audio").segments;
    let ranges: Vec<_> = audio.iter().map(|segment| (segment.start_offset_sec, segment.end_offset_sec)).collect();
    assert_eq!(ranges, [(Some(0.5), Some(6.5)), (Some(6.5), Some(7.0))]);
    let same = embed.v2().create(ModelName::Marengo30, "a red box").await.expect("embedded");
    assert_eq!(text, same.data[0].embedding);
    let partly =
        embed.create(ModelName::Marengo30).text("a box").image(FileSource::bytes("small.png", png(20, 20, [1; 3])));
    let partly = partly.await.expect("embedded");
    let reason = partly.image_embedding.and_then(|image| image.error_message).expect("a reason");
    assert!(reason.contains("at least 128x128 pixels") && partly.text_embedding.is_some(), "{reason}");
    server.finish().await.expect("all requests are valid");
}
