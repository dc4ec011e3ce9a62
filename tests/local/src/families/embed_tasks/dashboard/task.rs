//! The page of a task: its parameters, a timeline of its segments, and the similarity of its clips.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use twelvelabs_api::types::{EmbeddingScope, VideoSegment};

use super::{Shared, Task, duration, name, status};
use crate::{
    admin,
    dashboard::{not_found, page},
    result_files,
    store::Status,
};

/// In units of the SVG, which scales with the page.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 70.0;
/// Maximum number of blocks in a row. More would be too thin to see.
const BLOCKS: usize = 600;

/// A block on the timeline.
struct Block {
    start: f64,
    end: f64,
    /// Computed from its vector.
    colour: String,
    /// The number of its thumbnail, if it has one.
    thumbnail: Option<usize>,
}

pub(super) async fn show(State(state): Shared, Path(id): Path<String>) -> Response {
    let Some(task) = state.families.embed_tasks.store.get(&id) else { return not_found() };
    let folder = state.families.embed_tasks.store.folder();
    let (result, pictures) = (folder.result(&task.id), folder.thumbnails(&task.id));
    let is_ready = task.status == Status::Ready;
    let read = move || {
        let mut rows: BTreeMap<(String, String), Vec<Block>> = BTreeMap::new();
        if is_ready {
            result_files::each(&result, |segment: VideoSegment| {
                let option = segment.embedding_option.map_or(String::new(), |option| option.to_string());
                let scope = segment.embedding_scope.unwrap_or(EmbeddingScope::Clip);
                let is_clip = scope == EmbeddingScope::Clip;
                let row = rows.entry((option, scope.to_string())).or_default();
                let number = row.len();
                if row.len() < BLOCKS {
                    let thumbnail = Some(number).filter(|number| is_clip && pictures.join(number.to_string()).exists());
                    let (start, end) =
                        (segment.start_offset_sec.unwrap_or_default(), segment.end_offset_sec.unwrap_or_default());
                    row.push(Block { start, end, colour: colour(&segment.float), thumbnail });
                }
            })?;
        }
        Ok::<_, std::io::Error>(rows)
    };
    let rows = match tokio::task::spawn_blocking(read).await {
        Ok(Ok(rows)) => rows,
        // The task was removed in the meantime.
        _ => return not_found(),
    };
    page(&format!("Task {}", task.id), &content(&task, &rows)).into_response()
}

fn content(task: &Task, rows: &BTreeMap<(String, String), Vec<Block>>) -> Markup {
    let known = &task.content.metadata;
    let scopes: Vec<&str> = known.video_embedding_scope.iter().map(|scope| scope.as_str()).collect();
    let length = known.duration.unwrap_or(task.content.range.1).max(0.001);
    let base = format!("{}/tasks/{}", admin::PATH, task.id);
    html! {
        h1 { (name(task)) }
        table {
            tr { th { "Task" } td class="mono" { (task.id) } }
            tr { th { "Status" } td { (status(task)) } }
            tr { th { "Model" } td { (task.content.model_name.as_str()) } }
            tr { th { "Duration" } td { (duration(task)) } }
            tr { th { "Selected" } td { (format!("{:.1} s to {:.1} s", task.content.range.0, task.content.range.1)) } }
            tr { th { "Clip length" } td { (known.video_clip_length.map_or("-".into(), |clip| format!("{clip} s"))) } }
            tr { th { "Scopes" } td { (scopes.join(", ")) } }
            tr { th { "Created" } td { (task.created_at.to_rfc3339()) } }
            tr { th { "Updated" } td { (task.updated_at().to_rfc3339()) } }
        }
        @if rows.is_empty() {
            p class="quiet" { "There are no embeddings." }
        }
        @for ((option, scope), blocks) in rows {
            h2 { (option) ", " (scope) ": " (blocks.len()) @if blocks.len() == BLOCKS { " or more" } }
            (timeline(blocks, length, &base))
        }
        @if !rows.is_empty() {
            h2 { "Similarity of the clips" }
            div class="matrices" {
                @for (option, _) in rows.keys().filter(|(_, scope)| scope.as_str() == EmbeddingScope::Clip.as_str()) {
                    figure {
                        img class="matrix" alt=(format!("Similarity of the {option} clips")) src=(format!("{base}/matrix.png?embedding_option={option}"));
                        figcaption { (option) ": from black (cosine -1) to white (cosine 1)" }
                    }
                }
            }
        }
    }
}

fn timeline(blocks: &[Block], length: f64, base: &str) -> Markup {
    let at = |seconds: f64| format!("{:.2}", (seconds / length * WIDTH).clamp(0.0, WIDTH));
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" {
            @for block in blocks {
                @let width = at((block.end - block.start).max(0.0));
                g {
                    title { (format!("{:.1} s to {:.1} s", block.start, block.end)) }
                    rect x=(at(block.start)) y="0" width=(width) height="50" fill=(block.colour) stroke="#fff" {}
                    @if let Some(number) = block.thumbnail {
                        image x=(at(block.start)) y="0" width=(width) height="50" preserveAspectRatio="xMidYMid slice" href=(format!("{base}/thumbnails/{number}")) {}
                    }
                    @if blocks.len() <= 16 {
                        text x=(at(block.start)) y="64" { (format!("{:.1} s", block.start)) }
                    }
                }
            }
        }
    }
}

/// A colour for a vector. Similar vectors have similar colours.
fn colour(vector: &[f32]) -> String {
    let third = vector.len().div_ceil(3).max(1);
    let level = |part: &[f32]| {
        let signed: f32 = part.iter().enumerate().map(|(index, x)| if index % 2 == 0 { *x } else { -*x }).sum();
        // Sums of a part of a unit vector are small; the curve spreads them.
        (128.0 + 100.0 * (signed * 1.5).tanh()) as u8
    };
    let mut levels = vector.chunks(third).map(level).chain([128, 128, 128]);
    let mut next = || levels.next().unwrap_or(128);
    format!("#{:02x}{:02x}{:02x}", next(), next(), next())
}
