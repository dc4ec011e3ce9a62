//! The tasks of version 2 on the dashboard.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use twelvelabs_api::types::EmbeddingData;

use super::{Shared, Task, TaskContent};
use crate::{
    admin,
    dashboard::{not_found, page},
    families::Routes,
    result_files,
    store::{Filter, Status, Store},
};

/// Number of tasks in the list.
const SHOWN: usize = 25;
/// Number of vectors on the page of a task.
const ROWS: usize = 200;

pub(super) fn routes() -> Routes {
    Router::new().route("/v2-tasks/{id}", get(show))
}

/// The newest tasks.
pub(super) fn list(store: &Store<TaskContent>) -> Markup {
    let (total, tasks) = store.page(&Filter::default(), 0, SHOWN);
    html! {
        @if total > 0 {
            h2 { "Tasks of version 2: " (total) }
            table id="v2-tasks" {
                tr { th { "Task" } th { "Status" } th { "Input" } th { "Model" } th { "Duration" } th { "Created" } }
                @for task in &tasks {
                    tr {
                        td class="mono" { a href=(format!("{}/v2-tasks/{}", admin::PATH, task.id)) { (task.id) } }
                        td { span class=(class(task)) { (task.status.as_str()) } }
                        td { (task.content.metadata.input_type.as_str()) }
                        td { (task.content.settings.model_name.as_str()) }
                        td { (duration(task)) }
                        td { (task.created_at.format("%Y-%m-%d %H:%M:%S")) }
                    }
                }
            }
        }
    }
}

/// A fault can set any status. Only known ones have a colour.
fn class(task: &Task) -> &str {
    if task.status.is_final() || task.status == Status::Processing { task.status.as_str() } else { "quiet" }
}

fn duration(task: &Task) -> String {
    task.content.metadata.duration.map_or("-".into(), |seconds| format!("{seconds:.1} s"))
}

async fn show(State(state): Shared, Path(id): Path<String>) -> Response {
    let store = &state.families.embed_v2.store;
    let Some(task) = store.get(&id) else { return not_found() };
    let (result, is_ready) = (store.folder().result(&task.id), task.status == Status::Ready);
    let read = move || {
        let (mut rows, mut count) = (Vec::new(), 0_usize);
        if is_ready {
            result_files::each(&result, |data: EmbeddingData| {
                count += 1;
                if rows.len() < ROWS {
                    rows.push((place(&data), data));
                }
            })?;
        }
        Ok::<_, std::io::Error>((rows, count))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((rows, count))) => page(&format!("Task {}", task.id), &content(&task, &rows, count)).into_response(),
        // The task was removed in the meantime, or its status was set by a fault.
        _ => page(&format!("Task {}", task.id), &content(&task, &[], 0)).into_response(),
    }
}

/// The part of the input that a vector describes.
fn place(data: &EmbeddingData) -> String {
    match (data.start_sec, data.end_sec, data.start_page_number, data.chunk_index) {
        (Some(start), Some(end), ..) => format!("{start:.1} s to {end:.1} s"),
        (_, _, Some(number), _) => {
            let quarter = data.quadrant.as_ref().map(|quarter| format!(", {quarter}")).unwrap_or_default();
            format!("page {number}{quarter}")
        }
        (.., Some(index)) => format!("chunk {index}"),
        _ => "all".into(),
    }
}

fn content(task: &Task, rows: &[(String, EmbeddingData)], count: usize) -> Markup {
    let known = &task.content.metadata;
    let name = known.input_filename.as_deref().unwrap_or(known.input_type.as_str());
    html! {
        h1 { (name) }
        table {
            tr { th { "Task" } td class="mono" { (task.id) } }
            tr { th { "Status" } td { span class=(class(task)) { (task.status.as_str()) } } }
            @if let Some(reason) = task.failure() {
                tr { th { "Reason" } td { (reason) } }
            }
            tr { th { "Model" } td { (task.content.settings.model_name.as_str()) } }
            tr { th { "Dimension" } td { (task.content.settings.dimension) } }
            tr { th { "Duration" } td { (duration(task)) } }
            tr { th { "Created" } td { (task.created_at.to_rfc3339()) } }
            tr { th { "Updated" } td { (task.updated_at().to_rfc3339()) } }
        }
        @if rows.is_empty() {
            p class="quiet" { "There are no embeddings." }
        } @else {
            h2 { "Embeddings: " (count) }
            table {
                tr { th { "Option" } th { "Scope" } th { "Part" } th { "First numbers" } }
                @for (place, data) in rows {
                    tr {
                        td { (data.embedding_option.as_ref().map_or("-", |option| option.as_str())) }
                        td { (data.embedding_scope.as_ref().map_or("-", |scope| scope.as_str())) }
                        td { (place) }
                        td class="mono" { (first(&data.embedding)) }
                    }
                }
            }
        }
    }
}

fn first(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().take(4).map(|number| format!("{number:+.3}")).collect();
    numbers.join(" ")
}
