//! Values as `name=value` pairs, in queries and in `application/x-www-form-urlencoded` bodies.

use progenitor_client::{Error, RequestBuilderExt as _};
use serde::Serialize;
use serde_json::Value;

use super::form_text;

/// How a list or an object is sent as pairs.
#[allow(dead_code, reason = "the document of this repository has no such value")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectStyle {
    /// `name[key]=value`, for each level of objects.
    Deep,
    /// `key=value`, and `name=item` for each item of a list.
    Exploded,
    /// `name=key,value`, and `name=item,item`.
    Joined,
    /// `name=item item`.
    Spaces,
    /// `name=item|item`.
    Pipes,
    /// `name=` and the value as JSON.
    Json,
}

/// Formats a value as query parameters. Skips null values.
#[allow(dead_code, reason = "the document of this repository has no such parameter")]
pub(crate) fn object_query<T: Serialize + ?Sized>(style: ObjectStyle, name: &str, value: &T) -> Vec<(String, String)> {
    // Fails only for maps whose keys are not strings. Generated types have none.
    pairs(style, name, serde_json::to_value(value).unwrap_or_default())
}

/// Adds a body of the media type `application/x-www-form-urlencoded`, unless it is absent. `styles` are those of the
/// fields whose style is not [`ObjectStyle::Exploded`].
///
/// # Errors
///
/// Returns an error if the body is not an object.
#[allow(dead_code, reason = "the document of this repository has no such body")]
#[allow(clippy::result_large_err, reason = "callers in generated code return the same error")]
pub(crate) fn urlencoded<T: Serialize>(
    request: reqwest::RequestBuilder,
    styles: &[(&str, ObjectStyle)],
    body: Option<T>,
) -> Result<reqwest::RequestBuilder, Error<()>> {
    let Some(body) = body else { return Ok(request) };
    let Ok(Value::Object(fields)) = serde_json::to_value(body) else {
        return Err(Error::InvalidRequest("the form is not an object".to_owned()));
    };
    let style = |name: &str| styles.iter().find(|(field, _)| *field == name).map(|(_, style)| *style);
    let fields = sorted(fields).into_iter();
    let all = fields.flat_map(|(name, value)| pairs(style(&name).unwrap_or(ObjectStyle::Exploded), &name, value));
    request.form_urlencoded(&all.collect::<Vec<_>>())
}

/// Adds a JSON body, unless it is absent.
#[allow(dead_code, reason = "the document of this repository has no optional body")]
pub(crate) fn optional_json<T: Serialize>(
    request: reqwest::RequestBuilder,
    media_type: &'static str,
    body: Option<T>,
) -> reqwest::RequestBuilder {
    match body {
        // reqwest keeps a media type that is set before.
        Some(body) => request.header(reqwest::header::CONTENT_TYPE, media_type).json(&body),
        None => request,
    }
}

/// The members of an object in the order of their names. The order of a JSON object depends on a feature of serde_json
/// that any crate may enable.
fn sorted(object: serde_json::Map<String, Value>) -> Vec<(String, Value)> {
    let mut members: Vec<(String, Value)> = object.into_iter().collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members
}

fn pairs(style: ObjectStyle, name: &str, value: Value) -> Vec<(String, String)> {
    let separator = match style {
        ObjectStyle::Joined => ",",
        ObjectStyle::Spaces => " ",
        ObjectStyle::Pipes => "|",
        _ => "",
    };
    let mut out = Vec::new();
    match (value, style) {
        (Value::Null, _) => {}
        (value, ObjectStyle::Json) => out.push((name.to_owned(), value.to_string())),
        (value, ObjectStyle::Deep) => add_deep(name.to_owned(), value, &mut out),
        (Value::Array(items), ObjectStyle::Exploded) => out.extend(texts(items).map(|text| (name.to_owned(), text))),
        (Value::Object(members), ObjectStyle::Exploded) => {
            for (key, value) in sorted(members) {
                out.extend(texts(items_of(value)).map(|text| (key.clone(), text)));
            }
        }
        (Value::Array(items), _) => {
            let texts: Vec<String> = texts(items).collect();
            if !texts.is_empty() {
                out.push((name.to_owned(), texts.join(separator)));
            }
        }
        (Value::Object(members), _) => {
            let members = sorted(members).into_iter();
            let texts: Vec<String> = members
                .flat_map(|(key, value)| texts(items_of(value)).flat_map(move |text| [key.clone(), text]))
                .collect();
            if !texts.is_empty() {
                out.push((name.to_owned(), texts.join(separator)));
            }
        }
        (scalar, _) => out.push((name.to_owned(), form_text(&scalar))),
    }
    out
}

