//! Numbers that are near for what is alike. Only sums, products, quotients and square roots of a fixed order, which every
//! machine rounds alike.

use sha2::{Digest, Sha256};

use super::{
    pictures::{CHROMA, LUMA, Still},
    sound::{BANDS, Moment},
};

/// What a picture looks like and how it moves: layout of brightness and colour, directions of edges, change. A brighter, darker,
/// smaller or worse copy is near.
pub(super) fn visual(stills: &[Still]) -> Option<Vec<f64>> {
    if stills.is_empty() {
        return None;
    }
    let count = stills.len() as f64;
    let mean = |values: &dyn Fn(&Still) -> Vec<f64>| {
        let mut sums = values(&stills[0]);
        for still in &stills[1..] {
            sums.iter_mut().zip(values(still)).for_each(|(sum, value)| *sum += value);
        }
        sums.iter_mut().for_each(|sum| *sum /= count);
        sums
    };
    let layout = mean(&layout);
    let spread = mean(&|still| {
        self::layout(still).iter().zip(&layout).map(|(value, mean)| (value - mean) * (value - mean)).collect()
    });
    let colours = mean(&|still| still.blue.iter().chain(&still.red).map(|value| f64::from(*value) - 128.0).collect());
    let edges = mean(&edges);
    let mut motion = vec![0.0; 16];
    for pair in stills.windows(2) {
        for (at, (before, after)) in pair[0].luma.iter().zip(&pair[1].luma).enumerate() {
            motion[at / LUMA / 8 * 4 + at % LUMA / 8] += f64::from(before.abs_diff(*after)) / count;
        }
    }
    let mut all = Vec::new();
    block(&mut all, 1.0, 60.0, centred(&layout));
    block(&mut all, 1.0, 60.0, colours);
    block(&mut all, 1.0, 200.0, centred(&edges));
    block(&mut all, 0.4, 200.0, motion);
    block(&mut all, 0.4, 60.0, spread.iter().map(|value| value.sqrt()).collect());
    // So that a picture of nothing has a direction too.
    all.push(0.1);
    Some(all)
}

fn layout(still: &Still) -> Vec<f64> {
    let mut cells = vec![0.0; 64];
    for (at, value) in still.luma.iter().enumerate() {
        cells[at / LUMA / 4 * 8 + at % LUMA / 4] += f64::from(*value) / 16.0;
    }
    cells
}

/// How strong edges are in each of eight directions, in each of sixteen parts of the picture.
fn edges(still: &Still) -> Vec<f64> {
    /// Halves of the circle in eight, as whole numbers.
    const DIRECTIONS: [(i32, i32); 8] =
        [(100, 0), (92, 38), (71, 71), (38, 92), (0, 100), (-38, 92), (-71, 71), (-92, 38)];
    let mut cells = vec![0.0; 16 * 8];
    let value = |x: usize, y: usize| i32::from(still.luma[y * LUMA + x]);
    for y in 1..LUMA - 1 {
        for x in 1..LUMA - 1 {
            let (dx, dy) = (value(x + 1, y) - value(x - 1, y), value(x, y + 1) - value(x, y - 1));
            let along = DIRECTIONS.map(|(a, b)| (dx * a + dy * b).abs());
            let best = (0..8).rev().max_by_key(|at| along[*at]).unwrap_or(0);
            cells[(y / 8 * 4 + x / 8) * 8 + best] += f64::from(dx * dx + dy * dy).sqrt();
        }
    }
    cells
}

/// What a sound is: which bands are loud, and how they change. A louder or quieter copy is near.
pub(super) fn audio(moments: &[Moment]) -> Option<Vec<f64>> {
    let levels = levels(moments)?;
    let count = levels.len() as f64;
    let column = |band: usize| levels.iter().map(move |level| level[band]);
    let means: Vec<f64> = (0..BANDS).map(|band| column(band).sum::<f64>() / count).collect();
    let spread =
        |band: usize| column(band).map(|level| (level - means[band]) * (level - means[band])).sum::<f64>() / count;
    let change = |band: usize| levels.windows(2).map(|pair| (pair[1][band] - pair[0][band]).abs()).sum::<f64>() / count;
    let mut all = Vec::new();
    block(&mut all, 1.0, 5.0, centred(&means));
    block(&mut all, 0.5, 5.0, (0..BANDS).map(|band| spread(band).sqrt()).collect());
    block(&mut all, 0.3, 5.0, (0..BANDS).map(change).collect());
    all.push(0.1);
    Some(all)
}

