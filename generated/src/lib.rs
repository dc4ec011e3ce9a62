//! Low-level bindings of the TwelveLabs API, generated from an OpenAPI document.
//!
//! Most programs want the crate `twelvelabs`, which adds retries, waiting, streaming and typed errors to these
//! bindings.
//!
//! - [`Client`] has two methods per operation: `embed_tasks_list` sends the request, `embed_tasks_list_request` only
//!   builds it, as an [`ApiRequest`](runtime::ApiRequest).
//! - Errors have the decoded body of the response: `Error::ErrorResponse`. A response whose body is not the one of the
//!   document is `Error::UnexpectedResponse`.
//! - [`options`] are the optional parameters of operations, with a setter for each.
//! - [`types`] are the JSON bodies, [`forms`] the `multipart/form-data` bodies.
//! - [`operations`], [`params`] and [`limits`] describe the operations and the limits of their parameters.
//! - [`SPEC`] is the OpenAPI document itself.
//!
//! This crate does not retry, wait or validate. Enums that the server may extend have a variant `Unknown` for values
//! that are not in the document.
//!
//! # Features
//!
//! - `schemars`: implements `JsonSchema` for every generated type and adds the module `schemas`.

// docs.rs marks what a feature adds.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(target_family = "wasm")]
compile_error!("twelvelabs and twelvelabs-api do not support WebAssembly: they need files and threads");

#[rustfmt::skip]
mod codegen;
pub mod runtime;

pub use codegen::*;
