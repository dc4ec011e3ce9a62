//! MP4 and MOV, fragmented or not.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use mp4_atom::{Atom, Codec as Entry, Decode, Mdia, Moof, Mvex, Pasp, Stbl, StszSamples, Tfhd, Tkhd, Trex, Trun};

use super::{Codec, Layout, Media, PACKETS_LIMIT, ProbeError, Probed, Sample, Source, Stream, stretched};

/// Maximum size of the index. That of four hours takes a fifth of it.
const BOX_LIMIT: u64 = 64 << 20;

/// A track while it is being read. Times are in its own units.
struct Track {
    id: u32,
    tkhd: Tkhd,
    mdia: Mdia,
    samples: Vec<Timed>,
    /// The start of the next fragment, unless the fragment states it.
    clock: i64,
}

struct Timed {
    shown: i64,
    length: u32,
    offset: u64,
    size: u32,
    sync: bool,
}

pub(super) fn is(head: &[u8]) -> bool {
    // Old QuickTime files have no type box.
    let kinds: [&[u8]; 5] = [b"ftyp", b"moov", b"mdat", b"wide", b"styp"];
    head.get(4..8).is_some_and(|kind| kinds.contains(&kind))
}

pub(super) fn probe(file: Source, size: u64) -> io::Result<Probed> {
    let mut file = BufReader::new(file);
    let mut tracks: Option<Vec<Track>> = None;
    let mut defaults = Vec::new();
    let mut unreadable = 0;
    // Every packet has at least one byte.
    let limit = PACKETS_LIMIT.min(size) as usize;
    let mut at = 0;
    while at < size {
        let Some((kind, header, whole)) = header(&mut file, at, size)? else {
            // Invalid data after the index is ignored. Before it, the file is broken.
            break;
        };
        if kind == *b"moov" || kind == *b"moof" {
            if whole > BOX_LIMIT {
                return Ok(Err(ProbeError::Broken("has an index that is too large")));
            }
            if whole > size - at {
                return Ok(Err(ProbeError::Broken("ends inside its index")));
            }
            let mut body = vec![0; (whole - header) as usize];
            file.read_exact(&mut body)?;
            if kind == *b"moov" && tracks.is_none() {
                tracks = Some(moov(&body, &mut defaults, &mut unreadable));
            } else if kind == *b"moof" {
                let Ok(moof) = Moof::decode_body(&mut body.as_slice()) else {
                    return Ok(Err(ProbeError::Broken("has an unreadable fragment")));
                };
                if fragment(&moof, at, tracks.as_deref_mut().unwrap_or_default(), &defaults, limit).is_none() {
                    return Ok(Err(ProbeError::Broken("has a fragment that is too large")));
                }
            }
        }
        // Missing data is detected when the index is checked.
        at += whole.min(size - at);
        file.seek(SeekFrom::Start(at))?;
    }
    Ok(match tracks {
        Some(tracks) => match media(tracks, size) {
            Err(ProbeError::NotVideo(_)) if unreadable > 0 => Err(ProbeError::Broken("has an unreadable track")),
            media => media,
        },
        None => Err(ProbeError::Broken("has no index")),
    })
}

/// The type of the box at an offset, the length of its header and of the whole box. `None` if there is no box.
fn header(file: &mut BufReader<Source>, at: u64, size: u64) -> io::Result<Option<([u8; 4], u64, u64)>> {
    let mut short = [0; 8];
    if size - at < 8 {
        return Ok(None);
    }
    file.read_exact(&mut short)?;
    let [a, b, c, d, kind @ ..] = short;
    let (header, whole) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, size - at),
        1 if size - at >= 16 => {
            let mut long = [0; 8];
            file.read_exact(&mut long)?;
            (16, u64::from_be_bytes(long))
        }
        short => (8, u64::from(short)),
    };
    Ok((whole >= header).then_some((kind, header, whole)))
}

/// The boxes inside a box, with their headers. Ends at the first box that does not fit.
fn children(mut body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*body.first_chunk::<4>()?) as usize;
        let child = body.get(..length).filter(|child| child.len() >= 8)?;
        body = &body[length..];
        Some((&child[4..8], child))
    })
}

/// Reads box by box, so that unknown boxes and unknown kinds of tracks are ignored.
fn moov(body: &[u8], defaults: &mut Vec<Trex>, unreadable: &mut usize) -> Vec<Track> {
    let mut tracks = Vec::new();
    for (kind, mut child) in children(body) {
        if kind == b"mvex" {
            defaults.extend(Mvex::decode(&mut child).into_iter().flat_map(|mvex| mvex.trex));
        } else if kind == b"trak" {
            let (mut tkhd, mut mdia) = (None, None);
            for (kind, mut part) in children(&child[8..]) {
                match kind {
                    b"tkhd" => tkhd = Tkhd::decode(&mut part).ok(),
                    b"mdia" => mdia = Mdia::decode(&mut part).ok(),
                    _ => {}
                }
            }
            match (tkhd, mdia) {
                (Some(tkhd), Some(mdia)) => {
                    tracks.push(Track { id: tkhd.track_id, tkhd, mdia, samples: Vec::new(), clock: 0 });
                }
                _ => *unreadable += 1,
            }
        }
    }
    tracks
}

