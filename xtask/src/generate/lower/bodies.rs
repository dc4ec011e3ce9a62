//! Bodies of requests and responses, by their media type.

use serde_json::{Map, Value, json};

use super::{
    operations::{ErrorBody, ItemReader, Lowering, Operation, StreamForm},
    parameters::ObjectStyle,
    schemas::Site,
    shapes::types_of,
};
use crate::{
    generate::names::type_name,
    pointer::{Pointer, Remark},
    reference::{follow, reference_name},
};

const FORM: &str = "multipart/form-data";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";

/// The media type without parameters, in lower case.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `application/json` and types that end with `+json`, with any parameters.
pub(super) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == JSON || essence.ends_with("+json")
}

/// The reader for a media type of several JSON values.
fn item_reader(media_type: &str) -> Option<ItemReader> {
    match essence(media_type).as_str() {
        "text/event-stream" => Some(ItemReader::Events),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(ItemReader::JsonLines),
        _ => None,
    }
}

/// Whether a request body has a boolean property `stream`.
fn has_stream_flag(root: &Value, schema: &Value, depth: usize) -> bool {
    const DEEPEST: usize = 16;
    let Some(object) = follow(root, schema).and_then(Value::as_object).filter(|_| depth < DEEPEST) else {
        return false;
    };
    let flag = object.get("properties").and_then(|properties| follow(root, properties.get("stream")?)?.as_object());
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| object.get(*keyword)?.as_array()).flatten();
    flag.is_some_and(|flag| types_of(flag).0 == ["boolean"])
        || parts.into_iter().any(|part| has_stream_flag(root, part, depth + 1))
}

