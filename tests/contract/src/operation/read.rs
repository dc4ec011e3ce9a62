//! Reads the operations of the document.

use std::collections::BTreeMap;

use super::{BodyRule, FormRule, ListStyle, Operation, PathTemplate, ResponseRule, TextKind, TextRule};
use crate::{
    document::{Document, Node},
    error::DocumentError,
    schema::SchemaReader,
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// All operations of a document, those with the fewest path parameters first.
pub(crate) fn read(document: &Document, reader: &mut SchemaReader) -> Result<Vec<Operation>, DocumentError> {
    let mut operations = Vec::new();
    for (path, item) in document.root().get("paths").iter().flat_map(Node::members) {
        let item = item.resolved();
        for (method, node) in item.members().filter(|(name, _)| METHODS.contains(name)) {
            let id = node
                .text("operationId")
                .ok_or_else(|| DocumentError::new(format!("{} has no operationId", node.pointer)))?;
            let mut operation = Operation {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: PathTemplate::parse(path)?,
                path_parameters: Vec::new(),
                query: BTreeMap::new(),
                headers: Vec::new(),
                key_header: key_header(document, &node)?,
                body: node.get("requestBody").map(|body| body_rule(&body, reader)).transpose()?,
                responses: BTreeMap::new(),
            };
            for parameter in parameters(&item, &node) {
                operation.add_parameter(&parameter, reader)?;
            }
            // The path gives its values in this order.
            let place = |rule: &TextRule| path.find(&format!("{{{}}}", rule.name));
            operation.path_parameters.sort_by_key(place);
            if operation.path_parameters.len() != operation.path.parameter_count() {
                return Err(DocumentError::new(format!("{id} does not define every parameter of {path}")));
            }
            for (status, response) in node.get("responses").iter().flat_map(Node::members) {
                // Some documents write `4xx`.
                let status = if status.len() == 3 { status.to_ascii_uppercase() } else { status.to_owned() };
                operation.responses.insert(status, response_rule(&response.resolved(), reader)?);
            }
            operations.push(operation);
        }
    }
    operations.sort_by_key(|operation| operation.path.parameter_count());
    Ok(operations)
}

impl Operation {
    fn add_parameter(&mut self, parameter: &Node<'_>, reader: &mut SchemaReader) -> Result<(), DocumentError> {
        let missing = |what| DocumentError::new(format!("the parameter at {} has no {what}", parameter.pointer));
        let name = parameter.text("name").ok_or_else(|| missing("name"))?;
        let schema = parameter.child("schema").ok_or_else(|| missing("schema"))?;
        let required = parameter.flag("required") == Some(true);
        let mut rule = text_rule(name, &schema, required, reader)?;
        let location = parameter.text("in").unwrap_or_default();
        let plain_style = if location == "query" { "form" } else { "simple" };
        if let Some(style) = parameter.text("style").filter(|style| *style != plain_style) {
            return Err(DocumentError::new(format!("the style {style:?} of the parameter {name} is not supported")));
        }
        if rule.kind == TextKind::Json {
            return Err(DocumentError::new(format!("the parameter {name} is an object, which is not supported")));
        }
        if rule.list == ListStyle::Repeated && (location != "query" || parameter.flag("explode") == Some(false)) {
            rule.list = ListStyle::Commas;
        }
        match parameter.text("in") {
            Some("path") => self.path_parameters.push(rule),
            Some("query") => drop(self.query.insert(name.to_owned(), rule)),
            // The document describes these elsewhere, and ignores them here.
            Some("header") if ["accept", "content-type", "authorization"].contains(&&*name.to_lowercase()) => {}
            Some("header") => self.headers.push(rule),
            other => {
                let place = other.unwrap_or_default();
                return Err(DocumentError::new(format!("a parameter in {place:?} is not supported: {name}")));
            }
        }
        Ok(())
    }
}

/// The parameters of an operation, and those of its path that the operation does not define itself.
fn parameters<'d>(item: &Node<'d>, operation: &Node<'d>) -> Vec<Node<'d>> {
    let of = |node: &Node<'d>| -> Vec<Node<'d>> {
        node.get("parameters").iter().flat_map(Node::items).map(|parameter| parameter.resolved()).collect()
    };
    let mut all = of(operation);
    for inherited in of(item) {
        let same = |own: &Node<'_>| ["name", "in"].iter().all(|key| own.text(key) == inherited.text(key));
        if !all.iter().any(same) {
            all.push(inherited);
        }
    }
    all
}

/// The header of the API key, unless a request may go without.
fn key_header(document: &Document, operation: &Node<'_>) -> Result<Option<String>, DocumentError> {
    let root = document.root();
    let Some(requirements) = operation.get("security").or_else(|| root.get("security")) else { return Ok(None) };
    let schemes = root.get("components").and_then(|components| components.get("securitySchemes"));
    let (mut header, mut optional) = (None, false);
    for requirement in requirements.items() {
        optional |= requirement.members().next().is_none();
        for (name, place) in requirement.members() {
            let Some(scheme) = schemes.as_ref().and_then(|schemes| schemes.get(name)) else {
                return Err(DocumentError::new(format!("the security scheme at {} does not exist", place.pointer)));
            };
            if scheme.text("type") == Some("apiKey") && scheme.text("in") == Some("header") {
                header = header.or(scheme.text("name").map(str::to_owned));
            }
        }
    }
    Ok(header.filter(|_| !optional))
}

fn body_rule(body: &Node<'_>, reader: &mut SchemaReader) -> Result<BodyRule, DocumentError> {
    let mut rule = BodyRule { required: body.flag("required") == Some(true), form: None, json: None };
    for (media_type, content) in body.get("content").iter().flat_map(Node::members) {
        let Some(schema) = content.child("schema") else { continue };
        match media_type {
            "multipart/form-data" => rule.form = Some(form_rule(&schema.resolved(), reader)?),
            "application/json" => rule.json = Some(reader.read(&schema)?),
            other => {
                return Err(DocumentError::new(format!(
                    "a request body of {other} is not supported: {}",
                    body.pointer
                )));
            }
        }
    }
    Ok(rule)
}

fn form_rule(form: &Node<'_>, reader: &mut SchemaReader) -> Result<FormRule, DocumentError> {
    let required = form.value["required"].as_array();
    let fields = form.child("properties");
    let rules = fields.iter().flat_map(Node::members).map(|(name, schema)| {
        let required = required.is_some_and(|names| names.iter().any(|other| other == name));
        Ok((name.to_owned(), text_rule(name, &schema, required, reader)?))
    });
    Ok(FormRule { fields: rules.collect::<Result<_, DocumentError>>()?, schema: reader.read(form)? })
}

fn text_rule(
    name: &str,
    schema: &Node<'_>,
    required: bool,
    reader: &mut SchemaReader,
) -> Result<TextRule, DocumentError> {
    let target = schema.without_null();
    let items = (target.schema_type() == Some("array")).then(|| target.child("items")).flatten();
    let list = if items.is_some() { ListStyle::Repeated } else { ListStyle::Single };
    let one = items.unwrap_or_else(|| schema.clone());
    let plain = one.without_null();
    let kind = match plain.schema_type() {
        Some("number") => TextKind::Number,
        Some("integer") => TextKind::Integer,
        Some("boolean") => TextKind::Boolean,
        Some("object") => TextKind::Json,
        _ => TextKind::String,
    };
    let size = |name: &str, default| plain.value[name].as_u64().unwrap_or(default);
    let file = (plain.text("format") == Some("binary")).then(|| (size("minLength", 0), size("maxLength", u64::MAX)));
    Ok(TextRule { name: name.to_owned(), required, list, file, kind, schema: reader.read(&one)? })
}

fn response_rule(response: &Node<'_>, reader: &mut SchemaReader) -> Result<ResponseRule, DocumentError> {
    let mut rule = ResponseRule {
        schema: None,
        optional_body: response.flag("x-optional-body") == Some(true),
        pointer: None,
        headers: Vec::new(),
    };
    for (name, header) in response.get("headers").iter().flat_map(Node::members) {
        let header = header.resolved();
        let Some(schema) = header.child("schema") else { continue };
        let mut value = text_rule(name, &schema, header.flag("required") == Some(true), reader)?;
        if value.list == ListStyle::Repeated {
            value.list = ListStyle::Commas;
        }
        rule.headers.push(value);
    }
    let Some(content) = response.get("content") else { return Ok(rule) };
    let schema = content.get("application/json").and_then(|json| json.child("schema"));
    let Some(schema) = schema else {
        return Err(DocumentError::new(format!("a response without JSON is not supported: {}", response.pointer)));
    };
    rule.schema = Some(reader.read(&schema)?);
    rule.pointer = Some(schema.pointer);
    Ok(rule)
}
