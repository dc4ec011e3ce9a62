//! Tests of the pipeline against the local server: the library, the program, and what a crash leaves.

mod crash;
mod program;
mod run;
mod support;
