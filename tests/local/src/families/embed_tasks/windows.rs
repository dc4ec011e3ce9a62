//! The time ranges of a video that get a vector.

use twelvelabs_api::{limits::SEGMENT_DURATION_SEC, types::EmbeddingScope};

use crate::vectors::{Window, adjacent};

/// The windows of a selected range with their scopes: adjacent clips, without the last one if it is too short, and the
/// whole range, depending on the scopes.
pub(super) fn windows(
    start: f64,
    end: f64,
    clip: f64,
    scopes: &[EmbeddingScope],
) -> (Vec<EmbeddingScope>, Vec<Window>) {
    let shortest = SEGMENT_DURATION_SEC.minimum.unwrap_or(0.0);
    let mut windows = Vec::new();
    if scopes.contains(&EmbeddingScope::Clip) {
        // Less than a microsecond is a rounding error.
        let clips =
            adjacent(start, end, clip).into_iter().filter(|window| window.end - window.start + 1e-6 >= shortest);
        windows.extend(clips.map(|window| (EmbeddingScope::Clip, window)));
    }
    if scopes.contains(&EmbeddingScope::Video) {
        windows.push((EmbeddingScope::Video, Window { start, end }));
    }
    windows.into_iter().unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clips(start: f64, end: f64, clip: f64) -> Vec<(f64, f64)> {
        let (_, windows) = windows(start, end, clip, &[EmbeddingScope::Clip]);
        windows.into_iter().map(|window| (window.start, window.end)).collect()
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
        let (scopes, windows) = windows(2.0, 14.0, 6.0, &[EmbeddingScope::Clip, EmbeddingScope::Video]);
        assert_eq!(scopes, [EmbeddingScope::Clip, EmbeddingScope::Clip, EmbeddingScope::Video]);
        assert_eq!(windows.last(), Some(&Window { start: 2.0, end: 14.0 }));
    }
}
