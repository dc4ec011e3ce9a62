//! Segments as they arrive.

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use twelvelabs_api::types::{TasksRetrieveResponse, VideoSegment};

use super::RetrieveTask;
use crate::{
    Result,
    facts::ResponseFacts,
    transport::{ElementReader, Piece},
};

/// A part of an answer that is read while it arrives.
#[derive(Clone, Debug)]
pub enum Retrieved {
    /// The next segment, in the order of the answer, which the platform does not promise.
    Segment(VideoSegment),
    /// The task itself, without the segments that came before. It is the last item, and comes only if the answer was complete.
    Task(Box<TasksRetrieveResponse>),
}

/// An answer that is being read.
struct Reading {
    facts: ResponseFacts,
    elements: ElementReader<TasksRetrieveResponse>,
}

impl RetrieveTask {
    /// Retrieves the segments one by one, as they arrive: the memory that this takes does not grow with the answer. One segment, and
    /// the rest of the answer, may have 16 MiB of text; what has more is refused as [`Decode`](crate::ErrorKind::Decode).
    ///
    /// Time limits count while the stream waits for the server, not while the caller is busy with a segment.
    ///
    /// The request is sent when the stream is first polled, and repeated like any other until an answer begins. From then on
    /// an error ends the stream: segments cannot be taken back. So the answer was complete if and only if the last item is
    /// [`Retrieved::Task`]. Dropping the stream ends the request.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::TasksClient, id: twelvelabs::TaskId) -> twelvelabs::Result<()> {
    /// use futures_util::StreamExt;
    /// use twelvelabs::Retrieved;
    ///
    /// let mut segments = tasks.retrieve(id).segments();
    /// while let Some(item) = segments.next().await {
    ///     match item? {
    ///         Retrieved::Segment(segment) => println!("{} s: {:?}", segment.start_offset_sec, segment.float),
    ///         Retrieved::Task(task) => println!("complete: {}", task.status),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn segments(self) -> impl Stream<Item = Result<Retrieved>> + Send + Unpin + 'static {
        stream::unfold((self, None), |(request, reading)| async move {
            let mut reading = match reading {
                Some(reading) => reading,
                None => match request.call(|body| std::future::ready(Ok(ElementReader::new(body)))).await {
                    Ok(answer) => Some(Reading { facts: answer.facts, elements: answer.value }),
                    Err(error) => return Some((Err(error), (request, Some(None)))),
                },
            };
            let Reading { facts, elements } = reading.as_mut()?;
            let item = match elements.next(request.client.api().key()).await? {
                Ok(Piece::Element(segment)) => Ok(Retrieved::Segment(segment)),
                Ok(Piece::Rest(task)) => Ok(Retrieved::Task(Box::new(task))),
                Err(error) => Err(request.late(error.with_facts(facts.clone()))),
            };
            Some((item, (request, Some(reading))))
        })
        .boxed()
    }
}
