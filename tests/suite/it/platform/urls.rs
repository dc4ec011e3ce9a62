//! Videos that the platform fetches, from servers on this machine.

use twelvelabs_local::{LocalPlatform, UrlReach};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::{TINY, create};

async fn asked(reach: UrlReach, url: &str) -> (u16, String) {
    let platform = LocalPlatform::builder().video_urls(reach).allow_violations().start().await.expect("a platform");
    let form = reqwest::multipart::Form::new().text("model_name", "marengo3.0").text("video_url", url.to_owned());
    let (status, body) = create(platform.base_url(), form).await.expect("an answer");
    (status, body["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_hop_is_checked_and_bounded() {
    let server = MockServer::start().await;
    let video = ResponseTemplate::new(200).set_body_bytes(std::fs::read(TINY).expect("the clip"));
    let to = |place: &str| ResponseTemplate::new(302).insert_header("location", place);
    let answers = [
        ("/v.mp4", video),
        ("/once", to("/v.mp4")),
        ("/round", to("/round")),
        ("/away", to("http://10.0.0.1/v.mp4")),
        ("/file", to("file:///etc/hosts")),
        ("/nowhere", ResponseTemplate::new(302)),
        ("/page", ResponseTemplate::new(200).set_body_raw("<html>", "text/html; charset=utf-8")),
        ("/broken", ResponseTemplate::new(500)),
    ];
    for (place, answer) in answers {
        Mock::given(path(place)).respond_with(answer).mount(&server).await;
    }
    let at = |place: &str| format!("{}{place}", server.uri());
    for place in ["/v.mp4", "/once"] {
        assert_eq!(asked(UrlReach::Loopback, &at(place)).await, (200, String::new()), "{place}");
    }
    let refused = [
        (at("/round"), "more than 5 times"),
        (at("/away"), "not public"),
        (at("/file"), "http or https"),
        (at("/nowhere"), "leads nowhere"),
        (at("/page"), "not to a page"),
        (at("/broken"), "answered 500"),
        ("http://name.invalid/v.mp4".into(), "not public"),
        ("not an address".into(), "not an address"),
    ];
    for (url, reason) in refused {
        let (status, message) = asked(UrlReach::Loopback, &url).await;
        assert!(status == 400 && message.contains(reason), "{url}: {status} {message}");
    }
    let before = server.received_requests().await.expect("recorded").len();
    let port = server.address().port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::ffff:127.0.0.1]:{port}")] {
        let (status, message) = asked(UrlReach::Public, &format!("http://{host}/v.mp4")).await;
        assert_eq!(status, 400, "{host}: {message}");
    }
    let after = server.received_requests().await.expect("recorded").len();
    assert_eq!(after, before, "nobody may have been asked");
    assert_eq!(asked(UrlReach::Any, &at("/v.mp4")).await.0, 200);
}
