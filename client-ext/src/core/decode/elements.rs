//! Bodies that are mostly one array: decoded element by element while they arrive.

use std::collections::VecDeque;

use twelvelabs_api::runtime::{Key, LargeArray};

use super::{Start, from_json};
use crate::{
    core::response_body::Body,
    error::Result,
    json::{Rest, Splitter},
};

/// The most that a document may have outside of its large array, in bytes. An embedding task has some hundreds.
const FRAME_LIMIT: usize = 16 << 20;

/// Reads a body to its end and decodes it on the way. `take` gets each element of the large array; the rest is
/// returned, and whether there was an array.
pub(crate) async fn read_elements<T: LargeArray>(
    mut body: Body,
    key: &Key,
    mut take: impl FnMut(T::Element),
) -> Result<Rest<T>> {
    let (mut splitter, mut start) = (Splitter::default(), Start::default());
    while let Some(chunk) = body.next().await? {
        start.add(chunk);
        splitter.feed(chunk, &mut take).map_err(|error| from_json(error, key, &start.0))?;
    }
    splitter.finish(take).map_err(|error| from_json(error, key, &start.0))
}

/// Reads a body to its end and decodes it on the way.
pub(crate) async fn read_all<T: LargeArray>(body: Body, key: &Key) -> Result<T> {
    let mut elements = Vec::new();
    let Rest::<T> { mut document, .. } = read_elements(body, key, |element| elements.push(element)).await?;
    document.fill(elements);
    Ok(document)
}

/// A body that is decoded while it arrives.
pub(crate) struct ElementReader<T: LargeArray> {
    body: Body,
    /// Gone after the last piece.
    splitter: Option<Splitter<T>>,
    start: Start,
    ready: VecDeque<T::Element>,
    /// What follows the elements that are ready.
    end: Option<Result<Rest<T>>>,
}

/// A part of a document.
pub(crate) enum Piece<T: LargeArray> {
    /// The next element of its large array.
    Element(T::Element),
    /// The rest of the document. It is the last piece, and only there if the document was complete.
    Rest(Rest<T>),
}

impl<T: LargeArray> ElementReader<T> {
    /// Reads this body.
    pub(crate) fn new(body: Body) -> Self {
        Self {
            body,
            splitter: Some(Splitter::bounded(FRAME_LIMIT)),
            start: Start::default(),
            ready: VecDeque::new(),
            end: None,
        }
    }

    /// The next piece; `None` after the last one and after an error.
    pub(crate) async fn next(&mut self, key: &Key) -> Option<Result<Piece<T>>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Some(Ok(Piece::Element(element)));
            }
            if let Some(end) = self.end.take() {
                return Some(end.map(Piece::Rest));
            }
            // Taken out, so that nothing is read after an error.
            let mut splitter = self.splitter.take()?;
            let fed = match self.body.next().await {
                Err(error) => return Some(Err(error)),
                Ok(None) => {
                    let rest = splitter.finish(|element| self.ready.push_back(element));
                    self.end = Some(rest.map_err(|error| from_json(error, key, &self.start.0)));
                    continue;
                }
                Ok(Some(chunk)) => {
                    self.start.add(chunk);
                    splitter.feed(chunk, |element| self.ready.push_back(element))
                }
            };
            match fed {
                Ok(()) => self.splitter = Some(splitter),
                // The elements before the error are complete and come first.
                Err(error) => self.end = Some(Err(from_json(error, key, &self.start.0))),
            }
        }
    }
}
