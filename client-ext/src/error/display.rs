//! Errors as text: one line for `Display`, and the sources below it for `Debug`.

use std::{error::Error as StdError, fmt, time::Duration};

use super::{Error, ErrorKind};

/// Longer durations than this are no times, but limits that are never reached: a century.
const NEVER: u64 = 100 * 365 * 24 * 3600;

/// A duration as text: `60 s`, `0.25 s`, `24 h`, `11574 days`.
pub(crate) fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        NEVER.. => "more than 100 years".to_owned(),
        long if long > 7 * 24 * 3600 => format!("{} days", long.div_ceil(24 * 3600)),
        whole if whole >= 7200 && whole % 3600 == 0 && duration.subsec_nanos() == 0 => format!("{} h", whole / 3600),
        0 if duration.subsec_millis() < 100 && !duration.is_zero() => {
            format!("{} ms", (seconds * 100_000.0).round() / 100.0)
        }
        // Two digits are enough.
        _ => format!("{} s", (seconds * 100.0).round() / 100.0),
    }
}

/// A number of bytes as text, with its binary unit if it is whole: `33554432 bytes (32 MiB)`.
pub(crate) fn shown_bytes(count: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    match units.into_iter().find(|(unit, _)| count >= *unit && count.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{count} bytes ({} {name})", count / unit),
        None => format!("{count} bytes"),
    }
}

/// A number as text; one of more than sixteen digits with an exponent.
pub(crate) fn shown_number(number: f64) -> String {
    if number.is_finite() && number.abs() >= 1e16 { format!("{number:e}") } else { number.to_string() }
}

/// Whether a character neither breaks a line nor changes the direction of what follows.
pub(crate) fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes text without characters that would break the line.
fn write_plain(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| if is_plain(c) { write!(f, "{c}") } else { write!(f, "{}", c.escape_default()) })
}

impl Error {
    /// What to do about the error, where the message does not say it.
    fn advice(&self) -> Option<&'static str> {
        let repr = &*self.0;
        if repr.outcome_unknown {
            return Some("it may have taken effect: check before sending it again");
        }
        match (repr.kind, self.status()) {
            (ErrorKind::Transport | ErrorKind::Timeout, _) => repr.cause?.advice(),
            (ErrorKind::NotReady, _) => Some("wait for it with wait_for_done()"),
            (ErrorKind::Api, Some(401 | 403)) if repr.keyless || repr.foreign => None,
            (ErrorKind::Api, Some(401)) => Some("check the API key"),
            (ErrorKind::Api, Some(403)) => Some("the API key does not allow it"),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0;
        if let Some(method) = &repr.method {
            f.write_str(method)?;
            if let Some(id) = &repr.resource_id {
                f.write_str("(")?;
                write_plain(f, id)?;
                f.write_str(")")?;
            }
            f.write_str(": ")?;
        }
        // Paths, for example, may have line breaks.
        write_plain(f, &repr.message)?;
        if repr.attempts > 1 {
            write!(f, " ({} attempts)", repr.attempts)?;
        }
        if let Some(wait) = self.retry_after().filter(|wait| !wait.is_zero() && repr.kind == ErrorKind::Api) {
            write!(f, "; the server asks to wait {}", shown(wait))?;
        }
        for text in [repr.note, self.advice()].into_iter().flatten() {
            write!(f, "; {text}")?;
        }
        Ok(())
    }
}

/// The line of `Display`, then a line for each source that the lines above do not contain, and one for the id of the
/// request.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.to_string();
        f.write_str(&text)?;
        let mut source = self.source();
        while let Some(error) = source {
            let line = error.to_string();
            // Only text that says something new.
            if !text.contains(&line) {
                f.write_str("\n  caused by: ")?;
                write_plain(f, &line)?;
                text.push_str(&line);
            }
            source = error.source();
        }
        if let Some(id) = self.request_id() {
            f.write_str("\n  request id: ")?;
            write_plain(f, id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let cases = [
            (Duration::from_secs(60), "60 s"),
            (Duration::from_millis(250), "0.25 s"),
            (Duration::from_millis(1), "1 ms"),
            (Duration::from_nanos(1_247_062), "1.25 ms"),
            (Duration::from_secs(24 * 3600), "24 h"),
            (Duration::from_secs(3600), "3600 s"),
            (Duration::from_millis(61_004), "61 s"),
            (Duration::ZERO, "0 s"),
            (Duration::from_secs(7 * 24 * 3600), "168 h"),
            (Duration::from_millis(2_303_586_740_230), "26662 days"),
            (Duration::MAX, "more than 100 years"),
        ];
        for (duration, text) in cases {
            assert_eq!(shown(duration), text);
        }
    }

    #[test]
    fn numbers_can_be_read() {
        let bytes = [0, 1 << 20, (1 << 20) + 1, 200 << 20, 10 << 30].map(shown_bytes);
        let expected = [
            "0 bytes",
            "1048576 bytes (1 MiB)",
            "1048577 bytes",
            "209715200 bytes (200 MiB)",
            "10737418240 bytes (10 GiB)",
        ];
        assert_eq!(bytes, expected);
        let numbers = [5.0, -0.25, 1e15, f64::MAX, f64::NEG_INFINITY].map(shown_number);
        assert_eq!(numbers, ["5", "-0.25", "1000000000000000", "1.7976931348623157e308", "-inf"]);
    }

    #[test]
    fn an_error_is_one_line_and_its_debug_adds_the_sources() {
        let io = std::io::Error::other("disk on fire");
        let error = Error::new(ErrorKind::InvalidInput, "video_file must be readable").with_source(io);
        let error = error.with_method("embed.tasks.create").with_resource("a\nb").with_attempts(3);
        assert_eq!(error.to_string(), r"embed.tasks.create(a\nb): video_file must be readable (3 attempts)");
        assert_eq!(format!("{error:?}"), format!("{error}\n  caused by: disk on fire"));
        assert_eq!(format!("{:?}", Error::new(ErrorKind::Config, "no key")), "no key");
        let odd = Error::new(ErrorKind::InvalidInput, "video_file must be readable (got a\n\u{1b}[31mb.mp4)");
        assert_eq!(odd.to_string(), r"video_file must be readable (got a\n\u{1b}[31mb.mp4)");
    }
}
