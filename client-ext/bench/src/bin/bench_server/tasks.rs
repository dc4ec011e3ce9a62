//! Tasks that stay pending, and counts of the calls for them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The largest page, as in the OpenAPI document.
const PAGE_MAX: usize = 50;

pub(crate) struct Tasks {
    /// Newest first: id, and when it was created.
    pending: Vec<(String, String)>,
    calls: Mutex<BTreeMap<&'static str, Vec<Instant>>>,
}

impl Tasks {
    /// The last task was created now, each other one a second before the next.
    pub(crate) fn new(count: usize) -> Self {
        let now = SystemTime::now();
        let task = |age: usize| {
            let created = DateTime::<Utc>::from(now - Duration::from_secs(age as u64));
            (format!("{:024x}", count - age), created.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        Self { pending: (0..count).map(task).collect(), calls: Mutex::default() }
    }

    pub(crate) fn count(&self, call: &'static str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.entry(call).or_default().push(Instant::now());
    }

    /// The number of calls of each kind, and the most status and list calls in any 60 s.
    pub(crate) fn counts(&self) -> String {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut polls: Vec<Instant> =
            ["list", "status"].iter().filter_map(|call| calls.get(call)).flatten().copied().collect();
        polls.sort();
        let within = |start: usize| polls[start..].partition_point(|at| *at - polls[start] < Duration::from_secs(60));
        let busiest = (0..polls.len()).map(within).max().unwrap_or(0);
        let mut counts: BTreeMap<&str, usize> = calls.iter().map(|(call, times)| (*call, times.len())).collect();
        counts.insert("busiest_minute", busiest);
        json!(counts).to_string()
    }

    pub(crate) fn status(&self, id: &str) -> String {
        self.count("status");
        json!({ "_id": id, "model_name": "marengo3.0", "status": "processing" }).to_string()
    }

    /// A page, filtered by its query as the server does it.
    pub(crate) fn list(&self, query: &str) -> String {
        self.count("list");
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.replace("%3A", ":"))
        };
        let number =
            |name: &str, default: usize| value(name).and_then(|text| text.parse().ok()).unwrap_or(default).max(1);
        let (page, limit) = (number("page", 1), number("page_limit", 10).min(PAGE_MAX));
        let (after, before) = (value("started_at"), value("ended_at"));
        let in_range = |created: &str| {
            after.as_deref().is_none_or(|after| created >= after)
                && before.as_deref().is_none_or(|before| created <= before)
        };
        let any = value("status").is_none_or(|status| status == "processing");
        let found: Vec<&(String, String)> = self.pending.iter().filter(|task| any && in_range(&task.1)).collect();
        let task = |(id, created): &&(String, String)| json!({ "_id": id, "model_name": "marengo3.0", "status": "processing", "created_at": created, "updated_at": created });
        let data: Vec<Value> = found.iter().skip((page - 1) * limit).take(limit).map(task).collect();
        json!({
            "data": data,
            "page_info": {
                "limit_per_page": limit,
                "page": page,
                "total_page": found.len().div_ceil(limit),
                "total_results": found.len(),
            },
        })
        .to_string()
    }
}
