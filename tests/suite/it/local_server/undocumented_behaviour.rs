//! Each alternative to an undocumented behaviour, compared with the default.

use serde_json::Value;
use twelvelabs_local::{Fault, LocalServer, RateLimitPlan, UndocumentedBehaviour};

use super::{DAY, create, form, get};

/// Runs `ask` with the id of a task, against a server with a manual clock, with this behaviour or without.
async fn asked(behaviour: Option<UndocumentedBehaviour>, ask: impl AsyncFn(&LocalServer, &str) -> String) -> String {
    let mut builder = LocalServer::builder().manual_clock().allow_violations();
    if let Some(behaviour) = behaviour {
        builder = builder.behaviour(behaviour);
    }
    let server = builder.start().await.expect("a server");
    let (_, body) = create(server.base_url(), form("a.mp4")).await.expect("created");
    ask(&server, body["_id"].as_str().expect("an id")).await
}

async fn both(behaviour: UndocumentedBehaviour, ask: impl AsyncFn(&LocalServer, &str) -> String) -> [String; 2] {
    [asked(None, &ask).await, asked(Some(behaviour), &ask).await]
}

async fn read(server: &LocalServer, path: &str) -> (u16, Value) {
    let (status, _, body) = get(&format!("{}/embed/tasks{path}", server.base_url())).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn of_lists() {
    let at_the_time = async |server: &LocalServer, id: &str| {
        let created = read(server, &format!("/{id}")).await.1["created_at"].as_str().expect("a time").to_owned();
        read(server, &format!("?started_at={created}")).await.1["page_info"]["total_results"].to_string()
    };
    assert_eq!(both(UndocumentedBehaviour::ExclusiveBounds, at_the_time).await, ["1", "0"]);
    // The official Python SDK turns a missing list into None.
    let beyond = async |server: &LocalServer, _: &str| {
        let (status, body) = read(server, "?page=2").await;
        format!("{status} {}", body["data"])
    };
    assert_eq!(both(UndocumentedBehaviour::PageBeyondRefused, beyond).await, ["200 []", "400 null"]);
    let too_many = async |server: &LocalServer, _: &str| {
        let (status, body) = read(server, "?page_limit=51").await;
        format!("{status} {}", body["page_info"]["limit_per_page"])
    };
    assert_eq!(both(UndocumentedBehaviour::PageLimitClamped, too_many).await, ["400 null", "200 50"]);
}

#[tokio::test]
async fn of_tasks() {
    let early = async |server: &LocalServer, id: &str| read(server, &format!("/{id}")).await.0.to_string();
    assert_eq!(both(UndocumentedBehaviour::EarlyRetrievalRefused, early).await, ["200", "400"]);
    let known = async |server: &LocalServer, id: &str| {
        let before = read(server, &format!("/{id}/status")).await.1["video_embedding"].is_object();
        server.advance(DAY).await;
        let after = read(server, &format!("/{id}/status")).await.1["video_embedding"].is_object();
        format!("{before} {after}")
    };
    assert_eq!(both(UndocumentedBehaviour::MetadataWhenDone, known).await, ["true true", "false true"]);
    // A small clip without sound has no audio.
    let silent = async |server: &LocalServer, id: &str| {
        server.advance(DAY).await;
        let all = read(server, &format!("/{id}")).await.1;
        let options: Vec<&str> = all["video_embedding"]["segments"]
            .as_array()
            .expect("segments")
            .iter()
            .filter_map(|segment| segment["embedding_option"].as_str())
            .collect();
        assert!(!options.is_empty() && !options.contains(&"visual-text"), "{options:?}");
        read(server, &format!("/{id}?embedding_option=visual-text")).await.0.to_string()
    };
    assert_eq!(both(UndocumentedBehaviour::MissingOptionRefused, silent).await, ["200", "400"]);
}

#[tokio::test]
async fn of_create_requests() {
    let empty = async |server: &LocalServer, _: &str| {
        create(server.base_url(), form("b.mp4").text("video_url", "")).await.expect("a response").0.to_string()
    };
    assert_eq!(both(UndocumentedBehaviour::EmptyUrlRefused, empty).await, ["200", "400"]);
    let broken = async |server: &LocalServer, _: &str| {
        let part = reqwest::multipart::Part::bytes(&b"no video"[..]).file_name("c.mp4");
        let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part);
        let (status, body) = create(server.base_url(), form).await.expect("a response");
        server.advance(DAY).await;
        let later = body["_id"].as_str().and_then(|id| server.task_status(id));
        format!("{status} {:?}", later.map(|status| status.to_string()))
    };
    assert_eq!(both(UndocumentedBehaviour::MediaFailsLater, broken).await, ["400 None", r#"200 Some("failed")"#]);
}

#[tokio::test]
async fn of_rate_limits() {
    for (counts, expected) in [(false, 200), (true, 429)] {
        let mut builder = LocalServer::builder().manual_clock().rate_limit(RateLimitPlan::per_minute(1));
        if counts {
            builder = builder.behaviour(UndocumentedBehaviour::ReadsCount);
        }
        let server = builder.start().await.expect("a server");
        read(&server, "").await;
        assert_eq!(read(&server, "").await.0, expected);
        server.inject(Fault::status(500));
        assert_eq!(read(&server, "").await.0, 500, "a fault comes before the limits");
    }
}
