//! Events of a run, as a person or a program reads them.

use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use twelvelabs_pipeline::{Event, escape_control};

use crate::output;

/// Where events go.
pub(crate) enum Progress {
    /// One line of JSON each on the standard output.
    Json,
    /// One line each on the standard error.
    Lines,
    /// Bars on a terminal.
    Bars(Box<Bars>),
}

pub(crate) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    uploads: Mutex<HashMap<String, ProgressBar>>,
}

impl Progress {
    pub(crate) fn new(json: bool) -> Self {
        match () {
            () if json => Self::Json,
            // Without colors, so that there is nothing to do about `NO_COLOR`.
            () if std::io::stderr().is_terminal() => Self::Bars(Box::new(Bars::new())),
            () => Self::Lines,
        }
    }

    pub(crate) fn show(&self, event: &Event) {
        match self {
            Self::Json => output::json(event),
            Self::Lines => match event {
                Event::Upload { .. } => {}
                Event::Checked { done, total, .. } if done < total => {}
                Event::Started { done: 0, .. } => {}
                event => output::note(&event.to_string()),
            },
            Self::Bars(bars) => bars.show(event),
        }
    }

    /// Removes the bars.
    pub(crate) fn finish(&self) {
        if let Self::Bars(bars) = self {
            let _ = bars.all.clear();
        }
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::new(0));
        total.set_style(style("{bar:30} {pos}/{len} {msg}, {per_sec}, done in {eta} {prefix}"));
        Self { all, total, uploads: Mutex::default() }
    }

    fn show(&self, event: &Event) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Checked { done, total, .. } => {
                self.total.set_length(*total as u64);
                self.total.set_position(*done as u64);
                self.total.set_message("checked");
            }
            Event::Started { jobs, done, .. } => {
                self.total.set_length(*jobs);
                self.total.set_position(*done);
                self.total.reset_eta();
                self.total.set_message("stored");
            }
            Event::Upload { job, source, sent, total, .. } => {
                let bar = uploads.entry(job.clone()).or_insert_with(|| {
                    let bar = self.all.add(ProgressBar::new(*total));
                    bar.set_style(style("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}"));
                    bar.set_message(escape_control(source));
                    bar
                });
                bar.set_position(*sent);
            }
            Event::Job { job, state, .. } => {
                if let Some(bar) = uploads.remove(job).filter(|_| *state != "uploading") {
                    bar.finish_and_clear();
                }
                if *state == "stored" {
                    self.total.inc(1);
                } else if matches!(*state, "failed" | "uncertain") {
                    self.total.inc(1);
                    let _ = self.all.println(event.to_string());
                }
            }
            Event::Refused { .. } => drop(self.all.println(event.to_string())),
            Event::Batch { .. } => {}
            Event::Paused { .. } | Event::Delayed { .. } => self.total.set_prefix(event.to_string()),
            event => drop(self.all.println(event.to_string())),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
