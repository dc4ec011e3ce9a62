//! The first page: tasks, requests, and whether the contract was kept.

use axum::{
    extract::{Query, State},
    response::Html,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Shared, admin, page};
use crate::{
    Platform,
    judge::{Exchange, Judged},
    store::{Filter, Task},
};

/// So many tasks are on a page.
const TASKS: usize = 25;

#[derive(Debug, Deserialize)]
pub(super) struct Where {
    page: Option<usize>,
}

pub(super) async fn show(State(platform): Shared, Query(place): Query<Where>) -> Html<String> {
    let number = place.page.unwrap_or(1).max(1);
    page(
        "Local platform",
        &html! {
            (tasks(&platform, number))
            (faults(&platform))
            (requests(&platform))
        },
    )
}

fn tasks(platform: &Platform, number: usize) -> Markup {
    let (total, tasks) = platform.store.page(&Filter::default(), (number - 1).saturating_mul(TASKS), TASKS);
    html! {
        h2 { "Tasks: " (total) }
        @if tasks.is_empty() {
            p class="quiet" { "None here." }
        } @else {
            table id="tasks" {
                tr { th { "Task" } th { "Status" } th { "Video" } th { "Duration" } th { "Created" } }
                @for task in &tasks { (row(task)) }
            }
        }
        p class="nav" {
            @if number > 1 { a href=(format!("/?page={}", number - 1)) { "newer" } }
            @if number.saturating_mul(TASKS) < total { a href=(format!("/?page={}", number + 1)) { "older" } }
        }
    }
}

fn row(task: &Task) -> Markup {
    html! {
        tr {
            td class="mono" { a href=(format!("{}/tasks/{}", admin::PATH, task.id.as_str())) { (task.id.as_str()) } }
            td { (status(task)) }
            td { (name(task)) }
            td { (duration(task)) }
            td { (task.created_at.format("%Y-%m-%d %H:%M:%S")) }
        }
    }
}

pub(super) fn status(task: &Task) -> Markup {
    // A status may be any word; only those that are known have a colour.
    let class = if task.is_done() || task.status.as_str() == "processing" { task.status.as_str() } else { "quiet" };
    html! { span class=(class) { (task.status.as_str()) } }
}

/// What the sender called the video. An address is shown and leads nowhere: it is somebody else's.
pub(super) fn name(task: &Task) -> &str {
    let known = &task.known.metadata;
    known.input_filename.as_deref().or(known.input_url.as_deref()).unwrap_or("-")
}

pub(super) fn duration(task: &Task) -> String {
    task.known.metadata.duration.map_or("-".into(), |seconds| format!("{seconds:.1} s"))
}

fn faults(platform: &Platform) -> Markup {
    let faults = platform.faults.all();
    html! {
        @if !faults.is_empty() {
            h2 { "Faults to come" }
            ul id="faults" { @for fault in &faults { li { code { (fault.to_string()) } } } }
        }
    }
}

fn requests(platform: &Platform) -> Markup {
    let exchanges = platform.judge.exchanges();
    let (requests, violations) = platform.judge.counts();
    html! {
        h2 { "Requests: " (requests) }
        p id="verdict" {
            @if violations == 0 { span class="kept" { "All kept the contract." } }
            @else { span class="broken" { "Violations of the contract: " (violations) } }
        }
        table id="requests" {
            tr { th { "At" } th { "Request" } th { "Answer" } th { "Took" } th { "Contract" } }
            @for exchange in &exchanges { (exchange_row(exchange)) }
        }
    }
}

fn exchange_row(exchange: &Exchange) -> Markup {
    html! {
        tr {
            td { (exchange.at.format("%H:%M:%S")) }
            td class="mono" { (exchange.method.as_str()) " " (exchange.target) }
            td { @match exchange.status { Some(status) => (status), None => "reset" } }
            td { (format!("{:.1?}", exchange.took)) }
            td { (judged("request", Some(&exchange.request))) (judged("answer", exchange.answer.as_ref())) }
        }
    }
}

fn judged(side: &str, judged: Option<&Judged>) -> Markup {
    html! {
        @match judged {
            Some(Judged::Kept) => span class="kept" { (side) " kept " },
            Some(Judged::Unasked) => span class="quiet" { (side) " not judged " },
            None => span class="quiet" { (side) " being checked " },
            Some(Judged::Broken(problems)) => div class="broken" { (side) " broken: " (problems.to_string()) },
        }
    }
}
