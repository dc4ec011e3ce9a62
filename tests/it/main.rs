//! The suites: what the client sends, what it takes, what it says when things go wrong, and whole flows.

mod answers;
mod errors;
mod flows;
mod readme;
mod support;
mod wait;
mod wire;
