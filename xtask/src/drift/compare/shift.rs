//! The direction of a value, and how the set of possible values changed.

use std::collections::BTreeSet;

use super::{super::tree::NOTHING, Class};

/// The direction of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client.
    Sent,
    /// To the client.
    Received,
}

/// How the set of possible values changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// Every value that was possible still is.
    Wider,
    /// Every value that is possible was so before.
    Narrower,
    /// Neither.
    Other,
}

/// A limit of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// The value of the keyword.
    pub(super) text: String,
    /// Whether the limit itself is not allowed.
    pub(super) exclusive: bool,
}

impl Direction {
    /// A client may send the values that it sent before, and is prepared for the values that it received before.
    pub(super) fn class(self, shift: Shift) -> Class {
        match (self, shift) {
            (Self::Sent, Shift::Wider) | (Self::Received, Shift::Narrower) => Class::Additive,
            _ => Class::Breaking,
        }
    }
}

impl Shift {
    fn of(wider: bool, narrower: bool) -> Self {
        match (wider, narrower) {
            (true, _) => Self::Wider,
            (false, true) => Self::Narrower,
            (false, false) => Self::Other,
        }
    }

    /// Between sets of types. An empty set is any type, and integers are numbers.
    pub(super) fn of_types(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Self {
        let covers = |all: &BTreeSet<String>, some: &BTreeSet<String>| {
            let has =
                |kind: &String| all.contains(kind) || kind == "integer" && all.contains("number") || kind == NOTHING;
            all.is_empty() || !some.is_empty() && some.iter().all(has)
        };
        Self::of(covers(after, before), covers(before, after))
    }

    /// Between formats. No format is any value.
    pub(super) fn of_formats(before: Option<&str>, after: Option<&str>) -> Self {
        let covers = |all: Option<&str>, some: Option<&str>| {
            matches!((all, some), (None, _) | (Some("int64"), Some("int32")) | (Some("double"), Some("float")))
        };
        Self::of(covers(after, before), covers(before, after))
    }

    /// Between the values of a limit.
    pub(super) fn of_limits(name: &str, before: Option<&Limit>, after: Option<&Limit>) -> Self {
        let (before, after) = match (before, after) {
            (None, _) => return Self::Narrower,
            (_, None) => return Self::Wider,
            (Some(before), Some(after)) => (before, after),
        };
        let number = |limit: &Limit| limit.text.parse::<f64>().ok();
        let (Some(old), Some(new)) = (number(before), number(after)) else { return Self::Other };
        let is_multiple = |number: f64, of: f64| {
            let quotient = number / of;
            (quotient - quotient.round()).abs() < 1e-9
        };
        if name == "multipleOf" {
            return Self::of(is_multiple(old, new), is_multiple(new, old));
        }
        // Positive if the new limit allows more.
        let more = if name.to_ascii_lowercase().contains("min") { old - new } else { new - old };
        let includes_more = more == 0.0 && before.exclusive && !after.exclusive;
        let includes_less = more == 0.0 && !before.exclusive && after.exclusive;
        Self::of(more > 0.0 || includes_more, more < 0.0 || includes_less)
    }

    /// Between the values of a keyword that restricts a value.
    pub(super) fn of_restrictions(before: Option<&String>, after: Option<&String>) -> Self {
        Self::of(after.is_none(), before.is_none())
    }
}
