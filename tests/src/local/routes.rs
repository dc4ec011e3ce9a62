//! The four operations.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, RawQuery, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue, StatusCode};
use twelvelabs_api::{
    KEY_HEADER, headers, limits, operations,
    params::{embed_tasks_list, embed_tasks_retrieve, embed_tasks_status},
    runtime::Param,
    types::{
        EmbeddingOption, ErrorCode, MediaEmbeddingTask, PageInfo, TaskStatus, TasksCreateResponse, TasksListResponse,
        TasksRetrieveResponse, TasksRetrieveResponseVideoEmbedding, TasksStatusResponse,
        TasksStatusResponseVideoEmbedding,
    },
};

use crate::Contract;

use super::{
    BASE_PATH, Platform,
    reply::Refusal,
    segments,
    store::{Outcome, Task},
    upload, vectors,
};

/// What the platform says of itself on every answer.
const API_VERSION: &str = "1.3";

type Answer<T> = Result<Json<T>, Refusal>;
type Shared = State<Arc<Platform>>;

pub(super) fn router(platform: Arc<Platform>) -> Router {
    let tasks = Router::new()
        .route(operations::EMBED_TASKS_CREATE.path, get(list).post(create))
        .route(operations::EMBED_TASKS_STATUS.path, get(status))
        .route(operations::EMBED_TASKS_RETRIEVE.path, get(retrieve));
    Router::new()
        .nest(BASE_PATH, tasks)
        .fallback(async || {
            Refusal::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, "There is no such endpoint")
        })
        .method_not_allowed_fallback(async || {
            Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed".into(),
                "This endpoint has no such method",
            )
        })
        .layer(middleware::from_fn(authenticate))
        .with_state(platform)
}

async fn authenticate(request: Request<Body>, next: Next) -> Response {
    let key = KEY_HEADER.and_then(|name| request.headers().get(name));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match key {
        Some(key) if !key.is_empty() => next.run(request).await,
        _ => {
            let message = "The API key is missing, wrong or expired";
            Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::ApiKeyInvalid, message).into_response()
        }
    };
    response = kept(method.as_str(), &path, response).await;
    let version = HeaderValue::from_static(API_VERSION);
    response.headers_mut().insert(HeaderName::from_static(headers::X_API_VERSION), version);
    response
}

/// The answer, if it keeps the contract; else an answer that says how it does not, so that a test sees it.
async fn kept(method: &str, path: &str, response: Response) -> Response {
    let contract = Contract::embedded();
    let Some(operation) = contract.operation_of(method, path) else { return response };
    let (parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Refusal::internal("the answer cannot be read").into_response();
    };
    match contract.check_answer(operation, parts.status.as_u16(), &body) {
        Err(problems) if parts.status.as_u16() < 500 => {
            Refusal::internal(format!("the answer breaks the contract: {problems}")).into_response()
        }
        _ => Response::from_parts(parts, body.into()),
    }
}

async fn create(State(platform): Shared, request: Request<Body>) -> Answer<TasksCreateResponse> {
    let creation = upload::read(&platform, request).await?;
    let windows = segments::windows(creation.start, creation.end, creation.facts.clip_length, &creation.facts.scopes);
    // Times beyond what the clock can say are a century.
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    let not_before = Instant::now() + platform.processing_time.min(century);
    let id = platform.store.add(creation.facts, not_before);
    let answer = TasksCreateResponse::new(id.clone());
    tokio::task::spawn_blocking(move || {
        let outcome = match vectors::segments(&creation.media, &creation.path, &windows) {
            Ok(segments) => Outcome::Ready(segments.into()),
            Err(_) => Outcome::Failed,
        };
        platform.store.finish(&id, outcome);
    });
    Ok(Json(answer))
}

fn find(platform: &Platform, id: &str) -> Result<Task, Refusal> {
    if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::invalid(embed_tasks_status::TASK_ID.name, "should be an id"));
    }
    let task = platform.store.get(id);
    let unknown = || {
        Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::ResourceNotExist,
            format!("Resource with id {id} does not exist in tasks"),
        )
    };
    task.ok_or_else(unknown)
}

async fn status(State(platform): Shared, Path(id): Path<String>) -> Answer<TasksStatusResponse> {
    let task = find(&platform, &id)?;
    let mut answer = TasksStatusResponse::new(task.id.clone(), task.status());
    answer.video_embedding = Some(metadata(&task));
    answer.model_name = Some(task.model_name);
    Ok(Json(answer))
}

fn metadata(task: &Task) -> TasksStatusResponseVideoEmbedding {
    let mut video = TasksStatusResponseVideoEmbedding::new();
    video.metadata = Some(task.metadata.clone());
    video
}

