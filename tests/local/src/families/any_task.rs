//! What the tasks of both versions of the API have in common: id and status, and lists of them.

use std::{io, sync::Arc};

use axum::Json;
use chrono::TimeDelta;
use serde_json::Value;
use twelvelabs_api::{
    limits,
    params::embed_tasks_list as params,
    types::{MediaEmbeddingTask, TaskId, TaskStatus, TasksListResponse},
};

use crate::{
    clock::Clock,
    error_response::ErrorResponse,
    query::{self, Paging},
    state::ServerState,
    store::{Content, Filter, Folder, Item, Store},
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Opens the tasks of a family. They are kept for seven days.
pub(super) fn store<T: Content>(folder: Folder, clock: &Arc<Clock>) -> io::Result<Arc<Store<T>>> {
    let retention = limits::RETENTION_SEC.maximum.map(|seconds| TimeDelta::seconds(seconds as i64));
    Store::open(folder, Arc::clone(clock), retention).map(Arc::new)
}

/// The id and the status of a task as the API has them.
pub(super) fn id_and_status<T>(task: &Item<T>) -> Result<(TaskId, TaskStatus), ErrorResponse> {
    let id = TaskId::try_from(task.id.clone()).map_err(ErrorResponse::internal)?;
    Ok((id, task.status.as_str().to_owned().into()))
}

/// A page of tasks, newest first. Without dates, the platform lists the tasks of the last seven days, and there are no
/// others.
pub(super) fn page<T: Content>(
    state: &ServerState,
    query: Option<&str>,
    store: &Store<T>,
    entry: impl Fn(&Item<T>) -> Result<MediaEmbeddingTask, ErrorResponse>,
) -> Result<Json<Value>, ErrorResponse> {
    let mut paging = Paging::new(&params::PAGE, &params::PAGE_LIMIT);
    let mut filter =
        Filter { exclusive: state.has_behaviour(UndocumentedBehaviour::ExclusiveBounds), ..Filter::default() };
    let mut status = None;
    for (name, value) in query::pairs(query) {
        match name.as_str() {
            name if paging.set(state, name, &value)? => {}
            name if name == params::STARTED_AT.name => filter.from = Some(query::time(&value, &params::STARTED_AT)?),
            name if name == params::ENDED_AT.name => filter.to = Some(query::time(&value, &params::ENDED_AT)?),
            name if name == params::STATUS.name => status = Some(value),
            other => return Err(ErrorResponse::unknown(other)),
        }
    }
    let has_status = |task: &Item<T>| status.as_deref() == Some(task.status.as_str());
    if status.is_some() {
        filter.matches = Some(&has_status);
    }
    let (skip, take) = paging.range();
    let (total, page) = store.page(&filter, skip, take);
    let mut response = TasksListResponse::new();
    response.page_info = Some(paging.info(state, total)?);
    response.data = page.iter().map(|task| entry(task)).collect::<Result<_, _>>()?;
    query::list_body(response).map(Json)
}
