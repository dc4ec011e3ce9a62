//! The parts of `cargo xtask`, one module a verb, so that tests can use them.

pub mod bench;
mod bundle;
pub mod contract;
pub mod document;
pub mod drift;
mod effect;
mod emit;
pub mod faults;
pub mod generate;
mod keywords;
mod lower;
pub mod public_api;
mod rewrite;
pub mod stress;
