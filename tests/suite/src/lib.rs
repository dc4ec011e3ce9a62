//! Tests of the client, the contract and the local server together; see `it/`. The library compiles the code of the
//! README.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
