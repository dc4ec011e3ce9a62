//! Maintenance commands of the workspace, one module per command.

pub mod bench;
mod bundle;
pub mod contract;
pub mod document;
pub mod drift;
mod effect;
mod emit;
mod families;
pub mod faults;
pub mod generate;
mod keywords;
mod lower;
mod names;
pub mod public_api;
mod rewrite;
mod split;
pub mod stress;
