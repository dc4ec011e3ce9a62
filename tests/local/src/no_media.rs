//! Replaces the module `media` if the feature `media` is disabled: every file is refused.

use std::{
    fmt, io,
    ops::{ControlFlow, Range},
    path::Path,
};

/// What a file is read from.
pub(super) trait ReadSeek: io::Read + io::Seek {}

impl<T: io::Read + io::Seek> ReadSeek for T {}

pub(super) type Source = Box<dyn ReadSeek>;

/// A video file. There is none without the feature.
#[derive(Debug)]
pub(super) struct Media {
    /// In seconds.
    pub(super) duration: f64,
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
}

/// The reason why a file cannot be used, as a sentence of an error response.
#[derive(Debug)]
pub(super) struct ProbeError;

/// A track of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Video,
    Audio,
}

/// An encoded video frame, or a packet of audio.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// Presentation time in seconds.
    pub(super) start: f64,
    pub(super) data: &'a [u8],
}

impl Media {
    /// Refuses a file.
    pub(super) fn probe(_: &Path) -> io::Result<Result<Self, ProbeError>> {
        Ok(Err(ProbeError))
    }

    /// Refuses a file.
    pub(super) fn probe_audio(_: &Path) -> io::Result<Result<Self, ProbeError>> {
        Ok(Err(ProbeError))
    }

    /// Refuses a file.
    pub(super) fn probe_from(_: Source, _: u64) -> io::Result<Result<Self, ProbeError>> {
        Ok(Err(ProbeError))
    }

    /// Refuses a file.
    pub(super) fn probe_audio_from(_: Source, _: u64) -> io::Result<Result<Self, ProbeError>> {
        Ok(Err(ProbeError))
    }

    pub(super) fn has_video(&self) -> bool {
        false
    }

    pub(super) fn has_audio(&self) -> bool {
        false
    }

    /// Returns an error: there is no file to read.
    pub(super) fn read(
        &self,
        _: &Path,
        _: Part,
        _: Range<f64>,
        _: impl FnMut(Packet<'_>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl ProbeError {
    pub(super) fn needs_path(&self) -> bool {
        false
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The local server cannot read video and audio: twelvelabs-local was built without its feature `media`.",
        )
    }
}
