#![doc = include_str!("../README.md")]
// docs.rs marks what a feature adds.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod body;
mod builder;
mod clock;
mod connection;
mod contract_monitor;
mod contract_report;
mod dashboard;
mod error_response;
pub mod families;
mod fault;
mod fetch;
mod form;
mod hosts;
mod image_file;
mod json_body;
mod json_writer;
mod large_response;
mod local_server;
mod media_limits;
mod middleware;
#[cfg(not(feature = "media"))]
mod no_media;
mod object_storage;
mod parse_settings;
mod pdf;
mod processing;
pub mod program;
mod query;
mod rate_limit;
mod result_files;
mod speed;
mod state;
mod store;
mod text_limit;
pub mod thumbnails;
mod undocumented_behaviour;
mod upload;
mod url_policy;
mod vectors;

pub use builder::LocalServerBuilder;
pub use contract_report::{ContractReport, InvalidExchange};
pub use fault::Fault;
pub use local_server::LocalServer;
pub use parse_settings::ParseError;
pub use rate_limit::RateLimitPlan;
pub use speed::Speed;
pub use undocumented_behaviour::UndocumentedBehaviour;
pub use url_policy::UrlPolicy;

#[cfg(not(feature = "media"))]
use no_media as media;
#[cfg(feature = "media")]
use twelvelabs_media as media;