/// The items of a list, or the value itself.
fn items_of(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => vec![other],
    }
}

/// Values as text, without nulls.
fn texts(values: Vec<Value>) -> impl Iterator<Item = String> {
    values.into_iter().filter(|value| !value.is_null()).map(|value| form_text(&value))
}

/// Adds a value of the style `deepObject`. The specification does not define it for lists: plain items are repeated
/// parameters, and objects in a list have a position.
fn add_deep(name: String, value: Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, value) in sorted(members) {
                add_deep(format!("{name}[{key}]"), value, out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                let is_plain = !item.is_object() && !item.is_array();
                add_deep(if is_plain { name.clone() } else { format!("{name}[{index}]") }, item, out);
            }
        }
        scalar => out.push((name, form_text(&scalar))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(style: ObjectStyle, value: Value) -> String {
        let pairs = object_query(style, "p", &value).into_iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    #[test]
    fn values_are_sent_in_the_style_of_the_parameter() {
        let object = json!({ "gte": 1, "lte": null, "any": ["b", true, "a"] });
        let list = json!(["b", 2, null, "a"]);
        for (style, of_object, of_list) in [
            (ObjectStyle::Deep, "p[any]=b&p[any]=true&p[any]=a&p[gte]=1", "p=b&p=2&p=a"),
            (ObjectStyle::Exploded, "any=b&any=true&any=a&gte=1", "p=b&p=2&p=a"),
            (ObjectStyle::Joined, "p=any,b,any,true,any,a,gte,1", "p=b,2,a"),
            (ObjectStyle::Spaces, "p=any b any true any a gte 1", "p=b 2 a"),
            (ObjectStyle::Pipes, "p=any|b|any|true|any|a|gte|1", "p=b|2|a"),
        ] {
            assert_eq!(shown(style, object.clone()), of_object, "{style:?}");
            assert_eq!(shown(style, list.clone()), of_list, "{style:?}");
            assert_eq!(shown(style, json!("a b")), "p=a b", "{style:?}");
            for empty in [json!(null), json!([]), json!({}), json!({ "a": null })] {
                assert_eq!(shown(style, empty), "", "{style:?}");
            }
        }
        assert_eq!(shown(ObjectStyle::Json, json!({ "a": [1] })), r#"p={"a":[1]}"#);
    }

    #[test]
    fn deep_objects_have_all_levels_in_their_names() {
        let value = json!({ "b": { "c": { "d": 1 } }, "a": [{ "x": 1 }, { "x": null, "y": [2, 3] }] });
        assert_eq!(shown(ObjectStyle::Deep, value), "p[a][0][x]=1&p[a][1][y]=2&p[a][1][y]=3&p[b][c][d]=1");
    }

    #[test]
    fn a_form_has_the_style_of_each_field() {
        let request = || reqwest::Client::new().post("http://127.0.0.1:9");
        let sent = |request: reqwest::RequestBuilder| {
            let request = request.build().expect("a request");
            let body = request.body().and_then(reqwest::Body::as_bytes);
            let body = body.map(|body| String::from_utf8_lossy(body).replace("%5B", "[").replace("%5D", "]"));
            (body, request.headers().get("content-type").map(|value| value.to_str().expect("text").to_owned()))
        };
        let body = json!({ "ids": ["b", "a"], "deep": { "x": { "y": 1 } }, "plain": { "k": "v" }, "none": null });
        let form = urlencoded(request(), &[("deep", ObjectStyle::Deep)], Some(body)).expect("a form");
        assert_eq!(
            sent(form),
            (Some("deep[x][y]=1&ids=b&ids=a&k=v".to_owned()), Some("application/x-www-form-urlencoded".to_owned()))
        );
        assert_eq!(sent(urlencoded(request(), &[], None::<Value>).expect("no form")), (None, None));
        assert!(urlencoded(request(), &[], Some([1])).is_err());
        let json = sent(optional_json(request(), "application/merge-patch+json", Some(json!({ "a": 1 }))));
        assert_eq!(json, (Some(r#"{"a":1}"#.to_owned()), Some("application/merge-patch+json".to_owned())));
        assert_eq!(sent(optional_json(request(), "application/json", None::<Value>)), (None, None));
    }
}
