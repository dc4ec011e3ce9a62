//! Which stretches of a video get a vector.

use twelvelabs_api::{limits::SEGMENT_DURATION_SEC, types::EmbeddingScope};

/// A stretch of a video.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) scope: EmbeddingScope,
}

/// The windows of a selected range: clips one after the other, the last one dropped if it is too short, and the whole
/// range, as the scopes ask.
pub(super) fn windows(start: f64, end: f64, clip: f64, scopes: &[EmbeddingScope]) -> Vec<Window> {
    let shortest = SEGMENT_DURATION_SEC.minimum.unwrap_or(0.0);
    let mut windows = Vec::new();
    if scopes.contains(&EmbeddingScope::Clip) {
        // By multiplication: a sum of many clips would drift.
        let starts = (0u32..).map(|index| start + f64::from(index) * clip).take_while(|start| *start < end);
        for from in starts {
            let to = (from + clip).min(end);
            // Less than a microsecond is rounding, not time.
            if to - from + 1e-6 >= shortest {
                windows.push(Window { start: from, end: to, scope: EmbeddingScope::Clip });
            }
        }
    }
    if scopes.contains(&EmbeddingScope::Video) {
        windows.push(Window { start, end, scope: EmbeddingScope::Video });
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clips(start: f64, end: f64, clip: f64) -> Vec<(f64, f64)> {
        windows(start, end, clip, &[EmbeddingScope::Clip])
            .into_iter()
            .map(|window| (window.start, window.end))
            .collect()
    }

    #[test]
    fn a_last_piece_under_two_seconds_is_dropped() {
        assert_eq!(clips(0.0, 31.0, 6.0), [(0.0, 6.0), (6.0, 12.0), (12.0, 18.0), (18.0, 24.0), (24.0, 30.0)]);
        assert_eq!(clips(0.0, 14.0, 6.0), [(0.0, 6.0), (6.0, 12.0), (12.0, 14.0)]);
        assert_eq!(clips(1.5, 9.0, 4.0), [(1.5, 5.5), (5.5, 9.0)]);
        assert_eq!(clips(0.0, 4.0, 2.0).len(), 2);
        assert_eq!(clips(0.0, 14400.0, 2.2).len(), 6545);
    }

    #[test]
    fn the_whole_range_is_one_more_window() {
        let both = windows(2.0, 14.0, 6.0, &[EmbeddingScope::Clip, EmbeddingScope::Video]);
        assert_eq!(both.len(), 3);
        assert_eq!(both.last(), Some(&Window { start: 2.0, end: 14.0, scope: EmbeddingScope::Video }));
    }
}
