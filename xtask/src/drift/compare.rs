//! Compares two trees and classifies every difference by its effect on clients.

mod access;
mod prose;
mod shift;
mod values;

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use self::{
    access::Access,
    prose::tokens,
    shift::{Direction, Shift},
};
use super::tree::{Api, Operation, Operations, Response, SUCCESSES};

/// Effect of a difference on a client of the first document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Breaks some or all clients.
    Breaking,
    /// Does not affect clients.
    Additive,
    /// Prose only.
    Prose,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Breaking => "breaking",
            Self::Additive => "additive",
            Self::Prose => "prose",
        })
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Effect on clients.
    pub class: Class,
    /// Method and path.
    pub operation: String,
    /// Place in the operation.
    pub place: String,
    /// What changed.
    pub what: String,
    /// Value in the first document.
    pub before: String,
    /// Value in the second document.
    pub after: String,
    /// Whether a change of prose concerns a number, a code token or a deprecation.
    pub flagged: bool,
    /// For a breaking change: the Rust items of our crates that it touches, and what to change in code that uses them.
    pub code: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = if self.flagged { "!" } else { "" };
        write!(
            f,
            "{:<9} {}  {}  {}: {} → {}",
            format!("{}{flag}", self.class),
            self.operation,
            self.place,
            self.what,
            self.before,
            self.after
        )?;
        match &self.code {
            Some(code) => write!(f, "\n          in your code: {code}"),
            None => Ok(()),
        }
    }
}

/// Stands for the whole document where a change belongs to no operation.
pub const DOCUMENT: &str = "document";

/// Returns all differences, and the operations that only the second document has.
///
/// With `base_knows_more`, anything that only the first document states (limits, required fields, open value sets,
/// further responses) is not a difference, and neither is prose.
pub fn compare(base: &Api, other: &Api, base_knows_more: bool) -> (Vec<Change>, Vec<String>) {
    let mut comparison = Comparison {
        base_knows_more,
        operation: DOCUMENT.into(),
        sent: Direction::Sent,
        received: Direction::Received,
        access: Access::new(base, other),
        changes: Vec::new(),
    };
    comparison.document(base, other);
    comparison.operations("", &base.operations, &other.operations);
    (comparison.sent, comparison.received) = (Direction::Received, Direction::Sent);
    comparison.operations("webhook ", &base.webhooks, &other.webhooks);
    let new = other.operations.keys().filter(|key| !base.operations.contains_key(*key));
    comparison.changes.sort();
    (comparison.changes, new.map(|(method, path)| format!("{method} {path}")).collect())
}

