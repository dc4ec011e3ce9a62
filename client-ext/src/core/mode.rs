//! Whether the calls of a client are async or block.

/// Calls are futures: `send()` has to be awaited. The mode of [`TwelveLabs`](crate::TwelveLabs).
#[derive(Clone, Copy, Debug)]
pub struct Async;

/// Calls block the thread: `send()` returns the result. The mode of
/// [`blocking::TwelveLabs`](crate::blocking::TwelveLabs).
#[cfg(feature = "blocking")]
#[derive(Clone, Copy, Debug)]
pub struct Blocking;
