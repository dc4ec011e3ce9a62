//! Matroska and WebM.

use std::{
    io::{self, BufReader},
    ops::{ControlFlow, Range},
};

use matroska_demuxer::{DisplayUnit, Frame, MatroskaFile, TrackEntry, TrackType, Video};
use mp4_atom::{Atom, Avcc};

use super::{Bounded, Codec, Layout, Media, PACKET_LIMIT, Packet, ProbeError, Probed, Sink, Source, Stream, stretched};

/// Maximum time by which a track may end before the file.
const SLACK_SEC: f64 = 2.0;

type Input = Bounded<BufReader<Source>>;

pub(super) fn is(head: &[u8]) -> bool {
    head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

fn open(file: Source, size: u64) -> Result<MatroskaFile<Input>, ProbeError> {
    let input = Bounded::new(BufReader::with_capacity(1 << 16, file), size);
    MatroskaFile::open(input).map_err(|_| ProbeError::Broken("has an unreadable Matroska header"))
}

pub(super) fn probe(file: Source, size: u64) -> io::Result<Probed> {
    Ok(open(file, size).and_then(|mut matroska| inspect(&mut matroska)))
}

fn inspect(matroska: &mut MatroskaFile<Input>) -> Probed {
    let scale = matroska.info().timestamp_scale().get() as f64 / 1e9;
    let find = |kind| matroska.tracks().iter().find(|track| track.track_type() == kind);
    let track = find(TrackType::Video).ok_or(ProbeError::NotVideo("has no video track"))?;
    let shape = track.video().ok_or(ProbeError::Broken("does not state the size of its video"))?;
    let (width, height) = shown_size(shape).ok_or(ProbeError::Broken("crops all of its video"))?;
    let video = picture_stream(track);
    let mut audio = find(TrackType::Audio).map(sound_stream);
    let length = track.default_duration().map_or(0.0, |length| length.get() as f64 / 1e9);
    let said = matroska.info().duration().map(|duration| duration * scale);

    // The header can be missing or wrong, so the clusters are read.
    let (mut pictures, mut sounds, mut last) = (0u64, 0u64, 0.0f64);
    let mut frame = Frame::default();
    loop {
        match matroska.next_frame(&mut frame) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => return Err(ProbeError::Broken("has an unreadable cluster")),
        }
        let mut end = frame.timestamp as f64 * scale;
        if frame.track == video.id {
            pictures += 1;
            end += length;
        } else if audio.as_ref().is_some_and(|audio| audio.id == frame.track) {
            sounds += 1;
        }
        last = last.max(end + frame.duration.unwrap_or(0) as f64 * scale);
    }
    if pictures == 0 {
        return Err(ProbeError::Broken("has a video track without frames"));
    }
    if said.is_some_and(|said| said > last + SLACK_SEC) {
        return Err(ProbeError::Broken("ends early"));
    }
    audio.take_if(|_| sounds == 0);
    let duration = said.filter(|said| *said > 0.0).unwrap_or(last);
    Ok(Media { duration, width, height, video, audio, layout: Layout::Matroska })
}

fn shown_size(video: &Video) -> Option<(u32, u32)> {
    let cropped = |size: u64, first: Option<u64>, last: Option<u64>| {
        let rest = size.checked_sub(first.unwrap_or(0))?.checked_sub(last.unwrap_or(0))?;
        u32::try_from(rest).ok()
    };
    let width = cropped(video.pixel_width().get(), video.pixel_crop_left(), video.pixel_crop_right())?;
    let height = cropped(video.pixel_height().get(), video.pixel_crop_top(), video.pixel_crop_bottom())?;
    // The display size gives the pixel aspect ratio. Its unit is pixels unless stated otherwise.
    let measured = matches!(video.display_unit(), None | Some(DisplayUnit::Pixels | DisplayUnit::DisplayAspectRatio));
    match (video.display_width(), video.display_height()) {
        (Some(shown_width), Some(shown_height)) if measured => {
            let horizontal = shown_width.get().checked_mul(height.into())?;
            let vertical = shown_height.get().checked_mul(width.into())?;
            Some((
                if horizontal > u64::from(u32::MAX) { width } else { stretched(width, horizontal, vertical) },
                height,
            ))
        }
        _ => Some((width, height)),
    }
}

fn picture_stream(track: &TrackEntry) -> Stream {
    let avcc = track.codec_private().filter(|_| is_plain(track) && track.codec_id() == "V_MPEG4/ISO/AVC");
    let avcc = avcc.and_then(|mut private| Avcc::decode_body(&mut private).ok());
    Stream { id: track.track_number().get(), ..avcc.as_ref().map(super::h264::stream).unwrap_or_default() }
}

fn sound_stream(track: &TrackEntry) -> Stream {
    let bits = track.audio().and_then(|audio| audio.bit_depth()).map_or(0, |bits| bits.get());
    let codec = match track.codec_id() {
        _ if !is_plain(track) => Codec::Other,
        "A_VORBIS" => Codec::Vorbis,
        "A_MPEG/L2" | "A_MPEG/L3" => Codec::Mpa,
        "A_PCM/INT/LIT" if bits == 16 => Codec::Pcm16,
        codec if codec.starts_with("A_AAC") => Codec::Aac,
        _ => Codec::Other,
    };
    Stream {
        id: track.track_number().get(),
        codec,
        config: track.codec_private().map(<[u8]>::to_vec).unwrap_or_default(),
        rate: track.audio().map_or(0, |audio| audio.sampling_frequency() as u32),
        channels: track.audio().map_or(0, |audio| u16::try_from(audio.channels().get()).unwrap_or(0)),
    }
}

/// Compressed or encrypted tracks are not supported.
fn is_plain(track: &TrackEntry) -> bool {
    track.content_encodings().is_none_or(<[_]>::is_empty)
}

pub(super) fn read(file: Source, size: u64, track: u64, range: Range<f64>, sink: Sink<'_>) -> io::Result<()> {
    let mut matroska = open(file, size).map_err(|error| io::Error::other(error.to_string()))?;
    let scale = matroska.info().timestamp_scale().get() as f64 / 1e9;
    let mut frame = Frame::default();
    while matroska.next_frame(&mut frame).map_err(io::Error::other)? {
        let start = frame.timestamp as f64 * scale;
        // Clusters are in order, but the frames of adjacent clusters are not.
        if start > range.end + 30.0 {
            break;
        }
        if frame.track != track || frame.data.len() as u64 > PACKET_LIMIT {
            continue;
        }
        if let ControlFlow::Break(()) = sink(Packet { start, data: &frame.data }) {
            break;
        }
    }
    Ok(())
}
