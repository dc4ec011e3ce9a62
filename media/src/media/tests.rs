use std::{io::Write, path::PathBuf};

use proptest::prelude::*;

use super::*;

fn clip(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media")).join(name)
}

fn of_bytes(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room on the disk");
    file
}

fn probe(bytes: &[u8]) -> Probed {
    Media::probe(of_bytes(bytes).path()).expect("a readable file")
}

#[test]
fn files_without_a_path_are_probed_as_those_with_one() {
    let shown = |probed: io::Result<Probed>| {
        let facts = probed.expect("readable").map(|media| (media.duration, media.width, media.height));
        format!("{facts:?}")
    };
    for name in ["tiny.mp4", "cut.mp4", "tiny.avi", "vorbis.mkv", "mpeg2.ts", "tone.wav"] {
        let bytes = std::fs::read(clip(name)).expect(name);
        let size = bytes.len() as u64;
        let source = || -> Source { Box::new(io::Cursor::new(bytes.clone())) };
        assert_eq!(shown(Media::probe_from(source(), size)), shown(Media::probe(&clip(name))), "{name}");
        assert_eq!(shown(Media::probe_audio_from(source(), size)), shown(Media::probe_audio(&clip(name))), "{name}");
    }
    let ogg = Media::probe_from(Box::new(io::Cursor::new(b"OggS\0".to_vec())), 5).expect("readable");
    assert!(ogg.is_err_and(|error| error.needs_path()));
}

/// The number of packets of a track, and of their bytes.
fn packets(media: &Media, path: &Path, kind: StreamKind, range: Range<f64>) -> (usize, usize) {
    let mut counts = (0, 0);
    let read = media.read(path, kind, range.clone(), |packet| {
        if range.contains(&packet.start) {
            counts = (counts.0 + 1, counts.1 + packet.data.len());
        }
        ControlFlow::Continue(())
    });
    read.expect("a readable file");
    counts
}

#[test]
fn files_are_recognized_by_their_content() {
    // Seconds, pixels, packets of each track in the first two seconds.
    let known = [
        ("four_shots.mp4", 14.0, 640, 360, 48, 87),
        ("silent.mp4", 5.0, 640, 360, 48, 0),
        ("tiny.mp4", 4.0, 360, 360, 2, 0),
        ("tiny.avi", 4.0, 360, 360, 2, 0),
        ("shots.mp4", 64.0, 640, 360, 16, 63),
        ("shots_coarse.mkv", 64.0, 640, 360, 16, 77),
        ("shots_small.ts", 64.0, 480, 270, 16, 6),
        ("shots_bright.avi", 64.0, 640, 360, 15, 77),
        ("vp9.webm", 4.0, 640, 360, 12, 0),
        ("vorbis.mkv", 4.0, 640, 360, 12, 45),
        ("mpeg2.ts", 4.0, 360, 360, 2, 0),
        ("disc.m2ts", 4.0, 360, 360, 2, 6),
        ("narrow_pixels.mp4", 4.0, 569, 480, 12, 0),
        ("turned.mov", 4.875, 360, 640, 16, 0),
    ];
    for (name, seconds, width, height, pictures, sounds) in known {
        // The file name does not matter.
        let bytes = std::fs::read(clip(name)).expect(name);
        let file = of_bytes(&bytes);
        let media = Media::probe(file.path()).expect("a readable file").expect(name);
        assert_eq!((media.width, media.height, media.has_audio()), (width, height, sounds > 0), "{name}");
        // Audio may end later than video.
        assert!((media.duration - seconds).abs() < 0.2, "{name}: {} s", media.duration);
        let count = |kind| packets(&media, file.path(), kind, 0.0..2.0).0;
        assert_eq!((count(StreamKind::Video), count(StreamKind::Audio)), (pictures, sounds), "{name}");
    }
}

