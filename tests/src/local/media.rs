//! What a media file holds: its tracks, and the coded samples of any stretch of time.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use re_mp4::{Mp4, Track, TrackKind};

/// A sample of a track, in seconds.
#[derive(Clone, Copy, Debug)]
struct Sample {
    start: f64,
    offset: u64,
    size: u64,
}

/// A video file.
#[derive(Debug)]
pub(super) struct Media {
    /// In seconds.
    pub(super) duration: f64,
    /// In pixels.
    pub(super) width: u16,
    /// In pixels.
    pub(super) height: u16,
    video: Vec<Sample>,
    /// `None` without an audio track.
    audio: Option<Vec<Sample>>,
    size: u64,
}

/// A track of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Video,
    Audio,
}

impl Media {
    /// Reads the index of an MP4 or MOV file; `None` if it is none, or is broken, or has no video.
    pub(super) fn probe(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let Ok(mp4) = Mp4::read(BufReader::new(file), size) else { return Ok(None) };
        let find = |kind| mp4.tracks().values().find(|track| track.kind == Some(kind) && !track.samples.is_empty());
        let Some(video) = find(TrackKind::Video) else { return Ok(None) };
        let Some((samples, duration)) = samples(video, size) else { return Ok(None) };
        let audio = find(TrackKind::Audio).and_then(|track| samples_of(track, size));
        Ok(Some(Self { duration, width: video.width, height: video.height, video: samples, audio, size }))
    }

    pub(super) fn has_audio(&self) -> bool {
        self.audio.is_some()
    }

    /// Reads the coded samples that start between two times, block by block.
    pub(super) fn read(
        &self,
        path: &Path,
        part: Part,
        start: f64,
        end: f64,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let samples = match part {
            Part::Video => &self.video,
            Part::Audio => self.audio.as_ref().unwrap_or(&self.video),
        };
        let mut file = BufReader::new(File::open(path)?);
        let mut buffer = Vec::new();
        for sample in samples.iter().filter(|sample| sample.start >= start && sample.start < end) {
            buffer.resize(usize::try_from(sample.size.min(self.size)).map_err(io::Error::other)?, 0);
            file.seek(SeekFrom::Start(sample.offset))?;
            file.read_exact(&mut buffer)?;
            sink(&buffer);
        }
        Ok(())
    }
}

fn samples_of(track: &Track, size: u64) -> Option<Vec<Sample>> {
    samples(track, size).map(|(samples, _)| samples)
}

/// The samples and the end of the last one; `None` if the index points outside the file.
fn samples(track: &Track, size: u64) -> Option<(Vec<Sample>, f64)> {
    let scale = track.timescale as f64;
    if scale <= 0.0 {
        return None;
    }
    let mut end: f64 = 0.0;
    let mut samples = Vec::with_capacity(track.samples.len());
    for sample in &track.samples {
        if sample.offset.checked_add(sample.size).is_none_or(|last| last > size) {
            return None;
        }
        let start = sample.composition_timestamp as f64 / scale;
        end = end.max(start + sample.duration as f64 / scale);
        samples.push(Sample { start, offset: sample.offset, size: sample.size });
    }
    Some((samples, end))
}
