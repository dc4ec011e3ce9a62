//! The list of tasks.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use twelvelabs_api::{
    params::embed_tasks_list as p,
    runtime::Param,
    types::{MediaEmbeddingTask, PageInfo, TasksListResponse},
};

use super::{
    Platform,
    choice::Choice,
    reply::Refusal,
    store::Filter,
    tasks::{Answer, Shared, metadata, pairs},
};

/// The member that holds the tasks.
const DATA: &str = "data";

#[derive(Debug)]
struct Asked {
    filter: Filter,
    page: u64,
    page_limit: u64,
}

fn asked(platform: &Platform, query: Option<&str>) -> Result<Asked, Refusal> {
    let number = |value: &str, rule: &Param| {
        let number = value.parse::<u64>().ok();
        let clamped = number.filter(|_| platform.chose(Choice::PageLimitClamped) && rule.name == p::PAGE_LIMIT.name);
        let number = clamped.zip(rule.maximum).map(|(number, most)| number.min(most as u64)).or(number);
        let rule_broken = || Refusal::invalid(rule.name, format!("should be a whole number, {}", rule.range()));
        number.filter(|number| rule.allows(*number as f64)).ok_or_else(rule_broken)
    };
    let time = |value: &str, rule: &Param| -> Result<Option<DateTime<Utc>>, Refusal> {
        let time = DateTime::parse_from_rfc3339(value).map(|time| time.to_utc());
        time.map(Some).map_err(|_| Refusal::invalid(rule.name, "should be an RFC 3339 time"))
    };
    let default = |rule: &Param| rule.default_number().unwrap_or(1.0) as u64;
    let filter = Filter { exclusive: platform.chose(Choice::ExclusiveBounds), ..Filter::default() };
    let mut asked = Asked { filter, page: default(&p::PAGE), page_limit: default(&p::PAGE_LIMIT) };
    for (name, value) in pairs(query) {
        match name.as_str() {
            n if n == p::STARTED_AT.name => asked.filter.from = time(&value, &p::STARTED_AT)?,
            n if n == p::ENDED_AT.name => asked.filter.to = time(&value, &p::ENDED_AT)?,
            n if n == p::STATUS.name => asked.filter.status = Some(value.into()),
            n if n == p::PAGE.name => asked.page = number(&value, &p::PAGE)?,
            n if n == p::PAGE_LIMIT.name => asked.page_limit = number(&value, &p::PAGE_LIMIT)?,
            other => return Err(Refusal::unknown(other)),
        }
    }
    Ok(asked)
}

/// Without dates, the tasks of the last seven days are listed, and these are all that there are.
pub(super) async fn list(State(platform): Shared, RawQuery(query): RawQuery) -> Answer<Value> {
    let asked = asked(&platform, query.as_deref())?;
    let skipped = (asked.page - 1).saturating_mul(asked.page_limit);
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    let (total, page) = platform.store.page(&asked.filter, skipped, asked.page_limit as usize);
    let pages = (total as u64).div_ceil(asked.page_limit);
    if asked.page > pages.max(1) && platform.chose(Choice::PageBeyondRefused) {
        return Err(Refusal::invalid(p::PAGE.name, format!("should be at most {}", pages.max(1))));
    }
    let entry = |task: &std::sync::Arc<super::store::Task>| {
        let mut entry = MediaEmbeddingTask::new(task.id.clone(), task.status.clone());
        entry.model_name = Some(task.known.model_name.clone());
        entry.created_at = Some(task.created_at);
        entry.updated_at = Some(task.updated_at());
        entry.video_embedding = metadata(&platform, task);
        entry
    };
    let mut info = PageInfo::new(asked.page, pages);
    info.limit_per_page = Some(asked.page_limit);
    info.total_results = Some(total as u64);
    let mut answer = TasksListResponse::new(info);
    answer.data = page.iter().map(entry).collect();
    let mut answer = serde_json::to_value(answer).map_err(Refusal::internal)?;
    if page.is_empty() {
        // Ours leaves out what is empty; the Python SDK makes a missing list None.
        answer[DATA] = Value::Array(Vec::new());
    }
    Ok(Json(answer))
}
