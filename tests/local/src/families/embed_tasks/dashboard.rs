//! The tasks on the dashboard.

mod matrix;
mod task;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Shared, Task, TaskContent};
use crate::{
    admin,
    dashboard::{not_found, page},
    families::Routes,
    store::{Filter, Status, Store},
};

/// Number of tasks per page.
const PAGE: usize = 25;

pub(super) fn routes() -> Routes {
    Router::new()
        .route("/tasks", get(show_list))
        .route("/tasks/{id}", get(task::show))
        .route("/tasks/{id}/matrix.png", get(matrix::show))
        .route("/tasks/{id}/thumbnails/{number}", get(thumbnail))
}

#[derive(Debug, Deserialize)]
struct Paging {
    page: Option<usize>,
}

async fn show_list(State(state): Shared, Query(paging): Query<Paging>) -> Html<String> {
    let number = paging.page.unwrap_or(1).max(1);
    page("Tasks", &list(&state.families.embed_tasks.store, number))
}

async fn thumbnail(State(state): Shared, Path((id, number)): Path<(String, usize)>) -> Response {
    let store = &state.families.embed_tasks.store;
    // The id of an existing task cannot contain a path.
    let Some(task) = store.get(&id) else { return not_found() };
    let path = store.folder().thumbnails(&task.id).join(number.to_string());
    match tokio::fs::read(path).await {
        Ok(picture) => ([(header::CONTENT_TYPE, "image/png")], picture).into_response(),
        Err(_) => not_found(),
    }
}

/// A page of the list of tasks.
pub(super) fn list(store: &Store<TaskContent>, number: usize) -> Markup {
    let (total, tasks) = store.page(&Filter::default(), (number - 1).saturating_mul(PAGE), PAGE);
    let link = |number: usize| format!("{}/tasks?page={number}", admin::PATH);
    html! {
        h2 { "Tasks: " (total) }
        @if tasks.is_empty() {
            p class="quiet" { "There are no tasks here." }
        } @else {
            table id="tasks" {
                tr { th { "Task" } th { "Status" } th { "Video" } th { "Duration" } th { "Created" } }
                @for task in &tasks { (row(task)) }
            }
        }
        p class="nav" {
            @if number > 1 { a href=(link(number - 1)) { "newer" } }
            @if number.saturating_mul(PAGE) < total { a href=(link(number + 1)) { "older" } }
        }
    }
}

fn row(task: &Task) -> Markup {
    html! {
        tr {
            td class="mono" { a href=(format!("{}/tasks/{}", admin::PATH, task.id)) { (task.id) } }
            td { (status(task)) }
            td { (name(task)) }
            td { (duration(task)) }
            td { (task.created_at.format("%Y-%m-%d %H:%M:%S")) }
        }
    }
}

fn status(task: &Task) -> Markup {
    // A fault can set any status. Only known ones have a colour.
    let class =
        if task.status.is_final() || task.status == Status::Processing { task.status.as_str() } else { "quiet" };
    html! { span class=(class) { (task.status.as_str()) } }
}

/// The name or URL of the video. A URL is not a link, since the client chose it.
fn name(task: &Task) -> String {
    let metadata = &task.content.metadata;
    let url = || metadata.input_url.as_deref().map(without_user_info);
    metadata.input_filename.clone().or_else(url).unwrap_or_else(|| "-".into())
}

/// A URL without user name and password.
fn without_user_info(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else { return "(invalid URL)".into() };
    // These fail only for URLs that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn duration(task: &Task) -> String {
    task.content.metadata.duration.map_or("-".into(), |seconds| format!("{seconds:.1} s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        assert_eq!(without_user_info("http://user:secret@127.0.0.1/v.mp4?a=1"), "http://127.0.0.1/v.mp4?a=1");
        assert_eq!(without_user_info("http://127.0.0.1/v.mp4"), "http://127.0.0.1/v.mp4");
    }
}