impl<'d> Lowering<'_, 'd> {
    /// The media type that is generated: JSON, a form, or the first one. All others are reported, but for `also`.
    fn preferred(
        &mut self,
        holder: &'d Value,
        place: &Pointer,
        reason: &str,
        also: Option<&str>,
    ) -> Option<(&'d str, &'d Value)> {
        let content = holder["content"].as_object()?;
        if content.is_empty() {
            self.lost.push(Remark::new(&place.at("content"), "has no media type, so that no body is generated"));
        }
        let rank = |media_type: &str| match essence(media_type).as_str() {
            _ if is_json(media_type) => 0,
            FORM => 1,
            URLENCODED => 2,
            _ => 3,
        };
        let (media_type, media) = content.iter().min_by_key(|(media_type, _)| rank(media_type))?;
        for other in content.keys().filter(|other| *other != media_type && Some(other.as_str()) != also) {
            self.lost.push(Remark::new(&place.at("content").at(other), reason));
        }
        Some((media_type, media))
    }

    pub(super) fn body(&mut self, body: &'d Value, out: &mut Operation, place: &Pointer) -> Option<Value> {
        let (media_type, media) = self.preferred(body, place, "only one media type of a request is generated", None)?;
        let here = place.at("content").at(media_type);
        let styles = self.encoding(media_type, &media["encoding"], &here.at("encoding"));
        let is_required = body["required"] == json!(true);
        let raw = || json!({ "type": "string", "format": "binary" });
        let (media_type, schema) = match essence(media_type).as_str() {
            essence if is_json(essence) || essence == URLENCODED => {
                let site = Site::of_request(here.at("schema"), format!("{}Request", type_name(&out.id)));
                let schema = media.get("schema").unwrap_or(&Value::Bool(true));
                self.json_params(schema, &here.at("schema"), "", &mut Vec::new(), out);
                out.has_stream_flag = has_stream_flag(self.root, schema, 0);
                if essence != URLENCODED && essence != JSON {
                    out.json_body = Some(media_type.to_owned());
                }
                out.optional_body = !is_required;
                if essence == URLENCODED {
                    self.note_fields(schema, &styles, &here.at("schema"));
                    out.form_styles = Some(styles);
                }
                let media_type = if essence == URLENCODED { URLENCODED } else { JSON };
                (media_type, self.schemas.lower(schema, &site))
            }
            // progenitor generates the method for a raw body, which `rewrite` replaces by the form.
            FORM => {
                self.note_optional(is_required, place);
                out.form = self.form(&media["schema"], out, &here.at("schema"));
                (OCTETS, raw())
            }
            _ => {
                self.note_optional(is_required, place);
                let is_range = media_type.contains('*');
                if is_range {
                    self.lost.push(Remark::new(&here, format!("a range of media types; sent as {OCTETS}")));
                }
                out.raw_body = Some(if is_range { OCTETS } else { media_type }.to_owned());
                (OCTETS, raw())
            }
        };
        Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }))
    }

    fn note_optional(&mut self, is_required: bool, place: &Pointer) {
        if !is_required {
            self.lost.push(Remark::new(&place.at("required"), "the generated method always sends a body"));
        }
    }

    /// Reads the options for single fields of a form: the styles of urlencoded ones.
    fn encoding(&mut self, media_type: &str, encoding: &Value, place: &Pointer) -> Vec<(String, ObjectStyle)> {
        let mut styles = Vec::new();
        for (field, options) in encoding.as_object().into_iter().flatten() {
            let here = place.at(field);
            let has = |key: &str| options.get(key).is_some();
            match essence(media_type).as_str() {
                FORM if has("style") || has("explode") || has("allowReserved") => {
                    self.refuse(&here, "a style of a part is not supported");
                }
                FORM => self.lost.push(Remark::new(&here, "the part is sent with the type of its kind")),
                URLENCODED => {
                    if options["allowReserved"] == json!(true) {
                        let place = here.at("allowReserved");
                        self.lost.push(Remark::new(&place, "reserved characters are percent-encoded"));
                    }
                    let is_json_text = options["contentType"].as_str().is_some_and(is_json);
                    match ObjectStyle::read(options) {
                        _ if is_json_text && !has("style") => styles.push((field.clone(), ObjectStyle::Json)),
                        Some(ObjectStyle::Exploded) => {}
                        Some(style) => styles.push((field.clone(), style)),
                        None => self.refuse(&here, format!("the style {} is not supported", options["style"])),
                    }
                }
                // It applies to forms only.
                _ => {}
            }
        }
        styles
    }

    /// Reports fields of an urlencoded form whose form the specification leaves open.
    fn note_fields(&mut self, schema: &Value, styles: &[(String, ObjectStyle)], place: &Pointer) {
        let target = follow(self.root, schema).cloned().unwrap_or_default();
        for (name, property) in target["properties"].as_object().into_iter().flatten() {
            let style =
                styles.iter().find(|(field, _)| field == name).map_or(ObjectStyle::Exploded, |(_, style)| *style);
            let field = follow(self.root, property).cloned().unwrap_or_default();
            self.note_nested(&field, style, &place.at("properties").at(name));
        }
    }

    /// The reader for a stream of JSON values, if the schema of its items has a name.
    fn items(
        &mut self,
        media_type: &str,
        media: &Value,
        out: &Operation,
        place: &Pointer,
    ) -> Option<(ItemReader, String)> {
        let reader = item_reader(media_type)?;
        let schema = media.get("schema")?;
        let site = Site::of_response(place.clone(), format!("{}Item", type_name(&out.id)));
        let lowered = self.schemas.lower(schema, &site);
        let reference = lowered["$ref"].as_str().or(lowered["allOf"][0]["$ref"].as_str())?;
        Some((reader, reference_name(reference)))
    }

    /// The stream beside a JSON response: another media type, or several JSON values instead of one if the request has
    /// a flag `stream`.
    fn stream(&mut self, response: &Value, lowered: &Value, out: &Operation, place: &Pointer) -> Option<StreamForm> {
        let content = response["content"].as_object()?;
        if !content.keys().any(|media_type| is_json(media_type)) {
            return None;
        }
        let (accept, items) = match content.iter().find(|(media_type, _)| item_reader(media_type).is_some()) {
            Some((media_type, media)) => {
                let place = place.at("content").at(media_type);
                let items = self.items(media_type, media, out, &place.at("schema"));
                if items.is_none() {
                    self.lost.push(Remark::new(&place, "generated as a byte stream"));
                }
                (Some(media_type.clone()), items)
            }
            None if !out.has_stream_flag => return None,
            None => {
                let schema = lowered["content"].as_object()?.values().next()?.get("schema")?;
                let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
                let Some(reference) = reference else {
                    self.lost.push(Remark::new(place, "the request has a flag `stream`; a stream is not generated"));
                    return None;
                };
                (None, Some((ItemReader::ByMediaType, reference_name(reference))))
            }
        };
        Some(StreamForm { method: self.free_method(&format!("{}_stream", out.id)), accept, items })
    }

    /// The type of all error bodies that are JSON. Different ones become any JSON value.
    fn error_body(&mut self, errors: &[(&str, &'d Value)], out: &Operation, place: &Pointer) -> Option<ErrorBody> {
        let mut body = None;
        for (status, response) in errors {
            let here = place.at(status).at("content");
            let content = response["content"].as_object().into_iter().flatten();
            let Some((media_type, media)) = content.into_iter().find(|(media_type, _)| is_json(media_type)) else {
                if response["content"].as_object().is_some_and(|content| !content.is_empty()) {
                    self.lost.push(Remark::new(&here, "an error body of this type is not decoded"));
                }
                continue;
            };
            let here = here.at(media_type).at("schema");
            let site = Site::of_response(here.clone(), format!("{}Error", type_name(&out.id)));
            let lowered = media.get("schema").map(|schema| self.schemas.lower(schema, &site)).unwrap_or_default();
            let reference = lowered["$ref"].as_str().or(lowered["allOf"][0]["$ref"].as_str());
            let own = match reference.map(reference_name) {
                Some(name) if name != self.schemas.vector => ErrorBody::Named(name),
                _ => ErrorBody::Json,
            };
            match &body {
                None => body = Some(own),
                Some(earlier) if *earlier == own => {}
                Some(_) => {
                    self.lost.push(Remark::new(&here, "differs from the other errors; all become any JSON value"));
                    body = Some(ErrorBody::Json);
                }
            }
        }
        body
    }

    /// The successful response that is generated: the first one that has a body, or the first one. Its own status, and
    /// the one to generate it for, which is that of all successes if others have the same body.
    fn successful(&mut self, responses: &'d Value, place: &Pointer) -> Option<(&'d str, &'d str)> {
        let all = responses.as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
        let all: Vec<(&'d str, &'d Value)> = all
            .map(|(status, response)| (status.as_str(), &follow(self.root, response).unwrap_or(response)["content"]))
            .collect();
        fn has_body(content: &Value) -> bool {
            content.as_object().is_some_and(|content| !content.is_empty())
        }
        let (chosen, content) = *all.iter().find(|(_, content)| has_body(content)).or(all.first())?;
        let mut status = chosen;
        for (other, own) in all.iter().filter(|(other, _)| *other != chosen) {
            if *own == content || !has_body(own) && !has_body(content) {
                status = "2XX";
            } else {
                self.lost.push(Remark::new(&place.at(other), "only one successful response is generated"));
            }
        }
        Some((chosen, status))
    }

    pub(super) fn responses(&mut self, responses: &'d Value, out: &mut Operation, place: &Pointer) -> Value {
        let mut success: Option<(String, Value)> = None;
        let chosen = self.successful(responses, place);
        let mut errors = Vec::new();
        for (status, response) in responses.as_object().into_iter().flatten() {
            let here = place.at(status);
            let response = self.deref(response, &here);
            for header in response["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                self.headers.insert(header.to_ascii_lowercase());
            }
            if !status.starts_with('2') {
                errors.push((status.as_str(), response));
                continue;
            }
            let Some(status) = chosen.as_ref().filter(|(key, _)| key == status).map(|(_, status)| *status) else {
                continue;
            };
            let mut lowered = json!({ "description": response["description"].as_str().unwrap_or_default() });
            let names = response["content"].as_object().into_iter().flat_map(|content| content.keys());
            let has_json = names.clone().any(|name| is_json(name));
            let stream = names.map(String::as_str).find(|name| has_json && item_reader(name).is_some());
            let reason = "only one media type of a response is generated";
            // A response to HEAD has no body.
            let preferred = match out.method.as_str() {
                "HEAD" => None,
                _ => self.preferred(response, &here, reason, stream),
            };
            if let Some((media_type, media)) = preferred {
                let content = here.at("content").at(media_type);
                let (media_type, schema) = if is_json(media_type) {
                    let site = Site::of_response(content.at("schema"), format!("{}Response", type_name(&out.id)));
                    let schema = media.get("schema").unwrap_or(&Value::Bool(true));
                    ("application/json", self.schemas.lower(schema, &site))
                } else {
                    out.accept = Some(media_type.to_owned());
                    out.items = self.items(media_type, media, out, &content.at("schema"));
                    if out.items.is_none() {
                        self.lost.push(Remark::new(&content, "generated as a byte stream"));
                    }
                    (media_type, json!({}))
                };
                lowered["content"] = json!({ media_type: { "schema": schema } });
            }
            out.stream = preferred.and_then(|_| self.stream(response, &lowered, out, &here));
            success = Some((status.to_owned(), lowered));
        }
        out.error = self.error_body(&errors, out, place);
        let mut lowered = Map::new();
        match success {
            Some((status, response)) => {
                lowered.insert(status, response);
            }
            None => {
                self.lost.push(Remark::new(place, "no successful response is described; generated as a byte stream"));
                out.accept = Some("*/*".into());
                lowered.insert("2XX".into(), json!({ "description": "", "content": { OCTETS: { "schema": {} } } }));
            }
        }
        lowered.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognized_with_parameters_and_suffix() {
        for json in
            ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
        {
            assert!(is_json(json), "{json}");
        }
        for other in ["application/jsonl", "application/x-ndjson", "text/event-stream", "text/json"] {
            assert!(!is_json(other), "{other}");
        }
    }
}
