//! Objects in object storage: which there are, whether they can be embedded, and how they are read.

#[cfg(feature = "object_store")]
mod file;
#[cfg(feature = "object_store")]
mod store;
#[cfg(not(feature = "object_store"))]
mod unsupported;

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "object_store")]
pub(crate) use self::store::Objects;
#[cfg(not(feature = "object_store"))]
pub(crate) use self::unsupported::Objects;

/// Why an object could not be read during an upload, whose own error says less.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadFailure(Arc<Mutex<Option<String>>>);

impl ReadFailure {
    /// Keeps the first reason.
    #[cfg(feature = "object_store")]
    fn set(&self, reason: &std::io::Error) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| reason.to_string());
    }

    /// The first reason.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
