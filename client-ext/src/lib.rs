//! Client for the video embedding API of TwelveLabs: videos become vectors, segment by segment.
//!
//! A task turns one video into embeddings. [`TasksClient`] has the verbs: [`create`](TasksClient::create) uploads a video
//! or names one, [`wait_for_done`](TasksClient::wait_for_done) watches the task, [`retrieve`](TasksClient::retrieve)
//! gives the vectors, and [`embed`](TasksClient::embed) does all three. For many tasks there are
//! [`create_bulk`](TasksClient::create_bulk) and [`wait_all`](TasksClient::wait_all).
//!
//! ```no_run
//! use twelvelabs::{ModelName, TwelveLabs, VideoSource};
//!
//! # async fn run() -> twelvelabs::Result<()> {
//! let client = TwelveLabs::from_env()?;
//! let tasks = client.embed().tasks();
//! let task = tasks.create(ModelName::Marengo30, VideoSource::path("talk.mp4")).send().await?;
//! tasks.wait_for_done(&task.id).callback(|status| println!("{}", status.status)).await?;
//! let result = tasks.retrieve(&task.id).send().await?;
//! for segment in result.video_embedding.iter().flat_map(|video| &video.segments) {
//!     println!("{}-{} s: {} numbers", segment.start_offset_sec, segment.end_offset_sec, segment.float.dimensions());
//! }
//! # Ok(()) }
//! ```
//!
//! # Errors
//!
//! Everything returns [`Error`]: its [`kind`](Error::kind) tells what happened, its methods give the facts. Arguments are
//! checked before a byte is sent, and all complaints come together.
//!
//! # Cancellation
//!
//! Dropping any future or stream of this crate stops its work; no task runs on behind it. Tasks on the platform are not
//! affected: it has no call to stop them. A dropped creation may or may not have made a task.
//!
//! # Features
//!
//! - `gzip` (default): asks for compressed answers, unpacked in Rust. `brotli` and `zstd` (in C) add other encodings.
//! - `rustls` (default): TLS by rustls, with the certificates of the operating system.
//! - `native-tls`: TLS by the operating system's own library.
//! - `schemars`: `JsonSchema` for the types of the API.

mod budget;
mod builder;
mod client;
mod embed;
mod error;
mod facts;
mod json;
mod page;
mod poll;
mod poll_many;
mod retry;
mod transport;

pub use builder::TwelveLabsBuilder;
pub use client::TwelveLabs;
pub use embed::{
    EmbedClient,
    tasks::{
        CallbackOutcome, CreateBulk, CreateTask, EmbedVideo, ListTasks, RetrieveTask, Retrieved, SegmentInfo,
        TaskInput, TaskStatusRequest, TasksClient, VectorMatrix, VideoSource, WaitAll, WaitForDone, Waited,
    },
};
pub use error::{Error, ErrorKind, Result, Violation};
pub use facts::{Answer, RateLimit, ResponseFacts};
pub use reqwest;
pub use twelvelabs_api::{
    limits, params,
    runtime::{Embedding, NotFinite, Param, Progress},
    types::{
        AudioEmbeddingMetadata, AudioSegment, BaseEmbeddingMetadata, DocumentEmbeddingMetadata, EmbeddingOption,
        EmbeddingScope, ErrorCode, ImageEmbeddingMetadata, MediaEmbeddingTask, MediaEmbeddingTaskAudioEmbedding,
        MediaEmbeddingTaskDocumentEmbedding, MediaEmbeddingTaskImageEmbedding, ModelName, PageInfo, TaskId, TaskStatus,
        TasksCreateResponse, TasksListResponse, TasksRetrieveResponse, TasksRetrieveResponseVideoEmbedding,
        TasksStatusResponse, TasksStatusResponseVideoEmbedding, VideoEmbeddingMetadata, VideoSegment,
    },
};

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
