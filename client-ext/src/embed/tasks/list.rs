//! `list`: tasks, page by page or one by one.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use twelvelabs_api::{
    operations::{EMBED_TASKS_LIST, EMBED_V2_TASKS_LIST},
    options::{EmbedTasksListOptions, EmbedV2TasksListOptions},
    params::embed_tasks_list as rules,
    runtime::{Operation, Param},
    types::{MediaEmbeddingTask, PageInfo, TaskId, TaskStatus, TasksListResponse},
};

use crate::{
    core::{
        Core,
        options::CallOptions,
        pages::{Pages, Paging},
        request::{Request, Verb},
        response::Response,
    },
    error::{Checks, Result, Violation},
    wait::job::{Job, JobList, ListPage, Polled},
};

/// The operation of [`TasksClient::list`](super::TasksClient::list), and of the list of version 2, which has the same
/// parameters and response.
///
/// `GET /embed/tasks` or `GET /embed-v2/tasks`. The times of [`started_at`](Request::started_at) and
/// [`ended_at`](Request::ended_at) are rounded so that no task is lost. Whether the server includes tasks of exactly
/// these times is not documented.
///
/// ```no_run
/// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
/// use std::time::{Duration, SystemTime};
/// use futures_util::TryStreamExt;
/// use twelvelabs::embed::tasks::TaskStatus;
///
/// let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
/// let mut failed = tasks.list().started_at(yesterday).status(TaskStatus::Failed).items();
/// while let Some(task) = failed.try_next().await? {
///     println!("{} {:?}", task.id, task.created_at);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ListTasks {
    is_v2: bool,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) status: Option<TaskStatus>,
    pub(super) paging: Paging,
}

/// Filters and paging.
impl<M> Request<ListTasks, M> {
    /// Only tasks created after this time, rounded down to the second, which is the precision of the API.
    pub fn started_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        self.verb.started_at = Some(time.into().trunc_subsecs(0));
        self
    }

    /// Only tasks created before this time, rounded up to the second, which is the precision of the API. Not before
    /// [`started_at`](Self::started_at).
    pub fn ended_at(mut self, time: impl Into<DateTime<Utc>>) -> Self {
        let time = time.into();
        let whole = time.trunc_subsecs(0);
        let rounded_up = || whole.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(whole);
        self.verb.ended_at = Some(if whole < time { rounded_up() } else { whole });
        self
    }

    /// Only tasks with this status. Default: all.
    ///
    /// The server has `processing`, `ready` and `failed`. A status of another name is sent as it is.
    pub fn status(mut self, status: impl Into<TaskStatus>) -> Self {
        self.verb.status = Some(status.into());
        self
    }
}

impl ListTasks {
    /// The list of version 2.
    pub(in crate::embed) fn v2() -> Self {
        Self { is_v2: true, ..Self::default() }
    }

    /// With the largest pages.
    pub(in crate::embed) fn with_largest_pages(self) -> Self {
        Self { paging: self.paging.largest::<Self>(), ..self }
    }

    /// Polls a page for a wait; `status` converts an entry.
    pub(in crate::embed) async fn poll_page<J>(
        self,
        page: &ListPage,
        core: &Core,
        options: &CallOptions,
        status: impl Fn(MediaEmbeddingTask) -> J::Status,
    ) -> Polled<JobList<J>>
    where
        J: Job<Id = TaskId>,
    {
        let number = page.number;
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        let window = page.window.and_then(|(from, to)| time(from).zip(time(to)));
        let (started_at, ended_at) = (window.map(|(from, _)| from), window.map(|(_, to)| to));
        let paging = Paging { page: Some(number), ..self.paging.largest::<Self>() };
        let limit = paging.page_limit.unwrap_or(1);
        let list = Self { started_at, ended_at, paging, ..self };
        Polled::new(list.execute(core, options).await, |list| {
            // A page beyond the end may be empty or may not exist. Without a number of pages, the last is one that is
            // not full.
            let is_full = list.data.len() as u64 >= limit;
            let total = list.page_info.as_ref().and_then(|info| info.total_page);
            let is_last = total.map_or(!is_full, |total| number >= total) || list.data.is_empty();
            let entries = list.data.into_iter().map(|task| {
                let created = task.created_at.map(|time| time.timestamp());
                (task.id.clone(), created, status(task))
            });
            Ok(JobList { entries: entries.collect(), is_last })
        })
    }
}

impl Verb for ListTasks {
    type Output = TasksListResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_LIST;
    const METHOD: &'static str = "embed.tasks.list";

    async fn check(&self, checks: &mut Checks) {
        self.paging.check::<Self>(checks);
        if let (Some(start), Some(end)) = (self.started_at, self.ended_at)
            && end < start
        {
            let rule = format!("must not be before {}, which is {}", rules::STARTED_AT.name, start.to_rfc3339());
            checks.limit(Violation::new(rules::ENDED_AT.name, end.to_rfc3339(), rule));
        }
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksListResponse>> {
        let request = |api: &twelvelabs_api::Client| {
            let (started_at, ended_at) = (self.started_at.as_ref(), self.ended_at.as_ref());
            let (Paging { page, page_limit }, status) = (self.paging, self.status.clone());
            match self.is_v2 {
                false => api.embed_tasks_list_request(EmbedTasksListOptions {
                    ended_at,
                    page,
                    page_limit,
                    started_at,
                    status,
                }),
                true => api.embed_v2_tasks_list_request(EmbedV2TasksListOptions {
                    ended_at,
                    page,
                    page_limit,
                    started_at,
                    status,
                }),
            }
        };
        let (operation, method) = match self.is_v2 {
            false => (&EMBED_TASKS_LIST, Self::METHOD),
            true => (&EMBED_V2_TASKS_LIST, "embed.v2.tasks.list"),
        };
        let call = core.list::<Self>(operation, options, request).await;
        call.map_err(|error| error.with_operation(operation.id).with_method(method))
    }
}

impl Pages for ListTasks {
    type Item = MediaEmbeddingTask;
    type Key = TaskId;

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }

    fn page_info(page: &TasksListResponse) -> Option<&PageInfo> {
        page.page_info.as_ref()
    }

    fn items(page: &mut TasksListResponse) -> &mut Vec<MediaEmbeddingTask> {
        &mut page.data
    }

    fn key(item: &MediaEmbeddingTask) -> TaskId {
        item.id.clone()
    }
}
