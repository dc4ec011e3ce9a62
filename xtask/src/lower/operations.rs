//! Operations: unique names, parameters, bodies and responses.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::{Map, Value, json};

use super::{
    forms::Form,
    params::{Param, strip_limits, with_siblings},
    schemas::{Schemas, Site},
};
use crate::{
    document::{METHODS, Pointer, Remark, follow},
    effect::{Effect, Effects},
    families::family_of,
    names::{identifier, type_name},
};

/// The parts of an operation that progenitor does not support.
#[derive(Debug)]
pub struct Operation {
    /// Unique id, which is the name of the generated method.
    pub id: String,
    pub method: String,
    pub path: String,
    pub effect: Effect,
    /// The module of the generated code.
    pub family: String,
    /// Parameters, form fields and JSON properties, with their limits.
    pub params: Vec<Param>,
    /// The `multipart/form-data` body.
    pub form: Option<Form>,
    /// Media type of the response if it is not JSON.
    pub accept: Option<String>,
    /// Query parameters that are objects, sent as `name[key]=value`.
    pub objects: Vec<String>,
}

pub struct LoweredOperations {
    pub paths: Value,
    pub operations: Vec<Operation>,
    pub response_headers: BTreeSet<String>,
    pub refused: Vec<Remark>,
    pub lost: Vec<Remark>,
    /// Places of limits that are constants, which are not lost.
    pub expressed: BTreeSet<Pointer>,
}

/// Lowers every operation of the document.
pub fn lower<'d>(root: &'d Value, key_header: Option<&str>, schemas: &mut Schemas<'d>) -> LoweredOperations {
    let ids = unique_ids(root);
    let mut lowering = Lowering {
        root,
        key_header,
        effects: Effects::new(root),
        schemas,
        operations: Vec::new(),
        headers: BTreeSet::new(),
        refused: Vec::new(),
        lost: Vec::new(),
        expressed: BTreeSet::new(),
    };
    let mut paths = Map::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        let place = Pointer::default().at("paths").at(path);
        if item.get("$ref").is_some() {
            lowering.refuse(&place, "a path item by reference is not supported");
            continue;
        }
        let mut out = Map::new();
        for method in METHODS {
            if let Some(operation) = item.get(*method) {
                let id = &ids[&(path.clone(), (*method).to_owned())];
                out.insert((*method).into(), lowering.operation(path, item, method, operation, id, &place.at(method)));
            }
        }
        paths.insert(path.clone(), out.into());
    }
    LoweredOperations {
        paths: paths.into(),
        operations: lowering.operations,
        response_headers: lowering.headers,
        refused: lowering.refused,
        lost: lowering.lost,
        expressed: lowering.expressed,
    }
}

/// Method names: the operation id, with the tag if it is not unique, or method and path if that is not unique either.
fn unique_ids(root: &Value) -> BTreeMap<(String, String), String> {
    let mut all = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(*method) {
                let plain = operation["operationId"].as_str().map(ToSnakeCase::to_snake_case);
                let tag = operation["tags"][0].as_str().unwrap_or_default().to_snake_case();
                let by_path = format!("{method} {path}").to_snake_case();
                let tagged = plain.as_ref().map(|id| format!("{tag}_{id}").trim_matches('_').to_owned());
                all.push((
                    (path.clone(), (*method).to_owned()),
                    [plain.unwrap_or(by_path.clone()), tagged.unwrap_or(by_path.clone()), by_path],
                ));
            }
        }
    }
    let mut ids = BTreeMap::new();
    for (key, candidates) in &all {
        let unique = |level: usize| all.iter().filter(|(_, other)| other[level] == candidates[level]).count() == 1;
        let level = (0..2).find(|level| unique(*level)).unwrap_or(2);
        ids.insert(key.clone(), candidates[level].clone());
    }
    // Names of other methods of the client, keywords of Rust, and names of the `…_request` methods.
    let reserved = |id: &str, ids: &BTreeMap<_, String>| {
        matches!(
            id,
            "new_with_client"
                | "execute"
                | "key"
                | "client"
                | "inner"
                | "baseurl"
                | "api_version"
                | "pre"
                | "exec"
                | "post"
        ) || syn::parse_str::<syn::Ident>(id).is_err()
            || id.strip_suffix("_request").is_some_and(|stem| ids.values().any(|other| other == stem))
    };
    let clashes: Vec<_> = ids.iter().filter(|(_, id)| reserved(id, &ids)).map(|(key, _)| key.clone()).collect();
    for key in clashes {
        ids.entry(key).and_modify(|id| *id = format!("call_{id}"));
    }
    ids
}

