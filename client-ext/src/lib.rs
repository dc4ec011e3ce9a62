//! Client for the TwelveLabs API: videos become vectors, segment by segment.
//!
//! A task turns one video into embeddings. [`TasksClient`](embed::tasks::TasksClient) has the methods: `create` uploads
//! a video or names its URL, `wait_for_done` polls the task, `retrieve` returns the vectors, and `embed` does all
//! three. For many tasks there are `create_bulk` and `wait_all`. [`embed::v2`] embeds texts, images, audio, videos and
//! documents.
//!
//! ```no_run
//! use twelvelabs::{FileSource, ModelName, TwelveLabs, wait::WaitOptions};
//!
//! # async fn run() -> twelvelabs::Result<()> {
//! let client = TwelveLabs::from_env()?;
//! let tasks = client.embed().tasks();
//! let task = tasks.create(ModelName::Marengo30, FileSource::path("talk.mp4")).send().await?;
//! tasks.wait_for_done(&task.id).callback(|status| println!("{}", status.status)).await?;
//! let result = tasks.retrieve(&task.id).send().await?;
//! for segment in result.video_embedding.iter().flat_map(|video| &video.segments) {
//!     println!("from {:?} s: {} numbers", segment.start_offset_sec, segment.float.dimensions());
//! }
//! # Ok(()) }
//! ```
//!
//! The [`guide`] has a page for each topic, such as [waiting](guide::waiting), [searching](guide::searching),
//! [testing](guide::testing), and [coming from the Python SDK](guide::python).
//!
//! # Modules
//!
//! There is one module per API family, named like its method on [`TwelveLabs`]: [`embed`], [`assets`],
//! [`multipart_upload`]. [`wait`] has everything about waiting, [`upload`] about sources of files, [`raw`] about
//! requests to operations without a method of their own.
//!
//! # Errors
//!
//! Everything returns [`Error`]: its [`kind`](Error::kind) is the category, and [`ErrorKind`] says for each kind what
//! to do. Parameters are checked before a byte is sent, and all violations are reported together.
//!
//! # Retries and time limits
//!
//! See [`RequestOptions`], with a picture of which time limit covers which phase of a call.
//!
//! # Logs and traces
//!
//! The crate writes spans and events with [`tracing`](https://docs.rs/tracing), which go nowhere until the program has
//! a subscriber:
//!
//! ```toml
//! tracing-subscriber = { version = "0.3", features = ["env-filter"] }
//! ```
//!
//! ```ignore
//! tracing_subscriber::fmt().with_env_filter("warn,twelvelabs=info").init();
//! ```
//!
//! | name | level | what |
//! | --- | --- | --- |
//! | span `twelvelabs.call` | INFO, DEBUG for the polls of a wait | a call with all its attempts |
//! | span `twelvelabs.attempt` | INFO, DEBUG for the polls of a wait | one HTTP request, below its call |
//! | span `twelvelabs.wait` | INFO | a wait for one job: last status, number of polls |
//! | span `twelvelabs.wait_all` | INFO | a wait for many jobs: number of requests |
//! | event `retrying after a pause` | INFO, WARN for a pause above a second | the reason and the length of the pause |
//! | event `pausing` | INFO | a rate limit is used up, and the pause is above a second |
//!
//! The span of an attempt has the attributes of OpenTelemetry's conventions for HTTP clients, so that
//! `tracing-opentelemetry` exports it as a client span: `otel.kind`, `otel.name`, `otel.status_code`,
//! `http.request.method`, `http.request.resend_count`, `http.response.status_code`, `server.address`, `server.port`,
//! `url.full` (without the query, and for URLs that do not get the key without the path), `url.template`,
//! `network.peer.address`, `network.peer.port`, `network.protocol.version`, and `error.type`, which is the status of an
//! error response or the [`ErrorKind`] in snake case. Calls and waits have `error.type` and `otel.status_code`.
//! `twelvelabs.resource_id` is the id of the task, asset or upload that a call is about or has created, as in
//! [`Error::resource_id`]. A call, attempt or wait whose future was dropped has the `error.type` `cancelled`. Keys,
//! queries and bodies are in no span or event.
//!
//! [`on_retry`](RequestOptions::on_retry) calls back before each retry, for programs without `tracing`.
//!
//! # Cancellation
//!
//! Dropping a future or stream of this crate cancels its work; no background task continues it. The connection of an
//! upload runs on a thread of its own, which ends with the attempt, so that socket and file are closed even if the
//! server does not read. Tasks on the server are not affected: the API has no call to stop them. A create call that was
//! dropped may or may not have created a task.
//!
//! # Features
//!
//! - `gzip` (default): requests compressed responses, decompressed in Rust. `brotli` and `zstd` (in C) add other
//!   encodings.
//! - `rustls` (default): TLS by rustls, with the certificates of the operating system, and aws-lc-rs.
//! - `rustls-ring`: the same with ring instead of aws-lc-rs, whose C code takes longer to compile. If the program has
//!   not installed a provider of rustls, ring becomes the one of the process when the first client is built. `rustls`
//!   and `native-tls` take precedence.
//! - `rustls-no-provider`: the same with the provider that the program installs, for example
//!   `rustls::crypto::aws_lc_rs::default_provider()` of a FIPS build. Without one, `build()` returns an error of the
//!   kind [`Config`](ErrorKind::Config).
//! - `native-tls`: TLS by the operating system's library.
//! - `blocking`: the client without async, `twelvelabs::blocking::TwelveLabs`.
//! - `schemars`: `JsonSchema` for the types of the API.
//! - `reqwest-013`: access to the builder of the HTTP client, reqwest 0.13. This feature follows reqwest's version, not
//!   the semantic versioning of this crate.
//!
//! aws-lc-rs is the default because rustls and reqwest use it by default, so that most programs compile it anyway. It
//! supports post-quantum key exchange, and can be built for FIPS 140-3. ring compiles in a quarter of the time:
//! `default-features = false, features = ["gzip", "rustls-ring"]`. With it or without a provider, reqwest panics where
//! another part of the program builds a client of reqwest 0.13 before a provider is installed.
//!
//! # Platforms
//!
//! Linux, macOS and Windows. WebAssembly is not supported, because the crate needs files and threads: compiling it for
//! `wasm32-unknown-unknown` ends with an error that says so.

