//! Documents: the rules for their parameters, and their vectors.

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twelvelabs_api::{
    runtime::Embedding,
    types::{
        AsyncDocumentInputRequest, DocumentSpatialSegmentationStrategy, EmbeddingData, EmbeddingDataQuadrant,
        EmbeddingOption, EmbeddingScope, EmbeddingType,
    },
};

use super::{Settings, input::Call, one_of, without_repeats};
use crate::{
    error_response::ErrorResponse,
    pdf,
    processing::Failure,
    vectors::{self, combined},
};

/// Pages that a PDF file may have for each started MiB, in a task.
pub(super) const TASK_PAGES: usize = 64;
/// The same in a request without a task.
pub(super) const SYNC_PAGES: usize = 16;

/// What to compute for a document. Defaults are filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) options: Vec<EmbeddingOption>,
    pub(super) scopes: Vec<EmbeddingScope>,
    /// Whether each page has five vectors.
    quadrants: bool,
    /// Maximum number of sentences of a chunk, and number of those that it shares with the one before.
    chunks: Option<(usize, usize)>,
}

/// Checks the parameters of a document with this content, and fills in the defaults.
pub(super) fn check(
    sent: AsyncDocumentInputRequest,
    content: &[u8],
    call: &Call<'_>,
) -> Result<Document, ErrorResponse> {
    let is_pdf = pdf::is(content);
    if !is_pdf && std::str::from_utf8(content).is_err() {
        return Err(ErrorResponse::invalid("document.media_source", "should be a PDF, text or Markdown file"));
    }
    if content.trim_ascii().is_empty() {
        return Err(ErrorResponse::invalid("document.media_source", "should have content to embed"));
    }
    one_of("document.embedding_option", &sent.embedding_option, &["visual", "text"])?;
    one_of("document.embedding_scope", &sent.embedding_scope, &["local", "asset"])?;
    one_of("document.embedding_type", &sent.embedding_type, &[EmbeddingType::SeparateEmbedding.as_str()])?;
    let (option, scope) = match is_pdf {
        true => (EmbeddingOption::Visual, EmbeddingScope::Local),
        false => (EmbeddingOption::Text, EmbeddingScope::Asset),
    };
    let options = if sent.embedding_option.is_empty() { vec![option] } else { without_repeats(sent.embedding_option) };
    let scopes = if sent.embedding_scope.is_empty() { vec![scope] } else { without_repeats(sent.embedding_scope) };
    let (mut quadrants, mut chunks) = (false, None);
    if let Some(division) = sent.segmentation {
        match (division.spatial, division.sequential) {
            (Some(spatial), None) => {
                if !is_pdf || !options.contains(&EmbeddingOption::Visual) || !scopes.contains(&EmbeddingScope::Local) {
                    let rule = "should be sent for the pages of a PDF file only";
                    return Err(ErrorResponse::invalid("document.segmentation.spatial", rule));
                }
                let strategy = spatial.strategy.as_slice();
                one_of("document.segmentation.spatial.strategy", strategy, DocumentSpatialSegmentationStrategy::KNOWN)?;
                quadrants = strategy == [DocumentSpatialSegmentationStrategy::Quadrants];
            }
            (None, Some(sequential)) => {
                if is_pdf || !scopes.contains(&EmbeddingScope::Local) {
                    let rule = "should be sent for the chunks of a text file only";
                    return Err(ErrorResponse::invalid("document.segmentation.sequential", rule));
                }
                let overlap = sequential.overlap_sentences.unwrap_or(0);
                if overlap >= sequential.max_sentences {
                    let rule = format!("should be less than max_sentences, which is {}", sequential.max_sentences);
                    let name = "document.segmentation.sequential.overlap_sentences";
                    return Err(ErrorResponse::invalid(name, rule));
                }
                chunks = Some((sequential.max_sentences as usize, overlap as usize));
            }
            _ => {
                let rule = "should have exactly one of spatial and sequential";
                return Err(ErrorResponse::invalid("document.segmentation", rule));
            }
        }
    }
    for option in &options {
        for scope in &scopes {
            let known = match (is_pdf, option, scope) {
                (true, EmbeddingOption::Visual, _) | (_, EmbeddingOption::Text, EmbeddingScope::Asset) => true,
                (false, EmbeddingOption::Text, _) if chunks.is_none() => {
                    return Err(ErrorResponse::missing("document.segmentation.sequential"));
                }
                (false, EmbeddingOption::Text, _) => true,
                _ => false,
            };
            if !known {
                let kind = if is_pdf { "PDF" } else { "text" };
                let rule = format!("should not have {option} together with the scope {scope} for a {kind} file");
                return Err(ErrorResponse::invalid("document.embedding_option", rule));
            }
        }
    }
    if call.uncertainty && (is_pdf || scopes != [EmbeddingScope::Local]) {
        let rule = "should be sent for the chunks of a text file only";
        return Err(ErrorResponse::invalid("embedding_uncertainty", rule));
    }
    Ok(Document { options, scopes, quadrants, chunks })
}

