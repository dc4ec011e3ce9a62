//! `/embed` and `/embed-v2` with the client: requests, rules, responses and waiting.

mod files;
mod rules;
mod tasks;
mod vectors;
mod wire;
