//! Low-level bindings of the video embedding API of TwelveLabs.
//!
//! Everything in `codegen.rs` is generated from `spec/openapi.yaml` by `cargo xtask generate`: the [`types`] on the wire,
//! the [`forms`] to send, the limits in [`params`] and [`limits`], and one method of [`Client`] for each operation. Each
//! operation also has a `…_request` method that makes the request without sending it; the crate `twelvelabs` is built on
//! those and is what most programs want.
//!
//! This crate does not retry, wait or validate. Enums that the platform fills take values that nobody knew when the crate
//! was generated, in their variant `Unknown`.
//!
//! # Features
//!
//! - `schemars`: implements `JsonSchema` for every generated type.

#[rustfmt::skip]
mod codegen;
pub mod runtime;

pub use codegen::*;
