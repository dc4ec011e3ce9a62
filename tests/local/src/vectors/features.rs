//! Features: numbers that are similar for similar media. Only sums, products, quotients and square roots in a fixed
//! order, which all machines round identically.

use sha2::{Digest, Sha256};

use super::{
    pictures::{CHROMA, LUMA, Still},
    sound::{BANDS, Moment},
};

/// Number of cells of the layout.
const CELLS: usize = 64;
/// Number of parts of a picture for edges and motion.
const PARTS: usize = 16;
/// Eight directions over half a circle, as integers.
const DIRECTIONS: [(i32, i32); 8] = [(100, 0), (92, 38), (71, 71), (38, 92), (0, 100), (-38, 92), (-71, 71), (-92, 38)];
/// The luma of a medium grey.
const MEDIUM: f64 = 126.0;

/// Features of pictures: layout of brightness and colour, directions of edges, motion, and brightness. All but the last
/// are robust against brightness, size and quality.
#[derive(Clone, Debug)]
pub(super) struct Visual {
    /// Mean brightness of the cells of a grid.
    layout: Vec<f64>,
    /// Mean difference of blue from grey, of each cell.
    pub(super) blue: Vec<f64>,
    /// Mean difference of red from grey, of each cell.
    pub(super) red: Vec<f64>,
    edges: Vec<f64>,
    /// Mean difference from one picture to the next, of each part.
    pub(super) motion: Vec<f64>,
    /// Variance of the layout.
    spread: Vec<f64>,
    /// Relative to a medium grey.
    pub(super) brightness: f64,
}

impl Default for Visual {
    /// Features that say nothing.
    fn default() -> Self {
        let cells = || vec![0.0; CELLS];
        Self {
            layout: cells(),
            blue: cells(),
            red: cells(),
            edges: vec![0.0; PARTS * DIRECTIONS.len()],
            motion: vec![0.0; PARTS],
            spread: cells(),
            brightness: 0.0,
        }
    }
}

impl Visual {
    /// The features of pictures in the order of their time. `None` if there are none.
    pub(super) fn of(stills: &[Still]) -> Option<Self> {
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
        let mut motion = vec![0.0; PARTS];
        for pair in stills.windows(2) {
            for (at, (before, after)) in pair[0].luma.iter().zip(&pair[1].luma).enumerate() {
                motion[at / LUMA / 8 * 4 + at % LUMA / 8] += f64::from(before.abs_diff(*after)) / count;
            }
        }
        Some(Self {
            brightness: layout.iter().sum::<f64>() / CELLS as f64 - MEDIUM,
            layout,
            blue: mean(&|still| still.blue.iter().map(|value| f64::from(*value) - 128.0).collect()),
            red: mean(&|still| still.red.iter().map(|value| f64::from(*value) - 128.0).collect()),
            edges: mean(&edges),
            motion,
            spread,
        })
    }

    /// All features, with a constant that gives an empty picture a direction too.
    pub(super) fn flat(&self, constant: f64) -> Vec<f64> {
        let mut all = Vec::new();
        block(&mut all, 1.0, 60.0, &centred(&self.layout));
        block(&mut all, 1.0, 60.0, &[self.blue.as_slice(), &self.red].concat());
        block(&mut all, 1.0, 200.0, &centred(&self.edges));
        block(&mut all, 0.4, 200.0, &self.motion);
        block(&mut all, 0.4, 60.0, &self.spread.iter().map(|value| value.sqrt()).collect::<Vec<_>>());
        all.push(constant);
        block(&mut all, 0.4, 60.0, &[self.brightness]);
        all
    }
}

fn layout(still: &Still) -> Vec<f64> {
    let mut cells = vec![0.0; CELLS];
    for (at, value) in still.luma.iter().enumerate() {
        cells[at / LUMA / 4 * 8 + at % LUMA / 4] += f64::from(*value) / 16.0;
    }
    cells
}

/// The strength of edges in eight directions, for each of sixteen parts of the picture.
fn edges(still: &Still) -> Vec<f64> {
    let mut cells = vec![0.0; PARTS * DIRECTIONS.len()];
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

/// Features of sound: loudness of its bands and their change, its loudness, and how many of its bands are loud. Robust
/// against volume but for the loudness.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    /// Mean level of each band, relative to the loudest.
    pub(super) means: Vec<f64>,
    /// Standard deviation of the level of each band.
    pub(super) spread: Vec<f64>,
    /// Mean change of the level of each band.
    pub(super) change: Vec<f64>,
    /// Mean level of the loudest band, relative to a medium loudness.
    pub(super) loudness: f64,
    /// Mean level of all bands, relative to a medium one: low for a tone, high for noise.
    pub(super) fullness: f64,
}

