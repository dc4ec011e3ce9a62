//! Runs in the crate that is generated from `documents/constructs.yaml`.

use generated_api::{
    BASE_URL, Client,
    options::StylesOptions,
    runtime::{FilePart, ItemStream, Key},
    forms::UploadForm,
    types::{
        Account, Constructs, ConstructsBeside, ConstructsChoice, ConstructsConstants, ConstructsEvent, ConstructsExtended,
        ConstructsFree, ConstructsTagged, Fields, Piece, Question, Reply, StylesWide, Whole,
    },
};
use serde_json::{Value, json};

fn client(url: &str) -> Client {
    Client::new(url, Key::new("key").expect("a key")).expect("a client")
}

fn here() -> Client {
    client("http://127.0.0.1:9")
}

fn decode(value: Value) -> Constructs {
    serde_json::from_value(value).expect("a value")
}

#[test]
fn composed_and_inner_schemas_decode_and_encode() {
    let value = json!({
        "nothing": null, "pair": ["a", 1], "fooBar": "camel", "foo_bar": 2, "local": { "z": 3 }, "same": { "z": 4 },
        "narrow": { "kind": "narrow", "note": "n", "size": 5 }, "text": "ab", "limited": 4, "conditional": { "b": "x" },
        "extended": { "kind": "k", "y": 6 }, "beside": { "pet": "cat", "id": "1", "lives": 9 },
    });
    let decoded = decode(value.clone());
    assert_eq!(serde_json::to_value(&decoded).expect("JSON"), value);
    assert_eq!((decoded.foo_bar.as_deref(), decoded.foo_bar_2), (Some("camel"), Some(2)));
    assert_eq!(decoded.local.as_ref().map(|local| local.z), Some(3));
    assert_eq!(decoded.narrow.as_ref().map(|narrow| (narrow.note.as_str(), narrow.size)), Some(("n", Some(5))));
    assert!(matches!(&decoded.extended, Some(ConstructsExtended::Variant1(own)) if own.y == 6), "{decoded:?}");
    assert!(matches!(decoded.beside, Some(ConstructsBeside::Cat { lives: Some(9), .. })), "{decoded:?}");
    // What can only be null may be absent.
    let dog = decode(json!({ "beside": { "pet": "dog", "id": "2" } }));
    assert!(matches!(dog.beside, Some(ConstructsBeside::Dog { .. })), "{dog:?}");
    let without_note = serde_json::from_value::<Constructs>(json!({ "narrow": { "kind": "narrow" } }));
    assert!(without_note.is_err(), "{without_note:?}");
}

/// Headers and body of a request.
fn sent(request: &reqwest::Request) -> (Option<&str>, Option<String>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("%5B", "[").replace("%5D", "]");
    let media_type = request.headers().get("content-type").map(|value| value.to_str().expect("text"));
    (media_type, request.body().and_then(reqwest::Body::as_bytes).map(text))
}

#[test]
fn the_base_url_has_no_slash_at_its_end() {
    assert_eq!(BASE_URL, Some("https://example.com"));
}

