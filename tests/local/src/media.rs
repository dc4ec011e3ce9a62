//! What a media file holds, told by its bytes and not by its name, and the coded packets of any stretch of time.
//!
//! | container | how it is read |
//! | --- | --- |
//! | MP4, MOV, fragmented or not | `mp4-atom` for the boxes, own sample table |
//! | Matroska, WebM | `matroska-demuxer` |
//! | MPEG-TS, M2TS with H.264 or MPEG-2 pictures | own reader: no kept crate assembles PES packets |
//! | AVI | own reader: no kept crate exists |
//! | Ogg, FLV, ASF/WMV, MPEG-PS, other pictures in MPEG-TS | `ffprobe`, where it is installed |
//!
//! Every file is hostile: nothing here panics, goes in circles or takes memory by a number that a file claims.

mod avi;
mod ffprobe;
pub(super) mod h264;
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

/// No coded picture or block of sound needs more.
const PACKET_LIMIT: u64 = 64 << 20;

/// Eight hours of two tracks at 60 pictures and 50 blocks of sound a second come to half of it.
const PACKETS_LIMIT: u64 = 6_000_000;

/// A video file.
#[derive(Debug)]
pub(super) struct Media {
    /// In seconds.
    pub(super) duration: f64,
    /// In pixels, as shown: cropped, stretched to square pixels, turned upright.
    pub(super) width: u32,
    /// In pixels, as shown.
    pub(super) height: u32,
    video: Stream,
    audio: Option<Stream>,
    layout: Layout,
}

/// Why a file has no [`Media`]. Displays as a sentence for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Of no container that is known, or without pictures.
    NotVideo(&'static str),
    /// A video once, or nearly.
    Broken(&'static str),
    /// Readable, had `ffprobe` been on the path.
    NeedsFfprobe(&'static str),
}

/// A track of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Video,
    Audio,
}

/// How a track is coded.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "decode"), allow(dead_code, reason = "read by the decoders"))]
pub(super) struct Stream {
    /// Of the track inside its file.
    id: u64,
    pub(super) codec: Codec,
    /// What the decoder needs before the first packet.
    pub(super) config: Vec<u8>,
    /// Of sound: in hertz, where the container knows.
    pub(super) rate: u32,
    /// Of sound.
    pub(super) channels: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "decode"), allow(dead_code, reason = "read by the decoders"))]
pub(super) enum Codec {
    /// H.264 with this many bytes before each unit to tell its length, or with start codes for 0. The configuration has start
    /// codes.
    H264(u8),
    /// Bare AAC, configured by an `AudioSpecificConfig`.
    Aac,
    /// AAC with an ADTS header before each frame.
    Adts,
    /// MPEG audio layers 2 and 3.
    Mpa,
    /// Configured by the three headers as Matroska has them.
    Vorbis,
    /// Signed little-endian numbers of 16 bits.
    Pcm16,
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
    /// Whether decoding can begin here.
    sync: bool,
}

/// A coded picture, or a block of sound.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    /// When it is shown or heard, in seconds.
    pub(super) start: f64,
    pub(super) data: &'a [u8],
}

