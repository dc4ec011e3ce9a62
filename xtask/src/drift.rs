//! `cargo xtask drift`: compares our OpenAPI document with another one.

mod code;
mod compare;
mod report;
pub mod tree;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

pub use self::{
    code::client_call,
    compare::{Change, Class},
    report::Format,
};

use self::code::Code;
use crate::{
    document::Document,
    reference::{references, resolve},
};

/// How differences are classified, for `--help`.
const RULES: &str = "\
A difference is breaking if a client that is correct for the first document may fail with a server that follows the second one: a \
request may become invalid or mean something else, or a response may have something that the client is not prepared for. All \
others are additive, or prose only. The direction decides: a wider type, a larger limit or another enum value is additive in a \
request and breaking in a response, and the reverse.

Rules that differ from those of oasdiff:
- A new enum value, null or union variant in a response is breaking (oasdiff: warning or info), because a client may match on all of them.
- A new successful status is breaking (oasdiff: info), because a client may handle only the old one.
- An optional property that disappears from a response is breaking (oasdiff: warning).
- A new media type of a response is additive, because the client chooses it by `Accept`.
- A changed, new or removed default of a request is breaking (oasdiff: only parameters), because the same request means something else.
- Media types, exclusive bounds and types are compared by their meaning: `application/json; charset=utf-8` is `application/json`, \
`minimum: 1, exclusiveMinimum: true` is `exclusiveMinimum: 1`, an enum without a type has the type of its values, a union of constants is an \
enum, `allOf` is what its parts state together, and `200` is one of `2XX`.
- Names of schemas (unless they are the values of a discriminator) and path parameters, the order of lists, and operation ids and tags \
are not part of the contract (oasdiff: a changed operation id is breaking). Ids and tags are reported as prose.
- A security scheme whose contents changed is reported once, not for every operation.
- A property with `readOnly` is not part of a request, and one with `writeOnly` not of a response.
- A keyword of unknown effect is breaking.";

/// Options of `drift`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = RULES)]
pub struct Options {
    /// Document to compare with: a file or a URL
    #[arg(long, value_name = "FILE|URL")]
    upstream: String,
    /// Document to compare from instead of `spec/openapi.yaml`; every difference counts
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only paths with this prefix
    #[arg(long, value_name = "PREFIX")]
    only: Option<String>,
    /// Differences that cause exit code 1
    #[arg(long, value_enum, default_value_t = Threshold::Any)]
    fail_on: Threshold,
    /// Report all operations that only the other document has as differences; otherwise only those at or below our paths
    #[arg(long)]
    operations: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Threshold {
    Breaking,
    Any,
}

/// A known difference that is correct.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    operations: Vec<String>,
    places: Vec<String>,
    what: String,
    /// The value in the other document. Any other value is not accepted.
    after: String,
    /// Why the difference is correct.
    reason: String,
}

impl Accepted {
    fn covers(&self, change: &Change) -> bool {
        self.operations.contains(&change.operation)
            && self.places.contains(&change.place)
            && self.what == change.what
            && self.after == change.after
    }
}

/// Result of a comparison.
#[derive(Debug, Default)]
pub struct Drift {
    /// Differences that are not accepted.
    pub changes: Vec<Change>,
    /// Number of accepted differences.
    pub accepted: usize,
    /// Accepted differences that no longer exist.
    pub stale: Vec<String>,
    /// Operations that only the other document has.
    pub new_operations: Vec<String>,
    /// Those of them that are not compared with ours: their paths are neither ours nor below one.
    pub unrelated: Vec<String>,
}

/// Compares two documents. With `accepted`, the first one is ours: anything that only it states is not a difference.
pub fn compare(base: &Document, other: &Document, accepted: Option<&[Accepted]>) -> Drift {
    let (base, other) = (tree::api(&base.root), tree::api(&other.root));
    let (mut changes, new_operations) = compare::compare(&base, &other, accepted.is_some());
    let (related, unrelated): (Vec<String>, Vec<String>) =
        new_operations.iter().cloned().partition(|operation| accepted.is_some() && is_related(&base, operation));
    changes.extend(related.iter().map(|operation| new_operation(operation)));
    changes.sort();
    let all = changes.len();
    let mut stale = Vec::new();
    for entry in accepted.unwrap_or_default() {
        for operation in &entry.operations {
            for place in &entry.places {
                let applies = |change: &Change| change.operation == *operation && change.place == *place;
                if !changes.iter().any(|change| applies(change) && entry.covers(change)) {
                    stale.push(format!("{operation}  {place}  {}", entry.what));
                }
            }
        }
    }
    changes.retain(|change| !accepted.unwrap_or_default().iter().any(|entry| entry.covers(change)));
    Drift { accepted: all - changes.len(), changes, stale, new_operations, unrelated }
}

