use std::{
    collections::BTreeMap,
    ops::Range,
    path::PathBuf,
    sync::{Mutex, OnceLock},
};

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

const MODALITIES: [Modality; 3] = [Modality::Visual, Modality::Audio, Modality::Transcription];

fn clip(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../media")).join(name)
}

fn probe(path: &Path) -> Media {
    Media::probe(path).expect("the disk works").expect("a good clip")
}

/// Adjacent windows of this many seconds, without a last one under two seconds.
fn windows(duration: f64, seconds: f64) -> Vec<Window> {
    let starts = (0..).map(|index| f64::from(index) * seconds).take_while(|start| *start + 2.0 <= duration + 1e-6);
    starts.map(|start| Window { start, end: (start + seconds).min(duration) }).collect()
}

/// Vectors by modality.
type Vectors = [Vec<Vec<f32>>; 3];

/// The vectors of all windows of this many seconds, and then of the halves of these windows.
fn vectors_and_halves(name: &str, seconds: f64) -> [Vectors; 2] {
    let path = clip(name);
    let media = probe(&path);
    let (whole, halves) = (windows(media.duration, seconds), windows(media.duration, seconds / 2.0));
    let columns = columns(Space::Marengo30, &media, &path, &[&whole[..], &halves].concat()).expect("the disk works");
    let of = |range: Range<usize>| {
        MODALITIES.map(|modality| {
            let column = columns.iter().find(|column| column.modality == modality);
            column.map_or(Vec::new(), |column| column.vectors[range.clone()].iter().map(|v| v.to_vec()).collect())
        })
    };
    [of(0..whole.len()), of(whole.len()..whole.len() + halves.len())]
}