impl Default for Sound {
    /// Features that say nothing.
    fn default() -> Self {
        let bands = || vec![0.0; BANDS];
        Self { means: bands(), spread: bands(), change: bands(), loudness: 0.0, fullness: 0.0 }
    }
}

impl Sound {
    /// The features of moments in the order of their time. `None` if there are none.
    pub(super) fn of(moments: &[Moment]) -> Option<Self> {
        let levels = levels(moments)?;
        let count = levels.len() as f64;
        let column = |band: usize| levels.iter().map(move |level| level[band]);
        let means: Vec<f64> = (0..BANDS).map(|band| column(band).sum::<f64>() / count).collect();
        let spread =
            |band: usize| column(band).map(|level| (level - means[band]) * (level - means[band])).sum::<f64>() / count;
        let change =
            |band: usize| levels.windows(2).map(|pair| (pair[1][band] - pair[0][band]).abs()).sum::<f64>() / count;
        let loudest = |moment: &Moment| f64::from(moment.levels.iter().copied().max().unwrap_or_default()) / 64.0;
        Some(Self {
            spread: (0..BANDS).map(|band| spread(band).sqrt()).collect(),
            change: (0..BANDS).map(change).collect(),
            loudness: moments.iter().map(loudest).sum::<f64>() / count + 10.0,
            fullness: means.iter().sum::<f64>() / BANDS as f64 + FLOOR / 2.0,
            means,
        })
    }

    /// All features, with a constant that gives silence a direction too.
    pub(super) fn flat(&self, constant: f64) -> Vec<f64> {
        let mut all = Vec::new();
        block(&mut all, 1.0, 5.0, &centred(&self.means));
        block(&mut all, 0.5, 5.0, &self.spread);
        block(&mut all, 0.3, 5.0, &self.change);
        all.push(constant);
        block(&mut all, 0.4, 4.0, &[self.loudness]);
        block(&mut all, 0.4, 3.0, &[self.fullness]);
        all
    }
}

/// Features of the rhythm, such as that of syllables. **There is no speech recognition.** For each of four parts of the
/// spectrum: the autocorrelation of its loudness up to 0.8 s, a histogram of loudness, and its rise and fall.
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
        block(&mut all, 0.5, 0.3, &repeats.collect::<Vec<_>>());
        // Levels are between -FLOOR and 0.
        let mut often = vec![0.0; 12];
        envelope.iter().for_each(|level| often[((level + FLOOR) * 11.0 / FLOOR) as usize % 12] += 1.0 / count);
        block(&mut all, 0.5, 0.1, &often);
        let mut changes = vec![0.0; 9];
        for pair in envelope.windows(2) {
            changes[((pair[1] - pair[0]).clamp(-2.0, 2.0) * 2.0 + 4.5) as usize] += 1.0 / count;
        }
        block(&mut all, 0.3, 0.1, &changes);
    }
    all.push(CONSTANT);
    Some(all)
}

/// A small feature that all pictures and sounds have.
pub(super) const CONSTANT: f64 = 0.1;

/// The range below the loudest level that counts, as a power of two: 30 dB.
const FLOOR: f64 = 10.0;

/// Levels relative to the loudest band of all moments.
fn levels(moments: &[Moment]) -> Option<Vec<[f64; BANDS]>> {
    let loudest = *moments.iter().flat_map(|moment| &moment.levels).max()?;
    let below = |level: i16| (f64::from(i32::from(level) - i32::from(loudest)) / 64.0).max(-FLOOR);
    Some(moments.iter().map(|moment| moment.levels.map(below)).collect())
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

/// Appends numbers, scaled to a common length, so that all kinds have the same weight. Numbers far below `usual` are
/// noise and stay small.
fn block(all: &mut Vec<f64>, weight: f64, usual: f64, values: &[f64]) {
    let length = (values.iter().map(|value| value * value).sum::<f64>() + usual * usual).sqrt();
    all.extend(values.iter().map(|value| weight * value / length));
}

/// A fixed random projection. It keeps angles approximately, and makes features of different kinds orthogonal.
pub(super) struct Projection {
    /// For each feature, its sign in each dimension.
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

    /// Rounds to integers, so that differences in the last bits of floats vanish almost always.
    pub(super) fn apply(&self, features: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.dimensions.next_multiple_of(8)];
        for (feature, signs) in features.iter().zip(&self.signs) {
            for (signs, sums) in signs.iter().zip(sums.as_chunks_mut::<8>().0) {
                for (bit, sum) in sums.iter_mut().enumerate() {
                    *sum += if signs >> bit & 1 == 1 { *feature } else { -feature };
                }
            }
        }
        sums.truncate(self.dimensions);
        sums.iter_mut().for_each(|sum| *sum = (*sum * 4096.0).round());
        sums
    }
}

const _: () = assert!(LUMA == 32 && CHROMA == 8 && BANDS == 40, "the cells above are cut for these");
