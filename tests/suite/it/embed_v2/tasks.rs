//! Waiting for tasks of version 2 and retrieving them.

use std::time::Duration;

use twelvelabs::{
    ErrorKind, ModelName, RequestOptions,
    embed::{
        FailureReason,
        tasks::TaskStatus,
        v2::{EmbeddingTaskStatus, ImageInput, MediaSource, VideoInput},
    },
    wait::WaitOptions,
};
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{ID, LIMITS, body, json, scripted_client};

const SOON: Duration = Duration::from_millis(5);

/// The list with the task in this status.
fn list(status: &str) -> ResponseTemplate {
    let mut list = body("embed_v2_tasks_list_200");
    list["data"][0]["status"] = status.into();
    ResponseTemplate::new(200).set_body_json(list)
}

/// The paths of the requests.
async fn paths(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recorded");
    requests.iter().map(|request| request.url.path().trim_start_matches("/v1.3/embed-v2/").to_owned()).collect()
}

#[tokio::test]
async fn a_wait_polls_the_list_and_does_not_download_vectors() {
    let (server, client) = scripted_client([list("processing"), list("resting"), list("ready")]).await;
    let done = client.embed().v2().tasks().wait_for_done(ID).sleep_interval(SOON).await.expect("ready");
    assert_eq!((done.id.as_str(), done.status), (ID, TaskStatus::Ready));
    assert_eq!(paths(&server).await, ["tasks", "tasks", "tasks"]);
}

#[tokio::test]
async fn a_task_that_is_not_on_the_first_page_is_retrieved() {
    let mut other = body("embed_v2_tasks_list_200");
    other["data"][0]["_id"] = "663da73b31cdd0c1f638a8ff".into();
    let other = ResponseTemplate::new(200).set_body_json(other);
    let (server, client) = scripted_client([other, json(200, "embed_v2_tasks_retrieve_200_ready")]).await;
    let status = client.embed().v2().tasks().status(ID).await.expect("read");
    assert_eq!((status.status, status.error_message), (TaskStatus::Ready, None));
    assert_eq!(paths(&server).await, ["tasks".to_owned(), format!("tasks/{ID}")]);
}

#[tokio::test]
async fn a_task_that_failed_is_an_error_with_the_servers_reason() {
    let failed = || json(200, "embed_v2_tasks_retrieve_200_failed");
    let (server, client) = scripted_client([list("processing"), list("failed"), failed()]).await;
    let error = client.embed().v2().tasks().wait_for_done(ID).sleep_interval(SOON).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert!(error.to_string().contains("could not be fetched"), "{error}");
    let last: &EmbeddingTaskStatus = error.wait_details().and_then(|wait| wait.last_status()).expect("a status");
    assert_eq!((&last.status, last.failure_reason()), (&TaskStatus::Failed, Some(FailureReason::NotFetched)));
    assert_eq!(FailureReason::of_error(&error), Some(FailureReason::NotFetched));
    assert_eq!(paths(&server).await.len(), 3);

    let (_server, client) = scripted_client([failed()]).await;
    let error = client.embed().v2().tasks().retrieve(ID).await.expect_err("failed");
    assert_eq!(
        (error.kind(), FailureReason::of_error(&error)),
        (ErrorKind::JobFailed, Some(FailureReason::NotFetched))
    );
    assert!(error.to_string().contains("could not be fetched"), "{error}");
}

#[tokio::test]
async fn retrieved_task() {
    let (_server, client) = scripted_client([json(200, "embed_v2_tasks_retrieve_200_ready")]).await;
    insta::assert_debug_snapshot!(client.embed().v2().tasks().retrieve(ID).await.expect("retrieved"));
}

#[tokio::test]
async fn a_task_that_is_not_ready_has_no_vectors() {
    let mut task = body("embed_v2_tasks_retrieve_200_ready");
    (task["status"], task["data"]) = ("processing".into(), serde_json::Value::Null);
    let (_server, client) = scripted_client([ResponseTemplate::new(200).set_body_json(task)]).await;
    let error = client.embed().v2().tasks().retrieve(ID).await.expect_err("not ready");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::NotReady, Some(ID)));
}

