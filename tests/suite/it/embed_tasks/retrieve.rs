//! Vectors while they arrive: whole, one by one, and as a matrix.

use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use twelvelabs::{
    EmbeddingOption, Error, ErrorKind, FileSource, ModelName, RequestOptions,
    embed::{
        IntoSegments, Retrieved, Segment,
        tasks::{TaskStatus, TasksRetrieveResponse},
    },
};
use wiremock::ResponseTemplate;

use crate::support::{CLIP, ID, body, json as response, local, scripted};

/// A task with so many segments, each of these numbers and its own index.
fn document(segments: usize) -> Value {
    let segment = |index: usize| {
        json!({
            "float": [index as f64, 0.5, -0.012345678901234567], "start_offset_sec": index * 6, "end_offset_sec": index * 6 + 6,
            "embedding_option": "visual", "embedding_scope": "clip",
        })
    };
    let segments: Vec<Value> = (0..segments).map(segment).collect();
    json!({ "_id": ID, "status": "ready", "video_embedding": { "segments": segments }, "model_name": "marengo3.0" })
}

fn text(body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")
}

/// Everything that the stream of one response gives.
async fn stream(body: ResponseTemplate) -> (Vec<Segment>, Option<TasksRetrieveResponse>, Option<Error>) {
    let (_server, tasks) = scripted([body]).await;
    let (mut segments, mut last, mut error) = (Vec::new(), None, None);
    let mut items = tasks.retrieve(ID).segments();
    while let Some(item) = items.next().await {
        assert!(last.is_none() && error.is_none(), "an item behind the last");
        match item {
            Ok(Retrieved::Segment(segment)) => segments.push(segment),
            Ok(Retrieved::Response(task)) => last = Some(*task),
            Ok(other) => panic!("unexpected item {other:?}"),
            Err(wrong) => error = Some(wrong),
        }
    }
    (segments, last, error)
}

#[tokio::test]
async fn stream_yields_every_segment_and_then_the_task() {
    let (segments, task, error) = stream(text(document(100).to_string())).await;
    assert!(error.is_none());
    let task = task.expect("the task is the last item");
    assert_eq!((segments.len(), &task.status), (100, &Some(TaskStatus::Ready)));
    assert_eq!(task.video_embedding.map(|video| video.segments.len()), Some(0));
    for (index, segment) in segments.iter().enumerate() {
        assert_eq!(segment.vector.as_slice(), [index as f32, 0.5, -0.012345679], "segment {index}");
    }
    let (_server, tasks) = scripted([text(document(100).to_string())]).await;
    let whole = tasks.retrieve(ID).send().await.expect("retrieved");
    assert_eq!(whole.into_segments(), segments);
}

#[tokio::test]
async fn a_task_without_vectors_is_an_error_with_its_status() {
    for (name, kind) in
        [("processing", ErrorKind::NotReady), ("unknown", ErrorKind::NotReady), ("failed", ErrorKind::JobFailed)]
    {
        let name = format!("embed_tasks_status_200_{name}");
        let (segments, task, error) = stream(response(200, &name)).await;
        assert!(segments.is_empty() && task.is_none(), "{name}");
        let error = error.expect("an error");
        assert_eq!((error.kind(), error.resource_id(), error.status()), (kind, Some(ID), Some(200)), "{name}");
    }
}

