//! `/embed` and `/embed-v2` with the client: requests, rules, responses and waiting.

mod rules;
mod tasks;
mod vectors;
mod wire;
