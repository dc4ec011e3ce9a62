//! The validator.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, LazyLock},
};

use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    document::{Document, Node},
    error::{ContractError, ContractViolation, DocumentError},
    examples,
    extension::Tolerance,
    operation::{self, Operation},
    request::{RequestBody, RequestCheck},
    response::ResponseCheck,
    schema::{SchemaReader, SchemaSet},
};

static EMBEDDED: LazyLock<Contract> = LazyLock::new(|| {
    let document =
        serde_json::from_str(include_str!("openapi.json")).map_err(|error| DocumentError::new(error.to_string()));
    // The document is part of this crate, and the tests of the crate read it.
    document.and_then(Contract::new).unwrap_or_else(|error| panic!("{error}"))
});

/// An OpenAPI document as a validator: what requests may contain and which responses are defined.
///
/// [`Contract::embedded`] is the document of the TwelveLabs API that this crate was built with. A clone shares the
/// document, and can have other settings:
///
/// ```
/// # use twelvelabs_contract::Contract;
/// let strict = Contract::embedded().clone().with_strict_responses(true);
/// ```
///
/// Some sets of values are open: models, statuses, options, scopes, error codes, and the form of ids. By default, a
/// **request** may contain only values that the document lists, because another value is usually a typing error, and a
/// **response** may contain others, because the server may be newer than the document. A value of an open set is never
/// empty, never several values in one text, and never a list that was encoded as JSON.
#[derive(Clone)]
pub struct Contract {
    parts: Arc<Parts>,
    /// Paths that may precede the path of an operation, the longest first.
    base_paths: Vec<String>,
    allows_unlisted_values: bool,
    has_strict_responses: bool,
}

struct Parts {
    document: Document,
    operations: Vec<Operation>,
    schemas: SchemaSet,
}

impl Contract {
    /// The document of the TwelveLabs API, `spec/openapi.yaml`.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// A validator for another OpenAPI 3.1 document.
    ///
    /// Supported are parameters in paths, queries and headers, request bodies of `multipart/form-data` and
    /// `application/json`, responses of `application/json` or without a body, references inside the document, and the
    /// extensions `x-extensible-enum`, `x-extensible-pattern`, `x-rules` and `x-optional-body`, which `spec/README.md`
    /// of the repository describes.
    ///
    /// # Errors
    ///
    /// Returns an error if the document uses something that is not supported, has a reference to a place that does not
    /// exist, or an operation without an `operationId`.
    pub fn new(document: Value) -> Result<Self, DocumentError> {
        if let Some(version) = document["openapi"].as_str().filter(|version| !version.starts_with("3.1")) {
            return Err(DocumentError::new(format!("OpenAPI {version} is not supported, but 3.1 is")));
        }
        let document = Document::new(document)?;
        let mut reader = SchemaReader::new(&document)?;
        let operations = operation::read(&document, &mut reader)?;
        let mut base_paths = base_paths(&document);
        base_paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
        let parts = Arc::new(Parts { document, operations, schemas: reader.finish() });
        Ok(Self { parts, base_paths, allows_unlisted_values: false, has_strict_responses: false })
    }

    /// Whether requests may contain values of open sets that the document does not list, such as the name of a new
    /// model or a malformed id. Default: `false`.
    #[must_use]
    pub fn with_unlisted_values(mut self, allowed: bool) -> Self {
        self.allows_unlisted_values = allowed;
        self
    }

    /// Whether responses may contain only what the document lists: no other values of open sets, and no other
    /// properties. Default: `false`.
    ///
    /// For finding what a server returns and the document does not have.
    #[must_use]
    pub fn with_strict_responses(mut self, strict: bool) -> Self {
        self.has_strict_responses = strict;
        self
    }

    /// Also accepts requests whose path starts with this one, such as `/proxy/v1.3`.
    ///
    /// Without it, the path of a request is the path of an operation, alone or below the path of a server that the
    /// document names.
    #[must_use]
    pub fn with_base_path(mut self, path: impl Into<String>) -> Self {
        self.base_paths.push(path.into().trim_end_matches('/').to_owned());
        self.base_paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
        self
    }