#[test]
fn an_optional_body_may_be_absent() {
    let question = Question::new("q".into());
    let with = here().optional_request(&question).expect("a request").request;
    assert_eq!(sent(&with), (Some("application/json"), Some(r#"{"text":"q"}"#.to_owned())));
    let without = here().optional_request(None).expect("a request").request;
    assert_eq!(sent(&without), (None, None));
}

#[test]
fn fields_of_a_form_have_their_style() {
    let fields: Fields = serde_json::from_value(json!({
        "list": ["b", "a"], "plain": { "a": 1 }, "deep": { "a": { "b": "c" } }, "joined": [2, 1], "json": { "x": true },
    }))
    .expect("fields");
    let request = here().form_request(&fields).expect("a request").request;
    let body = "deep[a][b]=c&joined=2%2C1&json=%7B%22x%22%3Atrue%7D&list=b&list=a&a=1";
    assert_eq!(sent(&request), (Some("application/x-www-form-urlencoded"), Some(body.to_owned())));
}

#[test]
fn parameters_have_their_style() {
    let lists = [vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned(), "d".to_owned()]];
    let fields: Fields = serde_json::from_value(json!({ "deep": { "a": { "b": "e" } } })).expect("fields");
    let deep = fields.deep.expect("an object");
    let wide: StylesWide = serde_json::from_value(json!({ "a": { "b": "i" }, "w": 1 })).expect("an object");
    let (joined, rows) = (vec!["j".to_owned(), "k".to_owned()], vec![Whole::new("l".into())]);
    let options = StylesOptions::default().pipes(&lists[0]).spaces(&lists[1]).deep(&deep).x_tags("f,g").ids_2("h");
    let options = options.joined(&joined).rows(&rows).wide(&wide).x_more("m,n").header_map_2("o");
    let request = here().styles_request("1,2", options).expect("a request").request;
    assert_eq!(request.url().path(), "/styles/1,2");
    let pairs: Vec<String> = request.url().query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = [
        "deep[a][b]=e", "header_map=o", "ids=h", "joined=j,k", "pipes=a|b", "rows={\"text\":\"l\"}", "spaces=c d", "wide[a][b]=i", "wide[w]=1",
    ];
    assert_eq!(pairs, expected);
    assert_eq!((&request.headers()["x-tags"], &request.headers()["x-more"]), (&"f,g".parse().expect("a value"), &"m,n".parse().expect("a value")));
}

#[test]
fn files_and_lists_of_a_form_have_their_types() {
    let mut form = UploadForm::new(FilePart::bytes("a", "a.png"));
    form.more = vec![FilePart::bytes("b", "b.png"), FilePart::bytes("c", "c.png")];
    form.scan = Some(FilePart::bytes("d", "d.png"));
    form.tags = vec!["t".to_owned()];
    assert_eq!((form.more.len(), form.tags.len()), (2, 1));
}

#[test]
fn properties_of_one_direction_may_be_absent_in_the_other() {
    let mut account = Account::new("n".into());
    account.password = Some("p".into());
    assert_eq!(serde_json::to_value(&account).expect("JSON"), json!({ "name": "n", "password": "p" }));
    let received: Account = serde_json::from_value(json!({ "id": "1", "name": "n" })).expect("an account");
    assert_eq!((received.id.as_deref(), received.password), (Some("1"), None));
}

/// A value with one property, which is encoded as it was.
fn one(key: &str, value: Value) -> Constructs {
    let decoded = decode(json!({ key: value }));
    // `nothing` can only be null, and is always sent.
    assert_eq!(serde_json::to_value(&decoded).expect("JSON"), json!({ key: value, "nothing": null }));
    decoded
}

#[test]
fn values_keep_their_type_and_their_variant() {
    assert_eq!(one("anything", json!({ "a": [1] })).anything, Some(json!({ "a": [1] })));
    assert!(matches!(one("choice", json!(1)).choice, Some(ConstructsChoice::Integer(1))));
    assert!(matches!(one("choice", json!("a")).choice, Some(ConstructsChoice::String(_))));
    let numbers = decode(json!({ "grid": [[1.0, 2]], "counts": { "a": 3.0, "b": null } }));
    assert_eq!(numbers.grid, [[1, 2]]);
    assert_eq!((numbers.counts["a"], numbers.counts["b"]), (Some(3), None));
    one("self", json!("text"));
    one("Self", json!(1));
    let tagged = one("tagged", json!({ "type": "b", "x": "1" })).tagged;
    assert!(matches!(&tagged, Some(ConstructsTagged::Variant1(_))), "{tagged:?}");
    one("tagged", json!({ "type": "a", "x": "1" }));
    one("tagged", json!({ "type": "c", "x": "1" }));
    let deleted = one("event", json!({ "event": "unknown", "id": "1" })).event;
    assert!(matches!(&deleted, Some(ConstructsEvent::Unknown { .. })), "{deleted:?}");
    let other = one("event", json!({ "event": "Other", "id": "1" })).event;
    assert!(matches!(&other, Some(ConstructsEvent::Other { .. })), "{other:?}");
    let new = one("event", json!({ "event": "new" })).event;
    assert!(matches!(&new, Some(ConstructsEvent::UnknownValue(_))), "{new:?}");
    assert_eq!(one("constants", json!("p")).constants, Some(ConstructsConstants::P));
    assert_eq!(one("constants", json!("r")).constants, Some(ConstructsConstants::Unknown("r".into())));
    assert!(matches!(one("free", json!("text")).free, Some(ConstructsFree::String(_))));
    assert!(matches!(one("free", json!(1)).free, Some(ConstructsFree::Free(_))));
    one("tree", json!({ "child": { "leaf": "a" } }));
    let open = one("open", json!({ "id": "1", "extra": "a", "b": [2] })).open.expect("an object");
    assert_eq!((open.extra_2.as_deref(), &open.extra["b"]), (Some("a"), &json!([2])));
    one("patterns", json!({ "id": "1", "x-a": 1 }));
    one("row", json!([1]));
    one("row", json!({ "a": 1 }));
    one("lists", json!([{ "a": 1 }]));
    one("lists", json!([{ "b": 1 }]));
}

/// What a call returns if the server sends this body, and the request.
fn received<T>(media_type: &str, body: &str, call: impl AsyncFnOnce(Client) -> T) -> (T, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let length = body.len();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let serve = async |listener: tokio::net::TcpListener| {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"}") {
            let length = stream.read(&mut chunk).await.expect("a request");
            assert!(length > 0, "the request is not complete");
            request.extend_from_slice(&chunk[..length]);
        }
        stream.write_all(response.as_bytes()).await.expect("a response");
        String::from_utf8_lossy(&request).to_ascii_lowercase()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::join!(call(client(&url)), serve(listener))
    })
}

