//! AVI, including OpenDML for files larger than 1 GB.

use std::io::{self, BufReader, Read};

use super::{Codec, Layout, Media, PACKETS_LIMIT, ProbeError, Probed, Sample, Source, Stream};

/// Maximum size of the headers. They usually take a few hundred bytes.
const HEADER_LIMIT: u32 = 1 << 20;

pub(super) fn is(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ")
}

/// A stream, from its header.
#[derive(Debug)]
struct Track {
    stream: Stream,
    /// Seconds of one unit.
    unit: f64,
    /// Bytes of one unit, or 0 if each chunk is a unit.
    unit_size: u32,
    size: (u32, u32),
    samples: Vec<Sample>,
    units: u64,
}

pub(super) fn probe(file: Source, size: u64) -> io::Result<Probed> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut tracks: Vec<(u8, Track)> = Vec::new();
    let (mut at, mut streams, mut count) = (0u64, 0u8, 0u64);
    while size - at >= 8 {
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        at += 8;
        let [kind @ .., a, b, c, d] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        // Lists are entered, not skipped.
        if (&kind == b"RIFF" || &kind == b"LIST") && size - at >= 4 {
            let mut name = [0; 4];
            file.read_exact(&mut name)?;
            at += 4;
            if &name == b"strl" {
                let Some(body) = body(&mut file, length.saturating_sub(4), size - at)? else {
                    return Ok(Err(ProbeError::Broken("ends inside its header")));
                };
                at += body.len() as u64;
                tracks.extend(stream(&body).map(|track| (streams, track)));
                streams = streams.saturating_add(1);
                let odd = u64::from(length % 2).min(size - at);
                file.seek_relative(odd.cast_signed())?;
                at += odd;
            }
            continue;
        }
        if u64::from(length) > size - at {
            return Ok(Err(ProbeError::Broken("ends inside a chunk")));
        }
        if &kind == b"idx1" {
            let left = length.min(16 * u32::try_from(count).unwrap_or(u32::MAX));
            at += index(&mut file, left, &mut tracks)?;
            let rest = u64::from(length - left) + u64::from(length % 2).min(size - at - u64::from(length - left));
            file.seek_relative(rest.cast_signed())?;
            at += rest;
            continue;
        }
        if let Some(number) = stream_number(kind)
            && let Some((_, track)) = tracks.iter_mut().find(|(index, _)| *index == number)
        {
            count += 1;
            if count > PACKETS_LIMIT {
                return Ok(Err(ProbeError::Broken("has too many chunks")));
            }
            // Until the index is read. For audio, every chunk is a sync sample.
            let sync = track.samples.is_empty() || track.size == (0, 0);
            let Some(sample) = Sample::new(track.units as f64 * track.unit, at, length.into(), sync, size) else {
                return Ok(Err(ProbeError::Broken("has a chunk that is too large")));
            };
            // An empty chunk repeats the previous frame.
            if length > 0 {
                track.samples.push(sample);
            }
            track.units += length.checked_div(track.unit_size).map_or(1, u64::from);
        }
        let next = (u64::from(length) + u64::from(length % 2)).min(size - at);
        file.seek_relative(next.cast_signed())?;
        at += next;
    }
    Ok(media(tracks))
}

/// Marks key frames. The index entries of a stream are in the order of its chunks.
fn index(file: &mut BufReader<Source>, length: u32, tracks: &mut [(u8, Track)]) -> io::Result<u64> {
    let mut places = vec![0; tracks.len()];
    let entries = length / 16;
    for _ in 0..entries {
        let mut entry = [0; 16];
        file.read_exact(&mut entry)?;
        let [kind @ .., f0, f1, f2, f3, _, _, _, _, s0, s1, s2, s3] = entry;
        if u32::from_le_bytes([s0, s1, s2, s3]) == 0 {
            continue;
        }
        let track = stream_number(kind).and_then(|number| tracks.iter().position(|(index, _)| *index == number));
        if let Some(track) = track {
            if let Some(sample) = tracks[track].1.samples.get_mut(places[track]) {
                sample.sync |= u32::from_le_bytes([f0, f1, f2, f3]) & 0x10 != 0;
            }
            places[track] += 1;
        }
    }
    Ok(u64::from(entries) * 16)
}