#[tokio::test]
async fn a_ready_task_may_have_an_empty_list_of_vectors_but_not_none() {
    let bodies = [Some(json!([])), Some(Value::Null), None].map(|segments| {
        let mut body = body("embed_tasks_status_200_ready");
        let is_empty = segments.as_ref().is_some_and(Value::is_array);
        if let Some(segments) = segments {
            body["video_embedding"]["segments"] = segments;
        }
        (text(body.to_string()), is_empty)
    });
    for ((body, is_empty), is_selected) in bodies.iter().flat_map(|body| [(body, false), (body, true)]) {
        let (_server, tasks) = scripted([body.clone()]).await;
        let retrieve = || match is_selected {
            true => tasks.retrieve(ID).embedding_option([EmbeddingOption::Transcription]),
            false => tasks.retrieve(ID),
        };
        let streamed: Result<Vec<_>, _> = retrieve().segments().try_collect().await;
        let outcomes = [
            retrieve().await.map(|task| assert_eq!(task.status, Some(TaskStatus::Ready))),
            retrieve().matrix().await.map(|matrix| {
                let row = matrix.row(0);
                assert_eq!((matrix.rows(), matrix.dimensions(), matrix.as_slice().len(), row), (0, 0, 0, None));
            }),
            streamed.map(|items| assert_eq!(items.len(), 1)),
        ];
        for outcome in outcomes {
            match outcome {
                Ok(()) => assert!(*is_empty),
                Err(error) => {
                    assert!(!*is_empty, "{error}");
                    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Decode, Some(ID)));
                    assert!(error.to_string().contains("the task is ready, but the response has none"), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn truncated_response_is_an_error() {
    let good = document(3).to_string();
    let third = good.rfind(r#"{"embedding_option"#).unwrap_or_else(|| good.rfind(r#"{"float"#).expect("a segment"));
    for cut in [third + 20, good.len() - 1] {
        let (segments, task, error) = stream(text(&good[..cut])).await;
        let error = error.expect("an error is the last item");
        assert_eq!((error.kind(), error.byte_offset(), task.is_none()), (ErrorKind::Decode, Some(cut as u64), true));
        assert_eq!(error.resource_id(), Some(ID));
        assert_eq!(segments.len(), if cut < good.len() - 1 { 2 } else { 3 });
        let (_server, tasks) = scripted([text(&good[..cut])]).await;
        assert!(tasks.retrieve(ID).send().await.is_err());
        let (_server, tasks) = scripted([text(&good[..cut])]).await;
        assert!(tasks.retrieve(ID).matrix().await.is_err());
    }
}

#[tokio::test]
async fn invalid_segment_ends_the_stream_with_its_byte_offset_and_json_path() {
    let wrong = document(3).to_string().replacen("[2.0,", "[null,", 1);
    let offset = wrong.find("null").expect("it is there") as u64;
    let (segments, task, error) = stream(text(wrong)).await;
    let error = error.expect("an error");
    assert_eq!((segments.len(), task.is_none()), (2, true));
    assert_eq!(error.json_path(), Some("video_embedding.segments[2].float[0]"));
    assert_eq!((error.byte_offset(), error.status()), (Some(offset), Some(200)));
}

#[tokio::test]
async fn stream_of_an_error_response_yields_only_the_error() {
    let (segments, task, error) = stream(response(404, "error_404")).await;
    assert!(segments.is_empty() && task.is_none() && error.is_some_and(|error| error.is_not_found()));
}

#[tokio::test]
async fn stream_retries_until_a_response_starts() {
    let (server, tasks) = scripted([ResponseTemplate::new(503), text(document(1).to_string())]).await;
    let items: Vec<_> = tasks.retrieve(ID).with_max_retries(1).segments().collect().await;
    assert!(items.len() == 2 && items.iter().all(Result::is_ok), "{items:?}");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(2));
}

#[tokio::test]
async fn a_matrix_has_a_row_for_each_segment() {
    let (_platform, tasks) = local().await;
    let whole = tasks.embed(ModelName::Marengo30, FileSource::path(CLIP)).await.expect("embedded");
    let matrix = tasks.retrieve(&whole.id).matrix().await.expect("retrieved");
    let id = whole.id.clone();
    let segments = whole.into_segments();
    assert_eq!((matrix.segments().len(), matrix.dimensions()), (segments.len(), 512));
    assert_eq!(matrix.as_slice().len(), segments.len() * 512);
    for (index, segment) in segments.into_iter().enumerate() {
        assert_eq!(matrix.row(index), Some(segment.vector.as_slice()));
        assert_eq!((matrix.model(), segment.vector.model()), (Some("marengo3.0"), Some("marengo3.0")));
        assert_eq!(matrix.segments()[index], segment.info);
    }
    assert_eq!((matrix.row(matrix.segments().len()), matrix.row(usize::MAX)), (None, None));
    assert_eq!(matrix.response().id, id);
}

#[tokio::test]
async fn matrix_of_vectors_of_different_lengths_is_an_error() {
    let odd = document(2).to_string().replacen("[1.0,", "[", 1);
    let (_server, tasks) = scripted([text(odd)]).await;
    let error = tasks.retrieve(ID).matrix().await.expect_err("odd");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("3 and 2 numbers"), "{error}");
}
