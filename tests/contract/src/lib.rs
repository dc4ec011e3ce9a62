//! Validates requests and responses against the OpenAPI document of the TwelveLabs API, `spec/openapi.yaml`.
//!
//! - [`Contract`] validates requests and responses, and builds example bodies. With the feature `wiremock`, it is a matcher and
//!   a responder for wiremock too.
//! - [`ProviderCheck`](https://docs.rs/twelvelabs-contract/latest/twelvelabs_contract/struct.ProviderCheck.html), with the
//!   feature `provider`, sends requests to a server and validates its responses.

mod contract;
mod examples;
#[cfg(feature = "provider")]
mod provider;
mod reader;
mod request;
#[cfg(feature = "wiremock")]
mod wiremock;

pub use contract::{Contract, Problem, Problems};
#[cfg(feature = "provider")]
pub use provider::{Case, ProviderCheck};
pub use request::{Field, Sent};
#[cfg(feature = "wiremock")]
pub use wiremock::{ContractMatcher, ContractResponder};

/// The code of the README, run.
#[cfg(all(doctest, feature = "wiremock"))]
#[doc = include_str!("../README.md")]
struct Readme;
