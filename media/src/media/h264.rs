//! The parts of H.264 that containers do not state: the packing of NAL units, key frames, and the size of the frames.

use mp4_atom::Avcc;

use super::{Codec, Stream, stretched};

/// The stream of a configuration record of MP4 or Matroska.
pub(super) fn stream(avcc: &Avcc) -> Stream {
    let mut config = Vec::new();
    for unit in avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets) {
        config.extend_from_slice(&[0, 0, 0, 1]);
        config.extend_from_slice(unit);
    }
    Stream { codec: Codec::H264(avcc.length_size), config, ..Stream::default() }
}

/// The display size, from the first sequence parameter set of a stream with start codes.
pub(super) fn shown_size(stream: &[u8]) -> Option<(u32, u32)> {
    let starts = stream.windows(4).enumerate().filter(|(_, bytes)| bytes[..3] == [0, 0, 1] && bytes[3] & 0x1f == 7);
    starts.filter_map(|(at, _)| parameters(stream.get(at + 4..)?)).next()
}

/// Whether a packet contains an IDR frame. Its NAL units have lengths of `length_size` bytes, or start codes for 0.
pub fn is_sync(mut packet: &[u8], length_size: u8) -> bool {
    if length_size == 0 {
        return packet.windows(4).any(|bytes| bytes[..3] == [0, 0, 1] && bytes[3] & 0x1f == 5);
    }
    while let Some((length, rest)) = packet.split_at_checked(length_size.into()) {
        let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        if rest.first().is_some_and(|head| head & 0x1f == 5) {
            return true;
        }
        packet = rest.get(length..).unwrap_or_default();
    }
    false
}

/// The bits of a NAL unit, without emulation prevention bytes.
struct Bits<'a> {
    bytes: &'a [u8],
    zeros: u8,
    bit: u8,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        let mut first = *self.bytes.first()?;
        if self.bit == 0 && self.zeros >= 2 && first == 3 {
            self.bytes = &self.bytes[1..];
            self.zeros = 0;
            first = *self.bytes.first()?;
        }
        let value = first >> (7 - self.bit) & 1;
        self.bit = (self.bit + 1) % 8;
        if self.bit == 0 {
            self.zeros = if first == 0 { self.zeros.saturating_add(1) } else { 0 };
            self.bytes = &self.bytes[1..];
        }
        Some(value.into())
    }

    fn number(&mut self, bits: u32) -> Option<u32> {
        (0..bits).try_fold(0, |number, _| Some(number << 1 | self.bit()?))
    }

    /// Exp-Golomb.
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }

    fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?;
        let half = (code / 2 + code % 2).cast_signed();
        Some(if code % 2 == 1 { half } else { -half })
    }

    fn skip_scaling_list(&mut self, length: u32) -> Option<()> {
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..length {
            if next != 0 {
                next = (last.wrapping_add(self.signed()?)).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
        Some(())
    }
}

/// ITU-T H.264, 7.3.2.1.1.
fn parameters(unit: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits { bytes: unit, zeros: 0, bit: 0 };
    let profile = bits.number(8)?;
    bits.number(16)?;
    bits.unsigned()?;
    let mut chroma = 1;
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        chroma = bits.unsigned()?;
        if chroma == 3 {
            bits.bit()?;
        }
        bits.unsigned()?;
        bits.unsigned()?;
        bits.bit()?;
        if bits.bit()? == 1 {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.bit()? == 1 {
                    bits.skip_scaling_list(if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.unsigned()?;
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?;
        }
        1 => {
            bits.bit()?;
            bits.signed()?;
            bits.signed()?;
            for _ in 0..bits.unsigned()?.min(255) {
                bits.signed()?;
            }
        }
        _ => {}
    }
    bits.unsigned()?;
    bits.bit()?;
    let width = bits.unsigned()?.checked_add(1)?.checked_mul(16)?;
    let map_height = bits.unsigned()?.checked_add(1)?;
    let frames_only = bits.bit()?;
    if frames_only == 0 {
        bits.bit()?;
    }
    let height = map_height.checked_mul(16 * (2 - frames_only))?;
    bits.bit()?;
    let (mut crop_x, mut crop_y) = (0u32, 0u32);
    if bits.bit()? == 1 {
        let (unit_x, unit_y) = match chroma {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        crop_x = bits.unsigned()?.checked_add(bits.unsigned()?)?.checked_mul(unit_x)?;
        crop_y = bits.unsigned()?.checked_add(bits.unsigned()?)?.checked_mul(unit_y * (2 - frames_only))?;
    }
    let (width, height) = (width.checked_sub(crop_x)?, height.checked_sub(crop_y)?);
    let (horizontal, vertical) = pixel_shape(&mut bits).unwrap_or((1, 1));
    Some((stretched(width, horizontal.into(), vertical.into()), height))
}

/// The pixel aspect ratio, from the first fields of the video usability information.
fn pixel_shape(bits: &mut Bits<'_>) -> Option<(u32, u32)> {
    /// Table E-1, from 1.
    const KNOWN: [(u32, u32); 16] = [
        (1, 1),
        (12, 11),
        (10, 11),
        (16, 11),
        (40, 33),
        (24, 11),
        (20, 11),
        (32, 11),
        (80, 33),
        (18, 11),
        (15, 11),
        (64, 33),
        (160, 99),
        (4, 3),
        (3, 2),
        (2, 1),
    ];
    if bits.bit()? == 0 || bits.bit()? == 0 {
        return None;
    }
    match bits.number(8)? {
        255 => Some((bits.number(16)?, bits.number(16)?)),
        index => KNOWN.get((index as usize).checked_sub(1)?).copied(),
    }
}
