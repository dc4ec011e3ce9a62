//! Vectors of version 2 while they arrive: whole, one by one, and as a matrix.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use twelvelabs::{
    Error, ErrorKind, ModelName, TwelveLabs,
    embed::{
        IntoSegments, Retrieved, Segment, VectorError,
        v2::{EmbeddingTaskResponse, MediaSource, VideoInput},
    },
    wait::WaitOptions,
};
use wiremock::ResponseTemplate;

use crate::support::{ID, body, json as response, scripted_client};

/// A task with so many vectors, each of these numbers and its own index.
fn document(vectors: usize) -> Value {
    let vector = |index: usize| {
        json!({
            "embedding": [index as f64, 0.5, -0.012345678901234567], "embedding_uncertainty": [0.25, 0.5, index as f64],
            "start_sec": index * 6, "end_sec": index * 6 + 6, "embedding_option": "visual", "embedding_scope": "clip",
        })
    };
    let vectors: Vec<Value> = (0..vectors).map(vector).collect();
    json!({ "data": vectors, "_id": ID, "status": "ready", "metadata": { "input_type": "video" } })
}

fn text(body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")
}

/// Everything that a stream gives.
async fn collect<T>(
    mut items: impl Stream<Item = twelvelabs::Result<Retrieved<T>>> + Unpin,
) -> (Vec<Segment>, Option<T>, Option<Error>) {
    let (mut segments, mut last, mut error) = (Vec::new(), None, None);
    while let Some(item) = items.next().await {
        assert!(last.is_none() && error.is_none(), "an item behind the last");
        match item {
            Ok(Retrieved::Segment(segment)) => segments.push(segment),
            Ok(Retrieved::Response(response)) => last = Some(*response),
            Ok(_) => panic!("unexpected item"),
            Err(wrong) => error = Some(wrong),
        }
    }
    (segments, last, error)
}

/// The same response, received in all ways: the vectors, or the error, which is the same each time.
async fn in_all_ways(body: ResponseTemplate) -> Result<(Vec<Segment>, EmbeddingTaskResponse), Error> {
    let (_server, client) = scripted_client([body]).await;
    let retrieve = || client.embed().v2().tasks().retrieve(ID);
    let (segments, last, error) = collect(retrieve().segments()).await;
    let (whole, matrix) = (retrieve().await, retrieve().matrix().await);
    match error {
        None => {
            let (last, matrix) = (last.expect("the response is the last item"), matrix.expect("a matrix"));
            assert_eq!(matrix.response(), &last);
            assert_eq!(whole.expect("retrieved").into_segments(), segments);
            assert_eq!((matrix.rows(), matrix.segments().len()), (segments.len(), segments.len()));
            for (index, segment) in segments.iter().enumerate() {
                assert_eq!(matrix.row(index), Some(segment.vector.as_slice()));
                let uncertainty = matrix.uncertainties().and_then(|matrix| matrix.row(index));
                assert_eq!(uncertainty, segment.uncertainty.as_ref().map(|vector| vector.as_slice()));
                assert_eq!(matrix.segments()[index], segment.info);
            }
            Ok((segments, last))
        }
        Some(error) => {
            for other in [whole.map(drop).expect_err("whole"), matrix.map(drop).expect_err("matrix")] {
                assert_eq!((other.kind(), other.to_string()), (error.kind(), error.to_string()));
                assert_eq!((other.resource_id(), other.status()), (Some(ID), Some(200)));
            }
            assert_eq!((error.resource_id(), error.status()), (Some(ID), Some(200)));
            Err(error)
        }
    }
}

#[tokio::test]
async fn vectors_are_the_same_in_all_ways() {
    let (segments, task) = in_all_ways(text(document(100).to_string())).await.expect("ready");
    assert_eq!((segments.len(), task.data.len()), (100, 0));
    for (index, segment) in segments.iter().enumerate() {
        assert_eq!(segment.vector.as_slice(), [index as f32, 0.5, -0.012345679], "segment {index}");
        assert_eq!(segment.info.start_sec, Some(index as f64 * 6.0));
    }
}

#[tokio::test]
async fn segments_have_what_the_response_says_about_them() {
    let mut task = body("embed_v2_tasks_retrieve_200_ready");
    // A matrix needs the uncertainty of all vectors or of none.
    task["data"][1]["embedding_uncertainty"] = Value::Null;
    let (segments, _) = in_all_ways(text(task.to_string())).await.expect("ready");
    insta::assert_debug_snapshot!(segments);
}

