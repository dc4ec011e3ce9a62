//! Bodies of requests and responses, by their media type.

use serde_json::{Map, Value, json};

use super::{
    operations::{ErrorBody, Lowering, Operation},
    schemas::Site,
};
use crate::{
    generate::names::type_name,
    pointer::{Pointer, Remark},
    reference::reference_name,
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
fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == JSON || essence.ends_with("+json")
}

impl<'d> Lowering<'_, 'd> {
    /// The media type that is generated: JSON, a form, or the first one. All others are reported.
    fn preferred(&mut self, holder: &'d Value, place: &Pointer, reason: &str) -> Option<(&'d str, &'d Value)> {
        let content = holder["content"].as_object()?;
        let rank = |media_type: &str| match essence(media_type).as_str() {
            _ if is_json(media_type) => 0,
            FORM => 1,
            URLENCODED => 2,
            _ => 3,
        };
        let (media_type, media) = content.iter().min_by_key(|(media_type, _)| rank(media_type))?;
        for other in content.keys().filter(|other| *other != media_type) {
            self.lost.push(Remark::new(&place.at("content").at(other), reason));
        }
        Some((media_type, media))
    }

    pub(super) fn body(&mut self, body: &'d Value, out: &mut Operation, place: &Pointer) -> Option<Value> {
        let (media_type, media) = self.preferred(body, place, "only one media type of a request is generated")?;
        let here = place.at("content").at(media_type);
        self.encoding(media_type, &media["encoding"], &here.at("encoding"));
        if body["required"] == json!(false) {
            self.lost.push(Remark::new(&place.at("required"), "the generated method always sends a body"));
        }
        let raw = || json!({ "type": "string", "format": "binary" });
        let (media_type, schema) = match essence(media_type).as_str() {
            essence if is_json(essence) || essence == URLENCODED => {
                let site = Site {
                    place: here.at("schema"),
                    name: format!("{}Request", type_name(&out.id)),
                    in_response: false,
                };
                let schema = media.get("schema").unwrap_or(&Value::Bool(true));
                self.json_params(schema, &here.at("schema"), "", &mut Vec::new(), out);
                if essence != URLENCODED && essence != JSON {
                    out.json_body = Some(media_type.to_owned());
                }
                let media_type = if essence == URLENCODED { URLENCODED } else { JSON };
                (media_type, self.schemas.lower(schema, &site))
            }
            // progenitor generates the method for a raw body, which `rewrite` replaces by the form.
            FORM => {
                out.form = self.form(&media["schema"], out, &here.at("schema"));
                (OCTETS, raw())
            }
            _ => {
                out.raw_body = Some(media_type.to_owned());
                (OCTETS, raw())
            }
        };
        Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }))
    }

    /// Checks the options for single fields of a form.
    fn encoding(&mut self, media_type: &str, encoding: &Value, place: &Pointer) {
        for (field, options) in encoding.as_object().into_iter().flatten() {
            let here = place.at(field);
            let only_types = options.as_object().is_some_and(|own| own.keys().all(|key| key == "contentType"));
            match essence(media_type).as_str() {
                FORM if only_types => self.lost.push(Remark::new(&here, "the part is sent with the type of its kind")),
                FORM | URLENCODED => self.refuse(&here, "an encoding of a form field is not supported"),
                // It applies to forms only.
                _ => {}
            }
        }
    }

    /// The reader for a stream of JSON values, if the schema of its items has a name.
    fn items(
        &mut self,
        media_type: &str,
        media: &Value,
        out: &Operation,
        place: &Pointer,
    ) -> Option<(&'static str, String)> {
        let reader = match essence(media_type).as_str() {
            "text/event-stream" => "events",
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => "json_lines",
            _ => return None,
        };
        let schema = media.get("schema")?;
        let site = Site { place: place.clone(), name: format!("{}Item", type_name(&out.id)), in_response: true };
        let lowered = self.schemas.lower(schema, &site);
        let reference = lowered["$ref"].as_str().or(lowered["allOf"][0]["$ref"].as_str())?;
        Some((reader, reference_name(reference)))
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
            let site = Site { place: here.clone(), name: format!("{}Error", type_name(&out.id)), in_response: true };
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

    pub(super) fn responses(&mut self, responses: &'d Value, out: &mut Operation, place: &Pointer) -> Value {
        let mut success: Option<(String, Value)> = None;
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
            if success.is_some() {
                self.lost.push(Remark::new(&here, "only the first successful response is generated"));
                continue;
            }
            let mut lowered = json!({ "description": response["description"].as_str().unwrap_or_default() });
            if let Some((media_type, media)) =
                self.preferred(response, &here, "only one media type of a response is generated")
            {
                let content = here.at("content").at(media_type);
                let (media_type, schema) = if is_json(media_type) {
                    let site = Site {
                        place: content.at("schema"),
                        name: format!("{}Response", type_name(&out.id)),
                        in_response: true,
                    };
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
            success = Some((status.clone(), lowered));
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