fn body(file: &mut BufReader<Source>, length: u32, left: u64) -> io::Result<Option<Vec<u8>>> {
    if length > HEADER_LIMIT || u64::from(length) > left {
        return Ok(None);
    }
    let mut body = vec![0; length as usize];
    file.read_exact(&mut body)?;
    Ok(Some(body))
}

/// The stream number of a data chunk, such as `00dc` or `01wb`.
fn stream_number(kind: [u8; 4]) -> Option<u8> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', what @ ..] = kind else { return None };
    matches!(&what, b"dc" | b"db" | b"wb").then(|| (tens - b'0') * 10 + (ones - b'0'))
}

fn stream(body: &[u8]) -> Option<Track> {
    let (mut head, mut format) = (None, None);
    let mut rest = body;
    while let Some((kind, after)) = rest.split_first_chunk::<4>() {
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let chunk = after.get(..length)?;
        match kind {
            b"strh" => head = Some(chunk),
            b"strf" => format = Some(chunk),
            _ => {}
        }
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    let (head, format) = (head?, format?);
    let long = |bytes: &[u8], at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let short = |at: usize| Some(u16::from_le_bytes(*format.get(at..)?.first_chunk()?));
    let (scale, rate) = (long(head, 20)?, long(head, 24)?);
    let mut track = Track {
        stream: Stream::default(),
        unit: f64::from(scale) / f64::from(rate),
        unit_size: 0,
        size: (0, 0),
        samples: Vec::new(),
        units: 0,
    };
    match head.get(..4)? {
        b"vids" => {
            // A frame that is stored from the top has a negative height.
            track.size = (long(format, 4)?, long(format, 8)?.cast_signed().unsigned_abs());
            if format
                .get(16..20)
                .is_some_and(|code| [b"H264", b"X264", b"AVC1"].iter().any(|known| code.eq_ignore_ascii_case(*known)))
            {
                track.stream.codec = Codec::H264(0);
            }
        }
        b"auds" => {
            track.unit_size = long(head, 44)?;
            track.stream.channels = short(2)?;
            track.stream.rate = long(format, 4)?;
            track.stream.codec = match (short(0)?, short(14)) {
                (1, Some(16)) => Codec::Pcm16,
                (0x50 | 0x55, _) => Codec::Mpa,
                (0xff, _) => Codec::Aac,
                _ => Codec::Other,
            };
            if track.stream.codec == Codec::Aac {
                let extra = usize::from(short(16).unwrap_or(0));
                track.stream.config = format.get(18..18 + extra).unwrap_or_default().to_vec();
            }
        }
        _ => return None,
    }
    Some(track)
}

fn media(tracks: Vec<(u8, Track)>) -> Probed {
    let (mut video, mut audio) = (None, None);
    for (_, track) in tracks {
        match track.size {
            (0, 0) => audio = audio.or(Some(track)),
            _ => video = video.or(Some(track)),
        }
    }
    let video = video.ok_or(ProbeError::NotVideo("has no video track"))?;
    if video.samples.is_empty() {
        return Err(ProbeError::Broken("has a video track without frames"));
    }
    let audio = audio.filter(|track| !track.samples.is_empty());
    let (audio, audio_samples) = audio.map(|track| (track.stream, track.samples)).unzip();
    let (width, height) = video.size;
    Ok(Media {
        duration: video.units as f64 * video.unit,
        width,
        height,
        video: video.stream,
        audio,
        layout: Layout::Indexed { video: video.samples, audio: audio_samples.unwrap_or_default() },
    })
}
