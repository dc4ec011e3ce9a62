//! Replaces `store` if the feature `object_store` is disabled: there are no objects.

use std::io;

use twelvelabs::upload::RangeSource;

use super::ReadFailure;
use crate::{
    error::PipelineError,
    job::{FileKind, Stamp},
    ledger::CheckedFile,
    object_url::ObjectUrl,
};

const RULE: &str = "objects need a program that was built with the feature object_store";

/// Access to objects. There is none without the feature.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    /// See [`PipelineBuilder::with_objects_by_e_tag`](crate::PipelineBuilder::with_objects_by_e_tag).
    pub(crate) by_e_tag: bool,
}

fn unsupported() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, RULE)
}

impl Objects {
    pub(crate) async fn list(&self, _: &ObjectUrl) -> Result<Vec<(ObjectUrl, Stamp)>, PipelineError> {
        Err(PipelineError::usage(RULE))
    }

    pub(crate) async fn stamp(&self, _: &ObjectUrl) -> io::Result<Stamp> {
        Err(unsupported())
    }

    pub(crate) fn check(&self, _: &ObjectUrl, _: &Stamp, _: FileKind) -> io::Result<CheckedFile> {
        Err(unsupported())
    }

    pub(crate) fn source(&self, _: &ObjectUrl, stamp: &Stamp, name: String, _: &ReadFailure) -> RangeSource {
        RangeSource::new(name, stamp.size, |_| io::Cursor::new([]))
    }
}
