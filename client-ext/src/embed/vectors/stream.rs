//! Vectors as they arrive.

use std::{future::ready, sync::Arc};

use futures_core::Stream;
use futures_util::{StreamExt, stream};

use super::{ReturnsVectors, Segment, VectorCall, VectorResponse, segment::VectorItem};
use crate::{
    core::{
        Core,
        call::cut_short,
        decode::{ElementReader, Piece},
        request::Request,
        response::Response,
    },
    error::Result,
    response_headers::ResponseInfo,
};

/// A part of a response that is decoded while it arrives.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a box would cost an allocation for each vector")]
pub enum Retrieved<T> {
    /// The next vector, in the order of the response, which the server does not guarantee.
    Segment(Segment),
    /// The response, without the vectors that came before. It is the last item, and only there if the response was
    /// complete.
    Response(Box<T>),
}

/// A response that is being read.
struct VectorReader<T: VectorResponse> {
    core: Core,
    call: VectorCall<T>,
    info: ResponseInfo,
    elements: ElementReader<T>,
    /// The number of vectors so far.
    vectors: usize,
    /// The model, if the request determines it.
    model: Option<Arc<str>>,
}

/// Responses with vectors.
impl<V: ReturnsVectors> Request<V> {
    /// Returns the vectors one by one as they arrive, in constant memory.
    ///
    /// One vector, and the rest of the response, may have up to 16 MiB of JSON; larger ones are a
    /// [`Decode`](crate::ErrorKind::Decode) error. Time limits count while the stream waits for the server, not while
    /// the caller is busy with a vector.
    ///
    /// The request is sent when the stream is first polled, and retried like any other until a response begins. From
    /// then on an error ends the stream, because vectors cannot be taken back: the response was complete if and only if
    /// the last item is [`Retrieved::Response`]. Dropping the stream aborts the request.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient, id: twelvelabs::embed::tasks::TaskId) -> twelvelabs::Result<()> {
    /// use futures_util::StreamExt;
    /// use twelvelabs::embed::Retrieved;
    ///
    /// let mut segments = tasks.retrieve(id).segments();
    /// while let Some(item) = segments.next().await {
    ///     match item? {
    ///         Retrieved::Segment(segment) => println!("{:?} s: {:?}", segment.info.start_sec, segment.vector),
    ///         Retrieved::Response(task) => println!("complete: {:?}", task.status),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn segments(self) -> impl Stream<Item = Result<Retrieved<V::Output>>> + Send + Unpin + 'static {
        stream::once(self.read_segments())
            .flat_map(|reader| match reader {
                Ok(reader) => reader.into_value().into_stream().left_stream(),
                Err(error) => stream::once(ready(Err(error))).right_stream(),
            })
            .boxed()
    }

    /// As [`segments`](Self::segments), but sends the request at once, and returns the response with its status,
    /// headers, rate limits and request id as soon as it begins.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) until the response begins.
    pub async fn segments_with_response(
        self,
    ) -> Result<Response<impl Stream<Item = Result<Retrieved<V::Output>>> + Send + Unpin + 'static>> {
        Ok(self.read_segments().await?.map(|reader| reader.into_stream().boxed()))
    }

    /// Sends the request; the body of the response is to be read.
    async fn read_segments(self) -> Result<Response<VectorReader<V::Output>>> {
        let (core, options) = (self.core.clone(), self.options.clone());
        let call = self.prepare().await?;
        let response = call.begin(&core, &options).await?;
        let (info, model) = (response.info().clone(), call.model.as_ref().map(|model| model.as_str().into()));
        Ok(response.map(|elements| VectorReader { core, call, info, elements, vectors: 0, model }))
    }

    /// The call whose response has the vectors.
    pub(super) async fn prepare(self) -> Result<VectorCall<V::Output>> {
        let Self { core, options, verb, .. } = self;
        let prepare = async { verb.checked(&options).await?.prepare(&core, &options).await };
        prepare.await.map_err(V::named)
    }
}

impl<T: VectorResponse> VectorReader<T> {
    async fn next(&mut self) -> Option<Result<Retrieved<T>>> {
        let item = match self.elements.next(self.core.key()).await? {
            Ok(Piece::Element(mut item)) => {
                self.vectors += 1;
                self.model.iter().for_each(|model| item.set_model(model));
                Ok(Retrieved::Segment(item.into_segment()))
            }
            Ok(Piece::Rest(rest)) => {
                let checked = self.call.check(&self.core, rest, self.vectors);
                checked.map(|response| Retrieved::Response(Box::new(response)))
            }
            Err(error) => Err(error),
        };
        let describe = |error| self.call.describe(cut_short(error, &self.info).with_response(self.info.clone()));
        Some(item.map_err(describe))
    }

    fn into_stream(self) -> impl Stream<Item = Result<Retrieved<T>>> + Send + 'static {
        stream::unfold(self, |mut reader| async move { Some((reader.next().await?, reader)) })
    }
}
