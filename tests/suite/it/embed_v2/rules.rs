//! Inputs that a model does not take are refused before anything is sent.

use twelvelabs::{
    EmbeddingOption, EmbeddingScope, Error, ErrorKind, ModelName, RequestOptions, TwelveLabs,
    embed::v2::{
        AudioInput, DocumentInput, DocumentSpatialSegmentationStrategy, EmbedInput, EmbedTaskInput, EmbeddingType,
        ImageInput, MediaSource, MultiInput, MultiInputSource, Segmentation, TextImageInput, VideoInput,
    },
};

use crate::support::{json, only_request, scripted_client};

fn url() -> MediaSource {
    MediaSource::url("https://example.com/a")
}

fn text_of(error: &Error) -> String {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    error.violations().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

async fn refused(client: &TwelveLabs, model: ModelName, input: impl Into<EmbedInput>) -> String {
    text_of(&client.embed().v2().create(model, input).await.expect_err("refused"))
}

async fn refused_task(client: &TwelveLabs, model: ModelName, input: impl Into<EmbedTaskInput>) -> String {
    text_of(&client.embed().v2().tasks().create(model, input).await.expect_err("refused"))
}

#[tokio::test]
async fn inputs_that_cannot_work_are_refused_by_rule() {
    use EmbeddingOption::{Text, Transcription, Visual};
    use EmbeddingScope::{Asset, Clip, Local};
    let (server, client) = scripted_client([json(500, "error_400")]).await;
    let c = &client;
    let (m30, m35) = (|| ModelName::Marengo30, || ModelName::Marengo35);
    let video = || VideoInput::new(url());
    let audio = || AudioInput::new(url());
    let multi = || MultiInput::new().input_text("a");
    let image = || MultiInputSource::image(url());
    let document = || DocumentInput::new(url());
    let fused =
        || video().embedding_option([Visual, EmbeddingOption::Audio]).embedding_type([EmbeddingType::FusedEmbedding]);
    let rows = [
        // Sources.
        refused(c, m30(), ImageInput::new(MediaSource::url("ftp://a/b"))).await,
        refused(c, m30(), ImageInput::new(MediaSource::bytes(Vec::new()))).await,
        refused(c, m30(), ImageInput::new(MediaSource::bytes(vec![0; (32 << 20) + 1]))).await,
        refused(c, m30(), VideoInput::new(MediaSource::asset("a/b"))).await,
        // Texts.
        refused(c, m30(), "").await,
        refused(c, m35(), "").await,
        refused(c, m30(), TextImageInput::new(url(), "")).await,
        // Audio and video.
        refused(c, m30(), video().start_sec(5).end_sec(5)).await,
        refused(c, m30(), video().start_sec(-1).end_sec(f64::NAN)).await,
        refused(c, m30(), video().start_sec(10).end_sec(611)).await,
        refused(c, m30(), audio().start_sec(600)).await,
        refused(c, m30(), video().segmentation(Segmentation::dynamic(6))).await,
        refused(c, m30(), video().segmentation(Segmentation::fixed(11))).await,
        refused(c, m30(), audio().segmentation(Segmentation::dynamic(4))).await,
        refused(c, m30(), audio().embedding_option([Visual])).await,
        refused(c, m30(), video().embedding_scope([Local])).await,
        refused(c, m30(), video().embedding_option([Visual]).embedding_type([EmbeddingType::FusedEmbedding])).await,
        refused(c, m30(), video().time_based_metadata(0, 1, "a")).await,
        refused(c, m35(), video().embedding_option([Visual])).await,
        // Several inputs.
        refused(c, m30(), MultiInput::new()).await,
        refused(c, m30(), multi().media_source(MultiInputSource::video(url()))).await,
        refused(c, m35(), (0..11).fold(multi(), |multi, _| multi.media_source(image()))).await,
        refused(c, m35(), MultiInput::new().input_text("like <@b>").media_source(image().name("a"))).await,
        refused(c, m35(), multi().media_source(MultiInputSource::document(url()))).await,
        refused(c, m35(), MultiInput::new().media_source(image()).media_source(MultiInputSource::audio(url()))).await,
        // Tasks.
        refused_task(c, m30(), document()).await,
        refused_task(c, m30(), ImageInput::new(url())).await,
        refused_task(c, m35(), video().embedding_option([Transcription])).await,
        refused_task(c, m35(), fused()).await,
        refused_task(c, m35(), video().time_based_metadata(2, 1, "a")).await,
        refused_task(c, m35(), fused().time_based_metadata(2, 1, "a")).await,
        refused_task(c, m30(), fused().time_based_metadata(1, 2, "a")).await,
        refused_task(c, m30(), audio().segmentation(Segmentation::dynamic(4))).await,
        refused_task(c, m30(), audio().end_sec(14_401)).await,
        refused_task(c, m35(), video().start_sec(14_400)).await,
        // Documents.
        refused_task(c, m35(), document().embedding_option([Transcription]).embedding_scope([Clip])).await,
        refused_task(c, m35(), document().embedding_option([Text]).embedding_scope([Local])).await,
        refused_task(c, m35(), document().sequential(3)).await,
        refused_task(c, m35(), document().embedding_scope([Local]).sequential_with_overlap(3, 3)).await,
        refused_task(c, m35(), document().embedding_scope([Local]).sequential(0)).await,
        refused_task(
            c,
            m35(),
            document()
                .embedding_option([Text])
                .embedding_scope([Asset])
                .spatial(DocumentSpatialSegmentationStrategy::Standard),
        )
        .await,
    ];
    insta::assert_snapshot!(rows.join("\n"));
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
}

#[tokio::test]
async fn options_of_marengo_3_5_are_refused_where_they_do_not_work() {
    let (server, client) = scripted_client([json(500, "error_400")]).await;
    let embed = client.embed().v2();
    let (create, tasks) = (|model, input: EmbedInput| embed.create(model, input), embed.tasks());
    let with_text = || MultiInput::new().input_text("a").media_source(MultiInputSource::image(url()));
    let document = || MultiInput::new().media_source(MultiInputSource::document(url()));
    let pdf = || DocumentInput::new(url()).embedding_option([EmbeddingOption::Visual]);
    let chunks = || DocumentInput::new(url()).embedding_scope([EmbeddingScope::Local]);
    let (m30, m35) = (|| ModelName::Marengo30, || ModelName::Marengo35);
    let rows = [
        create(m30(), "a".into()).embedding_dimension(256).await.map(drop),
        create(m30(), "a".into()).auto_truncate(true).embedding_uncertainty(false).await.map(drop),
        create(m35(), "a".into()).embedding_dimension(1024).await.map(drop),
        create(m35(), with_text().into()).embedding_uncertainty(true).await.map(drop),
        create(m35(), document().into()).embedding_uncertainty(true).await.map(drop),
        tasks.create(m35(), VideoInput::new(url())).embedding_uncertainty(true).await.map(drop),
        tasks.create(m35(), pdf()).embedding_uncertainty(true).await.map(drop),
        tasks.create(m35(), DocumentInput::new(url())).embedding_uncertainty(true).await.map(drop),
        tasks.create(m35(), chunks()).embedding_uncertainty(true).await.map(drop),
        client.embed().create(m30()).await.map(drop),
        client.embed().create(m30()).text("").audio_start_offset_sec(-1).await.map(drop),
    ];
    insta::assert_snapshot!(rows.map(|row| text_of(&row.expect_err("refused"))).join("\n"));
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
}

#[tokio::test]
async fn another_model_has_no_rules_and_rules_can_be_switched_off() {
    let (server, client) = scripted_client([json(200, "embed_v2_create_200")]).await;
    let embed = client.embed().v2();
    let input =
        || VideoInput::new(url()).embedding_option([EmbeddingOption::Text]).segmentation(Segmentation::dynamic(3));
    embed.create("marengo4.0", input()).embedding_dimension(512).await.expect("sent");
    // The server refuses what the contract refuses.
    let unchecked = embed.create(ModelName::Marengo30, input()).embedding_dimension(256).with_validation(false).await;
    assert_ne!(unchecked.expect_err("refused").kind(), ErrorKind::InvalidInput);
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(2));
}

