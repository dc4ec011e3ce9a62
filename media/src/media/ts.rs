//! MPEG transport streams with packets of 188 bytes, 192 (discs) and 204 (broadcasts).

use std::{
    io::{self, BufReader, Read},
    ops::{ControlFlow, Range},
    path::Path,
};

use super::{Codec, Layout, Media, Packet, ProbeError, Probed, Sink, Source, Stream, ffprobe, h264};

const SYNC: u8 = 0x47;

/// Maximum size of a unit in bytes, larger than any frame of a broadcast.
const PES_LIMIT: usize = 16 << 20;

/// The layout of the packets in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    length: usize,
    /// Bytes before the sync byte.
    before: usize,
}

impl Shape {
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let shapes = [(188, 0), (192, 4), (204, 0)].map(|(length, before)| Self { length, before });
        shapes.into_iter().find(|shape| {
            let mut syncs = head.iter().skip(shape.before).step_by(shape.length);
            head.len() > 4 * shape.length && syncs.all(|byte| *byte == SYNC)
        })
    }

    /// Calls `sink` with each payload: the PID, whether a unit starts, the bytes.
    fn each(&self, file: Source, mut sink: impl FnMut(u16, bool, &[u8]) -> ControlFlow<()>) -> io::Result<()> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut packet = vec![0; self.length];
        loop {
            match file.read_exact(&mut packet) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                outcome => outcome?,
            }
            let bytes = &packet[self.before..self.before + 188];
            // A damaged packet is skipped.
            if bytes[0] != SYNC || bytes[1] & 0x80 != 0 || bytes[3] & 0x10 == 0 {
                continue;
            }
            let start = if bytes[3] & 0x20 != 0 { 5 + usize::from(bytes[4]) } else { 4 };
            let pid = u16::from_be_bytes([bytes[1] & 0x1f, bytes[2]]);
            if let Some(payload) = bytes.get(start..).filter(|payload| !payload.is_empty())
                && sink(pid, bytes[1] & 0x40 != 0, payload).is_break()
            {
                return Ok(());
            }
        }
    }
}

/// The first video and the first audio stream of the first program.
#[derive(Debug, Default)]
struct Program {
    table: Option<u16>,
    video: Option<(u16, u8)>,
    audio: Option<(u16, u8)>,
    /// Private data without a stream type: its kind is detected from its units.
    private: Vec<u16>,
}

impl Program {
    /// Reads tables of one packet, which hold one or two programs.
    fn section(&mut self, pid: u16, payload: &[u8]) -> Option<()> {
        let section = payload.get(1 + usize::from(*payload.first()?)..)?;
        let length = usize::from(u16::from_be_bytes([section.get(1)? & 0x0f, *section.get(2)?]));
        // Without the checksum.
        let body = section.get(3..(3 + length).min(section.len()).checked_sub(4)?)?;
        match (*section.first()?, self.table) {
            (0, None) if pid == 0 => {
                let programs = body.get(5..)?.as_chunks::<4>().0;
                let first = programs.iter().find(|program| program[..2] != [0, 0])?;
                self.table = Some(u16::from_be_bytes([first[2] & 0x1f, first[3]]));
            }
            (2, Some(table)) if pid == table => {
                let skipped = usize::from(u16::from_be_bytes([body.get(7)? & 0x0f, *body.get(8)?]));
                let mut streams = body.get(9 + skipped..)?;
                while let [kind, high, low, info_high, info_low, ..] = *streams {
                    let pid = u16::from_be_bytes([high & 0x1f, low]);
                    let info = usize::from(u16::from_be_bytes([info_high & 0x0f, info_low]));
                    match kind {
                        0x01 | 0x02 | 0x10 | 0x1b | 0x24 | 0x33 | 0x42 | 0xea => {
                            self.video.get_or_insert((pid, kind));
                        }
                        0x03 | 0x04 | 0x0f | 0x11 | 0x1c | 0x80..=0x8a => {
                            self.audio.get_or_insert((pid, kind));
                        }
                        0x06 if is_sound(streams.get(5..5 + info).unwrap_or_default()) => {
                            self.audio.get_or_insert((pid, kind));
                        }
                        0x06 if !self.private.contains(&pid) => self.private.push(pid),
                        _ => {}
                    }
                    streams = streams.get(5 + info..)?;
                }
            }
            _ => {}
        }
        Some(())
    }
}

/// Whether the descriptors of private data are those of audio: AC-3, E-AC-3, DTS, AAC or Opus.
fn is_sound(mut descriptors: &[u8]) -> bool {
    while let [tag, length, rest @ ..] = descriptors {
        let body = rest.get(..usize::from(*length)).unwrap_or_default();
        if matches!(tag, 0x6a | 0x7a..=0x7c) || (*tag == 5 && [&b"Opus"[..], b"AC-3", b"EAC3"].contains(&body)) {
            return true;
        }
        descriptors = rest.get(usize::from(*length)..).unwrap_or_default();
    }
    false
}

/// The audio codec in a unit of private data.
fn private_sound(unit: &[u8]) -> Option<u8> {
    let [0, 0, 1, 0xc0..=0xdf, _, _, _, _, header, rest @ ..] = unit else { return None };
    let adts = matches!(rest.get(usize::from(*header)..)?, [0xff, second, ..] if second & 0xf6 == 0xf0);
    Some(if adts { 0x0f } else { 0x06 })
}

/// Assembles the units of one PID.
#[derive(Debug, Default)]
struct Assembly {
    unit: Vec<u8>,
    /// The last timestamp in ticks of 90 kHz, unwrapped.
    clock: Option<i64>,
}

