//! Decoded sound as the power of mel bands, forty times per second: AAC-LC, MPEG layers 2 and 3, Vorbis, FLAC and PCM.
//!
//! Decoders use floats, so that samples can differ in their last bits between machines. Levels are rounded much more
//! coarsely.

use std::{
    io,
    ops::{ControlFlow, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use symphonia::core::{
    codecs::{
        audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as id},
        registry::CodecRegistry,
    },
    dsp::{complex::Complex, fft::Fft},
    packet::PacketRef,
    units::{Duration, Timestamp},
};

use super::recent::Recent;
use crate::media::{Codec, Media, MpaFrame, Stream, StreamKind};

pub(super) const BANDS: usize = 40;

const MOMENTS_PER_SEC: u32 = 40;

/// Number of samples of a spectrum.
const WINDOW: usize = 2048;

/// The spectrum at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// In seconds.
    pub(super) time: f64,
    /// The power of each band, from low to high: its logarithm to base 2, in 64ths.
    pub(super) levels: [i16; BANDS],
}

static RECENT: Recent<Moment> = Recent::new();

/// The moments of a time range, ordered by time. Empty if nothing can be decoded.
pub(super) fn moments(media: &Media, path: &Path, range: Range<f64>) -> io::Result<Arc<[Moment]>> {
    RECENT.get((media, path), StreamKind::Audio, range.clone(), || decoded_moments(media, path, range))
}

fn decoded_moments(media: &Media, path: &Path, range: Range<f64>) -> io::Result<Vec<Moment>> {
    let Some(stream) = media.stream(StreamKind::Audio) else { return Ok(Vec::new()) };
    let decode = || -> io::Result<Vec<Moment>> {
        let mut reader = MomentReader::default();
        let mut unpacker = Unpacker::new(stream);
        media.read(path, StreamKind::Audio, range.clone(), |packet| {
            if packet.start >= range.start - 1.0 && packet.start < range.end {
                unpacker.push(packet.data, &mut |rate, samples| reader.add(packet.start, rate, samples));
            }
            ControlFlow::Continue(())
        })?;
        Ok(reader.moments)
    };
    // A panic of the decoder counts as audio that cannot be decoded.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Ok(Vec::new()))
}

/// Finds the frames in packets and decodes them.
struct Unpacker<'a> {
    stream: &'a Stream,
    /// The incomplete frame of an MPEG stream.
    rest: Vec<u8>,
    decoder: Option<Box<dyn AudioDecoder>>,
    planes: Vec<Vec<f32>>,
    mono: Vec<f32>,
}

impl<'a> Unpacker<'a> {
    fn new(stream: &'a Stream) -> Self {
        Self { stream, rest: Vec::new(), decoder: None, planes: Vec::new(), mono: Vec::new() }
    }

    fn push(&mut self, data: &[u8], sink: &mut dyn FnMut(u32, &[f32])) {
        match self.stream.codec {
            Codec::Aac => self.frame(data, id::CODEC_ID_AAC, sink, |stream| stream.config.clone()),
            Codec::Vorbis => {
                self.frame(data, id::CODEC_ID_VORBIS, sink, |stream| vorbis_headers(&stream.config).unwrap_or_default())
            }
            Codec::Flac => self.frame(data, id::CODEC_ID_FLAC, sink, |stream| stream.config.clone()),
            Codec::Pcm16 => self.plain(data, sink),
            Codec::Adts | Codec::Mpa => self.framed(data, sink),
            _ => {}
        }
    }

    fn plain(&mut self, data: &[u8], sink: &mut dyn FnMut(u32, &[f32])) {
        let channels = usize::from(self.stream.channels.max(1));
        let samples = data.as_chunks::<2>().0;
        self.mono.clear();
        for frame in samples.chunks_exact(channels) {
            let sum: i32 = frame.iter().map(|sample| i32::from(i16::from_le_bytes(*sample))).sum();
            self.mono.push(sum as f32 / (channels as f32 * 32768.0));
        }
        sink(self.stream.rate, &self.mono);
    }

