//! Tests of the pipeline against the local server: the library, the program, and what a crash leaves.

mod check;
mod crash;
#[cfg(unix)]
mod disk;
mod failures;
#[cfg(feature = "object_store")]
mod object_store;
#[cfg(target_os = "linux")]
mod outage;
mod program;
mod run;
mod search;
mod stop;
mod support;
