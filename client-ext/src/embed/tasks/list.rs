//! `list`: tasks, page by page or one by one.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use twelvelabs_api::{
    operations::EMBED_TASKS_LIST,
    params::embed_tasks_list as rules,
    runtime::Param,
    types::{MediaEmbeddingTask, TaskStatus, TasksListResponse},
};

use crate::{
    Error, Result, TwelveLabs, Violation,
    error::from_generated,
    facts::Answer,
    page,
    transport::{CallSettings, call_setters},
};

/// A list to be read; made by [`TasksClient::list`](crate::TasksClient::list).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`, `pages()` or `items()`"]
pub struct ListTasks {
    client: TwelveLabs,
    settings: CallSettings,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    status: Option<TaskStatus>,
    page: Option<u64>,
    page_limit: Option<u64>,
}

impl ListTasks {
    call_setters!();

    pub(super) fn new(client: TwelveLabs) -> Self {
        let settings = client.settings().clone();
        Self { client, settings, started_at: None, ended_at: None, status: None, page: None, page_limit: None }
    }

    /// Only tasks created after this time; it is rounded down to the second, which is what the API takes. With neither
    /// time given, the platform lists the last seven days, which is how long it keeps tasks.
    pub fn started_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        self.started_at = Some(time.into().trunc_subsecs(0));
        self
    }

    /// Only tasks created before this time; it is rounded up to the second, which is what the API takes.
    pub fn ended_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        let time = time.into();
        let whole = time.trunc_subsecs(0);
        self.ended_at =
            Some(if whole < time { whole.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(whole) } else { whole });
        self
    }

    /// Only tasks with this status.
    pub fn status(mut self, status: impl Into<TaskStatus>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Which page to read, or to start from, counted from 1. Default: 1.
    pub fn page(mut self, page: u64) -> Self {
        self.page = Some(page);
        self
    }

    /// How many tasks a page holds; see [`PAGE_LIMIT`](crate::params::embed_tasks_list::PAGE_LIMIT) for the range.
    /// Default: 10, and as many as allowed for [`items`](Self::items).
    pub fn page_limit(mut self, tasks: u64) -> Self {
        self.page_limit = Some(tasks);
        self
    }

    /// One page. Dropping the future ends the request.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with every broken rule before a byte is sent.
    pub async fn send(self) -> Result<TasksListResponse> {
        Ok(self.send_with_facts().await?.value)
    }

    /// As [`send`](Self::send), with the facts of the answer.
    pub async fn send_with_facts(self) -> Result<Answer<TasksListResponse>> {
        self.read(self.page).await
    }

    async fn read(&self, page: Option<u64>) -> Result<Answer<TasksListResponse>> {
        let mut violations = Vec::new();
        let mut within = |value: Option<u64>, rule: &Param| {
            if let Some(value) = value.filter(|value| !rule.allows(*value as f64)) {
                violations.push(Violation::new(rule.name, value, format!("must be {}", rule.range())));
            }
        };
        within(page, &rules::PAGE);
        within(self.page_limit, &rules::PAGE_LIMIT);
        if let (Some(start), Some(end)) = (self.started_at, self.ended_at)
            && end < start
        {
            let rule = format!("must not be before {}, which is {}", rules::STARTED_AT.name, start.to_rfc3339());
            violations.push(Violation::new(rules::ENDED_AT.name, end.to_rfc3339(), rule));
        }
        if !violations.is_empty() {
            return Err(Error::invalid(violations).with_operation(&EMBED_TASKS_LIST));
        }
        let request = |api: &twelvelabs_api::Client| {
            let (start, end) = (self.started_at.as_ref(), self.ended_at.as_ref());
            api.embed_tasks_list_request(end, page, self.page_limit, start, self.status.clone()).map_err(from_generated)
        };
        self.client.call(&EMBED_TASKS_LIST, &self.settings, request).await
    }

    /// Page after page, without a request past the last one. An error ends the stream; dropping it ends the requests.
    pub fn pages(self) -> impl Stream<Item = Result<TasksListResponse>> + Send + Unpin + 'static {
        let first = self.page.unwrap_or(1);
        let request = Arc::new(self);
        let fetch = move |number| {
            let request = Arc::clone(&request);
            async move { Ok(request.read(Some(number)).await?.value) }
        };
        // A page beyond the end may be empty or may not exist; both end here.
        page::pages(first, fetch, |number, page: &TasksListResponse| {
            page.data.is_empty() || number >= page.page_info.total_page
        })
        .boxed()
    }

    /// Task after task. Tasks that are created meanwhile shift the pages; a task that was seen before is left out. An error
    /// ends the stream; dropping it ends the requests.
    pub fn items(mut self) -> impl Stream<Item = Result<MediaEmbeddingTask>> + Send + Unpin + 'static {
        self.page_limit = self.page_limit.or(rules::PAGE_LIMIT.maximum.map(|maximum| maximum as u64));
        let mut seen = HashSet::new();
        self.pages()
            .map_ok(|page| stream::iter(page.data.into_iter().map(Ok)))
            .try_flatten()
            .try_filter(move |task| std::future::ready(seen.insert(task.id.clone())))
            .boxed()
    }
}
