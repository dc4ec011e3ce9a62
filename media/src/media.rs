//! Probes media files by their content, and reads the encoded packets of a time range.
//!
//! | container | reader |
//! | --- | --- |
//! | MP4, MOV, fragmented or not | `mp4-atom` for the boxes, own code for the sample table |
//! | Matroska, WebM | `matroska-demuxer` |
//! | MPEG-TS, M2TS with H.264 or MPEG-2 pictures | own reader: no maintained crate assembles PES packets |
//! | AVI | own reader: there is no maintained crate |
//! | WAV, MP3, FLAC | own reader, which gives packets to any decoder: `symphonia` would add its own framework |
//! | Ogg, FLV, ASF/WMV, MPEG-PS, other pictures in MPEG-TS | `ffprobe`, if installed |
//!
//! Files are untrusted: no file causes a panic, an endless loop, or an allocation of a size that the file claims.

mod audio_file;
mod avi;
mod ffprobe;
pub mod h264;
mod mkv;
mod mp4;
mod ts;

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::{ControlFlow, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

pub use self::audio_file::MpaFrame;

/// Maximum size of an encoded packet in bytes.
const PACKET_LIMIT: u64 = 64 << 20;

/// Maximum number of packets. Eight hours of video at 60 frames and audio at 50 packets per second are half of it.
const PACKETS_LIMIT: u64 = 6_000_000;

/// What a file is read from.
pub(crate) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

pub(crate) type Source = Box<dyn ReadSeek>;

/// A video or audio file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Media {
    /// Duration in seconds.
    pub duration: f64,
    /// Width in pixels, as displayed: cropped, with square pixels, rotated. 0 without video.
    pub width: u32,
    /// Height in pixels, as displayed. 0 without video.
    pub height: u32,
    video: Stream,
    audio: Option<Stream>,
    layout: Layout,
}

/// The reason why a file cannot be used. Its text is a sentence of an error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeError {
    /// Not a known container, or without video.
    NotVideo(&'static str),
    /// Not a known audio file.
    NotAudio(&'static str),
    /// Damaged or incomplete.
    Broken(&'static str),
    /// Needs `ffprobe`, which is not installed.
    NeedsFfprobe(&'static str),
    /// Needs `ffprobe`, which reads files by their paths, and there is no path.
    NeedsPath(&'static str),
}

/// A stream of a file: its pictures or its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// The first video track.
    Video,
    /// The first audio track.
    Audio,
}

/// The encoding of a stream.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Stream {
    /// The id of the track in its file.
    id: u64,
    /// The codec.
    pub codec: Codec,
    /// What the decoder needs before the first packet.
    pub config: Vec<u8>,
    /// Sample rate of audio in hertz, if the container states it.
    pub rate: u32,
    /// Number of audio channels.
    pub channels: u16,
}

/// The codec of a stream, and how its frames are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// H.264 with a length of this many bytes before each NAL unit, or with start codes for 0. The configuration has
    /// start codes.
    H264(u8),
    /// Bare AAC, configured by an `AudioSpecificConfig`.
    Aac,
    /// AAC with an ADTS header before each frame.
    Adts,
    /// MPEG audio layers 2 and 3.
    Mpa,
    /// A frame of FLAC in each packet, configured by the stream information.
    Flac,
    /// Configured by three headers, packed as in Matroska.
    Vorbis,
    /// Signed little-endian samples of 16 bits.
    Pcm16,
    /// Another one.
    #[default]
    Other,
}

/// Where the packets are.
#[derive(Debug)]
enum Layout {
    Indexed { video: Vec<Sample>, audio: Vec<Sample> },
    Matroska,
    Ts(ts::Shape),
}

/// A packet of a track.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// In seconds.
    start: f64,
    offset: u64,
    size: u32,
    /// Whether this is a sync sample, where decoding can start.
    sync: bool,
}