#[tokio::test]
async fn embed_creates_waits_and_retrieves() {
    let (server, client) = scripted_client([
        json(202, "embed_v2_tasks_create_202"),
        list("processing"),
        list("ready"),
        json(200, "embed_v2_tasks_retrieve_200_ready"),
    ])
    .await;
    let video = VideoInput::new(MediaSource::url("https://example.com/a.mp4"));
    let (sender, created) = std::sync::mpsc::channel();
    let embed = client.embed().v2().tasks().embed(ModelName::Marengo35, video).embedding_dimension(128);
    let embed = embed.sleep_interval(SOON).with_created(move |id| sender.send(id.to_string()).expect("received"));
    assert_eq!(embed.await.expect("embedded").data.len(), 2);
    assert_eq!(created.try_recv().as_deref(), Ok(ID));
    assert_eq!(paths(&server).await, ["tasks".to_owned(), "tasks".into(), "tasks".into(), format!("tasks/{ID}")]);
}

#[tokio::test]
async fn many_tasks_are_polled_with_one_list_request() {
    let (server, client) = scripted_client([list("ready")]).await;
    let ids = [ID, "663da73b31cdd0c1f638a8e7"];
    let done = client.embed().v2().tasks().wait_all(ids).sleep_interval(SOON).await;
    let statuses: Vec<_> = done.into_iter().map(|result| result.expect("ready").status).collect();
    assert_eq!(statuses, [TaskStatus::Ready, TaskStatus::Ready]);
    assert_eq!(paths(&server).await, ["tasks"]);
}

#[tokio::test]
async fn a_task_without_a_status_is_an_error_of_its_status() {
    let mut task = body("embed_v2_tasks_retrieve_200_ready");
    task["status"] = serde_json::Value::Null;
    let (_server, client) = scripted_client([ResponseTemplate::new(200).set_body_json(task)]).await;
    let error = client.embed().v2().tasks().status(ID).await.expect_err("no status");
    assert_eq!((error.kind(), error.resource_id(), error.status()), (ErrorKind::Decode, Some(ID), Some(200)));
    assert!(error.to_string().contains("the task has no status"), "{error}");
}

#[tokio::test]
async fn one_time_limit_covers_all_requests_of_a_status() {
    for limit in LIMITS {
        // Each response is in time, but not both.
        let responses = [
            list("failed").set_delay(limit / 2),
            json(200, "embed_v2_tasks_retrieve_200_failed").set_delay(limit * 3 / 4),
        ];
        let (server, client) = scripted_client(responses).await;
        let status = client.embed().v2().tasks().status(ID).with_timeout(limit).await;
        let error = status.map(|_| ()).expect_err("too late");
        assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Timeout, Some(ID)));
        assert!(error.to_string().contains(&format!("{}", limit.as_secs_f64())), "{error}");
        if paths(&server).await.len() == 2 {
            return;
        }
    }
    panic!("the machine is too slow");
}

#[tokio::test]
async fn many_tasks_are_created_and_waited_for() {
    let (server, client) = scripted_client([
        json(429, "error_429").insert_header("retry-after", "0"),
        json(202, "embed_v2_tasks_create_202"),
        ResponseTemplate::new(500),
        list("ready"),
    ])
    .await;
    let videos = ["a", "b"].map(|name| VideoInput::new(MediaSource::url(format!("https://example.com/{name}.mp4"))));
    let bulk = client.embed().v2().tasks().create_bulk(ModelName::Marengo35, videos).embedding_dimension(256);
    let bulk = bulk.with_concurrency(1).with_max_retries(1);
    let outcomes = bulk.wait().sleep_interval(SOON).await;
    assert_eq!(outcomes[0].as_ref().expect("ready").status, TaskStatus::Ready);
    let error = outcomes[1].as_ref().expect_err("failed");
    assert_eq!((error.status(), error.operation(), outcomes.len()), (Some(500), Some("embed_v2_tasks_create"), 2));
    let bodies: Vec<serde_json::Value> = server
        .received_requests()
        .await
        .expect("recorded")
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.body_json().expect("JSON"))
        .collect();
    let of =
        |body: &serde_json::Value| (body["embedding_dimension"].clone(), body["video"]["media_source"]["url"].clone());
    let found: Vec<_> = bodies.iter().map(of).collect();
    let sent = |name: &str| (256.into(), format!("https://example.com/{name}.mp4").into());
    assert_eq!(found, [sent("a"), sent("a"), sent("b")]);

    let refused =
        client.embed().v2().tasks().create_bulk(ModelName::Marengo35, [ImageInput::new(MediaSource::asset(ID))]);
    let error = refused.with_concurrency(0).await.remove(0).expect_err("no concurrency").to_string();
    assert!(
        error.contains("embed.v2.tasks.create_bulk") && error.contains("concurrency must be at least 1"),
        "{error}"
    );
}
