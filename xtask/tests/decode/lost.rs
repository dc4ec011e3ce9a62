//! What the generator reports about small documents.

use xtask::{
    document::Document,
    generate::{Generated, generate},
};

fn generated(text: &str) -> (String, Vec<String>) {
    let Generated { files, lost, .. } = generate(&Document::parse(text).expect("a document")).expect("code");
    let code = files.into_iter().filter(|(name, _)| name.ends_with(".rs")).map(|(_, text)| text).collect();
    (code, lost.iter().map(ToString::to_string).collect())
}

/// A document with one GET operation, with these parameters and responses.
fn document(parameters: &str, responses: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"T","version":"1"}},"paths":{{"/a":{{"get":{{"operationId":"a","parameters":{parameters},"responses":{responses}}}}}}}}}"#
    )
}

#[test]
fn successful_responses_with_the_same_body_are_one() {
    let body = r#""content":{"application/json":{"schema":{"type":"integer"}}}"#;
    let both = |other: &str| {
        generated(&document(
            "[]",
            &format!(r#"{{"202":{{"description":"",{other}}},"200":{{"description":"",{body}}}}}"#),
        ))
    };
    let (code, lost) = both(body);
    assert!(code.contains("200..=299 => ResponseValue::from_response") && lost.is_empty(), "{lost:?}\n{code}");
    let (code, lost) = both(r#""headers":{}"#);
    assert!(code.contains("200u16 => ResponseValue::from_response"), "the one with a body is not generated: {code}");
    assert_eq!(lost, ["/paths/~1a/get/responses/202: only one successful response is generated"]);
}

#[test]
fn a_discriminator_that_is_no_tag_of_texts_is_reported() {
    let variant =
        |number: u8| format!(r#"{{"type":"object","properties":{{"v":{{"type":"integer","enum":[{number}]}}}}}}"#);
    let variants = r##"{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}"##;
    for (discriminator, expected) in [
        (r#"{"propertyName":"v"}"#, "does not identify the variants"),
        (r#""v""#, "/components/schemas/U/discriminator: has no effect without propertyName"),
    ] {
        let union = format!(r#"{{"oneOf":[{variants}],"discriminator":{discriminator}}}"#);
        let schemas = format!(r#"{{"components":{{"schemas":{{"A":{},"B":{},"U":{union}}}}},"#, variant(1), variant(2));
        let (_, lost) = generated(&document("[]", r#"{"204":{"description":""}}"#).replacen('{', &schemas, 1));
        assert!(lost.iter().any(|line| line.contains(expected)), "{lost:?}");
    }
}

#[test]
fn a_parameter_that_the_path_does_not_have_is_ignored() {
    let parameters = r#"[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}]"#;
    let (_, lost) = generated(&document(parameters, r#"{"204":{"description":""}}"#));
    assert_eq!(lost, ["/paths/~1a/get/parameters/0: ignored: the path has no such parameter"]);
}

#[test]
fn a_schema_that_contains_itself_through_its_variants_or_parts_is_generated_once() {
    let node = |child: &str| {
        let properties = format!(r#"{{"kind":{{"type":"string"}},"child":{child}}}"#);
        let leaf = r#"{"type":"object","properties":{"kind":{"type":"string"}}}"#;
        let schemas = format!(
            r#"{{"components":{{"schemas":{{"Leaf":{leaf},"Node":{{"type":"object","properties":{properties}}}}}}},"#
        );
        generated(&document("[]", r#"{"204":{"description":""}}"#).replacen('{', &schemas, 1)).0
    };
    let variants = r##"{"$ref":"#/components/schemas/Node"},{"$ref":"#/components/schemas/Leaf"}"##;
    let union = node(&format!(r#"{{"oneOf":[{variants}],"discriminator":{{"propertyName":"kind"}}}}"#));
    assert!(union.contains("pub enum NodeChild ") && !union.contains("NodeChildNodeChild"), "{union}");
    let more = r#"{"type":"object","properties":{"more":{"type":"string"}}}"#;
    let composed = node(&format!(r##"{{"allOf":[{{"$ref":"#/components/schemas/Node"}},{more}]}}"##));
    assert!(composed.contains("pub struct NodeChild ") && !composed.contains("NodeChildChild"), "{composed}");
}

#[test]
fn a_fragment_of_a_path_is_refused() {
    let text = document("[]", r#"{"204":{"description":""}}"#).replace("\"/a\"", "\"/a#b\"");
    let refusal = generate(&Document::parse(&text).expect("a document")).expect_err("a refusal");
    assert!(format!("{refusal:#}").contains("/paths/~1a#b/get: a fragment in a path is not supported"), "{refusal:#}");
}

#[test]
fn a_response_to_head_has_no_body() {
    let body = r#"{"200":{"description":"","content":{"application/json":{"schema":{"type":"string"}}}}}"#;
    let (code, lost) = generated(&document("[]", body).replace("\"get\"", "\"head\""));
    assert!(code.contains("Result<crate::runtime::ApiRequest<()>, Error<()>>") && lost.is_empty(), "{lost:?}\n{code}");
}

#[test]
fn a_body_of_a_range_of_media_types_is_sent_as_bytes() {
    let body = r#""requestBody":{"required":true,"content":{"image/*":{}}},"responses":"#;
    let text = document("[]", r#"{"204":{"description":""}}"#).replace("\"get\"", "\"put\"");
    let (code, lost) = generated(&text.replace("\"responses\":", body));
    assert!(code.contains("\"application/octet-stream\"") && !code.contains("\"image/*\""), "{code}");
    let place = "/paths/~1a/put/requestBody/content/image~1*";
    assert_eq!(lost, [format!("{place}: a range of media types; sent as application/octet-stream")]);
}

#[test]
fn a_required_parameter_is_not_named_like_the_argument_of_the_optional_ones() {
    let parameter = |name: &str, required: bool| {
        format!(r#"{{"name":"{name}","in":"query","required":{required},"schema":{{"type":"string"}}}}"#)
    };
    let parameters = format!("[{},{}]", parameter("options", true), parameter("q", false));
    let (code, _) = generated(&document(&parameters, r#"{"204":{"description":""}}"#));
    assert!(code.contains("options_2: &'a str") && code.contains("QueryParam::new(\"options\", &options_2)"), "{code}");
}
