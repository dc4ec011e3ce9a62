//! How long tasks are processed.

use std::{fmt, str::FromStr, time::Duration};

/// How long a task of the [`LocalPlatform`](crate::LocalPlatform) stays in `processing`, at least: the computation of the
/// vectors takes the time that it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Speed {
    /// No longer than the computation.
    Instant,
    /// The same time for every video.
    After(Duration),
    /// So many times as fast as the video plays; [`REALTIME`](Self::REALTIME) is 1.
    Times(f64),
}

impl Speed {
    /// As long as the video is.
    pub const REALTIME: Self = Self::Times(1.0);

    /// For a video of so many seconds.
    pub(super) fn processing_time(self, seconds: f64) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::After(time) => time,
            Self::Times(times) => Duration::try_from_secs_f64(seconds / times).unwrap_or(Duration::MAX),
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    /// Reads `instant`, `realtime`, `4x` or `0.5x`.
    fn from_str(text: &str) -> Result<Self, String> {
        let times = |text: &str| text.parse().ok().filter(|times: &f64| times.is_finite() && *times > 0.0);
        match text {
            "instant" => Ok(Self::Instant),
            "realtime" => Ok(Self::REALTIME),
            other => other
                .strip_suffix('x')
                .and_then(times)
                .map(Self::Times)
                .ok_or_else(|| format!("{text:?} is not instant, realtime or a factor such as 4x")),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant => f.write_str("instant"),
            Self::After(time) => write!(f, "{time:?} for every video"),
            Self::Times(times) => write!(f, "{times}x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_and_give_times() {
        let seconds = |text: &str| text.parse::<Speed>().map(|speed| speed.processing_time(30.0).as_secs_f64());
        assert_eq!(seconds("instant"), Ok(0.0));
        assert_eq!(seconds("realtime"), Ok(30.0));
        assert_eq!(seconds("4x"), Ok(7.5));
        assert_eq!(seconds("0.5x"), Ok(60.0));
        for wrong in ["", "x", "0x", "-1x", "infx", "4", "fast"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(1e-300).processing_time(1.0), Duration::MAX);
    }
}