    /// The ids of all operations.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.parts.operations.iter().map(|operation| operation.id.as_str())
    }

    /// All responses that the document defines by their status, as operation id and status.
    pub fn responses(&self) -> impl Iterator<Item = (&str, u16)> {
        self.parts
            .operations
            .iter()
            .flat_map(|operation| operation.statuses().map(|status| (operation.id.as_str(), status)))
    }

    /// The names of all header parameters that any operation defines, in lower case, each one once.
    pub fn header_parameters(&self) -> BTreeSet<String> {
        self.parts
            .operations
            .iter()
            .flat_map(|operation| &operation.headers)
            .map(|rule| rule.name.to_lowercase())
            .collect()
    }

    /// The names of all response headers that any operation defines, in lower case.
    pub(crate) fn response_headers(&self) -> BTreeSet<String> {
        let operations = self.parts.operations.iter();
        operations.flat_map(Operation::response_headers).map(|rule| rule.name.to_lowercase()).collect()
    }

    /// The header that carries the key of a request, in the spelling of the document.
    pub(crate) fn key_header(&self, method: &str, path: &str) -> Option<String> {
        let named = self.find(method, path).and_then(|(operation, _)| operation.key_header.clone());
        named.or_else(|| self.parts.operations.iter().find_map(|operation| operation.key_header.clone()))
    }

    /// The id of the operation that a request with this method and path calls.
    pub fn find_operation(&self, method: &str, path: &str) -> Option<&str> {
        self.find(method, path).map(|(operation, _)| operation.id.as_str())
    }

    /// Validates a request: path, query, headers, key and body. Returns the id of its operation.
    ///
    /// # Errors
    ///
    /// Returns everything that the document does not define or does not allow.
    pub fn validate_request<B: AsRef<[u8]>>(&self, request: &http::Request<B>) -> Result<&str, ContractError> {
        self.validate_parts(request.method().as_str(), request.uri(), request.headers(), request.body().as_ref())
    }

    /// Same as [`validate_request`](Self::validate_request), from the parts of a request.
    ///
    /// # Errors
    ///
    /// Returns everything that the document does not define or does not allow.
    pub fn validate_parts<'a>(
        &self,
        method: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: impl Into<RequestBody<'a>>,
    ) -> Result<&str, ContractError> {
        let Some((operation, path_values)) = self.find(method, uri.path()) else {
            let message = format!("the document defines no operation {method} {}", uri.path());
            return Err(ContractError { violations: vec![ContractViolation::new("", message)] });
        };
        let tolerance = Tolerance { unlisted_values: self.allows_unlisted_values, undefined_properties: false };
        let check = RequestCheck { schemas: &self.parts.schemas, operation, tolerance, violations: Vec::new() };
        ContractError::check(check.run(&path_values, uri, headers, body.into()))?;
        Ok(&operation.id)
    }

    /// Validates the body of a response.
    ///
    /// # Errors
    ///
    /// Returns every place where the body is not valid, or that the operation has no response with this status.
    pub fn validate_response_body(&self, operation_id: &str, status: u16, body: &[u8]) -> Result<(), ContractError> {
        let mut violations = Vec::new();
        self.response_check(operation_id, status)?.body(body, &mut violations);
        ContractError::check(violations)
    }

    /// Validates a response: status, media type, the headers that the document defines, and the body.
    ///
    /// # Errors
    ///
    /// Returns every place where the response is not valid, or that the operation has no response with this status.
    pub fn validate_response<B: AsRef<[u8]>>(
        &self,
        operation_id: &str,
        response: &http::Response<B>,
    ) -> Result<(), ContractError> {
        let body = response.body().as_ref();
        let check = self.response_check(operation_id, response.status().as_u16())?;
        let mut violations = Vec::new();
        check.body(body, &mut violations);
        check.headers(response.headers(), body, &mut violations);
        ContractError::check(violations)
    }

    /// Whether the operation has a response with this status.
    #[cfg(feature = "wiremock")]
    pub(crate) fn defines(&self, operation_id: &str, status: u16) -> Result<(), ContractError> {
        self.response_check(operation_id, status).map(drop)
    }

    fn response_check(&self, operation_id: &str, status: u16) -> Result<ResponseCheck<'_>, ContractError> {
        let operation = self.parts.operations.iter().find(|operation| operation.id == operation_id);
        let Some(rule) = operation.and_then(|operation| operation.response(status)) else {
            let message = format!("the document defines no response {status} of {operation_id}");
            return Err(ContractError { violations: vec![ContractViolation::new("", message)] });
        };
        let tolerated = !self.has_strict_responses;
        let tolerance = Tolerance { unlisted_values: tolerated, undefined_properties: tolerated };
        Ok(ResponseCheck { schemas: &self.parts.schemas, rule, tolerance })
    }

    /// An example body of a response, built from its schema. `None` if the operation has no such response, or one
    /// without a body.
    pub fn example(&self, operation_id: &str, status: u16) -> Option<Value> {
        let operation = self.parts.operations.iter().find(|operation| operation.id == operation_id)?;
        examples::example(&self.parts.document, operation.response(status)?.pointer.as_ref()?)
    }

    /// The [`example`](Self::example) decoded to a type, such as those of `twelvelabs-api`. `None` also if it does not
    /// decode.
    pub fn example_as<T: DeserializeOwned>(&self, operation_id: &str, status: u16) -> Option<T> {
        serde_json::from_value(self.example(operation_id, status)?).ok()
    }

    fn find(&self, method: &str, path: &str) -> Option<(&Operation, Vec<String>)> {
        self.base_paths.iter().filter_map(|base| path.strip_prefix(base.as_str())).find_map(|path| {
            self.parts.operations.iter().find_map(|operation| {
                let values = operation.path.values(path)?;
                operation.method.eq_ignore_ascii_case(method).then_some((operation, values))
            })
        })
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract").field("operations", &self.operations().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// The paths of the servers of a document, and the root.
fn base_paths(document: &Document) -> Vec<String> {
    let servers = document.root().get("servers");
    let urls = servers.iter().flat_map(Node::items).filter_map(|server| server.text("url"));
    let paths = urls.filter_map(|url| url.parse::<Uri>().ok()).map(|url| url.path().trim_end_matches('/').to_owned());
    paths.filter(|path| !path.is_empty()).chain([String::new()]).collect()
}
