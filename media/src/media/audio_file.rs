//! Audio files: WAV, MP3 and FLAC.

use std::io::{self, BufReader, Read, Seek};

use super::{Codec, Layout, Media, PACKETS_LIMIT, ProbeError, Probed, Sample, Source, Stream};

/// Sample rates below this, in hertz, are not plausible. It bounds the number of packets of a WAV file.
const LOWEST_RATE: u32 = 1000;

/// Number of bytes in which the first frame of an MP3 file must start.
const SEARCHED: u64 = 4096;

/// Probes a file. `None` if it is none of these formats.
pub(super) fn probe(file: Source, size: u64, head: &[u8]) -> io::Result<Option<Probed>> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE".as_slice()) {
        return wav(&mut file, size).map(Some);
    }
    if head.starts_with(b"fLaC") {
        return flac(&mut file, size).map(Some);
    }
    mp3(&mut file, size, head)
}

fn media(stream: Stream, duration: f64, samples: Vec<Sample>) -> Media {
    let layout = Layout::Indexed { video: Vec::new(), audio: samples };
    Media { duration, width: 0, height: 0, video: Stream::default(), audio: Some(stream), layout }
}

/// Reads at a position. Returns fewer bytes at the end of the file.
fn read_at(file: &mut BufReader<Source>, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let position = file.stream_position()?;
    // A relative seek keeps the buffer.
    file.seek_relative(at.cast_signed() - position.cast_signed())?;
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn wav(file: &mut BufReader<Source>, size: u64) -> io::Result<Probed> {
    let mut format = None;
    let mut at = 12;
    while at + 8 <= size {
        let head = read_at(file, at, 8)?;
        let Some(length) = u32_at(&head, 4).map(u64::from) else { break };
        match &head[..4] {
            b"fmt " => format = wav_format(&read_at(file, at + 8, length.min(40) as usize)?),
            b"data" => {
                let Some((stream, frame)) = format else {
                    return Ok(Err(ProbeError::Broken("has no valid sample format")));
                };
                // Writers that cannot seek leave one of these.
                let length = if matches!(length, 0 | 0xffff_ffff) { size - at - 8 } else { length };
                if at + 8 + length > size {
                    return Ok(Err(ProbeError::Broken("ends early")));
                }
                return Ok(wav_samples(stream, frame, at + 8, length));
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
    Ok(Err(ProbeError::Broken("has no samples")))
}

/// The encoding, and the number of bytes of a sample of all channels.
fn wav_format(chunk: &[u8]) -> Option<(Stream, u32)> {
    /// The format is in the extension.
    const EXTENSIBLE: u16 = 0xfffe;
    let tag = u16_at(chunk, 0)?;
    let tag = if tag == EXTENSIBLE { u16_at(chunk, 24)? } else { tag };
    let (channels, rate) = (u16_at(chunk, 2)?, u32_at(chunk, 4)?);
    let (frame, bits) = (u32::from(u16_at(chunk, 12)?), u16_at(chunk, 14)?);
    if channels == 0 || rate < LOWEST_RATE || frame == 0 {
        return None;
    }
    let codec = if (tag, bits) == (1, 16) { Codec::Pcm16 } else { Codec::Other };
    Some((Stream { id: 0, codec, config: Vec::new(), rate, channels }, frame))
}

/// Packets of a tenth of a second.
fn wav_samples(stream: Stream, frame: u32, from: u64, length: u64) -> Probed {
    let step = u64::from(stream.rate / 10) * u64::from(frame);
    if length / step > PACKETS_LIMIT {
        return Err(ProbeError::Broken("is too long"));
    }
    let second = f64::from(stream.rate) * f64::from(frame);
    let packets = (0..length.div_ceil(step)).map(|number| Sample {
        start: (number * step) as f64 / second,
        offset: from + number * step,
        size: (length - number * step).min(step) as u32,
        sync: true,
    });
    let packets = packets.collect();
    Ok(media(stream, length as f64 / second, packets))
}

/// A frame of MPEG audio, layers 2 and 3 of ISO/IEC 11172-3 and 13818-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpaFrame {
    /// The layer: 2 or 3.
    pub layer: u8,
    /// Length in bytes, with the header.
    pub length: usize,
    /// Number of samples of a channel.
    samples: u32,
    /// In hertz.
    rate: u32,
}

impl MpaFrame {
    /// Parses the first bytes of a frame. `None` if they are not the header of one.
    pub fn parse(head: &[u8]) -> Option<Self> {
        const RATES: [[usize; 15]; 4] = [
            // Version 1, layers 2 and 3.
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            // Version 2, layers 2 and 3.
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let [a, b, c] = *head.first_chunk::<3>()?;
        if a != 0xff || b & 0xe0 != 0xe0 {
            return None;
        }
        let (halved, first) = match b >> 3 & 3 {
            3 => (1, 0),
            2 => (2, 2),
            0 => (4, 2),
            _ => return None,
        };
        let (third, layer) = match b >> 1 & 3 {
            2 => (0, 2),
            1 => (1, 3),
            _ => return None,
        };
        let bits = *RATES[first + third].get(usize::from(c >> 4)).filter(|rate| **rate > 0)? * 1000;
        let rate = [44100, 48000, 32000].get(usize::from(c >> 2 & 3))? / halved;
        // In version 2, a frame of layer 3 has half the samples.
        let (eighth, samples) = if layer == 3 && halved > 1 { (72, 576) } else { (144, 1152) };
        let length = eighth * bits / rate + usize::from(c >> 1 & 1);
        Some(Self { layer, length, samples, rate: rate as u32 })
    }
}

fn mp3(file: &mut BufReader<Source>, size: u64, head: &[u8]) -> io::Result<Option<Probed>> {
    // The size of an ID3 tag has seven bits in each byte.
    let tag = head.strip_prefix(b"ID3").and_then(|rest| rest.get(3..7));
    let from = tag.map_or(0, |size| 10 + size.iter().fold(0, |all, byte| all << 7 | u64::from(byte & 127)));
    let start = read_at(file, from, SEARCHED as usize)?;
    // Two frames in a row, so that no other file is taken for one.
    let follows = |at: &usize| {
        let frame = MpaFrame::parse(&start[*at..])?;
        MpaFrame::parse(start.get(at + frame.length..)?).filter(|next| next.rate == frame.rate)
    };
    let Some(first) = (0..start.len()).find(|at| follows(at).is_some()) else {
        let broken: Probed = Err(ProbeError::Broken("has no frames"));
        return Ok(tag.is_some().then_some(broken));
    };
    if tag.is_none() && first > 0 {
        return Ok(None);
    }
    let (mut at, mut count, mut rate, mut samples) = (from + first as u64, 0_u64, 0, Vec::new());
    while let Some(frame) = MpaFrame::parse(&read_at(file, at, 4)?)
        && at + frame.length as u64 <= size
    {
        if samples.len() as u64 >= PACKETS_LIMIT {
            return Ok(Some(Err(ProbeError::Broken("is too long"))));
        }
        rate = frame.rate;
        let start = count as f64 / f64::from(rate);
        samples.push(Sample { start, offset: at, size: frame.length as u32, sync: true });
        count += u64::from(frame.samples);
        at += frame.length as u64;
    }
    let stream = Stream { id: 0, codec: Codec::Mpa, config: Vec::new(), rate, channels: 0 };
    Ok(Some(Ok(media(stream, count as f64 / f64::from(rate.max(1)), samples))))
}

fn flac(file: &mut BufReader<Source>, size: u64) -> io::Result<Probed> {
    let mut at = 4;
    let mut info = None;
    loop {
        let head = read_at(file, at, 4)?;
        let Some([kind, a, b, c]) = head.first_chunk::<4>().copied() else {
            return Ok(Err(ProbeError::Broken("ends early")));
        };
        let length = u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 127 == 0 {
            info = Some(read_at(file, at + 4, 34)?);
        }
        at += 4 + length;
        if kind & 128 != 0 {
            break;
        }
    }
    let Some(info) = info.filter(|info| info.len() == 34) else {
        return Ok(Err(ProbeError::Broken("has no stream information")));
    };
    let rate = u32::from_be_bytes([0, info[10], info[11], info[12]]) >> 4;
    let channels = u16::from(info[12] >> 1 & 7) + 1;
    let total = u64::from_be_bytes([0, 0, 0, info[13] & 15, info[14], info[15], info[16], info[17]]);
    if rate < LOWEST_RATE {
        return Ok(Err(ProbeError::Broken("has no valid sample rate")));
    }
    let (samples, count) = flac_frames(file, at, size, rate)?;
    if count == 0 || count < total {
        return Ok(Err(ProbeError::Broken("ends early")));
    }
    if samples.len() as u64 > PACKETS_LIMIT {
        return Ok(Err(ProbeError::Broken("is too long")));
    }
    let stream = Stream { id: 0, codec: Codec::Flac, config: info, rate, channels };
    Ok(Ok(media(stream, count as f64 / f64::from(rate), samples)))
}

/// The frames from this position, and the number of samples of a channel. FLAC does not store the length of a frame:
/// the next one is found by its header, which has a checksum and its number.
fn flac_frames(file: &mut BufReader<Source>, from: u64, size: u64, rate: u32) -> io::Result<(Vec<Sample>, u64)> {
    const BLOCK: usize = 1 << 18;
    /// The longest header.
    const LONGEST: usize = 16;
    let (mut samples, mut count): (Vec<Sample>, u64) = (Vec::new(), 0);
    let mut at = from;
    while at < size && samples.len() as u64 <= PACKETS_LIMIT {
        let bytes = read_at(file, at, BLOCK + LONGEST)?;
        for place in 0..bytes.len().min(BLOCK) {
            let Some(frame) = FlacFrame::parse(&bytes[place..]) else { continue };
            let expected = if frame.variable { count } else { samples.len() as u64 };
            if frame.number == expected {
                let offset = at + place as u64;
                if let Some(last) = samples.last_mut() {
                    last.size = (offset - last.offset).min(u64::from(u32::MAX)) as u32;
                }
                samples.push(Sample { start: count as f64 / f64::from(rate), offset, size: 0, sync: true });
                count += u64::from(frame.samples);
            }
        }
        at += BLOCK as u64;
    }
    if let Some(last) = samples.last_mut() {
        last.size = (size - last.offset).min(u64::from(u32::MAX)) as u32;
    }
    Ok((samples, count))
}

/// The header of a frame of FLAC: RFC 9639, section 9.1.
struct FlacFrame {
    /// Whether blocks differ in size. If so, frames are numbered by their first sample.
    variable: bool,
    number: u64,
    samples: u32,
}

impl FlacFrame {
    fn parse(head: &[u8]) -> Option<Self> {
        let [a, b, c, d, lead] = *head.first_chunk::<5>()?;
        let (block, rate) = (c >> 4, c & 15);
        if a != 0xff || b & 0xfe != 0xf8 || block == 0 || rate == 15 || d >> 4 > 10 || d >> 1 & 7 == 3 || d & 1 == 1 {
            return None;
        }
        // The number is coded like a character of UTF-8, with up to seven bytes.
        let more = match lead.leading_ones() {
            0 => 0,
            ones @ 2..=7 => ones as usize - 1,
            _ => return None,
        };
        let bits = if more == 0 { u64::from(lead) } else { u64::from(lead) & (0x3f >> more) };
        let number = head
            .get(5..5 + more)?
            .iter()
            .try_fold(bits, |all, byte| (byte & 0xc0 == 0x80).then_some(all << 6 | u64::from(byte & 0x3f)))?;
        let mut at = 5 + more;
        let mut extra = |bytes: usize| {
            let value = head.get(at..at + bytes)?.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
            at += bytes;
            Some(value)
        };
        let samples = match block {
            1 => 192,
            2..=5 => 576 << (block - 2),
            6 => extra(1)? + 1,
            7 => extra(2)? + 1,
            _ => 256 << (block - 8),
        };
        extra(match rate {
            12 => 1,
            13 | 14 => 2,
            _ => 0,
        })?;
        let sum = head[..at].iter().fold(0_u8, |sum, byte| {
            (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 == 0 { sum << 1 } else { sum << 1 ^ 7 })
        });
        (*head.get(at)? == sum).then_some(Self { variable: b & 1 == 1, number, samples })
    }
}
