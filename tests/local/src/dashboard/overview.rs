//! The first page: the items of each family, faults, requests and their validation.

use std::sync::Arc;

use axum::{extract::State, response::Html};
use maud::{Markup, html};

use super::page;
use crate::{
    contract_monitor::{Exchange, Validation},
    state::ServerState,
};

pub(super) async fn show(State(state): State<Arc<ServerState>>) -> Html<String> {
    page(
        "twelvelabs-local",
        &html! {
            @for family in state.families.all() { (family.overview()) }
            (faults(&state))
            (requests(&state))
        },
    )
}

fn faults(state: &ServerState) -> Markup {
    let faults = state.faults.all();
    html! {
        @if !faults.is_empty() {
            h2 { "Injected faults" }
            ul id="faults" { @for fault in &faults { li { code { (fault.to_string()) } } } }
        }
    }
}

fn requests(state: &ServerState) -> Markup {
    let exchanges = state.monitor.exchanges();
    let (requests, invalid) = state.monitor.counts();
    html! {
        h2 { "Requests: " (requests) }
        p id="validation" {
            @if invalid == 0 { span class="valid" { "All requests and responses are valid." } }
            @else { span class="invalid" { "Invalid requests and responses: " (invalid) } }
        }
        table id="requests" {
            tr { th { "Time" } th { "Request" } th { "Response" } th { "Duration" } th { "Validation" } }
            @for exchange in &exchanges { (exchange_row(exchange)) }
        }
    }
}

fn exchange_row(exchange: &Exchange) -> Markup {
    html! {
        tr {
            td { (exchange.at.format("%H:%M:%S")) }
            td class="mono" { (exchange.method.as_str()) " " (exchange.target) }
            td { (exchange.ending.to_string()) }
            td { (format!("{:.1?}", exchange.took)) }
            td { (validation("request", Some(&exchange.request))) (validation("response", exchange.response.as_ref())) }
        }
    }
}

fn validation(side: &str, validation: Option<&Validation>) -> Markup {
    html! {
        @match validation {
            Some(Validation::Valid) => span class="valid" { (side) " valid " },
            Some(Validation::Skipped) => span class="quiet" { (side) " not validated " },
            None => span class="quiet" { (side) " is being validated " },
            Some(Validation::Invalid(error)) => div class="invalid" { (side) " invalid: " (error.to_string()) },
        }
    }
}
