//! Guide, by topic. The modules have no items: they are pages of this documentation.

#[doc = include_str!("guide/bulk.md")]
pub mod bulk {}
#[doc = include_str!("guide/getting_started.md")]
pub mod getting_started {}
#[doc = include_str!("guide/large_files.md")]
pub mod large_files {}
#[doc = include_str!("guide/observability.md")]
pub mod observability {}
#[doc = include_str!("guide/python.md")]
pub mod python {}
#[doc = include_str!("guide/searching.md")]
pub mod searching {}
#[doc = include_str!("guide/security.md")]
pub mod security {}
#[doc = include_str!("guide/testing.md")]
pub mod testing {}
#[doc = include_str!("guide/troubleshooting.md")]
pub mod troubleshooting {}
#[doc = include_str!("guide/versions.md")]
pub mod versions {}
#[doc = include_str!("guide/waiting.md")]
pub mod waiting {}
