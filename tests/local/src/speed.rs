//! The processing time of jobs.

use std::{fmt, str::FromStr, time::Duration};

use chrono::TimeDelta;

use crate::parse_settings::ParseError;

/// The minimum time that a job of a [`LocalServer`](crate::LocalServer) stays in `processing`. Computing the embeddings
/// can take longer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Speed {
    /// No minimum.
    Instant,
    /// The same minimum for every video.
    After(Duration),
    /// The duration of the video divided by this factor; [`REALTIME`](Self::REALTIME) is 1.
    Times(f64),
}

impl Speed {
    /// The duration of the video.
    pub const REALTIME: Self = Self::Times(1.0);

    /// The minimum for a video of this duration.
    pub(crate) fn processing_time(self, seconds: f64) -> TimeDelta {
        let time = match self {
            Self::Instant => Duration::ZERO,
            Self::After(time) => time,
            Self::Times(times) => Duration::try_from_secs_f64(seconds / times).unwrap_or(Duration::MAX),
        };
        TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX)
    }
}

impl FromStr for Speed {
    type Err = ParseError;

    /// Parses `instant`, `realtime`, `4x` or `0.5x`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let times = |text: &str| text.parse().ok().filter(|times: &f64| times.is_finite() && *times > 0.0);
        match text {
            "instant" => Ok(Self::Instant),
            "realtime" => Ok(Self::REALTIME),
            other => other.strip_suffix('x').and_then(times).map(Self::Times).ok_or_else(|| {
                ParseError::new(format!("invalid speed {text:?}: must be instant, realtime or a factor such as 4x"))
            }),
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
    fn speeds_parse_and_scale_with_the_video() {
        let seconds = |text: &str| text.parse::<Speed>().map(|speed| speed.processing_time(30.0).as_seconds_f64());
        assert_eq!(seconds("instant"), Ok(0.0));
        assert_eq!(seconds("realtime"), Ok(30.0));
        assert_eq!(seconds("4x"), Ok(7.5));
        assert_eq!(seconds("0.5x"), Ok(60.0));
        for wrong in ["", "x", "0x", "-1x", "infx", "4", "fast"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(1e-300).processing_time(1.0), TimeDelta::MAX);
    }
}
