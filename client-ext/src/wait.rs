//! Waiting for jobs, such as tasks and assets: what is pending on the server, and then done or failed.
//!
//! A family describes its jobs with the trait [`Job`]; everything else is written once: [`WaitForDone`] for one job,
//! [`WaitAll`] for many, both awaitable and as streams, with deadlines, callbacks and tolerated errors. This module
//! knows neither HTTP nor a family.
//!
//! ```no_run
//! use std::time::Duration;
//! use twelvelabs::{TwelveLabs, wait::WaitOptions};
//!
//! # async fn run() -> twelvelabs::Result<()> {
//! let tasks = TwelveLabs::from_env()?.embed().tasks();
//! let wait = tasks.wait_for_done("663da73b31cdd0c1f638a8e6").with_deadline(Duration::from_secs(600));
//! let done = wait.callback(|status| println!("{}", status.status)).await?;
//! # let _ = done; Ok(()) }
//! ```

mod all;
mod details;
pub(crate) mod job;
mod options;
mod outcome;
mod single;

pub(crate) mod batch;
pub(crate) mod poller;
pub(crate) mod rate_limiter;
pub(crate) mod schedule;

pub(crate) use all::Creating;
pub use all::{WaitAll, Waited};
pub use details::WaitDetails;
pub use job::{Job, JobState};
pub(crate) use options::WaitSettings;
pub use options::{CallbackOutcome, WaitOptions};
pub use single::WaitForDone;
