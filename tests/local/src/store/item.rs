//! Items: what a family stores.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::clock::later;

/// The part of an item that only its family understands.
pub(crate) trait Content: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Clone + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static> Content for T {}

/// The status of an item as clients see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Processing,
    Ready,
    Failed,
    /// Set by a fault.
    Other(String),
}

impl Status {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Other(status) => status,
        }
    }

    /// Whether the status does not change any more. A status that a fault has set is never final.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }
}

/// How the processing of an item goes, which only faults change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Fate {
    #[default]
    Normal,
    /// It fails at the end of its processing time, with [`INJECTED`] as the reason.
    Fails,
    /// It stays in `processing`.
    Stalls,
    /// It has this status from the start.
    Reports(String),
}

/// The reason of a failure that a fault has caused.
const INJECTED: &str = "This failure is a fault injected into the local server.";

/// The result of processing an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Ready,
    /// For this reason.
    Failed(String),
}

/// An item that is about to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewItem<T> {
    pub(crate) content: T,
    pub(crate) fate: Fate,
    /// The name of an uploaded file in its folder.
    pub(crate) upload: Option<String>,
    /// The minimum time of processing.
    pub(crate) processing: TimeDelta,
    /// The outcome, if nothing has to be computed.
    pub(crate) outcome: Option<Outcome>,
}

/// A stored item.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "T: Content")]
pub(crate) struct Item<T> {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) created_at: DateTime<Utc>,
    /// The item is not done before.
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) content: T,
    pub(crate) fate: Fate,
    pub(crate) upload: Option<String>,
    /// The outcome and the time at which it was known.
    pub(crate) outcome: Option<(Outcome, DateTime<Utc>)>,
    /// Follows from the other fields and the clock.
    #[serde(skip)]
    pub(crate) status: Status,
}

impl<T> Item<T> {
    pub(super) fn new(number: u64, created_at: DateTime<Utc>, new: NewItem<T>) -> Self {
        let due_at = later(created_at, new.processing);
        let outcome = if new.fate == Fate::Fails { Some(Outcome::Failed(INJECTED.into())) } else { new.outcome };
        Self {
            number,
            // Ids look like those of the platform: the time of creation and a number, 24 hexadecimal digits.
            id: format!("{:08x}{number:016x}", created_at.timestamp() as u32),
            created_at,
            due_at,
            content: new.content,
            fate: new.fate,
            upload: new.upload,
            outcome: outcome.map(|outcome| (outcome, created_at)),
            status: Status::default(),
        }
    }

    /// Changes how the processing goes, before it has begun.
    pub(crate) fn set_fate(&mut self, fate: Fate, now: DateTime<Utc>) {
        if fate == Fate::Fails {
            self.outcome = Some((Outcome::Failed(INJECTED.into()), now));
        }
        self.fate = fate;
    }

    /// The time at which the status shows the outcome, if there is one.
    pub(super) fn visible_at(&self) -> Option<DateTime<Utc>> {
        self.outcome.as_ref().map(|(_, at)| (*at).max(self.due_at))
    }

    /// The reason of the failure, if the status is `failed`.
    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.outcome {
            Some((Outcome::Failed(reason), _)) if self.status == Status::Failed => Some(reason),
            _ => None,
        }
    }

    /// The time at which the status became final, or that of the creation.
    pub(crate) fn updated_at(&self) -> DateTime<Utc> {
        match self.visible_at() {
            Some(at) if self.status.is_final() => at,
            _ => self.created_at,
        }
    }
}

/// The number in an id.
pub(super) fn number_of(id: &str) -> Option<u64> {
    u64::from_str_radix(id.get(8..)?, 16).ok()
}
