//! Runs in the crate that is generated from `documents/decode.yaml`.

use generated_api::{
    Client, KEY_PREFIX,
    options::SearchOptions,
    runtime::Key,
    types::{
        Circle, Event, Filter, Mode, Reply, Shape, Unions, UnionsLoose, UnionsModel, UnionsNested, UnionsSame, UnionsSized,
    },
};
use serde_json::{Value, json};

fn decode(key: &str, value: Value) -> Unions {
    serde_json::from_value(json!({ key: value })).expect("a value")
}

/// Encodes and decodes again.
fn same(value: &Unions) -> bool {
    serde_json::from_value::<Unions>(serde_json::to_value(value).expect("JSON")).expect("a value") == *value
}

#[test]
fn an_open_union_inside_of_a_union_is_a_fallback() {
    let whole = decode("reply", json!({ "id": "1", "data": "text" }));
    assert!(matches!(&whole.reply, Some(Reply::Whole(whole)) if whole.data.as_deref() == Some("text")), "{whole:?}");
    let start = decode("reply", json!({ "event": "start", "id": "1" }));
    assert!(matches!(&start.reply, Some(Reply::Event(Event::Start { .. }))), "{start:?}");
    let unknown = decode("reply", json!({ "event": "pause" }));
    assert!(matches!(&unknown.reply, Some(Reply::Event(Event::Unknown(_)))), "{unknown:?}");
    assert!(same(&whole) && same(&start) && same(&unknown));
}

#[test]
fn a_component_that_is_a_union_or_null_is_optional_where_it_is_used() {
    let circle = decode("shape", json!({ "radius": 2.0 }));
    assert_eq!(circle.shape, Some(Shape::Circle(Circle::new(2.0))));
    assert_eq!(decode("shape", json!(null)).shape, None);
    let list = decode("shapes", json!([null, { "radius": 1.0 }]));
    assert!(matches!(list.shapes.as_slice(), [None, Some(Shape::Circle(_))]), "{list:?}");
    assert!(same(&circle) && same(&list));
    assert_eq!(decode("mode", json!("fast")).mode, Some(Mode::Fast));
    assert_eq!(decode("mode", json!(null)).mode, None);
}

#[test]
fn a_union_of_a_string_and_an_enum_is_an_open_enum() {
    assert_eq!(decode("model", json!("small")).model, Some(UnionsModel::Small));
    let new = decode("model", json!("medium"));
    assert_eq!(new.model, Some(UnionsModel::Unknown("medium".into())));
    assert!(same(&new));
}

#[test]
fn variants_are_told_apart_by_their_keys_and_types() {
    let kind = |value: Value| match decode("loose", value).loose.expect("a value") {
        UnionsLoose::UnionsLooseVariant0(_) => 0,
        UnionsLoose::UnionsLooseVariant1(_) => 1,
        UnionsLoose::Object(_) => 2,
        _ => 3,
    };
    assert_eq!(kind(json!({ "a": "1" })), 0);
    assert_eq!(kind(json!({ "a": "1", "b": "2" })), 1);
    assert_eq!(kind(json!({ "b": 2 })), 2, "the first variant would lose the key");
    assert_eq!(kind(json!({})), 0);
    assert_eq!(kind(json!({ "a": 1 })), 2, "only the free object accepts it");
    for (value, text) in [(json!(1), "1"), (json!(1.5), "1.5"), (json!("a"), "\"a\"")] {
        let sized: UnionsSized = decode("sized", value).sized.expect("a value");
        assert_eq!(serde_json::to_string(&sized).expect("JSON"), text);
    }
    assert!(decode("sized", json!(null)).sized.is_none());
    let same = |value: Value| matches!(decode("same", value).same, Some(UnionsSame::Variant0(_)));
    assert!(same(json!({ "x": 1 })) && !same(json!({ "x": "1" })));
    assert!(matches!(decode("nested", json!(true)).nested, Some(UnionsNested::Boolean(true))));
}

#[test]
fn a_value_that_matches_no_variant_is_an_error() {
    let error = serde_json::from_value::<Shape>(json!({ "edge": 1 })).expect_err("an error").to_string();
    assert_eq!(error, "the value matches no variant of Shape");
}

fn client() -> Client {
    Client::new_with_client("http://127.0.0.1:9", reqwest::Client::new(), Key::new("key").expect("a key"))
}

fn filter() -> Filter {
    serde_json::from_value(json!({ "least": 1, "names": ["a", "b"] })).expect("a filter")
}

