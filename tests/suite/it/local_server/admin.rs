//! Admin endpoints: faults, the clock and the report over HTTP, for this machine only.

use twelvelabs_local::LocalServer;

use super::{create, form, get, started};
use crate::support::plain_http;

#[tokio::test]
async fn faults_and_the_clock_are_set_over_http() {
    let (server, _) = started(LocalServer::builder().manual_clock()).await;
    let (page, base) = (server.dashboard_url().to_owned(), server.base_url());
    let client = plain_http();
    let post = async |path: &str, body: &'static str| {
        let response = client.post(format!("{page}/_local/{path}")).body(body).send().await.expect("a response");
        (response.status().as_u16(), response.text().await.expect("text"))
    };
    let (status, listed) = post("faults", "status=503 operation=embed_tasks_list\n\njob=fails\n").await;
    assert_eq!((status, listed.as_str()), (200, "status=503 operation=embed_tasks_list times=1\njob=fails times=1\n"));
    let (status, why) = post("faults", "reset\nnonsense").await;
    assert_eq!(status, 400, "{why}");
    assert_eq!(get(&format!("{base}/embed/tasks")).await.0, 503);
    let (_, body) = create(base, form("a.mp4")).await.expect("created");
    assert_eq!(post("clock", "1h").await.0, 200);
    assert_eq!(server.task_status(body["_id"].as_str().expect("an id")).map(|s| s.to_string()), Some("failed".into()));
    assert_eq!(post("clock", "8d").await.0, 200);
    assert_eq!(server.task_count(), 0);
    assert_eq!(post("clock", "soon").await.0, 400);

    post("faults", "reset times=0").await;
    client.delete(format!("{page}/_local/faults")).send().await.expect("cleared");
    assert_eq!(get(&format!("{page}/_local/faults")).await.2, "");
    let (_, _, report) = get(&format!("{page}/_local/report")).await;
    assert!(report.contains(r#""invalid_count":0"#), "{report}");
}

#[tokio::test]
async fn other_sites_and_other_host_names_are_refused() {
    let (server, _) = started(LocalServer::builder()).await;
    let client = plain_http();
    let faults = format!("{}/_local/faults", server.dashboard_url());
    let cases = [
        client.post(&faults).body("reset times=0").header("origin", "http://evil.example"),
        client.post(&faults).body("reset times=0").header("host", "evil.example"),
        client.post(&faults).body("reset times=0").header("sec-fetch-site", "cross-site"),
        client.get(server.dashboard_url()).header("host", "rebound.example:80"),
        client.delete(&faults).header("origin", "null"),
    ];
    for request in cases {
        assert_eq!(request.send().await.expect("a response").status(), 403);
    }
    assert_eq!(get(&faults).await.2, "");
}
