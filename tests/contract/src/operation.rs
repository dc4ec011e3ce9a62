//! Reads the operations of the document: what a request may contain, and which responses are defined.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use crate::{
    document::{Document, Node},
    error::DocumentError,
    schema::{Schema, SchemaCompiler},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// What a request of an operation may contain, and which responses are defined.
pub(crate) struct Operation {
    pub(crate) id: String,
    /// In upper case.
    pub(crate) method: String,
    pub(crate) path: PathTemplate,
    pub(crate) path_parameters: Vec<TextRule>,
    /// By name.
    pub(crate) query: BTreeMap<String, TextRule>,
    pub(crate) headers: Vec<TextRule>,
    /// The header that carries the key, if the operation needs one.
    pub(crate) key_header: Option<String>,
    pub(crate) body: Option<BodyRule>,
    /// By status as the document writes it: `200`, `4XX` or `default`.
    responses: BTreeMap<String, ResponseRule>,
}

/// A path of the document, segment by segment; `None` is a parameter.
pub(crate) struct PathTemplate(Vec<Option<String>>);

/// A value that travels as text: a parameter or a form field.
pub(crate) struct TextRule {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) list: ListStyle,
    /// The smallest and the largest size in bytes, if the value is a file.
    pub(crate) file: Option<(u64, u64)>,
    pub(crate) kind: TextKind,
    /// The schema of the value, or of one item of a list.
    pub(crate) schema: Schema,
}

/// How a value may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListStyle {
    /// A single value.
    Single,
    /// A list whose items are separate parameters or fields with the same name.
    Repeated,
    /// A list whose items are separated by commas.
    Commas,
}

/// What a text is parsed into before it is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    String,
    Number,
    Integer,
    Boolean,
}

/// The body that a request must or may have.
pub(crate) struct BodyRule {
    pub(crate) required: bool,
    pub(crate) form: Option<BTreeMap<String, TextRule>>,
    pub(crate) json: Option<JsonRule>,
}

/// A JSON body.
pub(crate) struct JsonRule {
    pub(crate) schema: Schema,
    /// The properties of the object. `None` if the schema allows others.
    pub(crate) properties: Option<BTreeSet<String>>,
}

/// The body that a response must have.
pub(crate) struct ResponseRule {
    /// `None` if the body must be empty.
    pub(crate) schema: Option<Schema>,
    /// The place of the schema in the document.
    pub(crate) pointer: Option<String>,
}

impl PathTemplate {
    fn parse(path: &str) -> Result<Self, DocumentError> {
        let segment = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) => Ok(None),
            None if segment.contains('{') => {
                Err(DocumentError::new(format!("a parameter must be a whole segment of a path (got {path:?})")))
            }
            None => Ok(Some(segment.to_owned())),
        };
        path.trim_start_matches('/').split('/').map(segment).collect::<Result<_, _>>().map(Self)
    }

    /// The decoded values of the parameters, if the whole path matches.
    pub(crate) fn values(&self, path: &str) -> Option<Vec<String>> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if segments.len() != self.0.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, rule) in segments.iter().zip(&self.0) {
            let segment = percent_decode_str(segment).decode_utf8_lossy();
            match rule {
                Some(fixed) if *fixed == segment => {}
                Some(_) => return None,
                None => values.push(segment.into_owned()),
            }
        }
        Some(values)
    }

    /// How many segments are parameters. Of two paths that match, the one with fewer is meant.
    pub(crate) fn parameter_count(&self) -> usize {
        self.0.iter().filter(|segment| segment.is_none()).count()
    }
}

impl Operation {
    /// The rule for a status: the status itself, its class, or the default.
    pub(crate) fn response(&self, status: u16) -> Option<&ResponseRule> {
        let class = format!("{}XX", status / 100);
        self.responses
            .get(&status.to_string())
            .or_else(|| self.responses.get(&class))
            .or_else(|| self.responses.get("default"))
    }

    /// The statuses that the document names.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = u16> {
        self.responses.keys().filter_map(|status| status.parse().ok())
    }
}

/// All operations of a document, those with the fewest path parameters first.
pub(crate) fn read(document: &Document, compiler: &mut SchemaCompiler) -> Result<Vec<Operation>, DocumentError> {
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
                key_header: key_header(document, &node),
                body: node.get("requestBody").map(|body| body_rule(&body, compiler)).transpose()?,
                responses: BTreeMap::new(),
            };
            for parameter in parameters(&item, &node) {
                operation.add_parameter(&parameter, compiler)?;
            }
            // The path gives its values in this order.
            let place = |rule: &TextRule| path.find(&format!("{{{}}}", rule.name));
            operation.path_parameters.sort_by_key(place);
            if operation.path_parameters.len() != operation.path.parameter_count() {
                return Err(DocumentError::new(format!("{id} does not define every parameter of {path}")));
            }
            for (status, response) in node.get("responses").iter().flat_map(Node::members) {
                operation.responses.insert(status.to_owned(), response_rule(&response.resolved(), compiler)?);
            }
            operations.push(operation);
        }
    }
    operations.sort_by_key(|operation| operation.path.parameter_count());
    Ok(operations)
}