    /// Packets of these codecs need not start at a frame.
    fn framed(&mut self, data: &[u8], sink: &mut dyn FnMut(u32, &[f32])) {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(data);
        let mut at = 0;
        while let Some(head) = rest.get(at..).and_then(<[u8]>::first_chunk::<7>) {
            let adts = self.stream.codec == Codec::Adts;
            let frame = if adts { adts_frame(head) } else { MpaFrame::parse(head).map(FrameHead::from) };
            match frame {
                Some(frame) => {
                    let Some(bytes) = rest.get(at..at + frame.length) else { break };
                    let bytes = &bytes[frame.header..];
                    self.frame(bytes, frame.codec, sink, |_| frame.config.to_vec());
                    at += frame.length;
                }
                None => at += 1,
            }
        }
        rest.drain(..at);
        self.rest = rest;
    }

    fn frame(
        &mut self,
        data: &[u8],
        codec: symphonia::core::codecs::audio::AudioCodecId,
        sink: &mut dyn FnMut(u32, &[f32]),
        config: impl FnOnce(&Stream) -> Vec<u8>,
    ) {
        if self.decoder.is_none() {
            let mut parameters = AudioCodecParameters::new();
            parameters.for_codec(codec).with_sample_rate(self.stream.rate);
            let config = config(self.stream);
            if !config.is_empty() {
                parameters.with_extra_data(config.into());
            }
            let mut registry = CodecRegistry::new();
            symphonia::default::register_enabled_codecs(&mut registry);
            self.decoder = registry.make_audio_decoder(&parameters, &AudioDecoderOptions::default()).ok();
        }
        let Some(decoder) = &mut self.decoder else { return };
        // A damaged frame is skipped.
        let packet = PacketRef::new(0, Timestamp::new(0), Duration::ZERO, data);
        let Ok(decoded) = decoder.decode_ref(&packet) else { return };
        let rate = decoded.spec().rate();
        decoded.copy_to_vecs_planar(&mut self.planes);
        self.mono.clear();
        if let Some((first, others)) = self.planes.split_first() {
            self.mono.extend_from_slice(first);
            for plane in others {
                self.mono.iter_mut().zip(plane).for_each(|(sum, sample)| *sum += sample);
            }
            let channels = self.planes.len() as f32;
            self.mono.iter_mut().for_each(|sum| *sum /= channels);
        }
        sink(rate, &self.mono);
    }
}

struct FrameHead {
    length: usize,
    header: usize,
    codec: symphonia::core::codecs::audio::AudioCodecId,
    config: [u8; 2],
}

impl From<MpaFrame> for FrameHead {
    fn from(frame: MpaFrame) -> Self {
        let codec = if frame.layer == 2 { id::CODEC_ID_MP2 } else { id::CODEC_ID_MP3 };
        Self { length: frame.length, header: 0, codec, config: [0; 2] }
    }
}

/// ISO/IEC 13818-7, with the configuration that ISO/IEC 14496-3 has for the same.
fn adts_frame(head: &[u8; 7]) -> Option<FrameHead> {
    let [a, b, c, d, e, f, _] = *head;
    if a != 0xff || b & 0xf6 != 0xf0 {
        return None;
    }
    let length = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
    let header = if b & 1 == 1 { 7 } else { 9 };
    let (object, rate, channels) = ((c >> 6) + 1, c >> 2 & 15, (c & 1) << 2 | d >> 6);
    let config = [object << 3 | rate >> 1, rate << 7 | channels << 3];
    (length > header).then_some(FrameHead { length, header, codec: id::CODEC_ID_AAC, config })
}

/// The first and the third of the three headers of Matroska, as the decoder expects them.
fn vorbis_headers(private: &[u8]) -> Option<Vec<u8>> {
    let mut rest = private.strip_prefix(&[2])?;
    let mut length = || {
        let mut length = 0;
        loop {
            let (byte, after) = rest.split_first()?;
            rest = after;
            length += usize::from(*byte);
            if *byte < 255 {
                return Some(length);
            }
        }
    };
    let (first, second) = (length()?, length()?);
    let setup = rest.get(first.checked_add(second)?..)?;
    Some([rest.get(..first)?, setup].concat())
}

/// Computes moments from samples.
#[derive(Default)]
struct MomentReader {
    moments: Vec<Moment>,
    rate: u32,
    /// Presentation time of the first sample of `samples`.
    time: f64,
    samples: Vec<f32>,
    spectrum: Option<Spectrum>,
}

