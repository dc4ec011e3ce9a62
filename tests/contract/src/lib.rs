#![doc = include_str!("../README.md")]

mod contract;
mod document;
mod error;
mod examples;
mod form;
mod operation;
#[cfg(feature = "provider")]
mod provider;
mod request;
mod schema;
#[cfg(feature = "wiremock")]
mod wiremock;

pub use contract::Contract;
pub use error::{ContractError, ContractViolation, DocumentError};
pub use form::FormField;
#[cfg(feature = "provider")]
pub use provider::{ProviderCase, ProviderCheck};
pub use request::RequestBody;
#[cfg(feature = "wiremock")]
pub use wiremock::{ContractMatcher, ContractResponder};
