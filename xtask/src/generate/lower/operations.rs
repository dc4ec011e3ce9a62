//! Operations: unique names, parameters, bodies and responses.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::{Map, Value, json};

use super::{access, forms::Form, limits::Param, parameters::ObjectStyle, schemas::Schemas};
use crate::{
    document::METHODS,
    generate::names::{bounded, family_of, identifier},
    pointer::{Pointer, Remark},
    reference::follow,
    x_effect::{Effect, Effects},
    x_rules::{self, Rule},
};

/// The parts of an operation that progenitor does not support.
#[derive(Debug)]
pub struct Operation {
    /// Unique id, which is the name of the generated method.
    pub id: String,
    pub method: String,
    pub path: String,
    pub effect: Effect,
    /// URL of the server, if it is another one than that of the document.
    pub server: Option<String>,
    /// The module of the generated code.
    pub family: String,
    /// Parameters, form fields and JSON properties, with their limits.
    pub params: Vec<Param>,
    /// Rules about several fields of the body.
    pub rules: Vec<Rule>,
    /// The `multipart/form-data` body.
    pub form: Option<Form>,
    /// Media type of a body that is sent as it is.
    pub raw_body: Option<String>,
    /// Media type of a JSON body if it is not `application/json`.
    pub json_body: Option<String>,
    /// Styles of the fields of an `application/x-www-form-urlencoded` body, if the operation has one.
    pub form_styles: Option<Vec<(String, ObjectStyle)>>,
    /// Whether a JSON or urlencoded body may be absent.
    pub optional_body: bool,
    /// Whether the JSON body has a property that asks for a stream.
    pub has_stream_flag: bool,
    /// Media type of the response if it is not JSON.
    pub accept: Option<String>,
    /// The reader of items, and their type, if the response is a stream of JSON values.
    pub items: Option<(ItemReader, String)>,
    /// The successful response as a stream, if it is sent as JSON or as a stream.
    pub stream: Option<StreamForm>,
    /// The body of error responses.
    pub error: Option<ErrorBody>,
    /// Query parameters that are objects, and lists in one parameter.
    pub objects: BTreeMap<String, ObjectStyle>,
    /// Names on the wire of query parameters that have another name in the code of progenitor.
    pub renamed: BTreeMap<String, String>,
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

/// The type of the body of error responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// A generated type.
    Named(String),
    /// Any JSON value.
    Json,
}

/// The second form of a response that is JSON or a stream. It has a method of its own.
#[derive(Clone, Debug)]
pub struct StreamForm {
    /// Name of the method.
    pub method: String,
    /// Media type of the stream, if the document has one for it.
    pub accept: Option<String>,
    /// The reader of items, and their type. `None`: a byte stream.
    pub items: Option<(ItemReader, String)>,
}

/// How items of a stream are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemReader {
    /// Server-sent events.
    Events,
    /// Lines of JSON.
    JsonLines,
    /// By the media type of the response.
    ByMediaType,
}

