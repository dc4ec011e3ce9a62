//! Segments as they arrive.

use std::future::ready;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use twelvelabs_api::types::{TasksRetrieveResponse, VideoSegment};

use super::RetrieveTask;
use crate::{
    core::{
        Core,
        call::cut_short,
        decode::{ElementReader, Piece},
        request::Request,
        response::Response,
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
    core: Core,
    verb: RetrieveTask,
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
    ///         Retrieved::Segment(segment) => println!("{:?} s: {:?}", segment.start_offset_sec, segment.float),
    ///         Retrieved::Task(task) => println!("complete: {:?}", task.status),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn segments(self) -> impl Stream<Item = Result<Retrieved>> + Send + Unpin + 'static {
        stream::once(self.read_segments())
            .flat_map(|reading| match reading {
                Ok(reading) => reading.into_value().into_stream().left_stream(),
                Err(error) => stream::once(ready(Err(error))).right_stream(),
            })
            .boxed()
    }

    /// As [`segments`](Self::segments), but sends the request at once, and returns the response with its status, headers, rate limits and
    /// request id as soon as it begins.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) until the response begins.
    pub async fn segments_with_response(
        self,
    ) -> Result<Response<impl Stream<Item = Result<Retrieved>> + Send + Unpin + 'static>> {
        Ok(self.read_segments().await?.map(|reading| reading.into_stream().boxed()))
    }

    /// Sends the request; the body of the response is to be read.
    async fn read_segments(self) -> Result<Response<Reading>> {
        let Self { core, options, verb } = self;
        let read = |body| ready(Ok(ElementReader::new(body)));
        let response = verb.call(&core, &options, read).await.map_err(|error| verb.describe(error))?;
        let info = response.info().clone();
        Ok(response.map(|elements| Reading { core, verb, info, elements, segments: 0 }))
    }
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Retrieved>> {
        let item = match self.elements.next(self.core.key()).await? {
            Ok(Piece::Element(segment)) => {
                self.segments += 1;
                Ok(Retrieved::Segment(segment))
            }
            Ok(Piece::Rest(task)) => {
                let checked = self.verb.check(&self.core, &task, self.segments);
                checked.map(|()| Retrieved::Task(Box::new(task)))
            }
            Err(error) => Err(error),
        };
        Some(item.map_err(|error| self.verb.describe(cut_short(error, &self.info).with_response(self.info.clone()))))
    }

    fn into_stream(self) -> impl Stream<Item = Result<Retrieved>> + Send + 'static {
        stream::unfold(self, |mut reading| async move { Some((reading.next().await?, reading)) })
    }
}