/// The number of pages of a PDF file.
pub(super) fn page_count(content: &[u8]) -> Result<usize, Failure> {
    pdf::page_count(content).ok_or_else(|| Failure("The document could not be processed: it is broken.".into()))
}

/// Checks that a PDF file has at most this many pages for each started MiB.
pub(super) fn check_pages(count: usize, content: &[u8], per_mib: usize) -> Result<(), Failure> {
    let most = content.len().div_ceil(1 << 20) * per_mib;
    match count <= most {
        true => Ok(()),
        false => Err(Failure(format!("Document ({count} pages) exceeds the limit of {most} pages for its size."))),
    }
}

/// Calls `sink` with each vector.
pub(super) fn embed(
    settings: &Settings,
    plan: &Document,
    content: &[u8],
    sink: &mut dyn FnMut(EmbeddingData) -> io::Result<()>,
) -> Result<(), Failure> {
    let space = settings.space();
    let hash = Sha256::digest(content);
    let page = |number: usize, part: &str| {
        let seed = [&hash[..], part.as_bytes(), &number.to_be_bytes()].concat();
        vectors::of_bytes(space, "page", &seed)
    };
    let is_pdf = pdf::is(content);
    let page_count = if is_pdf { page_count(content)? } else { 0 };
    check_pages(page_count, content, TASK_PAGES)?;
    for (option, scope) in plan.options.iter().flat_map(|option| plan.scopes.iter().map(move |scope| (option, scope))) {
        let is_whole = *scope == EmbeddingScope::Asset;
        let mut add = |vector: Embedding, scope: EmbeddingScope, place: &dyn Fn(&mut EmbeddingData)| {
            let mut data = settings.data(&vector);
            (data.embedding_option, data.embedding_scope) = (Some(option.clone()), Some(scope));
            place(&mut data);
            sink(data)
        };
        match (option, is_whole) {
            (EmbeddingOption::Visual, true) => {
                let all: Vec<_> = (1..=page_count).map(|number| page(number, "")).collect();
                add(combined(&all), EmbeddingScope::Asset, &|_| {})?;
            }
            (EmbeddingOption::Visual, false) => {
                for number in 1..=page_count {
                    let at = Some(number as u64);
                    add(page(number, ""), EmbeddingScope::Page, &|data| {
                        (data.start_page_number, data.end_page_number) = (at, at);
                    })?;
                    for name in EmbeddingDataQuadrant::KNOWN.iter().filter(|_| plan.quadrants) {
                        // A quarter resembles its page.
                        let quarter = combined(&[page(number, ""), page(number, name)]);
                        add(quarter, EmbeddingScope::Page, &|data| {
                            (data.start_page_number, data.end_page_number) = (at, at);
                            data.quadrant = Some(EmbeddingDataQuadrant::from(*name));
                        })?;
                    }
                }
            }
            (_, true) => add(vectors::text(space, &whole_text(content)), EmbeddingScope::Asset, &|_| {})?,
            (_, false) => {
                let (most, overlap) = plan.chunks.unwrap_or((1, 0));
                let text = whole_text(content);
                for (index, chunk) in chunks(&text, most, overlap).enumerate() {
                    add(vectors::text(space, &chunk), EmbeddingScope::Chunk, &|data| {
                        data.chunk_index = Some(index as u64);
                    })?;
                }
            }
        }
    }
    Ok(())
}

/// The text of a document.
pub(super) fn whole_text(content: &[u8]) -> String {
    if pdf::is(content) { pdf::text(content) } else { String::from_utf8_lossy(content).into_owned() }
}

/// Chunks of at most `most` sentences, each of which begins with the last `overlap` sentences of the one before.
fn chunks(text: &str, most: usize, overlap: usize) -> impl Iterator<Item = String> {
    let sentences: Vec<&str> = text
        .split_inclusive(['.', '!', '?', '\n'])
        .map(str::trim)
        .filter(|sentence| sentence.contains(char::is_alphanumeric))
        .collect();
    let step = most.saturating_sub(overlap).max(1);
    let count = sentences.len();
    let starts = (0..count).step_by(step).take_while(move |start| *start == 0 || start + overlap < count);
    starts.map(move |start| sentences[start..count.min(start + most)].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_have_sentences_and_overlap() {
        let text = "# Title\nOne. Two! Three?\n\nFour.";
        let chunks = |text, most, overlap| chunks(text, most, overlap).collect::<Vec<_>>();
        assert_eq!(chunks(text, 2, 0), ["# Title One.", "Two! Three?", "Four."]);
        assert_eq!(chunks(text, 3, 1), ["# Title One. Two!", "Two! Three? Four."]);
        assert_eq!(chunks(text, 9, 8), ["# Title One. Two! Three? Four."]);
        assert!(chunks(" \n", 2, 1).is_empty());
    }
}