/// Takes packets until it breaks.
type Sink<'a> = &'a mut dyn FnMut(Packet<'_>) -> ControlFlow<()>;

type Probed = Result<Media, Unusable>;

impl Media {
    /// Reads what a file is. The outer error is the disk's, the inner one the file's.
    pub(super) fn probe(path: &Path) -> io::Result<Probed> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(1024).read_to_end(&mut head)?;
        let size = file.metadata()?.len();
        let known = catch_unwind(AssertUnwindSafe(|| Self::parse(path, file, size, &head)));
        // A defect in a parser is no reason to fall.
        known.unwrap_or(Ok(Err(Unusable::Broken("cannot be parsed"))))
    }

    fn parse(path: &Path, mut file: File, size: u64, head: &[u8]) -> io::Result<Probed> {
        file.rewind()?;
        let probed = match () {
            () if mp4::is(head) => mp4::probe(file, size),
            () if mkv::is(head) => mkv::probe(file, size),
            () if avi::is(head) => avi::probe(file, size),
            () => match (ts::Shape::of(head), ffprobe::format(head)) {
                (Some(shape), _) => ts::probe(path, file, shape),
                (None, Some(format)) => ffprobe::probe(path, size, format),
                (None, None) => Ok(Err(Unusable::NotVideo("is of no container that is known here"))),
            },
        };
        Ok(probed?.and_then(Self::plausible))
    }

    fn plausible(self) -> Probed {
        if !self.duration.is_finite() || self.duration <= 0.0 || self.width == 0 || self.height == 0 {
            return Err(Unusable::Broken("has no pictures or no duration"));
        }
        Ok(self)
    }

    pub(super) fn has_audio(&self) -> bool {
        self.audio.is_some()
    }

    /// How a track is coded.
    #[cfg(feature = "decode")]
    pub(super) fn stream(&self, part: Part) -> Option<&Stream> {
        match part {
            Part::Video => Some(&self.video),
            Part::Audio => self.audio.as_ref(),
        }
    }

    /// Reads the packets that start in a stretch, in the order of decoding. Others may come before and between them; the first
    /// one is where decoding can begin, if the file has such a place.
    pub(super) fn read(
        &self,
        path: &Path,
        part: Part,
        stretch: Range<f64>,
        mut sink: impl FnMut(Packet<'_>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let stream = match part {
            Part::Video => &self.video,
            Part::Audio => match &self.audio {
                Some(stream) => stream,
                None => return Ok(()),
            },
        };
        let file = File::open(path)?;
        match (&self.layout, part) {
            (Layout::Indexed { video, .. }, Part::Video) => read_indexed(file, video, stretch, &mut sink),
            (Layout::Indexed { audio, .. }, Part::Audio) => read_indexed(file, audio, stretch, &mut sink),
            (Layout::Matroska, _) => mkv::read(file, stream.id, stretch, &mut sink),
            (Layout::Ts(shape), _) => ts::read(file, shape, stream.id, stretch, &mut sink),
        }
    }
}

fn read_indexed(file: File, samples: &[Sample], stretch: Range<f64>, sink: Sink<'_>) -> io::Result<()> {
    let first = samples.iter().rposition(|sample| sample.sync && sample.start <= stretch.start).unwrap_or(0);
    let last = samples.iter().rposition(|sample| sample.start < stretch.end).map_or(0, |last| last + 1);
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut position = 0;
    let mut data = Vec::new();
    for sample in samples.get(first..last).unwrap_or_default() {
        // A relative seek keeps what is buffered.
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
    /// `None` if it is outside the file or beyond measure.
    fn new(start: f64, offset: u64, size: u64, sync: bool, file_size: u64) -> Option<Self> {
        let inside = offset.checked_add(size).is_some_and(|end| end <= file_size) && size <= PACKET_LIMIT;
        inside.then_some(Self { start, offset, size: size as u32, sync })
    }
}

/// A width as shown, of a coded one whose pixels are `horizontal` to `vertical`.
fn stretched(width: u32, horizontal: u64, vertical: u64) -> u32 {
    match (horizontal, vertical) {
        (0, _) | (_, 0) => width,
        _ => u32::try_from((u64::from(width) * horizontal + vertical / 2) / vertical).unwrap_or(u32::MAX),
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVideo(what) => write!(f, "The file is not a video: it {what}."),
            Self::Broken(what) => write!(f, "The video file is broken: it {what}."),
            Self::NeedsFfprobe(format) => {
                write!(f, "A file of the format {format} can be read only where ffprobe is installed, and it is not.")
            }
        }
    }
}

/// A file that stops giving after so many reads and seeks: what ends a parser that goes in circles.
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
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the file goes in circles"))?;
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
#[path = "media/tests.rs"]
mod tests;
