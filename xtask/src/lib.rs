//! Maintenance commands of the workspace, one module per command.

pub mod bench;
mod bundle;
pub mod contract;
pub mod document;
pub mod drift;
pub mod faults;
pub mod generate;
mod openapi_keywords;
pub mod public_api;
pub mod stress;
mod x_effect;