/// The vectors of all windows of four seconds of this clip, and of their halves; decoded once for all tests.
fn shared(name: &'static str) -> &'static [Vectors; 2] {
    static DECODED: Mutex<BTreeMap<&str, &'static OnceLock<[Vectors; 2]>>> = Mutex::new(BTreeMap::new());
    let of_clip = *DECODED.lock().expect("no panic").entry(name).or_insert_with(|| Box::leak(Box::default()));
    of_clip.get_or_init(|| vectors_and_halves(name, 4.0))
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn nearest(vector: &[f32], among: &[Vec<f32>]) -> Option<usize> {
    (0..among.len()).max_by(|a, b| cosine(vector, &among[*a]).total_cmp(&cosine(vector, &among[*b])))
}

fn assert_nearest_to_its_original(copy: &'static str) {
    let [originals, _] = shared("shots.mp4");
    for (modality, (originals, copies)) in MODALITIES.iter().zip(originals.iter().zip(&shared(copy)[0])) {
        assert_eq!((originals.len(), copies.len()), (16, 16));
        let found = (0..16).filter(|shot| nearest(&copies[*shot], originals) == Some(*shot)).count();
        println!("{copy}, {modality:?}: {found} of 16 found");
        assert!(found * 100 >= 95 * 16, "{copy}, {modality:?}: {found} of 16 found");
    }
}

// Each on its own, because decoding takes long.

#[test]
fn a_coarse_copy_is_nearest_to_its_original() {
    assert_nearest_to_its_original("shots_coarse.mkv");
}

#[test]
fn a_small_copy_is_nearest_to_its_original() {
    assert_nearest_to_its_original("shots_small.ts");
}

#[test]
fn a_bright_copy_is_nearest_to_its_original() {
    assert_nearest_to_its_original("shots_bright.avi");
}

#[test]
fn halves_of_a_shot_are_similar_and_different_shots_are_not() {
    let [_, [visual, audio, _]] = shared("shots.mp4");
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for (at, vector) in visual.iter().enumerate() {
        for (other, second) in visual.iter().enumerate().skip(at + 1) {
            let pairs = if at / 2 == other / 2 { &mut near } else { &mut far };
            pairs.push(cosine(vector, second));
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let most = far.iter().copied().fold(0.0, f64::max);
    println!("halves of a shot: {:.3}, pieces of two shots: {:.3}, {most:.3} at most", mean(&near), mean(&far));
    assert!(mean(&near) > 0.6 && mean(&far) < 0.2 && most < 0.6);
    // Vectors of pictures and of sound are orthogonal.
    let across = visual.iter().flat_map(|a| audio.iter().map(|b| cosine(a, b).abs())).fold(0.0, f64::max);
    assert!(across < 0.3, "{across}");
}

/// Only integers and correctly rounded operations: all machines compute these vectors. A change invalidates vectors
/// that users have stored.
#[test]
fn visual_vectors_are_the_same_everywhere() {
    let sums = ["four_shots.mp4", "shots_small.ts", "vp9.webm"].map(|name| {
        let mut hash = Sha256::new();
        shared(name)[0][0].iter().flatten().for_each(|number| hash.update(number.to_bits().to_be_bytes()));
        format!("{name} {:x}", hash.finalize())
    });
    insta::assert_snapshot!(sums.join("\n"), @r"
    four_shots.mp4 b4678243c999fdc73aa252c6826fe7894450d39a5c0125421a4a2011ad835378
    shots_small.ts 06a1651753665034fede0ce6fc82a83e4e860ca3fea9b67fecaa76c91003d004
    vp9.webm e0c666fe540d8c80019224ed784e922f6cd0a649782f3583f91ed190f795bb18
    ");
}

/// Decoders of sound use floats, so only two decimals are compared.
#[test]
fn vectors_of_sound_are_the_same_everywhere() {
    let [[_, audio, rhythm], _] = shared("four_shots.mp4");
    let start = |vectors: &[Vec<f32>]| vectors[1][..8].iter().map(|number| format!("{number:.2}")).collect::<Vec<_>>();
    insta::assert_snapshot!(format!("{:?}\n{:?}", start(audio), start(rhythm)), @r#"
    ["0.03", "0.01", "0.01", "0.06", "0.01", "-0.05", "-0.07", "0.00"]
    ["-0.06", "0.03", "0.04", "0.03", "-0.05", "-0.02", "-0.01", "0.01"]
    "#);
}

#[test]
fn vectors_of_bytes_are_the_same_everywhere() {
    let path = clip("four_shots.mp4");
    let column = bytes::column(Space::Marengo30, &probe(&path), &path, Modality::Visual, &windows(14.0, 3.5));
    let first = unit(&column.expect("the disk works")[0]);
    assert_eq!(first[..4], [-0.06833863, -0.051921446, 0.06778979, 0.034630686]);
}

#[test]
fn a_track_that_cannot_be_decoded_has_vectors_of_its_bytes() {
    for name in ["vp9.webm", "mpeg2.ts"] {
        let path = clip(name);
        let media = probe(&path);
        let mut windows = windows(media.duration, 2.0);
        windows.push(Window { start: 0.0, end: media.duration });
        let bytes = bytes::column(Space::Marengo30, &media, &path, Modality::Visual, &windows).expect("the disk works");
        let columns = columns(Space::Marengo30, &media, &path, &windows).expect("the disk works");
        let vectors = &columns[0].vectors;
        assert_eq!((columns.len(), vectors.len()), (1, 3));
        for (vector, bytes) in vectors.iter().zip(bytes) {
            assert_eq!(*vector, unit(&bytes));
        }
        assert!(cosine(&vectors[0], &vectors[1]).abs() < 0.3);
        assert_eq!(thumbnail(&media, &path, windows[0].middle(), 160), None);
    }
}

#[test]
fn missing_tracks_have_no_vectors() {
    let counts = |name| shared(name)[1].each_ref().map(Vec::len);
    assert_eq!((counts("silent.mp4"), counts("vorbis.mkv")), ([2, 0, 0], [2, 2, 2]));
    assert_eq!(vectors_and_halves("silent.mp4", 4.0), *shared("silent.mp4"));
}

#[test]
fn thumbnails_show_the_middle_of_a_segment() {
    // The ninth shot is an orange box on navy. Each container seeks in its own way.
    for name in ["shots.mp4", "shots_coarse.mkv", "shots_small.ts", "shots_bright.avi"] {
        let path = clip(name);
        let media = probe(&path);
        let windows = windows(media.duration, 4.0);
        let bytes = thumbnail(&media, &path, windows[8].middle(), 160).expect(name);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!((reader.info().width, reader.info().height), (160, 90));
        assert!(bytes.len() < 40_000, "{name}: {} bytes", bytes.len());
        let [red, green, blue] = [pixels[0], pixels[1], pixels[2]].map(i32::from);
        assert!(blue > red + 60 && blue > green + 60, "{name}: {red} {green} {blue}");
        if name == "shots.mp4" {
            assert_ne!(Some(bytes), thumbnail(&media, &path, windows[9].middle(), 160));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn damaged_pictures_and_sound_still_have_vectors(
        name in prop::sample::select(vec!["narrow_pixels.mp4", "vorbis.mkv", "turned.mov"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let mut bytes = std::fs::read(clip(name)).expect(name);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), &bytes).expect("room on the disk");
        if let Ok(media) = Media::probe(file.path()).expect("the disk works") {
            let windows = windows(media.duration.min(60.0), 2.0);
            if let Ok(columns) = columns(Space::Marengo30, &media, file.path(), &windows) {
                prop_assert_eq!(columns.len(), if media.has_audio() { 3 } else { 1 });
                prop_assert!(columns.iter().all(|column| column.vectors.len() == windows.len()));
            }
        }
    }
}
