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

use super::{
    MediaSource,
    rules::{Call, one_of},
};
use crate::error::{Checks, Violation};

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
    source: MediaSource,
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
    /// A document, with the server's defaults.
    pub fn new(source: impl Into<MediaSource>) -> Self {
        Self { source: source.into(), division: None, options: Vec::new(), scopes: Vec::new() }
    }

    /// How the pages of a PDF file are divided: `standard` (default), or `quadrants` for the page and each of its quarters.
    ///
    /// For the option `visual` and the scope `local`. Replaces [`sequential`](Self::sequential).
    pub fn spatial(mut self, strategy: DocumentSpatialSegmentationStrategy) -> Self {
        self.division = Some(Division::Spatial(strategy));
        self
    }

    /// Divides a text or Markdown file into chunks of at most this many sentences. At least 1.
    ///
    /// For the option `text` and the scope `local`. Replaces [`spatial`](Self::spatial).
    pub fn sequential(mut self, max_sentences: u64) -> Self {
        self.division = Some(Division::Sequential { max_sentences, overlap_sentences: None });
        self
    }

    /// As [`sequential`](Self::sequential), with chunks that share this many sentences with the one before. Less than `max_sentences`.
    pub fn sequential_with_overlap(mut self, max_sentences: u64, overlap_sentences: u64) -> Self {
        self.division = Some(Division::Sequential { max_sentences, overlap_sentences: Some(overlap_sentences) });
        self
    }

    /// What to compute vectors for: `visual`, `text`. Default `visual` for a PDF file, else `text`.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    /// Which ranges to compute vectors for: `local`, `asset`. Default `local` for a PDF file, else `asset`.
    pub fn embedding_scope(mut self, scopes: impl IntoIterator<Item = EmbeddingScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    pub(super) fn into_request(self) -> AsyncDocumentInputRequest {
        let mut wire = AsyncDocumentInputRequest::new(self.source.to_wire());
        wire.segmentation = self.division.map(|division| {
            let mut wire = DocumentSegmentation::new();
            match division {
                Division::Spatial(strategy) => {
                    let mut spatial = DocumentSpatialSegmentation::new();
                    spatial.strategy = Some(strategy);
                    wire.spatial = Some(spatial);
                }
                Division::Sequential { max_sentences, overlap_sentences } => {
                    let strategy = DocumentSequentialSegmentationStrategy::Sentence;
                    let mut sequential = DocumentSequentialSegmentation::new(strategy, max_sentences);
                    sequential.overlap_sentences = overlap_sentences;
                    wire.sequential = Some(sequential);
                }
            }
            wire
        });
        (wire.embedding_option, wire.embedding_scope) = (self.options, self.scopes);
        wire
    }

    pub(super) fn check(&self, call: &Call<'_>, checks: &mut Checks) {
        self.source.check(rules::DOCUMENT_MEDIA_SOURCE.name, &DOCUMENT_BYTES, checks);
        call.needs_35(rules::DOCUMENT.name, true, checks);
        one_of(rules::DOCUMENT_EMBEDDING_OPTION.name, &self.options, &["visual", "text"], call, checks);
        one_of(rules::DOCUMENT_EMBEDDING_SCOPE.name, &self.scopes, &["local", "asset"], call, checks);
        if self.scopes.is_empty()
            && self.has_option(&EmbeddingOption::Visual)
            && self.has_option(&EmbeddingOption::Text)
        {
            let name = rules::DOCUMENT_EMBEDDING_SCOPE.name;
            checks.limit(Violation::absent(name, "must be asset for the options visual and text together"));
        }
        self.check_division(checks);
        self.check_uncertainty(call, checks);
    }

    fn has_option(&self, option: &EmbeddingOption) -> bool {
        self.options.contains(option)
    }

    fn check_division(&self, checks: &mut Checks) {
        let local = self.scopes.contains(&EmbeddingScope::Local);
        match self.division {
            Some(Division::Spatial(_)) => {
                let name = rules::DOCUMENT_SEGMENTATION_SPATIAL.name;
                if !self.options.is_empty() && !self.has_option(&EmbeddingOption::Visual) {
                    checks.limit(Violation::absent(name, "requires the option visual"));
                }
                if !self.scopes.is_empty() && !local {
                    checks.limit(Violation::absent(name, "requires the scope local"));
                }
            }
            Some(Division::Sequential { max_sentences, overlap_sentences }) => {
                let name = rules::DOCUMENT_SEGMENTATION_SEQUENTIAL.name;
                if self.has_option(&EmbeddingOption::Visual) {
                    checks.limit(Violation::absent(name, "excludes the option visual, which only PDF files have"));
                }
                if !local {
                    checks.limit(Violation::absent(name, "requires the scope local"));
                }
                checks.integer_range(&rules::DOCUMENT_SEGMENTATION_SEQUENTIAL_MAX_SENTENCES, Some(max_sentences));
                if let Some(overlap) = overlap_sentences.filter(|overlap| *overlap >= max_sentences) {
                    let name = rules::DOCUMENT_SEGMENTATION_SEQUENTIAL_OVERLAP_SENTENCES.name;
                    let rule = format!("must be less than max_sentences, which is {max_sentences}");
                    checks.limit(Violation::new(name, overlap, rule));
                }
            }
            None => {}
        }
        // A chunk of a text file. For a PDF file, `text` has no pages.
        if local
            && self.has_option(&EmbeddingOption::Text)
            && !matches!(self.division, Some(Division::Sequential { .. }))
        {
            let name = rules::DOCUMENT_SEGMENTATION_SEQUENTIAL.name;
            checks.limit(Violation::absent(name, "is required for the option text with the scope local"));
        }
    }

    fn check_uncertainty(&self, call: &Call<'_>, checks: &mut Checks) {
        if !call.wants_uncertainty() {
            return;
        }
        let name = rules::EMBEDDING_UNCERTAINTY.name;
        if self.has_option(&EmbeddingOption::Visual) || matches!(self.division, Some(Division::Spatial(_))) {
            checks.limit(Violation::absent(name, "excludes PDF files"));
        } else if self.scopes != [EmbeddingScope::Local] {
            checks.limit(Violation::absent(name, "requires the scope local alone for documents"));
        }
    }
}
