//! The suites: what the client sends, what it takes, what it says when things go wrong, and whole flows.

mod answers;
mod contract;
mod errors;
mod faults;
mod flows;
mod options;
mod platform;
mod raw;
mod readme;
mod retrieve;
mod schemas;
mod secrets;
mod support;
mod surface;
mod wait;
mod wait_all;
mod wire;
