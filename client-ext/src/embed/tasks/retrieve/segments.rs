//! Segments as they arrive.

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use twelvelabs_api::types::{TasksRetrieveResponse, VideoSegment};

use super::RetrieveTask;
use crate::{
    core::{
        decode::{ElementReader, Piece},
        request::Request,
    },
    error::Result,
    response_info::ResponseInfo,
};

/// A part of a response that is decoded while it arrives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Retrieved {
    /// The next segment, in the order of the response, which the server does not guarantee.
    Segment(VideoSegment),
    /// The task, without the segments that came before. It is the last item, and only there if the response was complete.
    Task(Box<TasksRetrieveResponse>),
}

/// A response that is being read.
struct Reading {
    info: ResponseInfo,
    elements: ElementReader<TasksRetrieveResponse>,
    /// The number of segments so far.
    segments: usize,
}

impl Request<RetrieveTask> {
    /// Retrieves the segments one by one as they arrive, in constant memory.
    ///
    /// One segment, and the rest of the response, may have up to 16 MiB of JSON; larger ones are a
    /// [`Decode`](crate::ErrorKind::Decode) error. Time limits count while the stream waits for the server, not while the caller is
    /// busy with a segment.
    ///
    /// The request is sent when the stream is first polled, and retried like any other until a response begins. From then on an error
    /// ends the stream, because segments cannot be taken back: the response was complete if and only if the last item is
    /// [`Retrieved::Task`]. Dropping the stream aborts the request.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient, id: twelvelabs::embed::tasks::TaskId) -> twelvelabs::Result<()> {
    /// use futures_util::StreamExt;
    /// use twelvelabs::embed::tasks::Retrieved;
    ///
    /// let mut segments = tasks.retrieve(id).segments();
    /// while let Some(item) = segments.next().await {
    ///     match item? {
    ///         Retrieved::Segment(segment) => println!("{} s: {:?}", segment.start_offset_sec, segment.float),
    ///         Retrieved::Task(task) => println!("complete: {}", task.status),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn segments(self) -> impl Stream<Item = Result<Retrieved>> + Send + Unpin + 'static {
        stream::unfold((self, None), |(request, reading)| async move {
            let Self { core, options, verb } = &request;
            let mut reading = match reading {
                Some(reading) => reading,
                None => match verb.call(core, options, |body| std::future::ready(Ok(ElementReader::new(body)))).await {
                    Ok(response) => {
                        let (elements, info) = response.into_parts();
                        Some(Reading { info, elements, segments: 0 })
                    }
                    Err(error) => return Some((Err(error), (request, Some(None)))),
                },
            };
            let Reading { info, elements, segments } = reading.as_mut()?;
            let item = match elements.next(core.key()).await? {
                Ok(Piece::Element(segment)) => {
                    *segments += 1;
                    Ok(Retrieved::Segment(segment))
                }
                Ok(Piece::Rest(task)) => verb.check(core, &task, *segments).map(|()| Retrieved::Task(Box::new(task))),
                Err(error) => Err(error),
            };
            let item = item.map_err(|error| verb.describe(error.with_response(info.clone())));
            Some((item, (request, Some(reading))))
        })
        .boxed()
    }
}