/// Whether the path of an operation is one of a document, or below one.
fn is_related(base: &tree::Api, operation: &str) -> bool {
    let path = operation.split_once(' ').map_or("", |(_, path)| path);
    base.operations
        .keys()
        .any(|(_, own)| path.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn new_operation(operation: &str) -> Change {
    Change {
        class: Class::Additive,
        operation: operation.to_owned(),
        place: String::new(),
        what: "operation".into(),
        before: "absent".into(),
        after: "new".into(),
        flagged: false,
        code: None,
    }
}

/// Compares two schemas of a response.
pub fn compare_nodes(base: tree::Node, other: tree::Node) -> Vec<Change> {
    let api = |node| {
        let response = tree::Response { content: [("value".to_owned(), node)].into(), ..Default::default() };
        let operation = tree::Operation { responses: [("200".to_owned(), response)].into(), ..Default::default() };
        tree::Api { operations: [(("GET".to_owned(), "/".to_owned()), operation)].into(), ..Default::default() }
    };
    compare::compare(&api(base), &api(other), false).0
}

/// Reads `spec/accepted-drift.yaml`.
pub fn accepted(root: &Path) -> Result<Vec<Accepted>> {
    let path = root.join("spec/accepted-drift.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let entries: Vec<Accepted> = serde_yaml_ng::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let incomplete =
        |entry: &&Accepted| entry.reason.trim().is_empty() || entry.operations.is_empty() || entry.places.is_empty();
    if let Some(entry) = entries.iter().find(incomplete) {
        bail!("{}: the entry for {:?} needs operations, places and a reason", path.display(), entry.places);
    }
    Ok(entries)
}

/// Runs the command. Returns `true` if there are differences above the threshold.
pub fn run(options: &Options, root: &Path) -> Result<bool> {
    let other = read(&options.upstream)?;
    let (base, accepted) = match &options.base {
        Some(path) => (Document::read(path)?, None),
        None => (Document::read(&root.join("spec/openapi.yaml"))?, Some(accepted(root)?)),
    };
    let only = |document: Document| match &options.only {
        // A prefix that only one document has is a difference.
        Some(prefix) => document.clone().only(prefix).or_else(|_| {
            let mut document = document;
            document.root["paths"] = serde_json::json!({});
            Ok::<_, anyhow::Error>(document)
        }),
        None => Ok(document),
    };
    for document in [&base, &other] {
        if document.root["paths"].as_object().is_none_or(serde_json::Map::is_empty) {
            bail!("/paths: no paths");
        }
        if let Some(lost) =
            references(&document.root).iter().find(|reference| resolve(&document.root, reference).is_none())
        {
            bail!("the target of the reference {lost:?} does not exist");
        }
    }
    let drift = compare(&only(base)?, &only(other)?, accepted.as_deref());
    // Entries for excluded paths cannot be checked.
    let stale: &[String] = if options.only.is_some() { &[] } else { &drift.stale };
    let mut changes = drift.changes.clone();
    if options.operations {
        changes.extend(drift.unrelated.iter().map(|operation| new_operation(operation)));
    }
    let code = Code::of_our_crates(root)?;
    for change in changes.iter_mut().filter(|change| change.class == Class::Breaking) {
        change.code = code.of(change);
    }
    print!("{}", report::render(&changes, &drift, stale, options.format)?);
    let counts = |change: &Change| options.fail_on == Threshold::Any || change.class == Class::Breaking;
    Ok(changes.iter().any(counts) || !stale.is_empty())
}

fn read(place: &str) -> Result<Document> {
    if !(place.starts_with("http://") || place.starts_with("https://")) {
        return Document::read(Path::new(place));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(async { reqwest::get(place).await?.error_for_status()?.text().await });
    Document::parse(&text.with_context(|| format!("cannot fetch {place}"))?).with_context(|| format!("in {place}"))
}
