//! Faults on demand.

use std::{fmt, str::FromStr, time::Duration};

use http::StatusCode;
use twelvelabs_api::{operations, types::TaskStatus};

/// Something that goes wrong at a [`LocalPlatform`](crate::LocalPlatform), for the next request or the next few:
///
/// ```
/// use std::time::Duration;
/// use twelvelabs_local::Fault;
///
/// // The next two statuses are refused for a second each,
/// let busy = Fault::answer(429).of("status").times(2).retry_after(Duration::from_secs(1));
/// // the same as the command line and the admin endpoint say it,
/// assert_eq!("status=429 of=status times=2 retry_after=1s".parse(), Ok(busy));
/// // and the next task will fail.
/// let failing = Fault::task_fails();
/// # let _ = failing;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    pub(super) kind: Kind,
    of: Option<String>,
    times: u32,
    pub(super) retry_after: Option<Duration>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Answer(u16),
    Delay(Duration),
    Cut,
    Reset,
    TaskFails,
    TaskStalls,
    TaskSays(TaskStatus),
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, of: None, times: 1, retry_after: None }
    }

    /// The request is answered with this status and nothing is done.
    pub fn answer(status: u16) -> Self {
        Self::new(Kind::Answer(status))
    }

    /// The answer comes this much later, by the clock of the machine.
    pub fn delay(time: Duration) -> Self {
        Self::new(Kind::Delay(time))
    }

    /// The answer ends in the middle of its body.
    pub fn cut() -> Self {
        Self::new(Kind::Cut)
    }

    /// The connection is reset once the request was handled, so that its sender cannot know what became of it.
    pub fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// The next task fails when its time has come.
    pub fn task_fails() -> Self {
        Self::new(Kind::TaskFails)
    }

    /// The next task is processed for ever.
    pub fn task_stalls() -> Self {
        Self::new(Kind::TaskStalls)
    }

    /// The next task has a status that nobody knows.
    pub fn task_status(status: impl Into<TaskStatus>) -> Self {
        Self::new(Kind::TaskSays(status.into()))
    }

    /// Only for this operation, by its id in the contract or the last word of it: `embed_tasks_status` or `status`. Without,
    /// for every request of the API. A fault of tasks is always one of creations.
    pub fn of(mut self, operation: impl Into<String>) -> Self {
        self.of = Some(operation.into());
        self
    }

    /// For so many requests, instead of one; 0 is for all of them.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// How long an answer asks the client to wait. Less than a second is said in milliseconds too.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    pub(super) fn is_of_tasks(&self) -> bool {
        matches!(self.kind, Kind::TaskFails | Kind::TaskStalls | Kind::TaskSays(_))
    }

    pub(super) fn meets(&self, operation: Option<&str>) -> bool {
        let Some(name) = &self.of else { return true };
        operation.is_some_and(|id| id == name || id.rsplit('_').next() == Some(name))
    }

    /// Takes one away; whether that was the last.
    pub(super) fn spend(&mut self) -> bool {
        if self.times == 0 {
            return false;
        }
        self.times -= 1;
        self.times == 0
    }

    fn check(self) -> Result<Self, String> {
        if let Kind::Answer(status) = self.kind
            && (!(200..=599).contains(&status) || StatusCode::from_u16(status).is_err())
        {
            return Err(format!("{status} is no status of an answer"));
        }
        let known = || operations::ALL.iter().any(|operation| self.meets(Some(operation.id)));
        if !known() {
            return Err(format!("there is no operation {}", self.of.as_deref().unwrap_or_default()));
        }
        Ok(self)
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads one of `status=503`, `delay=500ms`, `cut`, `reset`, `task=fails`, `task=stalls` or `task=WORD`, and after it, in any order,
    /// `of=OPERATION`, `times=N` and `retry_after=2s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let pair = |word: &'_ str| -> (String, String) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            (name.to_owned(), value.to_owned())
        };
        let number = |value: &str| value.parse().map_err(|_| format!("{value:?} is not a number"));
        let first = words.next().ok_or("a fault needs a kind")?;
        let mut fault = match (pair(first).0.as_str(), pair(first).1.as_str()) {
            ("status", status) => {
                Self::answer(u16::try_from(number(status)?).map_err(|_| format!("{status} is no status"))?)
            }
            ("delay", time) => Self::delay(duration(time)?),
            ("cut", "") => Self::cut(),
            ("reset", "") => Self::reset(),
            ("task", "fails") => Self::task_fails(),
            ("task", "stalls") => Self::task_stalls(),
            ("task", status) if !status.is_empty() => Self::task_status(status.to_owned()),
            _ => return Err(format!("{first:?} is no kind of fault")),
        };
        for word in words {
            let (name, value) = pair(word);
            fault = match name.as_str() {
                "of" => fault.of(value),
                "times" => fault.times(number(&value)?),
                "retry_after" => fault.retry_after(duration(&value)?),
                _ => return Err(format!("{word:?} says nothing of a fault")),
            };
        }
        fault.check()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Answer(status) => write!(f, "status={status}")?,
            Kind::Delay(time) => write!(f, "delay={}ms", time.as_millis())?,
            Kind::Cut => f.write_str("cut")?,
            Kind::Reset => f.write_str("reset")?,
            Kind::TaskFails => f.write_str("task=fails")?,
            Kind::TaskStalls => f.write_str("task=stalls")?,
            Kind::TaskSays(status) => write!(f, "task={}", status.as_str())?,
        }
        if let Some(operation) = &self.of {
            write!(f, " of={operation}")?;
        }
        write!(f, " times={}", self.times)?;
        match self.retry_after {
            Some(time) => write!(f, " retry_after={}ms", time.as_millis()),
            None => Ok(()),
        }
    }
}

/// Reads a time such as `500ms`, `2s`, `5m`, `3h` or `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        other => return Err(format!("{other:?} is no unit of time: ms, s, m, h or d")),
    };
    let number: f64 = digits.parse().map_err(|_| format!("{text:?} is no time, such as 500ms or 2s"))?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| format!("{text:?} is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_what_they_write() {
        let faults = [
            Fault::answer(503).of("status").times(3),
            Fault::answer(429).retry_after(Duration::from_millis(1500)),
            Fault::delay(Duration::from_millis(250)).of("embed_tasks_list").times(0),
            Fault::cut().of("retrieve"),
            Fault::reset(),
            Fault::task_fails(),
            Fault::task_stalls().times(2),
            Fault::task_status("paused".to_owned()),
        ];
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for wrong in ["", "status=99", "status=x", "status=503 of=nothing", "cut=1", "task=", "reset now", "delay=3y"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn operations_are_met_by_their_last_word() {
        let fault = Fault::cut().of("status");
        assert!(fault.meets(Some("embed_tasks_status")) && !fault.meets(Some("embed_tasks_list")));
        assert!(!fault.meets(None) && Fault::cut().meets(None));
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(duration("0.5h"), Ok(Duration::from_secs(1800)));
        assert!(duration("").is_err() && duration("-1s").is_err() && duration("s").is_err());
    }
}