/// All items of a stream.
async fn collected<T: serde::de::DeserializeOwned>(mut items: ItemStream<T>) -> Vec<T> {
    use futures_core::Stream;
    let mut all = Vec::new();
    while let Some(item) = std::future::poll_fn(|context| std::pin::Pin::new(&mut items).poll_next(context)).await {
        all.push(item.expect("an item"));
    }
    all
}

#[test]
fn a_response_has_two_forms() {
    let question = Question::new("q".into());
    let whole = async |client: Client| client.chat(&question).await.expect("a response").into_inner();
    let (whole, request) = received("application/json", r#"{"text":"t"}"#, whole);
    assert_eq!(whole, Whole::new("t".into()));
    assert!(request.contains("\r\naccept: application/json\r\n"), "{request}");
    let stream = async |client: Client| {
        let response = client.chat_stream(&question).await.expect("a response");
        collected(response.into_inner()).await
    };
    let body = "data: {\"delta\":\"a\"}\n\ndata: {\"delta\":\"b\"}\n\ndata: [DONE]\n\n";
    let (pieces, request) = received("text/event-stream", body, stream);
    assert_eq!(pieces, [Piece::new("a".into()), Piece::new("b".into())]);
    assert!(request.contains("\r\naccept: text/event-stream\r\n"), "{request}");
    assert!(!request.contains("accept: application/json"), "{request}");
}

#[test]
fn a_flag_of_the_request_asks_for_a_stream() {
    let question: Question = serde_json::from_value(json!({ "text": "q", "stream": true })).expect("a question");
    let whole = async |client: Client| client.analyze(&question).await.expect("a response").into_inner();
    let (whole, _) = received("application/json", r#"{"text":"t"}"#, whole);
    assert!(matches!(whole, Reply::Whole(_)), "{whole:?}");
    for (media_type, body) in [
        ("application/x-ndjson", "{\"delta\":\"a\"}\n{\"text\":\"b\"}\n"),
        ("application/json", "{\"delta\":\"a\"}\n{\"text\":\"b\"}"),
        ("text/event-stream; charset=utf-8", "data: {\"delta\":\"a\"}\n\ndata: {\"text\":\"b\"}\n\n"),
    ] {
        let stream = async |client: Client| {
            let response = client.analyze_stream(&question).await.expect("a response");
            collected(response.into_inner()).await
        };
        let (replies, request) = received(media_type, body, stream);
        assert!(matches!(replies.as_slice(), [Reply::Piece(_), Reply::Whole(_)]), "{media_type}: {replies:?}");
        assert!(request.contains(r#""stream":true"#), "{request}");
    }
}