struct Comparison<'a> {
    base_knows_more: bool,
    operation: String,
    /// The direction of requests. The server sends the requests of webhooks and callbacks.
    sent: Direction,
    /// The direction of responses.
    received: Direction,
    access: Access<'a>,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn add(&mut self, class: Class, place: &str, what: &str, before: impl fmt::Display, after: impl fmt::Display) {
        self.changes.push(Change {
            class,
            operation: self.operation.clone(),
            place: place.into(),
            what: what.into(),
            before: before.to_string(),
            after: after.to_string(),
            flagged: false,
            code: None,
        });
    }

    fn operations(&mut self, prefix: &str, base: &Operations, other: &Operations) {
        for (key, before) in base {
            self.operation = format!("{prefix}{} {}", key.0, key.1);
            match other.get(key) {
                // A client that handles a webhook still works when it is no longer sent.
                None if prefix.is_empty() => self.add(Class::Breaking, "", "operation", "present", "removed"),
                None if self.base_knows_more => {}
                None => self.add(Class::Additive, "", "operation", "present", "removed"),
                Some(after) => {
                    self.operation_access(before, after);
                    self.operation("", before, after);
                }
            }
        }
    }

    /// `prefix` is empty, or the place of a callback.
    fn operation(&mut self, prefix: &str, before: &Operation, after: &Operation) {
        let at = |place: &str| format!("{prefix}{place}");
        self.prose(prefix.trim_end(), &before.prose, &after.prose);
        self.names(prefix.trim_end(), before, after);
        self.deprecation(prefix.trim_end(), before.deprecated, after.deprecated);
        let (sent, received) = (self.sent, self.received);
        self.fields(sent, prefix, &before.parameters, &after.parameters);
        self.marks(sent, prefix.trim_end(), &before.marks, &after.marks);
        self.request(&at("request"), before, after);
        let statuses: BTreeSet<&String> = before.responses.keys().chain(after.responses.keys()).collect();
        for status in statuses {
            let place = at(&format!("response {status}"));
            let (old, new) = (before.responses.get(status), after.responses.get(status));
            // `200` is one of `2XX`.
            let (in_old, in_new) = (before.in_range(status), after.in_range(status));
            if let (Some(before), Some(after)) = (old.or(in_old), new.or(in_new)) {
                self.response(&place, before, after);
                continue;
            }
            let is_success = |status: &String| status.starts_with('2');
            let is_narrower = new.is_none() && status == SUCCESSES && after.responses.keys().any(is_success);
            // An error may have any status.
            let class = match is_success(status) && received == Direction::Received && !is_narrower {
                true => Class::Breaking,
                false => Class::Additive,
            };
            match new {
                None if self.base_knows_more && !is_success(status) => {}
                None => self.add(class, &place, "response", "present", "removed"),
                Some(_) => self.add(class, &place, "response", "absent", "new"),
            }
        }
        let callbacks: BTreeSet<&String> = before.callbacks.keys().chain(after.callbacks.keys()).collect();
        for name in callbacks {
            let place = at(&format!("callback {name}"));
            match (before.callbacks.get(name), after.callbacks.get(name)) {
                (Some(before), Some(after)) => {
                    std::mem::swap(&mut self.sent, &mut self.received);
                    self.operation(&format!("{place} "), before, after);
                    std::mem::swap(&mut self.sent, &mut self.received);
                }
                (Some(_), None) if self.base_knows_more => {}
                (Some(_), None) => self.add(Class::Breaking, &place, "callback", "present", "removed"),
                _ => self.add(Class::Additive, &place, "callback", "absent", "new"),
            }
        }
    }

    fn request(&mut self, place: &str, before: &Operation, after: &Operation) {
        let direction = self.sent;
        let needed = |operation: &Operation| !operation.bodies.is_empty() && operation.body_required;
        if !before.bodies.is_empty() && after.bodies.is_empty() {
            return self.add(Class::Breaking, place, "body", "present", "removed");
        }
        if before.bodies.is_empty() && !after.bodies.is_empty() {
            let class = direction.class(if after.body_required { Shift::Narrower } else { Shift::Wider });
            let media: Vec<&str> = after.bodies.keys().map(String::as_str).collect();
            let presence = if after.body_required { "new, required" } else { "new, optional" };
            return self.add(class, place, "body", "absent", format!("{presence}, {}", media.join(", ")));
        }
        self.presence(direction, place, needed(before), needed(after));
        self.content(direction, place, &before.bodies, &after.bodies);
    }

    /// Whether a value must be there.
    fn presence(&mut self, direction: Direction, place: &str, before: bool, after: bool) {
        if before != after && !(self.base_knows_more && before) {
            let class = direction.class(if after { Shift::Narrower } else { Shift::Wider });
            self.add(class, place, "presence", presence(before), presence(after));
        }
    }

    fn response(&mut self, place: &str, before: &Response, after: &Response) {
        self.prose(place, &before.prose, &after.prose);
        let direction = self.received;
        self.content(direction, place, &before.content, &after.content);
        let headers: BTreeSet<&String> = before.headers.keys().chain(after.headers.keys()).collect();
        for header in headers {
            let place = format!("{place} header {header}");
            match (before.headers.get(header), after.headers.get(header)) {
                (Some(before), Some(after)) => {
                    self.presence(direction, &place, before.required, after.required);
                    self.node(direction, &place, &before.node, &after.node);
                }
                (Some(_), None) if self.base_knows_more => {}
                (Some(_), None) => self.add(Class::Breaking, &place, "header", "present", "removed"),
                _ => self.add(Class::Additive, &place, "header", "absent", "new"),
            }
        }
    }

    /// Operation ids and tags, which are names in documentation and generated code.
    fn names(&mut self, place: &str, before: &Operation, after: &Operation) {
        if self.base_knows_more {
            return;
        }
        if before.id != after.id {
            self.add(Class::Prose, place, "operation id", &before.id, &after.id);
            self.flag();
        }
        if before.tags != after.tags {
            self.add(Class::Prose, place, "tags", joined(&before.tags), joined(&after.tags));
        }
    }

    fn deprecation(&mut self, place: &str, before: bool, after: bool) {
        if before != after && !(self.base_knows_more && before) {
            let show = |deprecated| if deprecated { "deprecated" } else { "current" };
            self.add(Class::Additive, place, "state", show(before), show(after));
        }
    }

    fn prose(&mut self, place: &str, before: &str, after: &str) {
        if before == after || self.base_knows_more {
            return;
        }
        let (old, new) = (tokens(before), tokens(after));
        let flagged = old != new;
        let mut gone: Vec<String> = old.iter().filter(|token| !new.contains(token)).cloned().collect();
        let mut come: Vec<String> = new.iter().filter(|token| !old.contains(token)).cloned().collect();
        if flagged && gone.is_empty() && come.is_empty() {
            // The same tokens in another order or number.
            (gone, come) = (old, new);
        }
        let show = |tokens: Vec<String>| if tokens.is_empty() { "reworded".to_owned() } else { tokens.join(", ") };
        self.add(Class::Prose, place, "prose", show(gone), show(come));
        if flagged {
            self.flag();
        }
    }

    /// Flags the last change.
    fn flag(&mut self) {
        if let Some(change) = self.changes.last_mut() {
            change.flagged = true;
        }
    }
}

fn presence(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}

fn joined(values: &BTreeSet<String>) -> String {
    values.iter().cloned().collect::<Vec<_>>().join(", ")
}
