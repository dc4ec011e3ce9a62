#![doc = include_str!("../README.md")]

mod admin;
mod body;
mod builder;
mod clock;
mod connection;
mod contract_monitor;
mod dashboard;
mod error_response;
pub mod families;
mod fault;
mod fetch;
mod form;
mod hosts;
mod jobs;
mod json_writer;
mod local_server;
#[cfg(feature = "media")]
mod media;
mod middleware;
#[cfg(not(feature = "media"))]
mod no_media;
mod parse;
mod processing;
pub mod program;
mod query;
mod quirks;
mod rate_limit;
mod report;
mod speed;
mod state;
mod store;
mod upload;
mod url_policy;
mod vectors;

pub use builder::LocalServerBuilder;
pub use fault::Fault;
pub use local_server::LocalServer;
pub use parse::ParseError;
pub use quirks::Quirk;
pub use rate_limit::RateLimitPlan;
pub use report::{ContractReport, InvalidExchange};
pub use speed::Speed;
pub use url_policy::UrlPolicy;

#[cfg(not(feature = "media"))]
use no_media as media;
