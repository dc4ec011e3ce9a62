//! Uploads: where the bytes come from, how far they are, and when the server may refuse them before they are sent.
//!
//! This module knows neither the API families nor how requests are sent.

mod activity;
mod attempts;
mod range_source;
mod source;

pub use range_source::RangeSource;
pub use source::FileSource;
pub use twelvelabs_api::runtime::{FilePart, Progress};

pub(crate) use activity::Activity;
pub(crate) use attempts::{LARGE_BODY, Upload};
pub(crate) use range_source::Reader;
pub(crate) use source::{Source, check_url, public_part};
