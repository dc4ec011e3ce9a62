//! Texts as features: a small vocabulary of what the features of pictures and sound can express. **There is no language
//! model.**

use super::{
    features::{Sound, Visual},
    pictures::{BLUE, RED},
};

/// A word's colour in RGB.
const COLOURS: [(&[&str], [i32; 3]); 11] = [
    (&["red", "crimson", "scarlet"], [210, 30, 30]),
    (&["orange"], [250, 140, 0]),
    (&["yellow", "gold", "golden"], [235, 220, 40]),
    (&["green", "seagreen", "lime"], [40, 150, 70]),
    (&["cyan", "teal", "turquoise"], [0, 150, 150]),
    (&["blue", "azure"], [40, 60, 220]),
    (&["navy"], [0, 0, 128]),
    (&["purple", "violet"], [120, 40, 170]),
    (&["magenta", "pink"], [220, 60, 170]),
    (&["brown", "maroon"], [128, 20, 20]),
    (&["khaki", "beige"], [240, 230, 140]),
];

/// A quality that a word has, or lacks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Quality {
    Bright,
    Moving,
    Loud,
    /// Made of many frequencies at once.
    Noisy,
    /// Of high frequency.
    High,
    /// Changing quickly.
    Pulsing,
}

/// Words with a quality, and words for its opposite.
const QUALITIES: [(Quality, &[&str], &[&str]); 6] = [
    (Quality::Bright, &["bright", "light", "white", "sunny", "day"], &["dark", "dim", "black", "night"]),
    (Quality::Moving, &["moving", "motion", "fast", "rotating", "scrolling"], &["still", "static", "motionless"]),
    (Quality::Loud, &["loud"], &["quiet", "silent", "silence", "soft"]),
    (Quality::Noisy, &["noise", "noisy", "hiss", "rain", "wind"], &["tone", "note", "whistle", "sine", "hum"]),
    (Quality::High, &["high", "shrill", "treble"], &["low", "deep", "bass", "rumble"]),
    (Quality::Pulsing, &["pulsing", "beating", "beeping", "tremolo"], &["steady", "constant"]),
];

/// What the words of a text say about pictures and sound.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// Features of pictures, if a word is about them.
    pub(super) visual: Option<Vec<f64>>,
    /// Features of sound, if a word is about it.
    pub(super) sound: Option<Vec<f64>>,
    /// Words that are not in the vocabulary.
    pub(super) others: Vec<String>,
}

impl Meaning {
    /// The meaning of these words, which are in lower case.
    pub(super) fn of(words: Vec<String>) -> Self {
        let (mut visual, mut sound) = (Visual::default(), Sound::default());
        let (mut sees, mut hears, mut others) = (false, false, Vec::new());
        for word in words {
            let is = |names: &[&str]| names.contains(&word.as_str());
            if let Some((_, rgb)) = COLOURS.iter().find(|(names, _)| is(names)) {
                let [blue, red] = [BLUE, RED].map(|weights| {
                    weights.iter().zip(rgb).map(|(weight, value)| f64::from(weight * value)).sum::<f64>() / 256.0
                });
                visual.blue.iter_mut().for_each(|cell| *cell += blue);
                visual.red.iter_mut().for_each(|cell| *cell += red);
                sees = true;
            } else if let Some((quality, has, _)) = QUALITIES.iter().find(|(_, has, lacks)| is(has) || is(lacks)) {
                let sign = if is(has) { 1.0 } else { -1.0 };
                match quality {
                    Quality::Bright | Quality::Moving => sees = true,
                    _ => hears = true,
                }
                match quality {
                    Quality::Bright => visual.brightness += sign * 80.0,
                    Quality::Moving => visual.motion.iter_mut().for_each(|cell| *cell += sign * 200.0),
                    Quality::Loud => sound.loudness += sign * 6.0,
                    Quality::Noisy => sound.fullness += sign * 6.0,
                    Quality::High => {
                        let middle = (sound.means.len() - 1) as f64 / 2.0;
                        sound
                            .means
                            .iter_mut()
                            .enumerate()
                            .for_each(|(band, mean)| *mean += sign * (band as f64 - middle) / middle * 4.0);
                    }
                    Quality::Pulsing => {
                        sound.spread.iter_mut().for_each(|spread| *spread += sign * 3.0);
                        sound.change.iter_mut().for_each(|change| *change += sign * 3.0);
                    }
                }
            } else {
                others.push(word);
            }
        }
        Self { visual: sees.then(|| visual.flat(0.0)), sound: hears.then(|| sound.flat(0.0)), others }
    }
}