impl Assembly {
    /// The unit that ends before this payload: its time in ticks, and the offset of its data.
    fn take(&mut self) -> Option<(i64, usize)> {
        let [0, 0, 1, _, _, _, _, flags, header, ..] = *self.unit.as_slice() else { return None };
        let stamp = if flags & 0x80 != 0 { self.unit.get(9..14) } else { None };
        if let Some(&[a, b, c, d, e]) = stamp {
            let [a, b, c, d, e] = [a, b, c, d, e].map(i64::from);
            let read = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1;
            // Timestamps have 33 bits: the value nearest to the previous one.
            const WRAP: i64 = 1 << 33;
            let near = |last: i64| last + (read - last + WRAP / 2).rem_euclid(WRAP) - WRAP / 2;
            self.clock = Some(self.clock.map_or(read, near));
        }
        Some((self.clock?, 9 + usize::from(header)))
    }

    fn push(&mut self, payload: &[u8]) {
        if self.unit.len() + payload.len() <= PES_LIMIT {
            self.unit.extend_from_slice(payload);
        }
    }
}

pub(super) fn probe(path: Option<&Path>, file: Source, size: u64, shape: Shape) -> io::Result<Probed> {
    let mut program = Program::default();
    let mut assembly = Assembly::default();
    let (mut first, mut last, mut pictures, mut sound) = (i64::MAX, i64::MIN, 0u32, false);
    let mut shown = None;
    let mut picture = |assembly: &mut Assembly, kind: u8| {
        if let Some((time, data)) = assembly.take() {
            (first, last, pictures) = (first.min(time), last.max(time), pictures.saturating_add(1));
            let data = assembly.unit.get(data..).unwrap_or_default();
            shown = shown.or_else(|| match kind {
                0x1b => h264::shown_size(data),
                0x01 | 0x02 => mpeg2_size(data),
                _ => None,
            });
        }
        assembly.unit.clear();
    };
    shape.each(file, |pid, starts, payload| {
        match (program.video, program.audio) {
            (Some((video, kind)), _) if pid == video => {
                if starts {
                    picture(&mut assembly, kind);
                }
                assembly.push(payload);
            }
            (_, Some((audio, _))) if pid == audio => sound = true,
            (_, None) if starts && program.private.contains(&pid) => {
                program.audio = private_sound(payload).map(|kind| (pid, kind));
                sound = program.audio.is_some();
            }
            (None, _) if starts => {
                program.section(pid, payload);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    let Some((video, kind)) = program.video else { return Ok(Err(ProbeError::NotVideo("has no video track"))) };
    picture(&mut assembly, kind);
    if pictures < 2 {
        return Ok(Err(ProbeError::Broken("has a video track without frames")));
    }
    let Some((width, height)) = shown else {
        return match kind {
            0x1b | 0x01 | 0x02 => Ok(Err(ProbeError::Broken("does not state the size of its video"))),
            _ => ffprobe::probe(path, size, "mpegts"),
        };
    };
    // The last frame is as long as the others.
    let span = (last - first) as f64 / 90_000.0;
    let duration = span + span / f64::from(pictures - 1);
    let codec = if kind == 0x1b { Codec::H264(0) } else { Codec::Other };
    let audio = program.audio.filter(|_| sound).map(|(pid, kind)| {
        let codec = match kind {
            0x0f => Codec::Adts,
            0x03 | 0x04 => Codec::Mpa,
            _ => Codec::Other,
        };
        Stream { id: pid.into(), codec, ..Stream::default() }
    });
    let video = Stream { id: video.into(), codec, ..Stream::default() };
    Ok(Ok(Media { duration, width, height, video, audio, layout: Layout::Ts(shape) }))
}

/// The size in the first sequence header of MPEG-2.
fn mpeg2_size(data: &[u8]) -> Option<(u32, u32)> {
    let at = data.windows(4).position(|bytes| bytes == [0, 0, 1, 0xb3])?;
    let [a, b, c] = data.get(at + 4..at + 7)?.try_into().map(|bytes: [u8; 3]| bytes.map(u32::from)).ok()?;
    Some((a << 4 | b >> 4, (b & 0x0f) << 8 | c))
}

/// Times start at the first unit of the track.
pub(super) fn read(file: Source, shape: &Shape, track: u64, range: Range<f64>, sink: Sink<'_>) -> io::Result<()> {
    let mut assembly = Assembly::default();
    let mut first = None;
    let mut hand_out = |assembly: &mut Assembly| {
        let mut outcome = ControlFlow::Continue(());
        if let Some((time, data)) = assembly.take() {
            let start = (time - *first.get_or_insert(time)) as f64 / 90_000.0;
            let data = assembly.unit.get(data..).unwrap_or_default();
            outcome = match start > range.end + 30.0 {
                true => ControlFlow::Break(()),
                false => sink(Packet { start: start.max(0.0), data }),
            };
        }
        assembly.unit.clear();
        outcome
    };
    let mut broken_off = false;
    shape.each(file, |pid, starts, payload| {
        if u64::from(pid) != track {
            return ControlFlow::Continue(());
        }
        let outcome = if starts { hand_out(&mut assembly) } else { ControlFlow::Continue(()) };
        broken_off = outcome.is_break();
        assembly.push(payload);
        outcome
    })?;
    if !broken_off {
        // Anything after the last unit is ignored.
        let _ = hand_out(&mut assembly);
    }
    Ok(())
}
