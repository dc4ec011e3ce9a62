//! The requests of `/embed` and `/embed-v2`, as snapshots.

use insta::assert_snapshot;
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, FileSource, ModelName,
    embed::{
        InputErrors, IntoSegments,
        tasks::TaskStatus,
        v2::{
            AudioInput, DocumentInput, DocumentSpatialSegmentationStrategy, EmbedInput, EmbedTaskInput, EmbeddingType,
            ImageInput, MediaSource, MultiInput, MultiInputSource, Segmentation, TextImageInput, VideoInput,
        },
    },
};

use crate::support::{ID, json, only_request, scripted_client, show};

fn url() -> MediaSource {
    MediaSource::url("https://example.com/a?b=c")
}

async fn embedded(model: ModelName, input: impl Into<EmbedInput>) -> String {
    let (server, client) = scripted_client([json(200, "embed_v2_create_200")]).await;
    client.embed().v2().create(model, input).await.expect("embedded");
    show(&only_request(&server).await)
}

async fn created(model: ModelName, input: impl Into<EmbedTaskInput>) -> String {
    let (server, client) = scripted_client([json(202, "embed_v2_tasks_create_202")]).await;
    client.embed().v2().tasks().create(model, input).await.expect("created");
    show(&only_request(&server).await)
}

#[tokio::test]
async fn embed_text_image_and_audio() {
    let (server, client) = scripted_client([json(200, "embed_create_200")]).await;
    let create = client
        .embed()
        .create(ModelName::Marengo30)
        .text("a red car")
        .image(FileSource::url("https://example.com/a.png"))
        .audio(FileSource::bytes("a.mp3", &b"sound"[..]))
        .audio_start_offset_sec(1.5);
    let response = create.await.expect("embedded");
    let errors: Vec<String> = response.input_errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["the audio was not embedded: no sound"]);
    let segments = response.into_segments();
    let options: Vec<_> = segments.iter().map(|segment| segment.info.option.clone()).collect();
    assert_eq!(options, [Some(EmbeddingOption::Text), Some(EmbeddingOption::Visual)]);
    assert!(segments.iter().all(|segment| segment.vector.model() == Some("marengo4.0")));
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn every_input_with_marengo_3_0() {
    let model = || ModelName::Marengo30;
    let audio = AudioInput::new(url()).start_sec(1).segmentation(Segmentation::fixed(6));
    let video = VideoInput::new(MediaSource::asset(ID))
        .start_sec(1.5)
        .end_sec(8)
        .segmentation(Segmentation::dynamic(4))
        .embedding_option([EmbeddingOption::Visual, EmbeddingOption::Audio])
        .embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Asset])
        .embedding_type([EmbeddingType::SeparateEmbedding, EmbeddingType::FusedEmbedding]);
    let multi = MultiInput::new().input_text("like <@a>").media_source(MultiInputSource::image(url()).name("a"));
    let requests = [
        embedded(model(), "a red car").await,
        embedded(model(), ImageInput::new(MediaSource::bytes(&b"png"[..]))).await,
        embedded(model(), TextImageInput::new(url(), "red")).await,
        embedded(model(), audio).await,
        embedded(model(), video).await,
        embedded(model(), multi).await,
    ];
    assert_snapshot!(requests.join("\n"));
}

#[tokio::test]
async fn marengo_3_5_takes_every_input_as_multi_input() {
    let (server, client) = scripted_client([json(200, "embed_v2_create_200")]).await;
    let create = client.embed().v2().create(ModelName::Marengo35, "a red car");
    create.auto_truncate(true).embedding_uncertainty(true).embedding_dimension(256).await.expect("embedded");
    let requests = [
        show(&only_request(&server).await),
        embedded(ModelName::Marengo35, ImageInput::new(url())).await,
        embedded(ModelName::Marengo35, TextImageInput::new(url(), "red")).await,
        embedded(ModelName::Marengo35, AudioInput::new(url())).await,
        embedded(ModelName::Marengo35, VideoInput::new(url())).await,
        embedded(ModelName::Marengo35, MultiInput::new().media_source(MultiInputSource::document(url()))).await,
    ];
    assert_snapshot!(requests.join("\n"));
}

#[tokio::test]
async fn create_tasks() {
    let segmentation = Segmentation::fixed(6);
    let fused = VideoInput::new(url())
        .segmentation(segmentation)
        .embedding_option([EmbeddingOption::Visual, EmbeddingOption::Audio])
        .embedding_type([EmbeddingType::FusedEmbedding])
        .time_based_metadata(0, 2.5, "kick-off");
    let text = DocumentInput::new(url())
        .embedding_option([EmbeddingOption::Text])
        .embedding_scope([EmbeddingScope::Local])
        .sequential_with_overlap(5, 1);
    let pages = DocumentInput::new(url()).spatial(DocumentSpatialSegmentationStrategy::Quadrants);
    let requests = [
        created(ModelName::Marengo30, AudioInput::new(url()).segmentation(segmentation)).await,
        created(ModelName::Marengo35, AudioInput::new(url()).segmentation(Segmentation::dynamic(2))).await,
        created(ModelName::Marengo30, VideoInput::new(url()).segmentation(segmentation)).await,
        created(ModelName::Marengo35, fused).await,
        created(ModelName::Marengo35, text).await,
        created(ModelName::Marengo35, pages).await,
        created(ModelName::Marengo35, ImageInput::new(url())).await,
    ];
    assert_snapshot!(requests.join("\n"));
}

#[tokio::test]
async fn list() {
    let (server, client) = scripted_client([json(200, "embed_v2_tasks_list_200")]).await;
    let list = client.embed().v2().tasks().list().status(TaskStatus::Ready).page(2).page_limit(50);
    assert_eq!(list.await.expect("listed").data.len(), 2);
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve() {
    let (server, client) = scripted_client([json(200, "embed_v2_tasks_retrieve_200_ready")]).await;
    client.embed().v2().tasks().retrieve(ID).await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}