#[tokio::test]
async fn a_response_that_is_not_a_ready_task_with_whole_vectors_is_an_error_in_all_ways() {
    let task = |change: &dyn Fn(&mut Value)| {
        let mut task = document(3);
        change(&mut task);
        text(task.to_string())
    };
    let not_ready = |status: &str| task(&|task| (task["status"], task["data"]) = (status.into(), Value::Null));
    let whole = document(3).to_string();
    let none = "no vectors: the task is ready, but the response has none";
    let rows = [
        (task(&|task| task["data"] = Value::Null), ErrorKind::Decode, none),
        (task(&|task| drop(task.as_object_mut().expect("an object").remove("data"))), ErrorKind::Decode, none),
        (not_ready("processing"), ErrorKind::NotReady, "the task has no vectors (status: processing)"),
        (not_ready("resting"), ErrorKind::NotReady, "the task has no vectors (status: resting)"),
        (response(200, "embed_v2_tasks_retrieve_200_failed"), ErrorKind::JobFailed, "could not be fetched"),
        (task(&|task| task["_id"] = "other".into()), ErrorKind::Decode, "received \"other\""),
        (task(&|task| task["data"][1]["embedding"] = json!([])), ErrorKind::Decode, "$.data[1].embedding"),
        (task(&|task| task["data"][2]["embedding"][1] = Value::Null), ErrorKind::Decode, "$.data[2].embedding[1]"),
        (text(&whole[..whole.len() - 1]), ErrorKind::Decode, "truncated"),
        (text(&whole[..whole.len() / 2]), ErrorKind::Decode, "truncated"),
    ];
    for (body, kind, message) in rows {
        let error = in_all_ways(body).await.expect_err(message);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
    // A list that is empty is not a missing one.
    in_all_ways(text(document(0).to_string())).await.expect("an empty list");
    // A status that is added later says as much as the vectors that came with it.
    in_all_ways(task(&|task| task["status"] = "resting".into())).await.expect("vectors");
}

#[tokio::test]
async fn rows_of_different_lengths_are_no_matrix() {
    let change = |change: &dyn Fn(&mut Value)| {
        let mut task = document(2);
        change(&mut task["data"][1]);
        task.to_string()
    };
    let rows = [
        (change(&|item| item["embedding"] = json!([1])), "the vectors have different lengths: 3 and 1 numbers"),
        (change(&|item| item["embedding_uncertainty"] = json!([1])), "the uncertainties have different lengths"),
        (
            change(&|item| item["embedding_uncertainty"] = Value::Null),
            "the uncertainties are 1 × 3, and the vectors 2 × 3",
        ),
    ];
    for (body, message) in rows {
        let (_server, client) = scripted_client([text(body)]).await;
        let error = client.embed().v2().tasks().retrieve(ID).matrix().await.expect_err(message);
        assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Decode, Some(ID)));
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// Responses of a create call, a poll of the list and a retrieval.
async fn embedding() -> (wiremock::MockServer, TwelveLabs) {
    let mut list = body("embed_v2_tasks_list_200");
    list["data"][0]["status"] = "ready".into();
    let list = ResponseTemplate::new(200).set_body_json(list);
    scripted_client([response(202, "embed_v2_tasks_create_202"), list, text(document(2).to_string())]).await
}

#[tokio::test]
async fn embed_returns_a_matrix_and_a_stream_that_know_the_model() {
    let video = || VideoInput::new(MediaSource::url("https://example.com/a.mp4"));
    let soon = Duration::from_millis(5);
    let (_server, client) = embedding().await;
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo35, video()).sleep_interval(soon);
    let matrix = embed.matrix().await.expect("embedded");
    assert_eq!((matrix.model(), matrix.rows(), matrix.response().id.as_str()), (Some("marengo3.5"), 2, ID));

    let (_server, client) = embedding().await;
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo30, video()).sleep_interval(soon);
    let (segments, task, error) = collect(embed.segments()).await;
    assert!(task.is_some() && error.is_none());
    let error = matrix.top_k(&segments[0].vector, 1).expect_err("another model");
    assert_eq!(error, VectorError::Models { left: "marengo3.0".into(), right: "marengo3.5".into() });

    // An error before the retrieval ends the stream.
    let (_server, client) = scripted_client([response(401, "error_401")]).await;
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo30, video()).sleep_interval(soon);
    let (segments, task, error) = collect(embed.segments()).await;
    assert!(segments.is_empty() && task.is_none() && error.is_some_and(|error| error.is_unauthorized()));
}

#[tokio::test]
async fn a_query_finds_its_neighbours_in_the_matrix_of_a_task() {
    let (_server, client) = scripted_client([text(document(4).to_string())]).await;
    let matrix = client.embed().v2().tasks().retrieve(ID).matrix().await.expect("retrieved");
    assert_eq!(matrix.model(), None);
    let query = json!({ "data": [{ "embedding": [0.0, 1.0, 0.0] }], "metadata": { "input_type": "multi_input" } });
    let (_server, client) = scripted_client([text(query.to_string())]).await;
    let response = client.embed().v2().create(ModelName::Marengo35, "a red car").await.expect("embedded");
    let query = &response.into_segments()[0].vector;
    assert_eq!(query.model(), Some("marengo3.5"));
    let nearest = matrix.top_k(query, 3).expect("comparable");
    assert_eq!(nearest.iter().map(|ranked| ranked.row).collect::<Vec<_>>(), [0, 1, 2]);
}
