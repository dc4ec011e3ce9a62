//! The rows of the table of vectors and of the table of failures.

use serde::{Deserialize, Serialize};

/// A vector, what it describes, and where it comes from.
///
/// Pipelines make rows. A test of a [`Sink`](crate::Sink) makes them with [`new`](Self::new), and sets other fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VectorRow {
    /// Identifier of the row: no other row of the table has it. The same vector of the same content with the same settings
    /// has the same identifier in every run.
    pub id: String,
    /// The path of the file as it was given, or its URL without user, query and fragment.
    pub source: String,
    /// BLAKE3 hash of the file in hexadecimal digits. Of a URL: `url-` and the hash of the URL. Of an object that is
    /// identified by its `ETag`: `object-` and the hash of URL, size and tag.
    pub content_hash: String,
    /// The task that computed the vector.
    pub task: String,
    /// The asset that the task read. It may be deleted.
    pub asset: String,
    /// The model.
    pub model: String,
    /// Number of dimensions.
    pub dimension: u32,
    /// Kind of content, such as `visual`.
    pub option: Option<String>,
    /// Range of the input, such as `clip`.
    pub scope: Option<String>,
    /// Start of the range, in seconds.
    pub start_sec: Option<f64>,
    /// End of the range, in seconds.
    pub end_sec: Option<f64>,
    /// First page, counted from 1.
    pub start_page: Option<u64>,
    /// Last page, counted from 1.
    pub end_page: Option<u64>,
    /// Quarter of the page.
    pub quadrant: Option<String>,
    /// Position of the chunk of a text, counted from 0.
    pub chunk_index: Option<u64>,
    /// The vector.
    pub vector: Vec<f32>,
}

impl VectorRow {
    /// A row with this identifier and this vector, whose dimension is the length of the vector. Texts are empty, and all
    /// other fields `None`.
    pub fn new(id: impl Into<String>, vector: Vec<f32>) -> Self {
        let dimension = u32::try_from(vector.len()).unwrap_or(u32::MAX);
        Self { id: id.into(), dimension, vector, ..Self::default() }
    }
}

/// Whether a source is the URL of a file that the server fetches.
pub(crate) fn is_url(source: &str) -> bool {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// An item without vectors: a row of the table of failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailureRow {
    /// The path or URL, as in [`VectorRow::source`].
    pub source: String,
    /// BLAKE3 hash of the file; `None` if it was not read.
    pub content_hash: Option<String>,
    /// `refused` by the check before the upload, `failed`, or `uncertain`.
    pub status: String,
    /// The error code that the platform has for the refusal.
    pub code: Option<String>,
    /// Why there are no vectors.
    pub reason: String,
    /// Whether another run retries the item by itself.
    pub retryable: bool,
    /// The task, if one was created.
    pub task: Option<String>,
}

impl FailureRow {
    /// A row with this source, status and reason. It is not retryable, and all other fields are `None`.
    pub fn new(source: impl Into<String>, status: impl Into<String>, reason: impl Into<String>) -> Self {
        let (source, status, reason) = (source.into(), status.into(), reason.into());
        Self { source, content_hash: None, status, code: None, reason, retryable: false, task: None }
    }
}

/// The identifier of a row of a job, which stands for content, model, dimension and settings. `position` tells apart rows of
/// one job that are about the same range.
pub(crate) fn row_id(job: &str, row: &VectorRow, position: usize) -> String {
    let key = serde_json::json!([
        job,
        row.option,
        row.scope,
        row.start_sec,
        row.end_sec,
        row.start_page,
        row.end_page,
        row.quadrant,
        row.chunk_index,
        position
    ]);
    let mut hasher = blake3::Hasher::new_derive_key("twelvelabs-pipeline row 1");
    hasher.update(key.to_string().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}