/// Adds the samples of the fragment at an offset. `None` if there are too many.
fn fragment(moof: &Moof, at: u64, tracks: &mut [Track], defaults: &[Trex], limit: usize) -> Option<()> {
    for traf in &moof.traf {
        let head = &traf.tfhd;
        let Some(track) = tracks.iter_mut().find(|track| track.id == head.track_id) else { continue };
        let trex = defaults.iter().find(|trex| trex.track_id == head.track_id).cloned().unwrap_or_default();
        if let Some(tfdt) = &traf.tfdt {
            track.clock = i64::try_from(tfdt.base_media_decode_time).ok()?;
        }
        // Without a base offset, data follows that of the previous track. Since 2012, the base is usually the fragment.
        let base = head.base_data_offset.unwrap_or(at);
        let mut next = base;
        for run in &traf.trun {
            next = match run.data_offset {
                Some(offset) => base.checked_add_signed(offset.into())?,
                None => next,
            };
            next = track.run(run, head, &trex, next, limit)?;
        }
    }
    Some(())
}

impl Track {
    fn run(&mut self, run: &Trun, head: &Tfhd, trex: &Trex, mut offset: u64, limit: usize) -> Option<u64> {
        if self.samples.len().saturating_add(run.samples.len()) > limit {
            return None;
        }
        for entry in run.samples.iter() {
            let length = entry.duration.or(head.default_sample_duration).unwrap_or(trex.default_sample_duration);
            let size = entry.size.or(head.default_sample_size).unwrap_or(trex.default_sample_size);
            let flags = entry.flags.or(head.default_sample_flags).unwrap_or(trex.default_sample_flags);
            let shown = self.clock.checked_add(entry.cts.unwrap_or(0))?;
            self.samples.push(Timed { shown, length, offset, size, sync: flags & 0x1_0000 == 0 });
            self.clock = self.clock.checked_add(length.into())?;
            offset = offset.checked_add(size.into())?;
        }
        Some(offset)
    }

    /// The samples of the index, without those of the fragments. `None` if the index is inconsistent.
    fn table(&self, limit: usize) -> Option<Vec<Timed>> {
        let Stbl { stts, ctts, stss, stsc, stsz, stco, co64, .. } = &self.mdia.minf.stbl;
        let count = match &stsz.samples {
            StszSamples::Identical { count, .. } => *count as usize,
            StszSamples::Different { sizes } => sizes.len(),
        };
        if count > limit {
            return None;
        }
        let size = |index: usize| match &stsz.samples {
            StszSamples::Identical { size, .. } => Some(*size),
            StszSamples::Different { sizes } => sizes.get(index).copied(),
        };
        let chunk = |index: usize| match (stco, co64) {
            (Some(short), _) => short.entries.get(index).map(|offset| u64::from(*offset)),
            (None, Some(long)) => long.entries.get(index).copied(),
            (None, None) => None,
        };
        let mut lengths = runs(stts.entries.iter().map(|entry| (entry.sample_count, entry.sample_delta)));
        let mut shifts =
            ctts.as_ref().map(|ctts| runs(ctts.entries.iter().map(|entry| (entry.sample_count, entry.sample_offset))));
        let mut syncs = stss.as_ref().map(|stss| stss.entries.iter().copied().peekable());
        let mut samples = Vec::with_capacity(count);
        let (mut clock, mut chunk_index, mut run) = (0i64, 0usize, 0usize);
        while samples.len() < count {
            // `first_chunk` is counted from 1.
            while stsc.entries.get(run + 1).is_some_and(|next| next.first_chunk as usize <= chunk_index + 1) {
                run += 1;
            }
            let mut offset = chunk(chunk_index)?;
            for _ in 0..stsc.entries.get(run)?.samples_per_chunk {
                if samples.len() == count {
                    break;
                }
                let size = size(samples.len())?;
                let length = lengths.next()?;
                let shift = shifts.as_mut().and_then(Iterator::next).unwrap_or(0);
                let number = samples.len() as u32 + 1;
                let sync = match &mut syncs {
                    Some(syncs) => syncs.next_if(|sync| *sync <= number).is_some(),
                    None => true,
                };
                samples.push(Timed { shown: clock.checked_add(shift)?, length, offset, size, sync });
                clock = clock.checked_add(length.into())?;
                offset = offset.checked_add(size.into())?;
            }
            chunk_index += 1;
        }
        Some(samples)
    }
}

