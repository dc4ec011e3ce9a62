//! Videos that are fetched by URL, from servers on this machine.

use twelvelabs_local::{LocalServer, UrlPolicy};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::{TINY, create};

async fn asked(policy: UrlPolicy, url: &str) -> (u16, String) {
    let local = LocalServer::builder().url_policy(policy).allow_violations().start().await.expect("a server");
    let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").text("video_url", url.to_owned());
    let (status, body) = create(local.base_url(), form).await.expect("a response");
    (status, body["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_redirect_is_checked_and_limited() {
    let server = MockServer::start().await;
    let video = ResponseTemplate::new(200).set_body_bytes(std::fs::read(TINY).expect("the clip"));
    let to = |place: &str| ResponseTemplate::new(302).insert_header("location", place);
    let responses = [
        ("/v.mp4", video),
        ("/once", to("/v.mp4")),
        ("/round", to("/round")),
        ("/away", to("http://10.0.0.1/v.mp4")),
        ("/file", to("file:///etc/hosts")),
        ("/nowhere", ResponseTemplate::new(302)),
        ("/page", ResponseTemplate::new(200).set_body_raw("<html>", "text/html; charset=utf-8")),
        ("/broken", ResponseTemplate::new(500)),
    ];
    for (place, response) in responses {
        Mock::given(path(place)).respond_with(response).mount(&server).await;
    }
    let at = |place: &str| format!("{}{place}", server.uri());
    for place in ["/v.mp4", "/once"] {
        assert_eq!(asked(UrlPolicy::Loopback, &at(place)).await, (200, String::new()), "{place}");
    }
    let refused = [
        (at("/round"), "more than 5 times"),
        (at("/away"), "not public"),
        (at("/file"), "http or https"),
        (at("/nowhere"), "a redirect has no URL"),
        (at("/page"), "not to a page"),
        (at("/broken"), "responded with 500"),
        ("http://name.invalid/v.mp4".into(), "not public"),
        ("not an address".into(), "not a URL"),
    ];
    for (url, reason) in refused {
        let (status, message) = asked(UrlPolicy::Loopback, &url).await;
        assert!(status == 400 && message.contains(reason), "{url}: {status} {message}");
    }
    let before = server.received_requests().await.expect("recorded").len();
    let port = server.address().port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::ffff:127.0.0.1]:{port}")] {
        let (status, message) = asked(UrlPolicy::Public, &format!("http://{host}/v.mp4")).await;
        assert_eq!(status, 400, "{host}: {message}");
    }
    let after = server.received_requests().await.expect("recorded").len();
    assert_eq!(after, before, "no request may be sent to a loopback address");
    assert_eq!(asked(UrlPolicy::Any, &at("/v.mp4")).await.0, 200);
}