#[test]
fn object_parameters_are_sent_in_their_style() {
    let filter = filter();
    let query = |deep, exploded, joined| {
        let request = client().search_request(SearchOptions { deep, exploded, joined }).expect("a request").request;
        let pairs: Vec<String> = request.url().query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    };
    assert_eq!(query(Some(&filter), None, None), "deep[least]=1.0&deep[names]=a&deep[names]=b");
    assert_eq!(query(None, Some(&filter), None), "least=1.0&names=a&names=b");
    assert_eq!(query(None, None, Some(&filter)), "joined=least,1.0,names,a,names,b");
}

#[test]
fn bodies_are_sent_with_their_media_type() {
    let header = |request: &reqwest::Request| request.headers()["content-type"].to_str().expect("text").to_owned();
    let raw = client().raw_request(&b"video"[..]).expect("a request").request;
    assert_eq!((header(&raw).as_str(), raw.body().and_then(reqwest::Body::as_bytes)), ("video/mp4", Some(&b"video"[..])));
    let form = client().form_request(&serde_json::from_value(json!({ "least": 1 })).expect("a filter")).expect("a request").request;
    assert_eq!(header(&form), "application/x-www-form-urlencoded");
    assert_eq!(form.body().and_then(reqwest::Body::as_bytes), Some(&b"least=1.0"[..]));
}

#[test]
fn json_with_parameters_has_a_type() {
    fn success<T>(_: &generated_api::runtime::ApiRequest<T>) -> &'static str {
        std::any::type_name::<T>()
    }
    assert!(success(&client().search_request(SearchOptions::default()).expect("a request")).ends_with("::Circle"));
    assert!(success(&client().raw_request("").expect("a request")).ends_with("::Value"));
    let streams = [success(&client().lines_request().expect("a request")), success(&client().events_request().expect("a request"))];
    assert!(streams[0].contains("ItemStream<") && streams[0].ends_with("::Circle>"), "{}", streams[0]);
    assert!(streams[1].contains("ItemStream<") && streams[1].ends_with("::Event>"), "{}", streams[1]);
    assert!(success(&client().nullable_request().expect("a request")).starts_with("core::option::Option<"));
}

/// The first request that a server receives. It sends one response.
async fn served(listener: tokio::net::TcpListener, response: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut chunk).await.expect("a request");
        assert!(length > 0, "the request is not complete");
        request.extend_from_slice(&chunk[..length]);
    }
    stream.write_all(response.as_bytes()).await.expect("a response");
    String::from_utf8_lossy(&request).into_owned()
}

/// What a call returns if the server sends this body, and the request.
fn received<T>(media_type: &str, body: &str, call: impl AsyncFnOnce(Client) -> T) -> (T, String) {
    let length = body.len();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let client = Client::new(&url, Key::new("token").expect("a key")).expect("a client");
        tokio::join!(call(client), served(listener, response))
    })
}

/// All items of a stream.
async fn collected<T: serde::de::DeserializeOwned>(mut items: generated_api::runtime::ItemStream<T>) -> Vec<T> {
    use futures_core::Stream;
    let mut all = Vec::new();
    while let Some(item) = std::future::poll_fn(|context| std::pin::Pin::new(&mut items).poll_next(context)).await {
        all.push(item.expect("an item"));
    }
    all
}

#[test]
fn json_behind_oauth2_decodes() {
    assert_eq!(KEY_PREFIX, "Bearer ");
    let call = async |client: Client| client.search(SearchOptions::default()).await.expect("a response").into_inner();
    let (circle, request) = received("application/json; charset=utf-8", r#"{"radius":2}"#, call);
    assert_eq!(circle, Circle::new(2.0));
    assert!(request.to_ascii_lowercase().contains("\r\nauthorization: bearer token\r\n"), "{request}");
}

#[test]
fn streams_behind_oauth2_decode() {
    let lines = async |client: Client| collected(client.lines().await.expect("a response").into_inner()).await;
    let (circles, request) = received("application/x-ndjson", "{\"radius\":1}\n{\"radius\":2}\n", lines);
    assert_eq!(circles, [Circle::new(1.0), Circle::new(2.0)]);
    let request = request.to_ascii_lowercase();
    assert!(request.contains("\r\nauthorization: bearer token\r\n"), "{request}");
    assert!(request.contains("\r\naccept: application/x-ndjson\r\n"), "{request}");
    let body = "data: {\"event\":\"start\",\"id\":\"1\"}\n\ndata: {\"event\":\"end\",\"usage\":2}\n\ndata: [DONE]\n\n";
    let events = async |client: Client| collected(client.events().await.expect("a response").into_inner()).await;
    let (events, request) = received("text/event-stream", body, events);
    assert!(matches!(events.as_slice(), [Event::Start { .. }, Event::End { .. }]), "{events:?}");
    assert!(request.to_ascii_lowercase().contains("\r\nauthorization: bearer token\r\n"), "{request}");
}