/// Repeats each value by its count.
fn runs<T: Copy>(entries: impl Iterator<Item = (u32, T)>) -> impl Iterator<Item = T> {
    entries.flat_map(|(count, value)| std::iter::repeat_n(value, count as usize))
}

fn media(mut tracks: Vec<Track>, size: u64) -> Probed {
    const OUTSIDE: ProbeError = ProbeError::Broken("has an index that points outside of the file");
    let mut find = |handler: &[u8; 4]| -> Result<Option<(Track, Vec<Sample>, f64)>, ProbeError> {
        let Some(at) = tracks.iter().position(|track| *track.mdia.hdlr.handler.as_ref() == *handler) else {
            return Ok(None);
        };
        let mut track = tracks.swap_remove(at);
        let mut timed =
            track.table(PACKETS_LIMIT.min(size) as usize).ok_or(ProbeError::Broken("has an inconsistent index"))?;
        timed.append(&mut track.samples);
        let scale = f64::from(track.mdia.mdhd.timescale);
        let Some(first) = timed.iter().map(|sample| sample.shown).min().filter(|_| scale > 0.0) else {
            return Ok(None);
        };
        let mut end = 0.0f64;
        let mut samples = Vec::with_capacity(timed.len());
        for sample in timed {
            let start = sample.shown.checked_sub(first).ok_or(OUTSIDE)? as f64 / scale;
            end = end.max(start + f64::from(sample.length) / scale);
            samples.push(Sample::new(start, sample.offset, sample.size.into(), sample.sync, size).ok_or(OUTSIDE)?);
        }
        Ok(Some((track, samples, end)))
    };
    let (track, video, duration) = find(b"vide")?.ok_or(ProbeError::NotVideo("has no video track"))?;
    let sound = find(b"soun")?;
    let entry = track.mdia.minf.stbl.stsd.codecs.first();
    let (coded_width, height) = match entry.and_then(Entry::visual) {
        Some(visual) => (u32::from(visual.width), u32::from(visual.height)),
        None => (u32::from(track.tkhd.width.integer()), u32::from(track.tkhd.height.integer())),
    };
    let (stream, pasp) = picture_codec(entry);
    let width = pasp.map_or(coded_width, |pasp| stretched(coded_width, pasp.h_spacing.into(), pasp.v_spacing.into()));
    // A quarter turn swaps the axes.
    let turned = track.tkhd.matrix.a.unsigned_abs() < track.tkhd.matrix.b.unsigned_abs();
    let (width, height) = if turned { (height, width) } else { (width, height) };
    let (audio, audio_samples) = match sound {
        Some((track, samples, _)) => (Some(sound_codec(track.mdia.minf.stbl.stsd.codecs.first())), samples),
        None => (None, Vec::new()),
    };
    Ok(Media { duration, width, height, video: stream, audio, layout: Layout::Indexed { video, audio: audio_samples } })
}

fn picture_codec(entry: Option<&Entry>) -> (Stream, Option<&Pasp>) {
    let (avcc, pasp) = match entry {
        Some(Entry::Avc1(entry)) => (Some(&entry.avcc), entry.pasp.as_ref()),
        Some(Entry::Avc3(entry)) => (Some(&entry.avcc), entry.pasp.as_ref()),
        Some(Entry::Hev1(entry)) => (None, entry.pasp.as_ref()),
        Some(Entry::Hvc1(entry)) => (None, entry.pasp.as_ref()),
        _ => (None, None),
    };
    (avcc.map(super::h264::stream).unwrap_or_default(), pasp)
}

fn sound_codec(entry: Option<&Entry>) -> Stream {
    let (codec, config) = match entry {
        Some(Entry::Mp4a(entry)) => {
            let decoder = &entry.esds.es_desc.dec_config;
            match decoder.object_type_indication {
                0x40 | 0x66..=0x68 => {
                    (Codec::Aac, decoder.dec_specific.as_ref().map(|config| config.raw.clone()).unwrap_or_default())
                }
                0x69 | 0x6b => (Codec::Mpa, Vec::new()),
                _ => (Codec::Other, Vec::new()),
            }
        }
        Some(Entry::Mp3(_)) => (Codec::Mpa, Vec::new()),
        Some(Entry::Sowt(entry)) if entry.audio.sample_size == 16 => (Codec::Pcm16, Vec::new()),
        _ => (Codec::Other, Vec::new()),
    };
    let audio = entry.and_then(Entry::audio);
    Stream {
        codec,
        config,
        rate: audio.map_or(0, |audio| audio.sample_rate.integer().into()),
        channels: audio.map_or(0, |audio| audio.channel_count),
        ..Stream::default()
    }
}