impl MomentReader {
    fn add(&mut self, time: f64, rate: u32, samples: &[f32]) {
        if rate < MOMENTS_PER_SEC || samples.is_empty() {
            return;
        }
        let expected = self.time + self.samples.len() as f64 / f64::from(rate);
        // A gap, or the start.
        if self.spectrum.is_none() || rate != self.rate || (time - expected).abs() > 0.5 {
            self.samples.clear();
            (self.time, self.rate) = (time, rate);
            if self.spectrum.as_ref().is_none_or(|spectrum| spectrum.rate != rate) {
                self.spectrum = Some(Spectrum::new(rate));
            }
        }
        self.samples.extend_from_slice(samples);
        let Some(spectrum) = &mut self.spectrum else { return };
        let hop = (rate / MOMENTS_PER_SEC) as usize;
        let mut at = 0;
        while let Some(window) = self.samples.get(at..at + spectrum.length()) {
            let middle = self.time + (at + window.len() / 2) as f64 / f64::from(rate);
            self.moments.push(Moment { time: middle, levels: spectrum.levels(window) });
            at += hop;
        }
        self.samples.drain(..at.min(self.samples.len()));
        self.time += at as f64 / f64::from(rate);
    }
}

struct Spectrum {
    rate: u32,
    fft: Fft,
    shape: Vec<f32>,
    /// For each band, the first line and the weights from it.
    bands: Vec<(usize, Vec<f64>)>,
    lines: Vec<Complex<f32>>,
}

impl Spectrum {
    fn new(rate: u32) -> Self {
        let length = (rate as usize / 25).next_power_of_two().clamp(64, WINDOW);
        let shape = (0..length).map(|at| {
            let turn = std::f64::consts::TAU * (at as f64 + 0.5) / length as f64;
            (0.5 - 0.5 * libm::cos(turn)) as f32
        });
        // Corners at equal steps of the mel scale from 60 to 4400 Hz, the range that all codecs keep.
        let mel = |hertz: f64| libm::log(1.0 + hertz / 700.0);
        let (low, high) = (mel(60.0), mel(4400.0));
        let corner = |index: usize| 700.0 * (libm::exp(low + (high - low) * index as f64 / (BANDS + 1) as f64) - 1.0);
        let line = f64::from(rate) / length as f64;
        let band = |index: usize| {
            let (from, top, to) = (corner(index), corner(index + 1), corner(index + 2));
            // At least the line nearest to the peak, if a band is narrower than a line.
            let first = ((from / line).ceil() as usize).min((top / line).round() as usize);
            let last = ((to / line).floor() as usize).max((top / line).round() as usize);
            let weight = |at: usize| {
                let hertz = at as f64 * line;
                let side = if hertz < top { (hertz - from) / (top - from) } else { (to - hertz) / (to - top) };
                if at == (top / line).round() as usize { side.max(0.5) } else { side.max(0.0) }
            };
            (first, (first..=last).filter(|at| *at < length / 2).map(weight).collect())
        };
        Self {
            rate,
            fft: Fft::new(length),
            shape: shape.collect(),
            bands: (0..BANDS).map(band).collect(),
            lines: Vec::new(),
        }
    }

    fn length(&self) -> usize {
        self.shape.len()
    }

    fn levels(&mut self, window: &[f32]) -> [i16; BANDS] {
        self.lines.clear();
        self.lines.extend(window.iter().zip(&self.shape).map(|(sample, shape)| Complex::new(sample * shape, 0.0)));
        self.fft.fft_inplace(&mut self.lines);
        let scale = 1.0 / (self.shape.len() * self.shape.len()) as f64;
        std::array::from_fn(|band| {
            let (first, weights) = &self.bands[band];
            let lines = self.lines.iter().skip(*first);
            let power: f64 = weights
                .iter()
                .zip(lines)
                .map(|(weight, line)| weight * f64::from(line.re * line.re + line.im * line.im))
                .sum();
            // 1e-9 is the rounding error of 16 bits.
            (libm::log2(power * scale + 1e-9) * 64.0).round() as i16
        })
    }
}
