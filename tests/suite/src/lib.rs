//! Tests of the client, the contract and the local server together; see `it/`. The library compiles the code of the
//! README and of the guide.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The pages of the client's guide, whose code needs the local server and the contract kit.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../../client-ext/src/guide/bulk.md")]
    struct Bulk;
    #[doc = include_str!("../../../client-ext/src/guide/getting_started.md")]
    struct GettingStarted;
    #[doc = include_str!("../../../client-ext/src/guide/large_files.md")]
    struct LargeFiles;
    #[doc = include_str!("../../../client-ext/src/guide/observability.md")]
    struct Observability;
    #[doc = include_str!("../../../client-ext/src/guide/python.md")]
    struct Python;
    #[doc = include_str!("../../../client-ext/src/guide/searching.md")]
    struct Searching;
    #[doc = include_str!("../../../client-ext/src/guide/security.md")]
    struct Security;
    #[doc = include_str!("../../../client-ext/src/guide/testing.md")]
    struct Testing;
    #[doc = include_str!("../../../client-ext/src/guide/troubleshooting.md")]
    struct Troubleshooting;
    #[doc = include_str!("../../../client-ext/src/guide/versions.md")]
    struct Versions;
    #[doc = include_str!("../../../client-ext/src/guide/waiting.md")]
    struct Waiting;
}
