//! Parameters of operations.

use serde_json::{Value, json};

use super::{
    limits::{Param, strip_limits, with_siblings},
    operations::{Lowering, Operation},
    schemas::Site,
    shapes::{ANY, kinds},
};
use crate::{
    generate::names::type_name,
    pointer::{Pointer, Remark},
    reference::follow,
};

/// How a list or an object is sent as a query parameter, or as a field of an urlencoded form. The runtime has the same
/// variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectStyle {
    /// `name[key]=value`: style `deepObject`.
    Deep,
    /// `key=value`, and `name=item` for each item of a list: style `form`, exploded.
    Exploded,
    /// `name=key,value`, and `name=item,item` of a list: style `form`, not exploded.
    Joined,
    /// `name=item item`: style `spaceDelimited`.
    Spaces,
    /// `name=item|item`: style `pipeDelimited`.
    Pipes,
    /// The value as JSON.
    Json,
}

impl ObjectStyle {
    /// The style of a parameter in a query or of a field of a form. `None` if the style is not known.
    pub(super) fn read(object: &Value) -> Option<Self> {
        let exploded = object.get("explode").and_then(Value::as_bool);
        Some(match object["style"].as_str() {
            None | Some("form") if exploded == Some(false) => Self::Joined,
            None | Some("form") => Self::Exploded,
            Some("deepObject") => Self::Deep,
            Some("spaceDelimited" | "pipeDelimited") if exploded == Some(true) => Self::Exploded,
            Some("spaceDelimited") => Self::Spaces,
            Some("pipeDelimited") => Self::Pipes,
            Some(_) => return None,
        })
    }
}

impl Lowering<'_, '_> {
    pub(super) fn parameter(
        &mut self,
        parameter: &Value,
        name: &str,
        location: &str,
        out: &mut Operation,
        place: &Pointer,
    ) -> Option<Value> {
        let required = location == "path" || parameter["required"] == json!(true);
        match location {
            "header" if self.key_header.is_some_and(|key| key.eq_ignore_ascii_case(name)) => return None,
            // As OpenAPI says.
            "header" if ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str()) => {
                self.lost.push(Remark::new(place, "ignored: other parts of the document describe this header"));
                return None;
            }
            "path" | "query" | "header" => {}
            "cookie" if !required => {
                self.lost.push(Remark::new(place, "a parameter in a cookie is not sent"));
                return None;
            }
            _ => {
                self.refuse(place, format!("a required parameter in {location:?} is not supported"));
                return None;
            }
        }
        if parameter["allowReserved"] == json!(true) {
            self.lost.push(Remark::new(&place.at("allowReserved"), "reserved characters are percent-encoded"));
        }
        let mut schema = parameter["schema"].clone();
        if let Some(media_type) = parameter["content"].as_object().and_then(|content| content.keys().next()) {
            self.lost
                .push(Remark::new(&place.at("content"), format!("generated as a string; pass {media_type} as text")));
            schema = json!({ "type": "string" });
        }
        let target = follow(self.root, &schema).cloned().unwrap_or_default();
        let kinds = kinds(self.root, &schema);
        let is_list = kinds.contains("array");
        let is_object = kinds.contains("object") || kinds.contains(ANY);
        let is_nested = self.has_nested_items(&schema);
        if location == "query" {
            let Some(style) = ObjectStyle::read(parameter) else {
                self.refuse(place, format!("the style {} is not supported in a query", parameter["style"]));
                return None;
            };
            if is_object || is_nested || (is_list && style != ObjectStyle::Exploded) {
                out.objects.insert(name.to_owned(), style);
                self.note_nested(&target, style, &place.at("schema"));
            }
        } else {
            let style = parameter["style"].as_str().unwrap_or("simple");
            if style != "simple" || is_list || is_object {
                let text = format!("generated as a string; pass the value in the style {style:?} as text");
                self.lost.push(Remark::new(place, text));
                schema = json!({ "type": "string" });
            }
        }
        let mut param = Param::read(name, &with_siblings(&target, &schema));
        param.description = parameter["description"].as_str().map(str::to_owned).or(param.description);
        strip_limits(&mut schema);
        let site = Site::of_request(place.at("schema"), format!("{}{}", type_name(&out.id), type_name(name)));
        let mut schema = self.schemas.lower(&schema, &site);
        // An absent parameter is how null is sent.
        if let Some(object) = schema.as_object_mut() {
            object.remove("nullable");
        }
        let mut lowered = json!({ "name": name, "in": location, "required": required, "schema": schema });
        if location == "query" {
            lowered["style"] = json!("form");
        }
        if let Some(text) = param.documentation() {
            lowered["description"] = json!(text);
        }
        out.params.push(param);
        Some(lowered)
    }

    /// Reports values whose form the specification leaves open: lists in the style `deepObject`, and objects inside of
    /// a value of another style.
    pub(super) fn note_nested(&mut self, target: &Value, style: ObjectStyle, place: &Pointer) {
        let is_object = |schema: &Value| kinds(self.root, schema).contains("object");
        if style == ObjectStyle::Json {
            return;
        }
        if style == ObjectStyle::Deep {
            if kinds(self.root, target).contains("array") {
                self.lost.push(Remark::new(place, "deepObject is not defined for lists; sent as repeated parameters"));
            }
            return;
        }
        let properties = target["properties"].as_object().into_iter().flatten();
        let nested: Vec<Pointer> = properties
            .filter(|(_, property)| is_object(property))
            .map(|(name, _)| place.at("properties").at(name))
            .collect();
        let text = "an object inside of a parameter is sent as JSON";
        self.lost.extend(nested.iter().map(|place| Remark::new(place, text)));
        if self.has_nested_items(target) {
            self.lost.push(Remark::new(&place.at("items"), "items that are lists or objects are sent as JSON"));
        }
    }

    /// Whether a schema describes lists of lists or objects.
    fn has_nested_items(&self, schema: &Value) -> bool {
        fn found(root: &Value, schema: &Value, depth: usize) -> bool {
            const DEEPEST: usize = 16;
            let Some(schema) = follow(root, schema).filter(|_| depth < DEEPEST) else { return false };
            let items = schema.get("items").map(|items| kinds(root, items)).unwrap_or_default();
            let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| schema[*keyword].as_array()).flatten();
            items.contains("object")
                || items.contains("array")
                || parts.into_iter().any(|part| found(root, part, depth + 1))
        }
        found(self.root, schema, 0)
    }
}