#[test]
fn audio_files_are_recognized_by_their_content() {
    for name in ["tone.wav", "tone.flac"] {
        let bytes = std::fs::read(clip(name)).expect(name);
        let file = of_bytes(&bytes);
        let media = Media::probe_audio(file.path()).expect("a readable file").expect(name);
        assert_eq!((media.has_video(), media.has_audio(), media.duration), (false, true, 3.0), "{name}");
        let (count, length) = packets(&media, file.path(), StreamKind::Audio, 0.0..3.0);
        // All bytes but those of the headers.
        assert!(count > 5 && length > bytes.len() * 9 / 10 - 8192, "{name}: {length} bytes in {count} packets");
        assert!(probe(&bytes).is_err(), "{name} is no video");
    }
    let cut = of_bytes(&std::fs::read(clip("tone.flac")).expect("the file")[..10_000]);
    let refused = Media::probe_audio(cut.path()).expect("a readable file").expect_err("a truncated file");
    assert_eq!(refused, ProbeError::Broken("ends early"));
    let picture = Media::probe_audio(&clip("box.jpg")).expect("a readable file").expect_err("a picture");
    assert_eq!(picture, ProbeError::NotAudio("is none of WAV, MP3 and FLAC"));
}

#[test]
fn packets_of_a_range_start_at_a_sync_sample() {
    for name in ["shots.mp4", "shots_coarse.mkv", "shots_small.ts", "shots_bright.avi"] {
        let media = Media::probe(&clip(name)).expect("a readable file").expect(name);
        let mut first = None;
        let read = media.read(&clip(name), StreamKind::Video, 30.0..31.0, |packet| {
            let Codec::H264(length_size) = media.video.codec else { panic!("{name}: {:?}", media.video.codec) };
            first.get_or_insert((packet.start, h264::is_sync(packet.data, length_size)));
            ControlFlow::Continue(())
        });
        read.expect("a readable file");
        assert!(first.is_some_and(|(start, sync)| start <= 30.0 && sync), "{name}: {first:?}");
        assert_eq!(packets(&media, &clip(name), StreamKind::Video, 30.0..31.0).0, 8, "{name}");
    }
}

