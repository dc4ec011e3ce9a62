//! Parameters of operations.

use serde_json::{Value, json};

use super::{
    limits::{Param, strip_limits, with_siblings},
    operations::{Lowering, Operation},
    schemas::Site,
    shapes::types_of,
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
        let types = target.as_object().map(|target| types_of(target).0).unwrap_or_default();
        let is_list = types == ["array"];
        let is_object = types == ["object"] || target.get("properties").is_some();
        if location == "query" {
            let Some(style) = ObjectStyle::read(parameter) else {
                self.refuse(place, format!("the style {} is not supported in a query", parameter["style"]));
                return None;
            };
            if is_object || (is_list && style != ObjectStyle::Exploded) {
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
        let site = Site {
            place: place.at("schema"),
            name: format!("{}{}", type_name(&out.id), type_name(name)),
            in_response: false,
        };
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
        let kind = |schema: &Value| {
            let schema = follow(self.root, schema).and_then(Value::as_object);
            schema.map(|schema| types_of(schema).0).unwrap_or_default()
        };
        if style == ObjectStyle::Json {
            return;
        }
        if style == ObjectStyle::Deep {
            if kind(target) == ["array"] {
                self.lost.push(Remark::new(place, "deepObject is not defined for lists; sent as repeated parameters"));
            }
            return;
        }
        let properties = target["properties"].as_object().into_iter().flatten();
        let nested: Vec<Pointer> = properties
            .filter(|(_, property)| kind(property) == ["object"])
            .map(|(name, _)| place.at("properties").at(name))
            .collect();
        let text = "an object inside of a parameter is sent as JSON";
        self.lost.extend(nested.iter().map(|place| Remark::new(place, text)));
    }
}