/// Lowers every operation of the document.
pub fn lower<'d>(root: &'d Value, key_header: Option<&str>, schemas: &mut Schemas<'d>) -> LoweredOperations {
    let ids = unique_ids(root);
    let mut lowering = Lowering {
        root,
        key_header,
        methods: ids.values().cloned().collect(),
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
        if let Some(reference) = item.get("$ref") {
            lowering.refuse(&place, format!("the target of the reference {reference} does not exist"));
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

/// Longer operation ids are shortened.
const LONGEST_ID: usize = 80;

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
                    [plain.unwrap_or(by_path.clone()), tagged.unwrap_or(by_path.clone()), by_path]
                        .map(|id| bounded(&id, LONGEST_ID).to_snake_case()),
                ));
            }
        }
    }
    let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
    for (key, candidates) in &all {
        let unique = |level: usize| all.iter().filter(|(_, other)| other[level] == candidates[level]).count() == 1;
        let level = (0..2).find(|level| unique(*level)).unwrap_or(2);
        let (mut id, mut number) = (candidates[level].clone(), 2);
        // `/a/{b}` and `/a/b` give the same name.
        while ids.values().any(|other| *other == id) {
            id = format!("{}_{number}", candidates[level]);
            number += 1;
        }
        ids.insert(key.clone(), id);
    }
    // Names of other methods of the client, keywords of Rust, and names of the `…_request` methods.
    let reserved = |id: &str, ids: &BTreeMap<_, String>| {
        matches!(
            id,
            "new"
                | "new_with_client"
                | "authorize"
                | "clone"
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
    pub(super) key_header: Option<&'l str>,
    /// Names of all methods, without those that build requests.
    methods: BTreeSet<String>,
    effects: Effects,
    pub(super) schemas: &'l mut Schemas<'d>,
    operations: Vec<Operation>,
    pub(super) headers: BTreeSet<String>,
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
    pub(super) fn deref(&mut self, value: &'d Value, place: &Pointer) -> &'d Value {
        follow(self.root, value).unwrap_or_else(|| {
            self.refused
                .push(Remark::new(place, format!("the target of the reference {} does not exist", value["$ref"])));
            value
        })
    }

    /// An unused name of a method.
    pub(super) fn free_method(&mut self, wish: &str) -> String {
        let mut names = std::iter::once(wish.to_owned()).chain((2..).map(|number| format!("{wish}_{number}")));
        let is_free =
            |name: &String| ![name.clone(), format!("{name}_request")].iter().any(|own| self.methods.contains(own));
        let name = names.find(is_free).unwrap_or_default();
        self.methods.insert(name.clone());
        name
    }

    /// Gives parameters of a query another name if their Rust name is that of another argument. Others are refused.
    fn name_arguments(&mut self, parameters: &mut [Value], has_body: bool, out: &mut Operation, place: &Pointer) {
        let mut taken: BTreeSet<String> = has_body.then(|| "body".to_owned()).into_iter().collect();
        let is_query = |parameter: &Value| parameter["in"] == "query";
        // All optional parameters are one argument.
        let has_options = parameters.iter().any(|parameter| parameter["required"] != json!(true));
        for is_renamed in [false, true] {
            // A variable of the code of progenitor, which is declared after the others were used.
            taken.extend(is_renamed.then(|| "header_map".to_owned()));
            for parameter in parameters.iter_mut().filter(|parameter| is_query(parameter) == is_renamed) {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                let rust = identifier(&name).to_string();
                let is_options = has_options && rust == "options" && parameter["required"] == json!(true);
                if !is_options && taken.insert(rust.clone()) {
                    continue;
                }
                if !is_renamed {
                    self.refuse(place, format!("the parameter {name:?} has the same Rust name as another argument"));
                    continue;
                }
                let stem = rust.trim_start_matches("r#");
                let mut free = (2..).map(|number| format!("{stem}_{number}")).filter(|name| taken.insert(name.clone()));
                let own = free.next().unwrap_or_default();
                if let Some(style) = out.objects.remove(&name) {
                    out.objects.insert(own.clone(), style);
                }
                parameter["name"] = json!(own);
                out.renamed.insert(own, name);
            }
        }
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
            server: None,
            family: family_of(path),
            params: Vec::new(),
            rules: Vec::new(),
            form: None,
            raw_body: None,
            json_body: None,
            form_styles: None,
            optional_body: false,
            has_stream_flag: false,
            accept: None,
            items: None,
            stream: None,
            error: None,
            objects: BTreeMap::new(),
            renamed: BTreeMap::new(),
        };
        let item_place = Pointer::default().at("paths").at(path);
        match access::own_server(self.root, (item, &item_place), (operation, place), &mut self.lost) {
            Ok(server) => out.server = server,
            Err(remark) => self.refused.push(remark),
        }
        if let Some(server) = &out.server {
            let text = format!("Sent to `{server}`, unless the client has another base URL than that of the document.");
            let description = lowered["description"].as_str().map(|before| format!("{before}\n\n{text}"));
            lowered["description"] = json!(description.unwrap_or(text));
        }
        let mut parameters: Vec<Value> = Vec::new();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let shared = item["parameters"].as_array().into_iter().flatten();
        let mut seen = BTreeSet::new();
        let shared_place = item_place.at("parameters");
        let own = own.enumerate().map(|(index, parameter)| (place.at("parameters").at(index), parameter));
        let shared = shared.enumerate().map(|(index, parameter)| (shared_place.at(index), parameter));
        for (here, parameter) in own.chain(shared) {
            let parameter = self.deref(parameter, &here);
            let (name, location) =
                (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
            if location == "path" && !path.contains(&format!("{{{name}}}")) {
                self.lost.push(Remark::new(&here, "ignored: the path has no such parameter"));
                continue;
            }
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
        self.name_arguments(&mut parameters, operation.get("requestBody").is_some(), &mut out, place);
        if matches!(method, "options" | "trace") {
            self.refuse(place, "the method is not supported");
        }
        if path.contains('#') {
            self.refuse(place, "a fragment in a path is not supported, because it is not sent");
        }
        lowered["parameters"] = parameters.into();
        if let Some(body) = operation.get("requestBody") {
            let here = place.at("requestBody");
            let body = self.deref(body, &here);
            // A body with several media types has the same fields in each.
            let content = body["content"].as_object().and_then(|content| content.values().next());
            out.rules = content.map(|content| x_rules::collect(self.root, &content["schema"])).unwrap_or_default();
            if let Some(body) = self.body(body, &mut out, &here) {
                lowered["requestBody"] = body;
            }
        }
        lowered["responses"] = self.responses(&operation["responses"], &mut out, &place.at("responses"));
        self.operations.push(out);
        lowered
    }
}
