//! Where the content of a file changes.

use super::{
    pictures::Still,
    sound::{BANDS, Moment},
};

/// Mean difference of two pictures, in levels of luma and colour, above which they belong to different shots. Motion
/// stays below it.
const PICTURES: u64 = 24;

/// Number of moments that are compared with as many before them: half a second.
const MOMENTS: usize = 20;
/// Mean difference of the levels of two half seconds, in 64ths of a power of two, above which they differ.
const SOUND: i64 = 160;

/// The times of the first pictures of shots.
pub(super) fn of_pictures(stills: &[Still]) -> Vec<f64> {
    let cuts = stills.windows(2).filter(|pair| {
        let difference = |before: &[u8], after: &[u8]| {
            let sum: u64 = before.iter().zip(after).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            sum / before.len() as u64
        };
        let colour = difference(&pair[0].blue, &pair[1].blue) + difference(&pair[0].red, &pair[1].red);
        difference(&pair[0].luma, &pair[1].luma) + colour > PICTURES
    });
    cuts.map(|pair| pair[1].time).collect()
}

/// The times at which the spectrum changes most within half a second before and after.
pub(super) fn of_sound(moments: &[Moment]) -> Vec<f64> {
    // The sums of all levels before each moment, so that the work does not depend on the length of the compared parts.
    let mut sums = vec![[0_i64; BANDS]];
    for moment in moments {
        let mut next = sums.last().copied().unwrap_or([0; BANDS]);
        next.iter_mut().zip(moment.levels).for_each(|(sum, level)| *sum += i64::from(level));
        sums.push(next);
    }
    let difference = |at: usize| {
        let (before, here, after) = (&sums[at - MOMENTS], &sums[at], &sums[at + MOMENTS]);
        let bands = (0..BANDS).map(|band| ((here[band] - before[band]) - (after[band] - here[band])).abs());
        bands.sum::<i64>() / (MOMENTS * BANDS) as i64
    };
    let range = MOMENTS..(moments.len() + 1).saturating_sub(MOMENTS).max(MOMENTS);
    let differences: Vec<i64> = range.map(difference).collect();
    let is_peak = |place: &usize| {
        let value = differences[*place];
        let (before, after) = differences.split_at(*place);
        let near = |part: &mut dyn Iterator<Item = &i64>, most: i64| part.take(MOMENTS).all(|other| *other <= most);
        // Of several equal ones, the first.
        value > SOUND && near(&mut before.iter().rev(), value - 1) && near(&mut after.iter(), value)
    };
    (0..differences.len()).filter(is_peak).filter_map(|place| Some(moments.get(place + MOMENTS)?.time)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_spectrum_is_found_once() {
        let moment = |at: usize| {
            let high = (at / 100).is_multiple_of(2);
            let level = |band: usize| if (band < BANDS / 2) == high { 0 } else { -600 };
            Moment { time: at as f64 / 40.0, levels: std::array::from_fn(level) }
        };
        let moments: Vec<Moment> = (0..250).map(moment).collect();
        assert_eq!(of_sound(&moments), [2.5, 5.0]);
        assert!(of_sound(&moments[..90]).is_empty() && of_sound(&moments[..10]).is_empty());
    }
}
