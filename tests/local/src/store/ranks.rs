//! Marks on a row of positions, counted and found in logarithmic time (a Fenwick tree).

/// Which positions of a growing row are marked.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranks {
    /// `sums[i]` counts the marks of the positions up to `i` that its lowest bit spans.
    sums: Vec<usize>,
}

impl Ranks {
    /// A row without marks.
    pub(super) fn with_len(len: usize) -> Self {
        Self { sums: vec![0; len] }
    }

    /// Adds a position at the end, without a mark.
    pub(super) fn push(&mut self) {
        let index = self.sums.len() + 1;
        let start = index - lowest_bit(index);
        let sum = self.before(index - 1) - self.before(start);
        self.sums.push(sum);
    }

    pub(super) fn mark(&mut self, position: usize) {
        self.each_span(position, |sum| *sum += 1);
    }

    /// Takes a mark away that was set.
    pub(super) fn unmark(&mut self, position: usize) {
        self.each_span(position, |sum| *sum -= 1);
    }

    fn each_span(&mut self, position: usize, change: impl Fn(&mut usize)) {
        let mut index = position + 1;
        while index <= self.sums.len() {
            change(&mut self.sums[index - 1]);
            index += lowest_bit(index);
        }
    }

    /// How many marks stand before a position.
    pub(super) fn before(&self, position: usize) -> usize {
        let (mut index, mut count) = (position.min(self.sums.len()), 0);
        while index > 0 {
            count += self.sums[index - 1];
            index -= lowest_bit(index);
        }
        count
    }

    /// The position of the mark that has so many before it.
    pub(super) fn nth(&self, mut rank: usize) -> Option<usize> {
        let mut index = 0;
        let mut step = (self.sums.len() + 1).next_power_of_two() / 2;
        while step > 0 {
            let next = index + step;
            if next <= self.sums.len() && self.sums[next - 1] <= rank {
                rank -= self.sums[next - 1];
                index = next;
            }
            step /= 2;
        }
        (index < self.sums.len()).then_some(index)
    }
}

fn lowest_bit(index: usize) -> usize {
    index & index.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_counting() {
        let mut ranks = Ranks::with_len(3);
        let mut plain = vec![false; 3];
        // Small steps of a linear congruence: every position is marked and unmarked at some time.
        let mut state = 7_usize;
        for round in 0..600 {
            state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
            if round % 3 == 0 {
                ranks.push();
                plain.push(false);
            }
            let position = (state >> 8) % plain.len();
            if plain[position] {
                ranks.unmark(position)
            } else {
                ranks.mark(position)
            }
            plain[position] = !plain[position];
            let marked: Vec<usize> = (0..plain.len()).filter(|position| plain[*position]).collect();
            for position in [0, position, plain.len()] {
                assert_eq!(ranks.before(position), marked.iter().filter(|mark| **mark < position).count());
            }
            for rank in [0, marked.len() / 2, marked.len()] {
                assert_eq!(ranks.nth(rank), marked.get(rank).copied(), "{rank} of {marked:?}");
            }
        }
    }
}
