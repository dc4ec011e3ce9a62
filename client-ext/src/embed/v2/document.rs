//! Documents: inputs of tasks with Marengo 3.5.

use twelvelabs_api::{
    limits::DOCUMENT_BYTES,
    params::embed_v2_tasks_create as rules,
    types::{
        AsyncDocumentInputRequest, DocumentSegmentation, DocumentSequentialSegmentation,
        DocumentSequentialSegmentationStrategy, DocumentSpatialSegmentation, DocumentSpatialSegmentationStrategy,
        EmbeddingOption, EmbeddingScope,
    },
};

use super::{MediaSource, source::Content};
use crate::error::Checks;

/// A document, and how to embed it: a PDF, text or Markdown file, for a task with Marengo 3.5.
///
/// | file | option | scope | vectors |
/// | --- | --- | --- | --- |
/// | PDF | `visual` | `local` (default) | one per page, or five per page with [`spatial`](Self::spatial) |
/// | PDF | `visual` | `asset` | one |
/// | PDF | `text` | `asset` | one |
/// | text, Markdown | `text` | `asset` (default) | one |
/// | text, Markdown | `text` | `local` | one per chunk; needs [`sequential`](Self::sequential) |
#[derive(Clone, Debug)]
#[must_use]
pub struct DocumentInput {
    pub(super) source: MediaSource,
    division: Option<Division>,
    options: Vec<EmbeddingOption>,
    scopes: Vec<EmbeddingScope>,
}

#[derive(Clone, Debug)]
enum Division {
    Spatial(DocumentSpatialSegmentationStrategy),
    Sequential { max_sentences: u64, overlap_sentences: Option<u64> },
}

impl DocumentInput {
    /// A document from a URL, from bytes of up to 512 MiB, or an asset, with the server's defaults.
    ///
    /// A PDF may have 64 pages per MB of the file. One with more is accepted, and its task fails with the numbers of
    /// pages; see [`failure_reason`](super::EmbeddingTaskStatus::failure_reason).
    pub fn new(source: impl Into<MediaSource>) -> Self {
        Self { source: source.into(), division: None, options: Vec::new(), scopes: Vec::new() }
    }

    /// How the pages of a PDF file are divided: `standard` (default), or `quadrants` for the page and each of its
    /// quarters.
    ///
    /// `quadrants` takes five times the tokens, and five times the pages of the limit. For the option `visual` and the
    /// scope `local`. Replaces [`sequential`](Self::sequential).
    pub fn spatial(mut self, strategy: DocumentSpatialSegmentationStrategy) -> Self {
        self.division = Some(Division::Spatial(strategy));
        self
    }

    /// Divides a text or Markdown file into chunks of at most this many sentences. At least 1.
    ///
    /// For the option `text` and the scope `local`, both of which must be set. Replaces [`spatial`](Self::spatial). The
    /// order of chunks in the response is not promised: sort by
    /// [`chunk_index`](crate::embed::SegmentInfo::chunk_index).
    pub fn sequential(mut self, max_sentences: u64) -> Self {
        self.division = Some(Division::Sequential { max_sentences, overlap_sentences: None });
        self
    }

    /// As [`sequential`](Self::sequential), with chunks that share this many sentences with the one before. Less than
    /// `max_sentences`.
    pub fn sequential_with_overlap(mut self, max_sentences: u64, overlap_sentences: u64) -> Self {
        self.division = Some(Division::Sequential { max_sentences, overlap_sentences: Some(overlap_sentences) });
        self
    }

    /// What to compute vectors for: `visual`, `text`. Default `visual` for a PDF file, else `text`.
    ///
    /// Every pair of an option and a scope must be in the table of [`DocumentInput`]: `text` of a PDF file needs the
    /// scope `asset`.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    /// Which ranges to compute vectors for: `local`, `asset`. Default `local` for a PDF file, else `asset`.
    ///
    /// The response has `page` or `chunk` where the request has `local`.
    pub fn embedding_scope(mut self, scopes: impl IntoIterator<Item = EmbeddingScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// The input as it is sent.
    pub(super) fn to_request(&self, content: Content) -> AsyncDocumentInputRequest {
        let mut wire = AsyncDocumentInputRequest::new(self.source.to_wire(content));
        wire.segmentation = self.division.as_ref().map(|division| {
            let mut wire = DocumentSegmentation::new();
            match division {
                Division::Spatial(strategy) => {
                    let mut spatial = DocumentSpatialSegmentation::new();
                    spatial.strategy = Some(strategy.clone());
                    wire.spatial = Some(spatial);
                }
                Division::Sequential { max_sentences, overlap_sentences } => {
                    let strategy = DocumentSequentialSegmentationStrategy::Sentence;
                    let mut sequential = DocumentSequentialSegmentation::new(strategy, *max_sentences);
                    sequential.overlap_sentences = *overlap_sentences;
                    wire.sequential = Some(sequential);
                }
            }
            wire
        });
        (wire.embedding_option, wire.embedding_scope) = (self.options.clone(), self.scopes.clone());
        wire
    }

    /// Checks what the OpenAPI document does not state, and the ranges of numbers.
    pub(super) fn check(&self, checks: &mut Checks) {
        self.source.check(rules::DOCUMENT_MEDIA_SOURCE.name, &DOCUMENT_BYTES, checks);
        if let Some(Division::Sequential { max_sentences, .. }) = self.division {
            checks.integer_range(&rules::DOCUMENT_SEGMENTATION_SEQUENTIAL_MAX_SENTENCES, Some(max_sentences));
        }
    }
}
