//! `/embed/tasks` with the client: requests, responses, errors, retrieving and waiting.

mod bulk;
mod errors;
mod responses;
mod retrieve;
mod wait;
mod wait_all;
mod wire;
