//! Embeds sets of videos, audio files, images and documents into tables of vectors.
//!
//! The program `twelvelabs` and this library embed files with the TwelveLabs API and store one row per vector. Every
//! file is checked, uploaded, embedded by one task, and its vectors are stored. An interrupted run is resumed by
//! running it again. A task whose create call has an unknown outcome is searched for; if the search is not conclusive,
//! the file is reported as uncertain and no other task is created.
//!
//! With a sink of your own, here a map:
//!
//! ```
//! use std::{
//!     collections::HashMap,
//!     sync::{Arc, Mutex},
//! };
//! use twelvelabs::TwelveLabs;
//! use twelvelabs_pipeline::{FailureRow, ItemSource, Pipeline, Sink, SinkResult, VectorRow, VectorSpace};
//!
//! #[derive(Clone, Default)]
//! struct Vectors(Arc<Mutex<HashMap<u64, Vec<VectorRow>>>>);
//!
//! impl Sink for Vectors {
//!     fn open(&mut self, space: &VectorSpace, _: &str) -> SinkResult {
//!         println!("{} with {} dimensions", space.model, space.dimension);
//!         Ok(())
//!     }
//!     fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult {
//!         // A batch that is written again replaces the first one. A real sink is durable when this returns.
//!         let mut all = self.0.lock().map_err(|error| error.to_string())?;
//!         all.insert(batch, rows.to_vec());
//!         Ok(())
//!     }
//!     fn write_failures(&mut self, rows: &[FailureRow]) -> SinkResult {
//!         rows.iter().for_each(|row| println!("{}: {}", row.source, row.reason));
//!         Ok(())
//!     }
//!     fn commit(&mut self) -> SinkResult {
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pause = std::time::Duration::from_millis(20);
//! # let server = twelvelabs_local::LocalServer::builder().processing_time(pause).start().await?;
//! # let client = TwelveLabs::builder().api_key("test-key").base_url(server.base_url()).no_proxy().build()?;
//! # let folder = tempfile::tempdir()?;
//! # let (videos, ledger) = (folder.path().join("videos"), folder.path().join("videos.ledger"));
//! # std::fs::create_dir(&videos)?;
//! # std::fs::copy("../tests/media/tiny.mp4", videos.join("a.mp4"))?;
//! # std::fs::copy("../tests/media/too_small.mp4", videos.join("b.mp4"))?;
//! let vectors = Vectors::default();
//! let pipeline = Pipeline::builder(client, ledger, vectors.clone())
//!     .source(ItemSource::Path(videos))
//!     .on_event(|event| eprintln!("{event}"))
//! #   .with_poll_interval(pause).with_batch_delay(pause)
//!     .build()?;
//! let summary = pipeline.run().await?;
//! println!("{} files, {} vectors", summary.stored, summary.vectors);
//! # let vectors = vectors.0.lock().map_err(|error| error.to_string())?;
//! # assert_eq!((summary.stored, summary.refused, summary.vectors), (1, 1, vectors.values().map(|rows| rows.len() as u64).sum()));
//! # assert!(vectors.values().flatten().all(|row| row.vector.len() == 512));
//! # Ok(()) }
//! ```
//!
//! # Create calls with an unknown outcome
//!
//! The ledger, an SQLite file, has the [state](steps::State) of every job. A job is identified by the content of its
//! file and by what is computed, not by its path. The file is uploaded as an asset first, so that the create call of
//! the task is small. Before the call is sent, the ledger records that it is about to be sent. If its outcome is
//! unknown, because a response was lost or the process was killed, the list of tasks is searched for the name of the
//! asset before another create call is sent. The search starts when the first call can no longer take effect. If it is
//! not conclusive, the job is [`Uncertain`](steps::State::Uncertain), until the caller decides.
//!
//! This relies on two properties of the platform that are not documented. The list of tasks has the file name of the
//! asset: otherwise jobs become uncertain. A task is in the list as soon as it exists.
//!
//! # Many machines
//!
//! [`Pipeline`] has one process and one ledger. Another driver, such as a workflow engine, leads the same jobs through
//! the same [`steps`] on several machines: [`Pipeline::jobs`] returns the jobs, a [`StepClient`] makes the calls of
//! their steps, and [`TableFolder::shared`] is a table that several processes write. The package `twelvelabs-temporal`
//! in the repository does that with Temporal.

// docs.rs marks what a feature adds.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod calls;
mod check_file;
mod driver;
mod error;
mod escape;
mod event;
mod job;
mod ledger;
mod object_url;
mod objects;
mod pipeline;
mod plan;
mod row;
mod search;
mod sink;
mod source;
pub mod steps;

#[cfg(feature = "pgvector")]
pub use self::sink::PgvectorTable;
pub use self::{
    calls::{Interrupt, Right, StepClient, StepEnd},
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
    event::{Event, EventStream},
    job::{ASSET_PREFIX, Clips, EmbedJob, FileKind, ItemSettings, Origin, VectorSpace},
    ledger::LedgerStatus,
    object_url::ObjectUrl,
    pipeline::{Estimate, Pipeline, PipelineBuilder, PlannedJobs, RunSummary},
    row::{FailureRow, VectorRow},
    search::{Hit, RowCondition, SearchSettings, VectorTable, results_page},
    sink::{Sink, SinkResult, TableFolder, TableFormat},
    source::ItemSource,
};
