#![doc = include_str!("../README.md")]
// docs.rs marks what a feature adds.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod contract;
mod document;
mod error;
mod examples;
mod extension;
mod form;
mod json;
mod operation;
#[cfg(feature = "provider")]
mod provider;
mod recording;
mod request;
mod response;
#[allow(dead_code, missing_docs, reason = "a copy of a public module")]
mod rule;
mod schema;
mod text;
#[cfg(feature = "wiremock")]
mod wiremock;

pub use contract::Contract;
pub use error::{ContractError, ContractViolation, DocumentError};
pub use form::FormField;
#[cfg(feature = "provider")]
pub use provider::{ProviderCase, ProviderCheck};
pub use recording::{RecordedViolation, Recorder, RecordingError};
pub use request::RequestBody;
#[cfg(feature = "wiremock")]
pub use wiremock::{ContractMatcher, ContractResponder, RecordingResponder};
