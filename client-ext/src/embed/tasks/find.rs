//! `find_created`: the tasks of a create call whose outcome is unknown.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    time::SystemTime,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{TryStreamExt, future::ready};
use twelvelabs_api::types::MediaEmbeddingTask;

use super::{ListTasks, TasksClient, input::marked_name};
use crate::{
    core::{
        Core,
        mode::Async,
        options::{CallOptions, RequestOptions},
        request::Request,
    },
    error::Result,
};

/// How much the clock of the server may differ from that of the caller.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(2);

/// A search for the tasks of a create call; see [`TasksClient::find_created`](super::TasksClient::find_created).
///
/// Await it, or call [`send`](Self::send). The options of [`RequestOptions`] apply to each list request.
///
/// # Cancellation
///
/// Dropping the future stops the search.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct FindCreated<M = Async> {
    list: Request<ListTasks>,
    name: String,
    marker: Option<String>,
    mode: PhantomData<M>,
}

impl<M> FindCreated<M> {
    /// A search for the tasks of files with this name.
    pub(super) fn new(core: &Core, name: String) -> Self {
        Self { list: TasksClient::new(core).list(), name, marker: None, mode: PhantomData }
    }

    /// The marker of the create call; see [`TaskInput::with_marker`](super::TaskInput::with_marker). Without effect for
    /// a URL.
    ///
    /// Without a marker, all tasks with the file name are found, also those of other calls.
    pub fn with_marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = Some(marker.into());
        self
    }

    /// When the create call was made, by the caller's clock. Default: the last seven days.
    ///
    /// Tasks created up to 2 min before and after are found too, because the clock of the server may differ. If nothing
    /// is found and the clocks differ by more, as the header `Date` tells, the same time on the clock of the server is
    /// searched.
    pub fn between(mut self, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        let from = start.checked_sub_signed(CLOCK_MARGIN).unwrap_or(start);
        let until = end.checked_add_signed(CLOCK_MARGIN).unwrap_or(end);
        self.list = self.list.started_at(from).ended_at(until);
        self
    }

    /// The same search in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> FindCreated<N> {
        FindCreated { list: self.list, name: self.name, marker: self.marker, mode: PhantomData }
    }
}

impl FindCreated {
    /// Lists the tasks of the time window and returns those with this file name or URL, newest first.
    ///
    /// # Errors
    ///
    /// Those of [`list`](super::TasksClient::list).
    pub async fn send(self) -> Result<Vec<MediaEmbeddingTask>> {
        let found = self.search(self.list.clone()).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        match self.list_on_the_clock_of_the_server().await? {
            Some(list) => self.search(list).await,
            None => Ok(found),
        }
    }

    async fn search(&self, list: Request<ListTasks>) -> Result<Vec<MediaEmbeddingTask>> {
        let Self { name, marker, .. } = self;
        let file_name = marker.as_ref().map_or_else(|| name.clone(), |marker| marked_name(marker, name));
        let is_searched = |task: &MediaEmbeddingTask| {
            let metadata = task.video_embedding.as_ref().and_then(|video| video.metadata.as_ref());
            metadata.is_some_and(|metadata| {
                metadata.input_filename.as_deref() == Some(&file_name) || metadata.input_url.as_deref() == Some(name)
            })
        };
        list.items().try_filter(|task| ready(is_searched(task))).try_collect().await
    }

    /// The list of the same time on the clock of the server. `None` if the margin covers the difference.
    async fn list_on_the_clock_of_the_server(&self) -> Result<Option<Request<ListTasks>>> {
        let (Some(from), Some(until)) = (self.list.verb.started_at, self.list.verb.ended_at) else { return Ok(None) };
        let response = self.list.clone().page_limit(1).send_with_response().await?;
        let [server, own] = [response.info().server_time(), SystemTime::now()].map(DateTime::<Utc>::from);
        let ahead = server - own;
        if ahead.abs() <= CLOCK_MARGIN {
            return Ok(None);
        }
        let moved = |time: DateTime<Utc>| time.checked_add_signed(ahead).unwrap_or(time);
        Ok(Some(self.list.clone().started_at(moved(from)).ended_at(moved(until))))
    }
}

impl<M> RequestOptions for FindCreated<M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        self.list.options_mut()
    }
}

impl IntoFuture for FindCreated {
    type Output = Result<Vec<MediaEmbeddingTask>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
