//! The fusion against a plain loop over all rows.

use std::collections::{BTreeMap, HashMap};

use twelvelabs::{Embedding, embed::CosineQuery};

use super::{
    Hit, RowCondition, SearchSettings, VectorTable,
    clip::{ClipKey, range_of},
    part::{cosine, norm},
    tests::{row, write},
};
use crate::row::VectorRow;

/// Rows of so many clips in several files, not every one with each option, and some with several rows of an option, from other
/// sources.
fn random_rows(random: &mut fastrand::Rng, clips: usize, options: &[&str], is_coarse: bool) -> Vec<Vec<VectorRow>> {
    let mut rows = Vec::new();
    for clip in 0..clips {
        for option in options {
            let count = [0, 1, 1, 1, 1, 1, 1, 2, 3][random.usize(..9)];
            for copy in 0..count {
                // With few values, many cosines are equal.
                let mut number = || if is_coarse { f32::from(random.i8(-2..=2)) } else { random.f32() - 0.5 };
                let made = row(&format!("{}", clip / 9), option, (clip % 9) as f64, [number(), number()]);
                rows.push(VectorRow { source: format!("{copy}-{}", made.source), ..made });
            }
        }
    }
    random.shuffle(&mut rows);
    rows.chunks(rows.len().div_ceil(7)).map(<[VectorRow]>::to_vec).collect()
}

struct Clip<'r> {
    best: usize,
    /// The row with the best rank.
    row: &'r VectorRow,
    score: f64,
    cosines: BTreeMap<String, f32>,
}

/// Each option ranks the best row of each clip.
fn plain(files: &[Vec<VectorRow>], query: &Embedding, settings: &SearchSettings) -> Vec<Hit> {
    let query = CosineQuery::new(query);
    let mut options: BTreeMap<&str, Vec<(f32, &VectorRow)>> = BTreeMap::new();
    for row in files.iter().flatten() {
        let of = options.entry(row.option.as_deref().expect("an option")).or_default();
        of.push((cosine(&query, &row.vector, norm(&row.vector)), row));
    }
    let mut clips: HashMap<ClipKey, Clip<'_>> = HashMap::new();
    for (option, mut rows) in options.into_iter().filter(|(option, _)| settings.weight(option) > 0.0) {
        // Rows with equal cosines stay in their order.
        rows.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut rank = 0;
        for (cosine, row) in rows {
            let clip = clips.entry(ClipKey::of(row)).or_insert(Clip {
                best: usize::MAX,
                row,
                score: 0.0,
                cosines: BTreeMap::new(),
            });
            if clip.cosines.contains_key(option) {
                continue;
            }
            rank += 1;
            if rank < clip.best {
                (clip.best, clip.row) = (rank, row);
            }
            clip.score += settings.weight(option) / (60 + rank) as f64;
            clip.cosines.insert(option.to_owned(), cosine);
        }
    }
    let mut all: Vec<_> = clips.into_values().collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| range_of(a.row).cmp(&range_of(b.row))));
    let hit = |Clip { row, score, cosines, .. }: Clip<'_>| Hit {
        source: row.source.clone(),
        scope: row.scope.clone(),
        start_sec: row.start_sec,
        end_sec: row.end_sec,
        start_page: row.start_page,
        end_page: row.end_page,
        chunk_index: row.chunk_index,
        last_end_sec: None,
        score,
        cosines,
    };
    all.into_iter().take(settings.top).map(hit).collect()
}

#[test]
fn the_results_are_the_first_of_the_fusion_of_all_ranks() {
    let settings = |top: usize, weights: &[(&str, f64)]| SearchSettings {
        top,
        weights: weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect(),
    };
    let weights: [&[(&str, f64)]; 5] = [
        &[],
        &[("audio", 3.0)],
        &[("audio", 0.01), ("visual", 0.01), ("transcription", 7.5)],
        &[("transcription", 0.0)],
        &[("audio", 0.0), ("visual", 0.0)],
    ];
    let mut compared = 0;
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let options = &["audio", "transcription", "visual"][..2 + seed as usize % 2];
        let clips = [450, 60, 400][seed as usize / 2];
        let files = random_rows(&mut random, clips, options, seed % 4 < 2);
        let folder = write(&files);
        let table = VectorTable::open(folder.path(), &[]).expect("a table");
        let loaded = VectorTable::open(folder.path(), &[]).expect("a table").load().expect("loaded");
        let query = Embedding::try_from(vec![random.f32() - 0.5, random.f32() - 0.5]).expect("finite");
        for weights in weights {
            let weights: Vec<_> = weights.iter().filter(|(name, _)| options.contains(name)).copied().collect();
            for top in [1, 2, 10, 41, usize::MAX] {
                let settings = settings(top, &weights);
                let expected = plain(&files, &query, &settings);
                for table in [&table, &loaded] {
                    let mut found = table.search(&query, &settings).expect("found");
                    found.iter_mut().for_each(|hit| hit.last_end_sec = None);
                    assert!(found == expected, "seed {seed}, {settings:?}: {found:?} are not {expected:?}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 6 * 5 * 5 * 2);
}

#[test]
fn a_condition_on_the_option_makes_it_a_search_in_one() {
    let row = |content: usize, option| row(&format!("{content}"), option, 0.0, [1.0, content as f32]);
    let folder = write(&[(0..400).flat_map(|content| [row(content, "visual"), row(content, "audio")]).collect()]);
    for (condition, options) in [("option=audio", 1), ("option!=audio", 1), ("start>=0", 2), ("option=audio,visual", 2)]
    {
        let conditions: [RowCondition; 1] = [condition.parse().expect(condition)];
        let table = VectorTable::open(folder.path(), &conditions).expect("a table");
        assert_eq!(table.searched_options().count(), options, "{condition}");
        let query = Embedding::try_from(vec![1.0, 0.0]).expect("finite");
        let hits = table.search(&query, &SearchSettings { top: 300, ..SearchSettings::default() }).expect("found");
        assert_eq!(hits.len(), 300);
        assert!(hits.iter().all(|hit| hit.cosines.len() == options), "{condition}");
    }
}
