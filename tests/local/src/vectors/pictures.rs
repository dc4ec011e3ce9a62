//! Decoded and scaled pictures, of H.264 only.
//!
//! All arithmetic is on integers, so that results are identical on all machines.

use std::{
    io,
    ops::{ControlFlow, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use rust_h264::{
    decoder::{Frame, OrderedDecoder},
    nal::{NalUnit, NalUnitType, parse_annex_b, parse_avcc, parse_sps_info},
};

use super::{images::Image, recent::Recent};
use crate::media::{Codec, Media, Packet, Stream, StreamKind, h264};

/// Width and height of the luma of a [`Still`].
pub(super) const LUMA: usize = 32;

/// Width and height of its chroma.
pub(super) const CHROMA: usize = 8;

/// Pictures per second: enough for motion, and few enough for hours of video.
const STILLS_PER_SEC: f64 = 4.0;

/// Maximum number of pixels at 25 frames per second, about a minute of work. Of larger videos, only key frames are
/// decoded.
const PIXELS_LIMIT: f64 = 5e9;

/// Maximum size of a frame in the stream, which bounds the memory of the decoder.
const PICTURE_LIMIT: u64 = 5184 * 5184;

/// Maximum number of encoded bytes between two key frames.
const GROUP_LIMIT: usize = 64 << 20;

/// Maximum number of pixels that are decoded to get one picture, about six seconds of work. If there are more, the key
/// frame before it is shown.
const PICTURE_WORK: u64 = 500_000_000;

/// Weights of red, green and blue in luma and in the two differences, in 256ths: ITU-R BT.601.
const GREY: [i32; 3] = [66, 129, 25];
pub(super) const BLUE: [i32; 3] = [-38, -74, 112];
pub(super) const RED: [i32; 3] = [112, -94, -18];

/// A scaled picture.
#[derive(Clone, Debug)]
pub(super) struct Still {
    /// In seconds.
    pub(super) time: f64,
    pub(super) luma: [u8; LUMA * LUMA],
    pub(super) blue: [u8; CHROMA * CHROMA],
    pub(super) red: [u8; CHROMA * CHROMA],
}

static RECENT: Recent<Still> = Recent::new();

/// The stills of a time range, ordered by time. Empty if nothing can be decoded.
pub(super) fn stills(media: &Media, path: &Path, range: Range<f64>) -> io::Result<Arc<[Still]>> {
    RECENT.get((media, path), StreamKind::Video, range.clone(), || decoded_stills(media, path, range))
}

fn decoded_stills(media: &Media, path: &Path, range: Range<f64>) -> io::Result<Vec<Still>> {
    let work = f64::from(media.width) * f64::from(media.height) * (range.end - range.start) * 25.0;
    let mut stills = Vec::new();
    let mut slot = i64::MIN;
    let sink = |time: f64, frame: &Frame| {
        let now = (time * STILLS_PER_SEC + 1e-6).floor() as i64;
        // The last one before the range is kept, in case there are none in it.
        if now != slot {
            slot = now;
            stills.push(still(time, frame));
        }
    };
    let decoded = guarded(|| decode(media, path, range, work > PIXELS_LIMIT, sink))?;
    Ok(if decoded { stills } else { Vec::new() })
}

/// The picture shown at a time, or the key frame before it if that takes much less work.
pub(super) fn picture(media: &Media, path: &Path, time: f64) -> io::Result<Option<Frame>> {
    let mut last = None;
    let Some(Codec::H264(length_size)) = media.stream(StreamKind::Video).map(|stream| stream.codec) else {
        return Ok(None);
    };
    // Reads beyond the packet of that time, and decodes from the last key frame.
    let mut group: Vec<(f64, Vec<u8>)> = Vec::new();
    let mut bytes = 0;
    media.read(path, StreamKind::Video, time..time + 0.5, |packet| {
        if packet.start <= time && h264::is_sync(packet.data, length_size) {
            group.clear();
            bytes = 0;
        }
        bytes += packet.data.len();
        group.push((packet.start, packet.data.to_vec()));
        if bytes > GROUP_LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if u64::from(media.width) * u64::from(media.height) * group.len() as u64 > PICTURE_WORK {
        group.truncate(1);
    }
    let decoded = guarded(|| {
        let Some(mut decoder) = Pictures::new(media.stream(StreamKind::Video)) else { return Ok(false) };
        let mut keep = |shown: f64, frame: &Frame| {
            if shown <= time || last.is_none() {
                last = Some(frame.clone());
            }
        };
        for (start, data) in &group {
            if !decoder.push(*start, data, &mut keep) {
                return Ok(false);
            }
        }
        decoder.finish(&mut keep);
        Ok(true)
    })?;
    Ok(last.filter(|_| decoded))
}

/// A panic of the decoder counts as a video that cannot be decoded.
fn guarded(decode: impl FnOnce() -> io::Result<bool>) -> io::Result<bool> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Ok(false))
}

/// Calls `sink` with pictures ordered by time, or only with key frames, which need no other picture to be decoded.
/// Returns `false` if they cannot be decoded.
fn decode(
    media: &Media,
    path: &Path,
    range: Range<f64>,
    key_frames_only: bool,
    mut sink: impl FnMut(f64, &Frame),
) -> io::Result<bool> {
    let Some(mut decoder) = Pictures::new(media.stream(StreamKind::Video)) else { return Ok(false) };
    let mut decodable = true;
    media.read(path, StreamKind::Video, range, |Packet { start, data, .. }| {
        if key_frames_only && !h264::is_sync(data, decoder.length_size) {
            return ControlFlow::Continue(());
        }
        decodable = decoder.push(start, data, &mut sink);
        if decodable { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if decodable {
        decoder.finish(&mut sink);
    }
    Ok(decodable)
}

struct Pictures {
    decoder: OrderedDecoder<f64>,
    /// As in [`Codec::H264`].
    length_size: u8,
}

impl Pictures {
    fn new(stream: Option<&Stream>) -> Option<Self> {
        let stream = stream?;
        let Codec::H264(length_size) = stream.codec else { return None };
        let mut pictures = Self { decoder: OrderedDecoder::new(), length_size };
        pictures.units(0.0, &parse_annex_b(&stream.config), &mut |_, _| {}).then_some(pictures)
    }

    /// Returns `false` if the frames are too large.
    fn push(&mut self, start: f64, data: &[u8], sink: &mut impl FnMut(f64, &Frame)) -> bool {
        let units = match self.length_size {
            0 => parse_annex_b(data),
            size => parse_avcc(data, size.into()),
        };
        self.units(start, &units, sink)
    }

    fn units(&mut self, start: f64, units: &[NalUnit<'_>], sink: &mut impl FnMut(f64, &Frame)) -> bool {
        for unit in units {
            if unit.nal_unit_type == NalUnitType::Sps {
                let size = parse_sps_info(unit).map(|sps| u64::from(sps.coded_width) * u64::from(sps.coded_height));
                if size.is_ok_and(|size| size > PICTURE_LIMIT) {
                    return false;
                }
            }
            // A damaged NAL unit loses its frame only.
            for (frame, time) in self.decoder.decode_nal_with_meta(unit, start).unwrap_or_default() {
                sink(time, &frame);
            }
        }
        true
    }

    fn finish(mut self, sink: &mut impl FnMut(f64, &Frame)) {
        for (frame, time) in self.decoder.flush_with_meta() {
            sink(time, &frame);
        }
    }
}

fn still(time: f64, frame: &Frame) -> Still {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (half_width, half_height) = (frame.chroma_width() as usize, frame.chroma_height() as usize);
    let shift = frame.bit_depth.saturating_sub(8);
    let plane = |plane: &[u8], width, height, x, y| average(plane, frame, (width, height), shift, x, y);
    Still {
        time,
        luma: std::array::from_fn(|at| {
            plane(&frame.y, width, height, cell(at % LUMA, LUMA, width), cell(at / LUMA, LUMA, height))
        }),
        blue: std::array::from_fn(|at| {
            let (x, y) = (cell(at % CHROMA, CHROMA, half_width), cell(at / CHROMA, CHROMA, half_height));
            plane(&frame.u, half_width, half_height, x, y)
        }),
        red: std::array::from_fn(|at| {
            let (x, y) = (cell(at % CHROMA, CHROMA, half_width), cell(at / CHROMA, CHROMA, half_height));
            plane(&frame.v, half_width, half_height, x, y)
        }),
    }
}

/// Scales an image.
pub(super) fn still_of_image(image: &Image) -> Still {
    let Image { width, height, ref pixels } = *image;
    let mean = |cells: usize, at: usize| {
        mean_of_rgb(width, pixels, cell(at % cells, cells, width), cell(at / cells, cells, height))
    };
    let weighted = |rgb: [i32; 3], weights: [i32; 3], zero: i32| {
        let sum: i32 = rgb.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        (((sum + 128) >> 8) + zero).clamp(0, 255) as u8
    };
    Still {
        time: 0.0,
        luma: std::array::from_fn(|at| weighted(mean(LUMA, at), GREY, 16)),
        blue: std::array::from_fn(|at| weighted(mean(CHROMA, at), BLUE, 128)),
        red: std::array::from_fn(|at| weighted(mean(CHROMA, at), RED, 128)),
    }
}

/// The rounded mean of a rectangle of red, green and blue bytes, in rows of `width` pixels.
pub(super) fn mean_of_rgb(width: usize, pixels: &[u8], x: Range<usize>, y: Range<usize>) -> [i32; 3] {
    let count = (x.len() * y.len()) as u64;
    let mut sums = [0_u64; 3];
    for row in y {
        for pixel in pixels[(row * width + x.start) * 3..(row * width + x.end) * 3].as_chunks::<3>().0 {
            sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u64::from(*value));
        }
    }
    sums.map(|sum| ((sum + count / 2) / count) as i32)
}

/// The pixels of a cell, at least one.
pub(super) fn cell(index: usize, cells: usize, length: usize) -> Range<usize> {
    let start = index * length / cells;
    start..((index + 1) * length / cells).max(start + 1).min(length)
}

/// The rounded mean of a rectangle. The middle of the range if there are no samples, as in monochrome pictures.
pub(super) fn average(
    plane: &[u8],
    frame: &Frame,
    (width, height): (usize, usize),
    shift: u8,
    x: Range<usize>,
    y: Range<usize>,
) -> u8 {
    if plane.len() < width * height * frame.bytes_per_sample() || x.is_empty() || y.is_empty() {
        return 128;
    }
    let count = (x.len() * y.len()) as u64;
    // Plain loops: tests run this without optimization, for every pixel.
    let mut sum = 0;
    for row in y {
        match frame.bytes_per_sample() {
            1 => {
                for sample in &plane[row * width..][x.clone()] {
                    sum += u64::from(*sample);
                }
            }
            _ => {
                for at in x.clone() {
                    sum += u64::from(frame.sample(plane, row * width + at) >> shift);
                }
            }
        }
    }
    ((sum + count / 2) / count).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_key_frames_of_a_long_video_are_decoded() {
        for name in ["shots.mp4", "shots_coarse.mkv", "shots_small.ts", "shots_bright.avi"] {
            let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../media")).join(name);
            let media = Media::probe(&path).expect("the disk works").expect(name);
            let times = |key_frames_only| {
                let mut times = Vec::new();
                let decoded = decode(&media, &path, 20.0..32.0, key_frames_only, |time, _| times.push(time));
                assert!(decoded.expect("the disk works"), "{name}");
                times
            };
            let (all, key_frames) = (times(false), times(true));
            let (count, of) = (key_frames.len(), all.len());
            assert!(count >= 3 && count * 8 < of, "{name}: {count} of {of}");
            assert!(all.is_sorted() && key_frames.iter().all(|time| all.contains(time)), "{name}");
        }
    }
}