async fn retrieve(
    State(platform): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<TasksRetrieveResponse> {
    let mut wanted: Vec<EmbeddingOption> = Vec::new();
    for (name, value) in pairs(query.as_deref()) {
        if name != embed_tasks_retrieve::EMBEDDING_OPTION.name {
            return Err(unknown(&name));
        }
        if !EmbeddingOption::KNOWN.contains(&value.as_str()) {
            return Err(Refusal::invalid(&name, format!("should be one of {}", EmbeddingOption::KNOWN.join(", "))));
        }
        wanted.push(value.into());
    }
    let task = find(&platform, &id)?;
    let status = task.status();
    let (created_at, updated_at) = (task.created_at, task.updated_at());
    let mut answer = TasksRetrieveResponse::new(task.id.clone(), status.clone());
    let mut video = TasksRetrieveResponseVideoEmbedding::new();
    video.metadata = Some(task.metadata);
    if let (TaskStatus::Ready, Some((Outcome::Ready(segments), _))) = (status, task.outcome) {
        let asked = |option: &EmbeddingOption| wanted.is_empty() || wanted.contains(option);
        video.segments =
            segments.iter().filter(|segment| segment.embedding_option.as_ref().is_some_and(asked)).cloned().collect();
    }
    answer.video_embedding = Some(video);
    answer.model_name = Some(task.model_name);
    answer.created_at = Some(created_at);
    answer.updated_at = Some(updated_at);
    Ok(Json(answer))
}

fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

fn unknown(name: &str) -> Refusal {
    Refusal::bad(ErrorCode::ParameterUnknown, format!("The {name} parameter is unknown"))
}

#[derive(Debug)]
struct Filters {
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    status: Option<String>,
    page: u64,
    page_limit: u64,
}

fn filters(query: Option<&str>) -> Result<Filters, Refusal> {
    use embed_tasks_list as p;
    let number = |value: &str, rule: &Param| match value.parse::<u64>() {
        Ok(number) if rule.allows(number as f64) => Ok(number),
        _ => Err(Refusal::invalid(rule.name, format!("should be a whole number, {}", rule.range()))),
    };
    let time = |value: &str, rule: &Param| {
        let time = DateTime::parse_from_rfc3339(value).map(|time| time.to_utc());
        time.map(Some).map_err(|_| Refusal::invalid(rule.name, "should be an RFC 3339 time"))
    };
    let default = |rule: &Param| rule.default_number().unwrap_or(1.0) as u64;
    let mut filters = Filters {
        started_at: None,
        ended_at: None,
        status: None,
        page: default(&p::PAGE),
        page_limit: default(&p::PAGE_LIMIT),
    };
    for (name, value) in pairs(query) {
        match name.as_str() {
            n if n == p::STARTED_AT.name => filters.started_at = time(&value, &p::STARTED_AT)?,
            n if n == p::ENDED_AT.name => filters.ended_at = time(&value, &p::ENDED_AT)?,
            n if n == p::STATUS.name => filters.status = Some(value),
            n if n == p::PAGE.name => filters.page = number(&value, &p::PAGE)?,
            n if n == p::PAGE_LIMIT.name => filters.page_limit = number(&value, &p::PAGE_LIMIT)?,
            other => return Err(unknown(other)),
        }
    }
    if filters.started_at.is_none() && filters.ended_at.is_none() {
        let retention = limits::RETENTION_SEC.maximum.unwrap_or_default();
        filters.started_at = Some(Utc::now() - TimeDelta::seconds(retention as i64));
    }
    Ok(filters)
}

async fn list(State(platform): Shared, RawQuery(query): RawQuery) -> Answer<TasksListResponse> {
    let filters = filters(query.as_deref())?;
    let wanted = |task: &Task| {
        filters.started_at.is_none_or(|start| task.created_at >= start)
            && filters.ended_at.is_none_or(|end| task.created_at <= end)
            && filters.status.as_deref().is_none_or(|status| task.status().as_str() == status)
    };
    let skipped = (filters.page - 1).saturating_mul(filters.page_limit);
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    let (total, page) = platform.store.page(wanted, skipped, filters.page_limit as usize);
    let total = total as u64;
    let data: Vec<_> = page
        .iter()
        .map(|task| {
            let mut entry = MediaEmbeddingTask::new(task.id.clone(), task.status());
            entry.model_name = Some(task.model_name.clone());
            entry.created_at = Some(task.created_at);
            entry.updated_at = Some(task.updated_at());
            entry.video_embedding = Some(metadata(task));
            entry
        })
        .collect();
    let mut info = PageInfo::new(filters.page, total.div_ceil(filters.page_limit));
    info.limit_per_page = Some(filters.page_limit);
    info.total_results = Some(total);
    let mut answer = TasksListResponse::new(info);
    answer.data = data;
    Ok(Json(answer))
}
