//! What became of the jobs: one report, which the exit code follows from.

use std::path::Path;

use futures::TryStreamExt;
use temporalio_client::{Client, WorkflowListOptions};
use twelvelabs_pipeline::{EmbedJob, FailureRow, PlannedJobs, escape_control};

use super::{Started, sources};
use crate::{
    exit::{Exit, Failure},
    plan::JobEnd,
};

/// What became of the jobs.
pub(super) struct Report {
    total: usize,
    new: usize,
    again: usize,
    before: usize,
    stored: usize,
    vectors: u64,
    repeated: u64,
    refused: usize,
    failed: usize,
    uncertain: usize,
    failures: Vec<FailureRow>,
}

impl Report {
    pub(super) fn new(planned: &PlannedJobs) -> Self {
        Self {
            total: planned.jobs.len(),
            new: 0,
            again: 0,
            before: 0,
            stored: 0,
            vectors: 0,
            repeated: planned.repeated,
            refused: planned.refused.len(),
            failed: 0,
            uncertain: 0,
            failures: planned.refused.clone(),
        }
    }

    /// Jobs whose rows are in the table.
    pub(super) fn stored_before(&mut self, count: usize) {
        self.stored += count;
    }

    pub(super) fn started(&mut self, started: Started) {
        *match started {
            Started::New => &mut self.new,
            Started::Again => &mut self.again,
            Started::Before => &mut self.before,
        } += 1;
    }

    pub(super) fn show_started(&self) {
        let Self { total, new, again, before, stored, .. } = self;
        println!(
            "{total} jobs: {stored} are in the table, {new} were started, {again} are retried, {before} were started before"
        );
    }

    pub(super) fn show_progress(&self) {
        let Self { total, stored, failed, uncertain, .. } = self;
        eprintln!("{stored} of {total} jobs are stored, {failed} failed, {uncertain} are uncertain");
    }

    /// `is_here` says whether its rows are in the table.
    pub(super) fn ended(&mut self, job: &EmbedJob, end: JobEnd, is_here: bool) {
        if end.is_success() && end.vectors > 0 && !is_here {
            let reason = "its rows are in another folder: that of the worker which has stored them";
            println!("{}: failed: {reason}", escape_control(&job.origin.public()));
            self.failed += 1;
            self.failures.push(failure(job, "failed", reason.into(), false, end.tasks.last().cloned()));
            return;
        }
        if end.is_success() {
            self.stored += 1;
            self.vectors += end.vectors;
            return;
        }
        let status = if end.is_uncertain() { "uncertain" } else { "failed" };
        *if end.is_uncertain() { &mut self.uncertain } else { &mut self.failed } += 1;
        println!("{}: {status}: {}", escape_control(&job.origin.public()), escape_control(&end.reason()));
        let retryable = matches!(end.state, twelvelabs_pipeline::steps::State::Failed { retryable: true, .. });
        self.failures.push(failure(job, status, end.reason(), retryable, end.tasks.last().cloned()));
    }

    /// Adds what workers had to say about jobs whose workflow had ended.
    pub(super) async fn late(&mut self, client: &Client, jobs: &[EmbedJob]) -> Result<(), Failure> {
        let jobs = sources(jobs);
        let list = client.list_workflows("WorkflowType = 'late'", WorkflowListOptions::default());
        let lost = |error| Failure::new(Exit::Unreachable, format!("the late reports cannot be listed: {error}"));
        let late: Vec<_> = list.try_collect().await.map_err(lost)?;
        for workflow in late {
            let Some((id, name)) = workflow.id().split_once("-late-") else { continue };
            let Some(job) = jobs.get(id) else { continue };
            self.uncertain += 1;
            let reason = format!(
                "a task was created after the right to create it had run out, and after the end of the job: {name}"
            );
            println!("{}: uncertain: {}", escape_control(&job.origin.public()), escape_control(&reason));
            self.failures.push(failure(job, "uncertain", reason, false, Some(name.to_owned())));
        }
        Ok(())
    }

    pub(super) fn failures(&self) -> &[FailureRow] {
        &self.failures
    }

    pub(super) fn show(&self, out: &Path) {
        let folder = escape_control(&out.to_string_lossy());
        println!("{} items are in {folder}, {} vectors of this run", self.stored, self.vectors);
        let counts = [
            (self.repeated, "have the content of another one"),
            (self.refused as u64, "were refused by the check before the upload"),
            (self.failed as u64, "failed"),
            (self.uncertain as u64, "are uncertain: they may have been paid for in vain or twice"),
        ];
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            println!("{count} {what}");
        }
        if !self.failures.is_empty() {
            println!("The reasons are in the table of failures in {folder}");
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            report if report.uncertain > 0 => Exit::Uncertain,
            report if report.failed + report.refused > 0 => Exit::SomeFailed,
            _ => Exit::Done,
        }
    }
}

fn failure(job: &EmbedJob, status: &str, reason: String, retryable: bool, task: Option<String>) -> FailureRow {
    let mut row = FailureRow::new(job.origin.public(), status, reason);
    (row.content_hash, row.retryable, row.task) = (Some(job.content.clone()), retryable, task);
    row
}