// docs.rs marks what a feature adds.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(clippy::result_large_err, reason = "the error of the generated code is large, and converted where it arises")]

pub mod assets;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod core;
pub mod embed;
mod error;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
mod journal;
mod json;
pub mod multipart_upload;
mod response_headers;
pub mod upload;
pub mod wait;

pub use crate::{
    builder::TwelveLabsBuilder,
    client::TwelveLabs,
    core::{
        id::IntoId,
        mode::Async,
        options::{RequestOptions, Retry, RetryDecision},
        request::Request,
        response::Response,
    },
    embed::tasks::{EmbeddingOption, EmbeddingScope, ModelName},
    error::{Error, ErrorKind, Result, TransportCause, Violation},
    response_headers::{RateLimit, ResponseInfo},
    upload::FileSource,
};
pub use twelvelabs_api::{
    limits, params,
    runtime::{Embedding, NotFinite, Param},
    types::{ErrorCode, PageInfo},
};

/// The type parameters of [`Request`]: the mode, and the traits that operations implement. The traits cannot be
/// implemented outside of this crate.
pub mod request {
    pub use crate::core::{mode::Async, pages::Pages, request::Verb};
}

/// Requests to operations without a method of their own; see [`TwelveLabs::request`].
pub mod raw {
    pub use crate::core::raw::{Effect, Form, Method, RawRequest};
}

/// reqwest itself, for [`TwelveLabsBuilder::with_reqwest`].
#[cfg(feature = "reqwest-013")]
pub use reqwest;

/// Internals for this repository's benchmarks and fuzz targets. Not covered by semantic versioning.
#[cfg(feature = "__internals")]
#[doc(hidden)]
pub mod __internals {
    pub use crate::{
        json::{Splitter, decode, is_complete},
        wait::{
            batch::{Batch, Failure, Next, Page, Target},
            poller::PollFailure,
            rate_limiter::Rate,
            schedule::Schedule,
        },
    };
}
