//! The suites: what the client sends, what it takes, what it says when things go wrong, and whole flows.

mod assets;
mod bodies;
mod contract;
mod embed_tasks;
mod faults;
mod flows;
mod local_server;
mod operations;
mod options;
mod raw;
mod readme;
mod schemas;
mod secrets;
mod support;
mod surface;