impl Operation {
    fn add_parameter(&mut self, parameter: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<(), DocumentError> {
        let missing = |what| DocumentError::new(format!("the parameter at {} has no {what}", parameter.pointer));
        let name = parameter.text("name").ok_or_else(|| missing("name"))?;
        let schema = parameter.child("schema").ok_or_else(|| missing("schema"))?;
        let required = parameter.flag("required") == Some(true);
        let mut rule = text_rule(name, &schema, required, compiler)?;
        if rule.list == ListStyle::Repeated && parameter.flag("explode") == Some(false) {
            rule.list = ListStyle::Commas;
        }
        match parameter.text("in") {
            Some("path") => self.path_parameters.push(rule),
            Some("query") => drop(self.query.insert(name.to_owned(), rule)),
            // The document describes these elsewhere, and ignores them here.
            Some("header") if ["accept", "content-type", "authorization"].contains(&&*name.to_lowercase()) => {}
            Some("header") => {
                if rule.list == ListStyle::Repeated {
                    rule.list = ListStyle::Commas;
                }
                self.headers.push(rule);
            }
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
fn key_header(document: &Document, operation: &Node<'_>) -> Option<String> {
    let root = document.root();
    let requirements = operation.get("security").or_else(|| root.get("security"))?;
    if requirements.items().any(|requirement| requirement.members().next().is_none()) {
        return None;
    }
    let schemes = root.get("components")?.get("securitySchemes")?;
    let named = requirements.items().flat_map(|requirement| {
        let names: Vec<&str> = requirement.members().map(|(name, _)| name).collect();
        names
    });
    named
        .filter_map(|name| schemes.get(name))
        .find(|scheme| scheme.text("type") == Some("apiKey") && scheme.text("in") == Some("header"))
        .and_then(|scheme| scheme.text("name").map(str::to_owned))
}

fn body_rule(body: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<BodyRule, DocumentError> {
    let mut rule = BodyRule { required: body.flag("required") == Some(true), form: None, json: None };
    for (media_type, content) in body.get("content").iter().flat_map(Node::members) {
        let Some(schema) = content.child("schema") else { continue };
        match media_type {
            "multipart/form-data" => rule.form = Some(form_rules(&schema.resolved(), compiler)?),
            "application/json" => rule.json = Some(json_rule(&schema, compiler)?),
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

fn json_rule(schema: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<JsonRule, DocumentError> {
    let mut properties = BTreeSet::new();
    let is_closed = add_properties(&schema.resolved(), &mut properties, &mut Vec::new());
    Ok(JsonRule { schema: compiler.compile(schema)?, properties: is_closed.then_some(properties) })
}

/// Collects the properties that a schema names. Returns `false` if the schema allows others.
fn add_properties(schema: &Node<'_>, out: &mut BTreeSet<String>, open: &mut Vec<String>) -> bool {
    if open.contains(&schema.pointer) {
        return true;
    }
    open.push(schema.pointer.clone());
    let names = schema.child("properties");
    out.extend(names.iter().flat_map(Node::members).map(|(name, _)| name.to_owned()));
    let opens = ["additionalProperties", "unevaluatedProperties", "patternProperties", "oneOf", "anyOf", "if"];
    let parts = schema.child("allOf");
    parts.iter().flat_map(Node::items).all(|part| add_properties(&part.resolved(), out, open))
        && opens.iter().all(|keyword| schema.child(keyword).is_none())
        && (parts.is_some() || names.is_some())
}

fn form_rules(form: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<BTreeMap<String, TextRule>, DocumentError> {
    let required = form.value["required"].as_array();
    let fields = form.child("properties");
    let rules = fields.iter().flat_map(Node::members).map(|(name, schema)| {
        let required = required.is_some_and(|names| names.iter().any(|other| other == name));
        Ok((name.to_owned(), text_rule(name, &schema, required, compiler)?))
    });
    rules.collect()
}

fn text_rule(
    name: &str,
    schema: &Node<'_>,
    required: bool,
    compiler: &mut SchemaCompiler,
) -> Result<TextRule, DocumentError> {
    let target = schema.resolved();
    let items = (target.text("type") == Some("array")).then(|| target.child("items")).flatten();
    let list = if items.is_some() { ListStyle::Repeated } else { ListStyle::Single };
    let one = items.unwrap_or_else(|| schema.clone());
    let plain = one.resolved();
    let kind = match plain.schema_type() {
        Some("number") => TextKind::Number,
        Some("integer") => TextKind::Integer,
        Some("boolean") => TextKind::Boolean,
        _ => TextKind::String,
    };
    let size = |name: &str, default| plain.value[name].as_u64().unwrap_or(default);
    let file = (plain.text("format") == Some("binary")).then(|| (size("minLength", 0), size("maxLength", u64::MAX)));
    Ok(TextRule { name: name.to_owned(), required, list, file, kind, schema: compiler.compile(&one)? })
}

fn response_rule(response: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<ResponseRule, DocumentError> {
    let Some(content) = response.get("content") else { return Ok(ResponseRule { schema: None, pointer: None }) };
    let schema = content.get("application/json").and_then(|json| json.child("schema"));
    let Some(schema) = schema else {
        return Err(DocumentError::new(format!("a response without JSON is not supported: {}", response.pointer)));
    };
    Ok(ResponseRule { schema: Some(compiler.compile(&schema)?), pointer: Some(schema.pointer) })
}
