//! The steps of [`twelvelabs_pipeline`] on many machines, driven by Temporal.
//!
//! A workflow leads one job through its states: it is a loop over [`transition`](twelvelabs_pipeline::steps::transition),
//! and nothing else. Each step is an activity, which a worker on any machine performs with a
//! [`StepClient`](twelvelabs_pipeline::StepClient). The id of the workflow is that of the job, so that the same file with
//! the same settings is embedded once, however often and from wherever it is planned.
//!
//! # The call that costs money
//!
//! It is an activity with a task queue of its own, whose rate the server limits for all workers together, and with one
//! attempt, whose time limit is the [`Right`](twelvelabs_pipeline::Right) to send it. Whatever an attempt ends with but
//! its own outcome means that the outcome is unknown: the tasks are searched before another attempt, and not before the
//! first one can have no effect any more. A worker that was stopped between the last look at its right and the call
//! reports its task afterwards: to the workflow, or, if that has ended, as a workflow of its own of the type
//! [`LateWorkflow`](workflow::LateWorkflow).
//!
//! Vectors are never in the history: one activity retrieves and stores them.

pub mod activities;
pub mod connection;
pub mod embed;
pub mod exit;
pub mod plan;
pub mod worker;
pub mod workflow;