pub(super) struct Lowering<'l, 'd> {
    pub(super) root: &'d Value,
    key_header: Option<&'l str>,
    effects: Effects,
    pub(super) schemas: &'l mut Schemas<'d>,
    operations: Vec<Operation>,
    headers: BTreeSet<String>,
    refused: Vec<Remark>,
    pub(super) lost: Vec<Remark>,
    /// Places of limits that are constants.
    pub(super) expressed: BTreeSet<Pointer>,
}

impl<'d> Lowering<'_, 'd> {
    pub(super) fn refuse(&mut self, place: &Pointer, text: impl Into<String>) {
        self.refused.push(Remark::new(place, text));
    }

    /// The object behind a reference.
    fn deref(&mut self, value: &'d Value, place: &Pointer) -> &'d Value {
        follow(self.root, value).unwrap_or_else(|| {
            self.refused
                .push(Remark::new(place, format!("the target of the reference {} does not exist", value["$ref"])));
            value
        })
    }

    fn operation(
        &mut self,
        path: &str,
        item: &'d Value,
        method: &str,
        operation: &'d Value,
        id: &str,
        place: &Pointer,
    ) -> Value {
        let mut lowered = json!({ "operationId": id });
        for key in ["summary", "description", "deprecated"] {
            if let Some(value) = operation.get(key) {
                lowered[key] = value.clone();
            }
        }
        let effect = self.effects.of(operation, method, place).unwrap_or_else(|remark| {
            self.refused.push(remark);
            Effect::Create
        });
        let mut out = Operation {
            id: id.into(),
            method: method.to_uppercase(),
            path: path.into(),
            effect,
            family: family_of(path),
            params: Vec::new(),
            form: None,
            accept: None,
            objects: Vec::new(),
        };
        let mut parameters: Vec<Value> = Vec::new();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let shared = item["parameters"].as_array().into_iter().flatten();
        let mut seen = BTreeSet::new();
        let item_place = Pointer::default().at("paths").at(path).at("parameters");
        let own = own.enumerate().map(|(index, parameter)| (place.at("parameters").at(index), parameter));
        let shared = shared.enumerate().map(|(index, parameter)| (item_place.at(index), parameter));
        for (here, parameter) in own.chain(shared) {
            let parameter = self.deref(parameter, &here);
            let (name, location) =
                (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
            if seen.insert((name.to_owned(), location.to_owned()))
                && let Some(parameter) = self.parameter(parameter, name, location, &mut out, &here)
            {
                parameters.push(parameter);
            }
        }
        let in_path = |name: &str| seen.contains(&(name.to_owned(), "path".to_owned()));
        for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            if !in_path(name) {
                self.refuse(place, format!("no parameter describes {{{name}}} in the path"));
            }
        }
        let mut names = BTreeSet::new();
        let key_header = self.key_header;
        for (name, _) in seen.iter().filter(|(name, _)| key_header.is_none_or(|key| !key.eq_ignore_ascii_case(name))) {
            let rust = identifier(name).to_string();
            if rust == "body" && operation.get("requestBody").is_some() || !names.insert(rust) {
                self.refuse(place, format!("the parameter {name:?} has the same Rust name as another argument"));
            }
        }
        if matches!(method, "options" | "trace") {
            self.refuse(place, "the method is not supported");
        }
        lowered["parameters"] = parameters.into();
        if let Some(body) = operation.get("requestBody") {
            let here = place.at("requestBody");
            let body = self.deref(body, &here);
            if let Some(body) = self.body(body, &mut out, &here) {
                lowered["requestBody"] = body;
            }
        }
        lowered["responses"] = self.responses(&operation["responses"], &mut out, &place.at("responses"));
        self.operations.push(out);
        lowered
    }

    fn parameter(
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
            _ => {
                self.refuse(place, format!("a parameter in {location:?} is not supported"));
                return None;
            }
        }
        let mut schema = parameter["schema"].clone();
        let target = follow(self.root, &schema).cloned().unwrap_or_default();
        let style = parameter["style"].as_str();
        let exploded = parameter.get("explode").is_none_or(|explode| explode == &json!(true));
        let list = target["type"] == "array";
        let plain_style = match location {
            "query" => matches!(style, None | Some("form" | "deepObject")),
            _ => matches!(style, None | Some("simple")),
        };
        if !plain_style || list && !exploded {
            self.refuse(place, "only form style, exploded, is supported in a query, and simple style elsewhere");
            return None;
        }
        if list && location != "query" {
            self.refuse(place, "a list is supported as a query parameter only");
            return None;
        }
        if target["type"] == "object" || target.get("properties").is_some() {
            if location != "query" {
                self.refuse(place, "an object is supported as a query parameter only");
                return None;
            }
            // Form style omits the name and mixes the keys of several parameters.
            if style != Some("deepObject") {
                self.lost.push(Remark::new(place, format!("sent as {name}[key]=value, unlike the document states")));
            }
            out.objects.push(name.to_owned());
        }
        let mut param = Param::read(name, &with_siblings(&target, &schema));
        param.description = parameter["description"].as_str().map(str::to_owned).or(param.description);
        strip_limits(&mut schema);
        let site = Site {
            place: place.at("schema"),
            name: format!("{}{}", type_name(&out.id), type_name(name)),
            in_response: false,
        };
        let schema = self.schemas.lower(&schema, &site);
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

    fn body(&mut self, body: &'d Value, out: &mut Operation, place: &Pointer) -> Option<Value> {
        let content = body["content"].as_object()?;
        let (media_type, media) = content.get_key_value("application/json").or_else(|| content.iter().next())?;
        let here = place.at("content").at(media_type);
        if body["required"] == json!(false) {
            self.lost.push(Remark::new(&place.at("required"), "the generated method always sends a body"));
        }
        for other in content.keys().filter(|other| *other != media_type) {
            self.lost.push(Remark::new(&place.at("content").at(other), format!("sent as {media_type} instead")));
        }
        let schema = match media_type.as_str() {
            "application/json" => {
                let site = Site {
                    place: here.at("schema"),
                    name: format!("{}Request", type_name(&out.id)),
                    in_response: false,
                };
                self.json_params(&media["schema"], &here.at("schema"), "", &mut Vec::new(), out);
                self.schemas.lower(&media["schema"], &site)
            }
            // progenitor generates the method for a raw body, which `rewrite` replaces by the form.
            "multipart/form-data" => {
                out.form = self.form(&media["schema"], out, &here.at("schema"));
                let raw = json!({ "schema": { "type": "string", "format": "binary" } });
                return Some(json!({ "required": true, "content": { "application/octet-stream": raw } }));
            }
            _ => {
                self.refuse(&here, "only JSON bodies and forms are supported");
                return None;
            }
        };
        Some(json!({ "required": true, "content": { media_type: { "schema": schema } } }))
    }

    fn responses(&mut self, responses: &'d Value, out: &mut Operation, place: &Pointer) -> Value {
        let mut success: Option<(String, Value)> = None;
        let mut errors = Vec::new();
        for (status, response) in responses.as_object().into_iter().flatten() {
            let here = place.at(status);
            let response = self.deref(response, &here);
            for header in response["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                self.headers.insert(header.to_ascii_lowercase());
            }
            if !status.starts_with('2') {
                errors.push(status.as_str());
                continue;
            }
            if success.is_some() {
                self.lost.push(Remark::new(&here, "only the first successful response is generated"));
                continue;
            }
            for other in response["content"].as_object().into_iter().flatten().skip(1) {
                self.lost.push(Remark::new(
                    &here.at("content").at(other.0),
                    "only one media type of a response is generated",
                ));
            }
            let mut lowered = json!({ "description": response["description"].as_str().unwrap_or_default() });
            let content = response["content"].as_object();
            if let Some((media_type, media)) =
                content.and_then(|c| c.get_key_value("application/json").or_else(|| c.iter().next()))
            {
                let schema = if media_type == "application/json" {
                    let site = Site {
                        place: here.at("content").at(media_type).at("schema"),
                        name: format!("{}Response", type_name(&out.id)),
                        in_response: true,
                    };
                    self.schemas.lower(&media["schema"], &site)
                } else {
                    out.accept = Some(media_type.clone());
                    self.lost.push(Remark::new(&here.at("content").at(media_type), "generated as a byte stream"));
                    json!({})
                };
                lowered["content"] = json!({ media_type: { "schema": schema } });
            }
            success = Some((status.clone(), lowered));
        }
        if !errors.is_empty() {
            // Typed errors would hide the status of every response that is not the declared JSON.
            self.lost.push(Remark::new(
                place,
                format!("{} are generated as an untyped error of the status", errors.join(", ")),
            ));
        }
        let mut lowered = Map::new();
        match success {
            Some((status, response)) => {
                lowered.insert(status, response);
            }
            None => self.refuse(place, "an operation without a successful response is not supported"),
        }
        lowered.into()
    }
}
