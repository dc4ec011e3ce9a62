//! Contract testing for the video embedding API of TwelveLabs, without a key and without a network.
//!
//! - [`LocalPlatform`] is a stand-in for the platform on loopback. It takes real videos and answers as the platform's
//!   documentation says. **Its vectors are not Marengo's**: with the feature `decode` they are computed from decoded
//!   pictures and sound, and what is alike is near; without it they are derived from the bytes of each segment, so they are
//!   stable and told apart, and mean nothing.
//! - [`Contract`] checks requests and answers against `spec/openapi.yaml`, and makes example bodies from it. With the feature
//!   `wiremock` it is a matcher and a responder too.
//! - [`ProviderCheck`] checks a server.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = twelvelabs_contract::LocalPlatform::start().await?;
//! println!("export TWELVELABS_BASE_URL={}", platform.base_url());
//! # Ok(()) }
//! ```

mod contract;
mod local;
mod provider;

pub use contract::{Contract, Problem, Problems};
#[cfg(feature = "wiremock")]
pub use contract::{ContractMatcher, ContractResponder};
pub use local::{Choice, Fault, LocalPlatform, LocalPlatformBuilder, RateLimit, Speed, UrlReach, Verdict, Violation};
pub use provider::{Case, ProviderCheck};

/// The code of the README, run.
#[cfg(all(doctest, feature = "wiremock"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code of the page about the local platform, compiled.
#[cfg(doctest)]
#[doc = include_str!("../PLATFORM.md")]
struct PlatformPage;