#[tokio::test]
async fn without_validation_nothing_is_left_out_of_a_request() {
    let (server, client) = scripted_client([json(202, "embed_v2_tasks_create_202")]).await;
    let embed = client.embed().v2();
    let audio = || AudioInput::new(url()).segmentation(Segmentation::dynamic(4));
    let video = || VideoInput::new(url()).time_based_metadata(0, 1, "a");
    // The form of a request without a task has no fields for them.
    let outcomes = [
        embed.create(ModelName::Marengo30, audio()).with_validation(false).await,
        embed.create("marengo4.0", audio()).with_validation(false).await,
        embed.create(ModelName::Marengo30, video()).with_validation(false).await,
    ];
    let refused = [
        "audio.segmentation must be fixed for audio without a task (got dynamic)",
        "audio.segmentation must be fixed for audio without a task (got dynamic)",
        "video.time_based_metadata requires a task with marengo3.5",
    ];
    assert_eq!(outcomes.map(|outcome| text_of(&outcome.expect_err("refused"))), refused);
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
    // That of a task has.
    let outcome = embed.tasks().create(ModelName::Marengo30, audio()).with_validation(false).await;
    assert_ne!(outcome.expect_err("the server refuses it").kind(), ErrorKind::InvalidInput);
    let sent: serde_json::Value = only_request(&server).await.body_json().expect("JSON");
    assert_eq!(sent["audio"]["segmentation"]["temporal"]["dynamic"]["min_duration_sec"], 4);
}

#[tokio::test]
async fn what_the_documentation_leaves_open_is_sent() {
    let (server, client) = scripted_client([json(202, "embed_v2_tasks_create_202")]).await;
    let tasks = client.embed().v2().tasks();
    let clips_beyond_the_range = VideoInput::new(url()).start_sec(2).end_sec(5).segmentation(Segmentation::fixed(10));
    tasks.create(ModelName::Marengo30, clips_beyond_the_range).await.expect("sent");
    // As long as a file may be.
    tasks.create(ModelName::Marengo35, VideoInput::new(url()).start_sec(100).end_sec(14_400)).await.expect("sent");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(2));
}
