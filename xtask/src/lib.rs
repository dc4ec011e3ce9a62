//! Maintenance commands of the workspace, one module per command.

pub mod bench;
mod bundle;
mod cargo;
pub mod contract;
pub mod document;
pub mod drift;
pub mod faults;
pub mod features;
pub mod generate;
mod openapi_keywords;
pub mod pointer;
pub mod public_api;
pub mod reference;
pub mod release;
pub mod stress;
mod values;
mod x_effect;
mod x_rules;