#[test]
fn files_without_video_are_refused_with_the_reason() {
    for (bytes, reason) in [
        (b"".as_slice(), "unknown container format"),
        (b"Once upon a time there was a video, and this is not it.", "unknown container format"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "unknown container format"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "unknown container format"),
        (b"RIFF\x04\0\0\0AVI ", "no video track"),
        (b"\0\0\0\x10ftypisom\0\0\0\0", "no index"),
        (b"\x1a\x45\xdf\xa3\x80", "Matroska"),
    ] {
        let refused = probe(bytes).expect_err("no video").to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn truncated_files_are_broken() {
    let refused = Media::probe(&clip("cut.mp4")).expect("a readable file").expect_err("a truncated file");
    assert!(matches!(refused, ProbeError::Broken(_)), "{refused}");
    // All but transport streams, which have no index.
    for name in ["tiny.mp4", "tiny.avi", "vorbis.mkv", "vp9.webm", "narrow_pixels.mp4"] {
        let bytes = std::fs::read(clip(name)).expect(name);
        for part in [2, 4, 6] {
            assert!(probe(&bytes[..bytes.len() * part / 8]).is_err(), "{name} cut at {part} eighths");
        }
    }
}

#[test]
fn the_number_of_packets_in_a_file_is_not_trusted() {
    let mut bytes = std::fs::read(clip("tiny.mp4")).expect("the clip");
    let at = bytes.windows(4).position(|kind| kind == b"stsz").expect("a table of sizes");
    // Four billion samples of one size. The four sizes that were there are skipped.
    bytes[at - 4..at].copy_from_slice(&20u32.to_be_bytes());
    bytes[at + 8..at + 16].copy_from_slice(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    bytes[at + 16..at + 24].copy_from_slice(b"\0\0\0\x10free");
    assert_eq!(probe(&bytes).expect_err("an inconsistent index"), ProbeError::Broken("has an inconsistent index"));
}

#[test]
fn a_parser_in_a_loop_ends() {
    let mut input = Bounded::new(io::repeat(0), 10);
    let mut byte = [0];
    let mut steps = 0u64;
    while input.read_exact(&mut byte).is_ok() {
        steps += 1;
    }
    assert_eq!(steps, 100_010);
}

/// Damages a file: random bytes, lengths near their tables, missing parts.
#[derive(Clone, Debug)]
enum Damage {
    Set(prop::sample::Index, u8),
    Long(prop::sample::Index, u32),
    Cut(prop::sample::Index),
    Lose(prop::sample::Index, u8),
    Double(prop::sample::Index, u8),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        let long = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7fff_ffff), Just(0x0100_0000), any::<u32>()];
        prop_oneof![
            4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            4 => (any::<prop::sample::Index>(), long).prop_map(|(at, long)| Self::Long(at, long)),
            1 => any::<prop::sample::Index>().prop_map(Self::Cut),
            1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, count)| Self::Lose(at, count)),
            1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, count)| Self::Double(at, count)),
        ]
    }

    fn to(&self, bytes: &mut Vec<u8>) {
        if bytes.len() < 8 {
            return;
        }
        // Half of the changes are near the ends, where indexes are.
        let place = |at: &prop::sample::Index| match at.index(4 * bytes.len()) {
            far if far >= 3 * bytes.len() => far - 3 * bytes.len(),
            near if near % 2 == 0 => near % bytes.len().min(1024),
            near => bytes.len() - 1 - near % bytes.len().min(1024),
        };
        match self {
            Self::Set(at, byte) => {
                let at = place(at);
                bytes[at] = *byte;
            }
            Self::Long(at, long) => {
                let at = place(at).min(bytes.len() - 4);
                bytes[at..at + 4].copy_from_slice(&long.to_be_bytes());
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Lose(at, count) => {
                let at = place(at);
                bytes.drain(at..(at + usize::from(*count)).min(bytes.len()));
            }
            Self::Double(at, count) => {
                let at = place(at);
                let piece = bytes[at..(at + usize::from(*count)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Without the guard of `probe`, which would hide a panic.
    #[test]
    fn damaged_files_are_probed_and_read_without_a_panic(
        name in prop::sample::select(vec![
            "tiny.mp4", "tiny.avi", "vorbis.mkv", "vp9.webm", "mpeg2.ts", "disc.m2ts", "narrow_pixels.mp4", "turned.mov",
        ]),
        damages in prop::collection::vec(Damage::any(), 1..6),
    ) {
        let mut bytes = std::fs::read(clip(name)).expect(name);
        damages.iter().for_each(|damage| damage.to(&mut bytes));
        let file = of_bytes(&bytes);
        let head = &bytes[..bytes.len().min(1024)];
        let (opened, size) = open(file.path()).expect("it is there");
        let probed = Media::parse(Some(file.path()), opened, size, head).expect("a readable file");
        if let Ok(media) = probed {
            prop_assert!(media.duration > 0.0 && media.width > 0 && media.height > 0);
            for kind in [StreamKind::Video, StreamKind::Audio] {
                // A file that cannot be read again is an error, not a panic.
                let _ = media.read(file.path(), kind, 0.0..1e9, |_| ControlFlow::Continue(()));
            }
        }
    }

    #[test]
    fn damaged_audio_files_are_probed_and_read_without_a_panic(
        name in prop::sample::select(vec!["tone.wav", "tone.flac"]),
        damages in prop::collection::vec(Damage::any(), 1..6),
    ) {
        let mut bytes = std::fs::read(clip(name)).expect(name);
        damages.iter().for_each(|harm| harm.to(&mut bytes));
        let file = of_bytes(&bytes);
        let (opened, size) = open(file.path()).expect("it is there");
        let probed = audio_file::probe(opened, size, &bytes[..bytes.len().min(1024)]);
        if let Some(Ok(media)) = probed.expect("a readable file") {
            // A file that cannot be read again is an error, not a panic.
            let _ = media.read(file.path(), StreamKind::Audio, 0.0..1e9, |_| ControlFlow::Continue(()));
        }
    }
}
