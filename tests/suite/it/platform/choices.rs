//! Each choice, against the default that it replaces.

use serde_json::Value;
use twelvelabs_local::{Choice, Fault, LocalPlatform, RateLimit};

use super::{DAY, create, form, get};

/// A platform with this choice or without, that stands still, with a task of now and nothing else.
async fn asked(choice: Option<Choice>, ask: impl AsyncFn(&LocalPlatform, &str) -> String) -> String {
    let mut builder = LocalPlatform::builder().manual_clock().allow_violations();
    if let Some(choice) = choice {
        builder = builder.choose(choice);
    }
    let platform = builder.start().await.expect("a platform");
    let (_, body) = create(platform.base_url(), form("a.mp4")).await.expect("created");
    ask(&platform, body["_id"].as_str().expect("an id")).await
}

async fn both(choice: Choice, ask: impl AsyncFn(&LocalPlatform, &str) -> String) -> [String; 2] {
    [asked(None, &ask).await, asked(Some(choice), &ask).await]
}

async fn read(platform: &LocalPlatform, path: &str) -> (u16, Value) {
    let (status, _, body) = get(&format!("{}/embed/tasks{path}", platform.base_url())).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn of_lists() {
    let at_the_time = async |platform: &LocalPlatform, id: &str| {
        let created = read(platform, &format!("/{id}")).await.1["created_at"].as_str().expect("a time").to_owned();
        read(platform, &format!("?started_at={created}")).await.1["page_info"]["total_results"].to_string()
    };
    assert_eq!(both(Choice::ExclusiveBounds, at_the_time).await, ["1", "0"]);
    // The Python SDK takes a list that is left out for None.
    let beyond = async |platform: &LocalPlatform, _: &str| {
        let (status, body) = read(platform, "?page=2").await;
        format!("{status} {}", body["data"])
    };
    assert_eq!(both(Choice::PageBeyondRefused, beyond).await, ["200 []", "400 null"]);
    let too_many = async |platform: &LocalPlatform, _: &str| {
        let (status, body) = read(platform, "?page_limit=51").await;
        format!("{status} {}", body["page_info"]["limit_per_page"])
    };
    assert_eq!(both(Choice::PageLimitClamped, too_many).await, ["400 null", "200 50"]);
}

#[tokio::test]
async fn of_tasks() {
    let early = async |platform: &LocalPlatform, id: &str| read(platform, &format!("/{id}")).await.0.to_string();
    assert_eq!(both(Choice::EarlyRetrievalRefused, early).await, ["200", "400"]);
    let known = async |platform: &LocalPlatform, id: &str| {
        let before = read(platform, &format!("/{id}/status")).await.1["video_embedding"].is_object();
        platform.advance(DAY).await;
        let after = read(platform, &format!("/{id}/status")).await.1["video_embedding"].is_object();
        format!("{before} {after}")
    };
    assert_eq!(both(Choice::MetadataWhenDone, known).await, ["true true", "false true"]);
    // A small clip without sound has no audio.
    let silent = async |platform: &LocalPlatform, id: &str| {
        platform.advance(DAY).await;
        let all = read(platform, &format!("/{id}")).await.1;
        let options: Vec<&str> = all["video_embedding"]["segments"]
            .as_array()
            .expect("segments")
            .iter()
            .filter_map(|segment| segment["embedding_option"].as_str())
            .collect();
        assert!(!options.is_empty() && !options.contains(&"visual-text"), "{options:?}");
        read(platform, &format!("/{id}?embedding_option=visual-text")).await.0.to_string()
    };
    assert_eq!(both(Choice::MissingOptionRefused, silent).await, ["200", "400"]);
}

#[tokio::test]
async fn of_creations() {
    let empty = async |platform: &LocalPlatform, _: &str| {
        create(platform.base_url(), form("b.mp4").text("video_url", "")).await.expect("an answer").0.to_string()
    };
    assert_eq!(both(Choice::EmptyUrlRefused, empty).await, ["200", "400"]);
    let broken = async |platform: &LocalPlatform, _: &str| {
        let part = reqwest::multipart::Part::bytes(&b"no video"[..]).file_name("c.mp4");
        let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part);
        let (status, body) = create(platform.base_url(), form).await.expect("an answer");
        platform.advance(DAY).await;
        let later = body["_id"].as_str().and_then(|id| platform.status_of(id));
        format!("{status} {:?}", later.map(|status| status.to_string()))
    };
    assert_eq!(both(Choice::MediaFailsLater, broken).await, ["400 None", r#"200 Some("failed")"#]);
}

#[tokio::test]
async fn of_rates() {
    for (counts, expected) in [(false, 200), (true, 429)] {
        let mut builder = LocalPlatform::builder().manual_clock().rate_limit(RateLimit::per_minute(1));
        if counts {
            builder = builder.choose(Choice::ReadsCount);
        }
        let platform = builder.start().await.expect("a platform");
        read(&platform, "").await;
        assert_eq!(read(&platform, "").await.0, expected);
        platform.fault(Fault::answer(500));
        assert_eq!(read(&platform, "").await.0, 500, "a fault comes before the limits");
    }
}