/// An encoded video frame, or a packet of audio.
#[derive(Debug)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Presentation time in seconds.
    pub start: f64,
    /// The encoded bytes.
    pub data: &'a [u8],
}

/// Receives packets until it returns `Break`.
type Sink<'a> = &'a mut dyn FnMut(Packet<'_>) -> ControlFlow<()>;

pub(crate) type Probed = Result<Media, ProbeError>;

impl Media {
    /// Probes a video file. It blocks.
    ///
    /// The outer error is that of the file, the inner one that of its content.
    pub fn probe(path: &Path) -> io::Result<Result<Self, ProbeError>> {
        let (file, size) = open(path)?;
        Self::guarded(file, |file, head| Self::parse(Some(path), file, size, head))
    }

    /// Probes a video file of this size that has no path.
    pub(crate) fn probe_from(source: Source, size: u64) -> io::Result<Probed> {
        Self::guarded(source, |file, head| Self::parse(None, file, size, head))
    }

    /// Probes a WAV, MP3 or FLAC file, as [`probe`](Self::probe) does a video.
    pub fn probe_audio(path: &Path) -> io::Result<Result<Self, ProbeError>> {
        let (file, size) = open(path)?;
        Self::probe_audio_from(file, size)
    }

    /// Probes a WAV, MP3 or FLAC file of this size that has no path.
    pub(crate) fn probe_audio_from(source: Source, size: u64) -> io::Result<Probed> {
        Self::guarded(source, |mut file, head| {
            file.rewind()?;
            let probed = audio_file::probe(file, size, head)?;
            let probed = probed.unwrap_or(Err(ProbeError::NotAudio("is none of WAV, MP3 and FLAC")));
            Ok(probed.and_then(|media| match media.duration > 0.0 {
                true => Ok(media),
                false => Err(ProbeError::Broken("has no duration")),
            }))
        })
    }

    fn guarded(mut file: Source, parse: impl FnOnce(Source, &[u8]) -> io::Result<Probed>) -> io::Result<Probed> {
        let mut head = Vec::new();
        (&mut file).take(1024).read_to_end(&mut head)?;
        let known = catch_unwind(AssertUnwindSafe(|| parse(file, &head)));
        // A panic of a parser must not stop the program.
        known.unwrap_or(Ok(Err(ProbeError::Broken("cannot be parsed"))))
    }

    fn parse(path: Option<&Path>, mut file: Source, size: u64, head: &[u8]) -> io::Result<Probed> {
        file.rewind()?;
        let probed = if mp4::is(head) {
            mp4::probe(file, size)?
        } else if mkv::is(head) {
            mkv::probe(file, size)?
        } else if avi::is(head) {
            avi::probe(file, size)?
        } else if let Some(shape) = ts::Shape::of(head) {
            ts::probe(path, file, size, shape)?
        } else if let Some(format) = ffprobe::format(head) {
            ffprobe::probe(path, size, format)?
        } else {
            Err(ProbeError::NotVideo("has an unknown container format"))
        };
        Ok(probed.and_then(Self::plausible))
    }

    fn plausible(self) -> Probed {
        if !self.duration.is_finite() || self.duration <= 0.0 || self.width == 0 || self.height == 0 {
            return Err(ProbeError::Broken("has no video or no duration"));
        }
        Ok(self)
    }

    /// Whether the file has pictures.
    pub fn has_video(&self) -> bool {
        self.width > 0
    }

    /// Whether the file has sound.
    pub fn has_audio(&self) -> bool {
        self.audio.is_some()
    }

    /// The encoding of a stream. `None` if the file has no such stream.
    pub fn stream(&self, kind: StreamKind) -> Option<&Stream> {
        match kind {
            StreamKind::Video => Some(&self.video),
            StreamKind::Audio => self.audio.as_ref(),
        }
    }

    /// Reads the packets that start in a time range, in decoding order, until `sink` returns `Break`. It blocks.
    ///
    /// Other packets can come before and between them. The first one is a sync sample, if the file has any. `path` is
    /// the file that was probed. Without such a stream, there are no packets.
    pub fn read(
        &self,
        path: &Path,
        kind: StreamKind,
        range: Range<f64>,
        mut sink: impl FnMut(Packet<'_>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let stream = match kind {
            StreamKind::Video => &self.video,
            StreamKind::Audio => match &self.audio {
                Some(stream) => stream,
                None => return Ok(()),
            },
        };
        let (file, size) = open(path)?;
        match (&self.layout, kind) {
            (Layout::Indexed { video, .. }, StreamKind::Video) => read_indexed(file, video, range, &mut sink),
            (Layout::Indexed { audio, .. }, StreamKind::Audio) => read_indexed(file, audio, range, &mut sink),
            (Layout::Matroska, _) => mkv::read(file, size, stream.id, range, &mut sink),
            (Layout::Ts(shape), _) => ts::read(file, shape, stream.id, range, &mut sink),
        }
    }
}

/// A file, and its size.
fn open(path: &Path) -> io::Result<(Source, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((Box::new(file), size))
}

fn read_indexed(file: Source, samples: &[Sample], range: Range<f64>, sink: Sink<'_>) -> io::Result<()> {
    let first = samples.iter().rposition(|sample| sample.sync && sample.start <= range.start).unwrap_or(0);
    let last = samples.iter().rposition(|sample| sample.start < range.end).map_or(0, |last| last + 1);
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut position = 0;
    let mut data = Vec::new();
    for sample in samples.get(first..last).unwrap_or_default() {
        // A relative seek keeps the buffer.
        file.seek_relative(sample.offset.cast_signed() - position)?;
        data.resize(sample.size as usize, 0);
        file.read_exact(&mut data)?;
        position = sample.offset.cast_signed() + i64::from(sample.size);
        if sink(Packet { start: sample.start, data: &data }).is_break() {
            break;
        }
    }
    Ok(())
}

impl Sample {
    /// `None` if the sample is outside the file or too large.
    fn new(start: f64, offset: u64, size: u64, sync: bool, file_size: u64) -> Option<Self> {
        let inside = offset.checked_add(size).is_some_and(|end| end <= file_size) && size <= PACKET_LIMIT;
        inside.then_some(Self { start, offset, size: size as u32, sync })
    }
}

/// The display width of an encoded width with the pixel aspect ratio `horizontal`:`vertical`.
fn stretched(width: u32, horizontal: u64, vertical: u64) -> u32 {
    match (horizontal, vertical) {
        (0, _) | (_, 0) => width,
        _ => u32::try_from((u64::from(width) * horizontal + vertical / 2) / vertical).unwrap_or(u32::MAX),
    }
}

impl ProbeError {
    /// The content may be good, and only a file with a path can be probed.
    pub(crate) fn needs_path(&self) -> bool {
        matches!(self, Self::NeedsPath(_))
    }
}

impl std::error::Error for ProbeError {}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVideo(what) => write!(f, "The file is not a video: it {what}."),
            Self::NotAudio(what) => write!(f, "The file is not an audio file: it {what}."),
            Self::Broken(what) => write!(f, "The file is broken: it {what}."),
            Self::NeedsFfprobe(format) => {
                write!(f, "A file of the format {format} can be read only if ffprobe is installed, and it is not.")
            }
            Self::NeedsPath(format) => {
                write!(f, "A file of the format {format} can be read only from a path, by ffprobe, and it has none.")
            }
        }
    }
}

/// A file that returns an error after a number of reads and seeks, which ends a parser in an endless loop.
#[derive(Debug)]
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// Reading a file of this size properly stays far below it.
    fn new(inner: R, size: u64) -> Self {
        Self { inner, left: 100_000 + size }
    }

    fn step(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the file refers to itself"))?;
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.step()?;
        self.inner.read(buffer)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.step()?;
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests;