/// How a sound pulses, as speech does with its syllables: **no transcription**, and no words are known. For each of four parts of
/// the spectrum, how its loudness repeats itself after up to 0.8 s, how often it is how loud, and how it rises and falls.
pub(super) fn rhythm(moments: &[Moment]) -> Option<Vec<f64>> {
    let levels = levels(moments)?;
    let count = levels.len() as f64;
    let mut all = Vec::new();
    for part in 0..4 {
        let envelope: Vec<f64> = levels
            .iter()
            .map(|level| level[part * BANDS / 4..(part + 1) * BANDS / 4].iter().sum::<f64>() / 10.0)
            .collect();
        let mean = envelope.iter().sum::<f64>() / count;
        let power = envelope.iter().map(|level| (level - mean) * (level - mean)).sum::<f64>() + count * 0.05;
        let repeats = (1..=32).map(|lag| {
            envelope.iter().zip(envelope.iter().skip(lag)).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / power
        });
        block(&mut all, 0.5, 0.3, repeats.collect());
        // Levels are between -FLOOR and 0.
        let mut often = vec![0.0; 12];
        envelope.iter().for_each(|level| often[((level + FLOOR) * 11.0 / FLOOR) as usize % 12] += 1.0 / count);
        block(&mut all, 0.5, 0.1, often);
        let mut changes = vec![0.0; 9];
        for pair in envelope.windows(2) {
            changes[((pair[1] - pair[0]).clamp(-2.0, 2.0) * 2.0 + 4.5) as usize] += 1.0 / count;
        }
        block(&mut all, 0.3, 0.1, changes);
    }
    all.push(0.1);
    Some(all)
}

/// Depth below the loudest that still counts, in powers of two: 30 dB.
const FLOOR: f64 = 10.0;

/// Loudness below the loudest band of all moments.
fn levels(moments: &[Moment]) -> Option<Vec<[f64; BANDS]>> {
    let loudest = *moments.iter().flat_map(|moment| &moment.levels).max()?;
    let below = |level: i16| (f64::from(i32::from(level) - i32::from(loudest)) / 64.0).max(-FLOOR);
    Some(moments.iter().map(|moment| moment.levels.map(below)).collect())
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

/// Adds numbers at a common length, so that no kind drowns another; those that are far below `usual` are noise and stay small.
fn block(all: &mut Vec<f64>, weight: f64, usual: f64, values: Vec<f64>) {
    let length = (values.iter().map(|value| value * value).sum::<f64>() + usual * usual).sqrt();
    all.extend(values.iter().map(|value| weight * value / length));
}

/// A fixed random projection: the angle between two features is about that between their projections, and features of
/// different kinds are at right angles.
pub(super) struct Projection {
    /// For each feature the signs with which it goes into the dimensions.
    signs: Vec<Vec<u8>>,
    dimensions: usize,
}

impl Projection {
    pub(super) fn new(kind: &str, features: usize, dimensions: usize) -> Self {
        let row = |feature: usize| {
            let seed = Sha256::new().chain_update(kind).chain_update((feature as u64).to_be_bytes());
            let hashes = (0..dimensions.div_ceil(256) as u64)
                .flat_map(|counter| seed.clone().chain_update(counter.to_be_bytes()).finalize());
            hashes.collect()
        };
        Self { signs: (0..features).map(row).collect(), dimensions }
    }

    /// Whole numbers, so that what differs in the last bit of a float does not differ at all, nearly always.
    pub(super) fn apply(&self, features: &[f64]) -> Vec<f64> {
        let project = |dimension: usize| {
            let signed = features.iter().zip(&self.signs).map(|(feature, signs)| {
                if signs[dimension / 8] >> (dimension % 8) & 1 == 1 { *feature } else { -feature }
            });
            (signed.sum::<f64>() * 4096.0).round()
        };
        (0..self.dimensions).map(project).collect()
    }
}

const _: () = assert!(LUMA == 32 && CHROMA == 8 && BANDS == 40, "the cells above are cut for these");
