//! Compares two trees and classifies every difference by its effect on clients.

mod prose;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use self::prose::tokens;
use super::tree::{Field, Node, Operation, Response};

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
        )
    }
}

/// The direction of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// From the client.
    Sent,
    /// To the client.
    Received,
}

type Operations = BTreeMap<(String, String), Operation>;

/// Returns all differences, and the operations that only the second document has.
///
/// With `base_knows_more`, anything that only the first document states (limits, required fields, open value sets, further
/// responses) is not a difference, and neither is prose.
pub fn compare(base: &Operations, other: &Operations, base_knows_more: bool) -> (Vec<Change>, Vec<String>) {
    let mut comparison = Comparison { base_knows_more, operation: String::new(), changes: Vec::new() };
    for (key, before) in base {
        comparison.operation = format!("{} {}", key.0, key.1);
        match other.get(key) {
            None => comparison.add(Class::Breaking, "", "operation", "present", "removed"),
            Some(after) => comparison.operation(before, after),
        }
    }
    let new = other.keys().filter(|key| !base.contains_key(*key)).map(|(method, path)| format!("{method} {path}"));
    comparison.changes.sort();
    (comparison.changes, new.collect())
}

struct Comparison {
    base_knows_more: bool,
    operation: String,
    changes: Vec<Change>,
}

impl Comparison {
    fn add(&mut self, class: Class, place: &str, what: &str, before: impl fmt::Display, after: impl fmt::Display) {
        let operation = self.operation.clone();
        let (before, after) = (before.to_string(), after.to_string());
        self.changes.push(Change {
            class,
            operation,
            place: place.into(),
            what: what.into(),
            before,
            after,
            flagged: false,
        });
    }

    fn operation(&mut self, before: &Operation, after: &Operation) {
        self.prose("", &before.prose, &after.prose);
        self.deprecation("", before.deprecated, after.deprecated);
        self.fields(Direction::Sent, "", &before.parameters, &after.parameters);
        self.marks("", &before.marks, &after.marks);
        let media: BTreeSet<&String> = before.bodies.keys().chain(after.bodies.keys()).collect();
        for media in media {
            let place = format!("request {media}");
            match (before.bodies.get(media), after.bodies.get(media)) {
                (Some(before), Some(after)) => self.node(Direction::Sent, &place, before, after),
                (Some(_), None) => self.add(Class::Breaking, &place, "body", "present", "removed"),
                _ => self.add(
                    if before.bodies.is_empty() { Class::Breaking } else { Class::Additive },
                    &place,
                    "body",
                    "absent",
                    "new",
                ),
            }
        }
        let statuses: BTreeSet<&String> = before.responses.keys().chain(after.responses.keys()).collect();
        for status in statuses {
            let place = format!("response {status}");
            match (before.responses.get(status), after.responses.get(status)) {
                (Some(before), Some(after)) => self.response(&place, before, after),
                (Some(_), None) if self.base_knows_more && !status.starts_with('2') => {}
                (Some(_), None) => self.add(
                    if status.starts_with('2') { Class::Breaking } else { Class::Additive },
                    &place,
                    "response",
                    "present",
                    "removed",
                ),
                _ => self.add(
                    if status.starts_with('2') { Class::Breaking } else { Class::Additive },
                    &place,
                    "response",
                    "absent",
                    "new",
                ),
            }
        }
    }

    fn response(&mut self, place: &str, before: &Response, after: &Response) {
        self.prose(place, &before.prose, &after.prose);
        let media: BTreeSet<&String> = before.content.keys().chain(after.content.keys()).collect();
        for media in media {
            let place = format!("{place} {media}");
            match (before.content.get(media), after.content.get(media)) {
                (Some(before), Some(after)) => self.node(Direction::Received, &place, before, after),
                (Some(_), None) => self.add(Class::Breaking, &place, "body", "present", "removed"),
                _ => self.add(Class::Breaking, &place, "body", "absent", "new"),
            }
        }
        let headers: BTreeSet<&String> = before.headers.keys().chain(after.headers.keys()).collect();
        for header in headers {
            let place = format!("{place} header {header}");
            match (before.headers.get(header), after.headers.get(header)) {
                (Some(before), Some(after)) => self.node(Direction::Received, &place, before, after),
                (Some(_), None) if self.base_knows_more => {}
                (Some(_), None) => self.add(Class::Breaking, &place, "header", "present", "removed"),
                _ => self.add(Class::Additive, &place, "header", "absent", "new"),
            }
        }
    }

    fn fields(
        &mut self,
        direction: Direction,
        place: &str,
        before: &BTreeMap<String, Field>,
        after: &BTreeMap<String, Field>,
    ) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let here = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) => {
                    if before.required != after.required && !(self.base_knows_more && before.required) {
                        let word = |required| if required { "required" } else { "optional" };
                        let harder = (direction == Direction::Sent) == after.required;
                        let class = if harder { Class::Breaking } else { Class::Additive };
                        self.add(class, &here, "presence", word(before.required), word(after.required));
                    }
                    self.node(direction, &here, &before.node, &after.node);
                }
                (Some(_), None) => self.add(Class::Breaking, &here, "field", "present", "removed"),
                (None, Some(after)) => {
                    let class =
                        if direction == Direction::Sent && after.required { Class::Breaking } else { Class::Additive };
                    self.add(class, &here, "field", "absent", format!("new, {}", after.node.kind()));
                }
                (None, None) => {}
            }
        }
    }

    fn node(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        self.prose(place, &before.prose, &after.prose);
        self.deprecation(place, before.deprecated, after.deprecated);
        let (kind_before, kind_after) = (before.kind(), after.kind());
        let union_grew = !before.variants.is_empty() && !after.variants.is_empty();
        if kind_before != kind_after && !union_grew {
            self.add(Class::Breaking, place, "type", kind_before, kind_after);
            return;
        }
        if before.format != after.format && !(self.base_knows_more && after.format.is_none()) {
            let show = |format: &Option<String>| format.clone().unwrap_or_else(|| "none".into());
            self.add(Class::Breaking, place, "format", show(&before.format), show(&after.format));
        }
        if before.nullable != after.nullable {
            let class =
                if (direction == Direction::Received) == after.nullable { Class::Breaking } else { Class::Additive };
            self.add(class, place, "null", allowed(before.nullable), allowed(after.nullable));
        }
        self.marks(place, &before.marks, &after.marks);
        self.values(direction, place, before, after);
        self.limits(direction, place, before, after);
        if before.default != after.default && !(self.base_knows_more && after.default.is_none()) {
            let show = |default: &Option<String>| default.clone().unwrap_or_else(|| "none".into());
            let class = if direction == Direction::Sent { Class::Breaking } else { Class::Additive };
            self.add(class, place, "default", show(&before.default), show(&after.default));
        }
        self.fields(direction, place, &before.fields, &after.fields);
        self.inner(direction, &format!("{place}[]"), before.items.as_deref(), after.items.as_deref());
        self.inner(direction, &format!("{place}{{}}"), before.rest.as_deref(), after.rest.as_deref());
        self.variants(direction, place, &before.variants, &after.variants);
    }

    /// Other keywords. Every change is classified as breaking, because its effect is unknown.
    fn marks(&mut self, place: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            if old != new && !(self.base_knows_more && new.is_none()) {
                let show = |mark: Option<&String>| mark.cloned().unwrap_or_else(|| "none".into());
                self.add(Class::Breaking, place, name, show(old), show(new));
            }
        }
    }

    fn inner(&mut self, direction: Direction, place: &str, before: Option<&Node>, after: Option<&Node>) {
        match (before, after) {
            (Some(before), Some(after)) => self.node(direction, place, before, after),
            (None, None) => {}
            (before, after) => {
                let show = |node: Option<&Node>| node.map_or_else(|| "any".into(), Node::kind);
                self.add(Class::Breaking, place, "type", show(before), show(after));
            }
        }
    }

    fn values(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        let class = |grew| if (direction == Direction::Received) == grew { Class::Breaking } else { Class::Additive };
        match (&before.values, &after.values) {
            (Some(old), Some(new)) => {
                for value in new.difference(old) {
                    self.add(class(true), place, "values", "absent", value);
                }
                for value in old.difference(new) {
                    if !(self.base_knows_more && before.open) {
                        self.add(class(false), place, "values", value, "removed");
                    }
                }
                if before.open != after.open && !self.base_knows_more {
                    self.add(class(after.open), place, "value set", open(before.open), open(after.open));
                }
            }
            (Some(old), None) if !self.base_knows_more => self.add(class(true), place, "values", joined(old), "any"),
            (None, Some(new)) => self.add(class(false), place, "values", "any", joined(new)),
            _ => {}
        }
    }

    fn limits(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        let names: BTreeSet<&String> = before.limits.keys().chain(after.limits.keys()).collect();
        for name in names {
            let (old, new) = (before.limits.get(name), after.limits.get(name));
            if old == new || (self.base_knows_more && new.is_none()) {
                continue;
            }
            let number = |text: Option<&String>| text.and_then(|text| text.parse::<f64>().ok());
            let tighter = match (number(old), number(new)) {
                (Some(old), Some(new)) if name.to_ascii_lowercase().contains("min") => new > old,
                (Some(old), Some(new)) if name.to_ascii_lowercase().contains("max") => new < old,
                _ => new.is_some(),
            };
            let class = if (direction == Direction::Sent) == tighter { Class::Breaking } else { Class::Additive };
            let show = |limit: Option<&String>| limit.cloned().unwrap_or_else(|| "none".into());
            self.add(class, place, name, show(old), show(new));
        }
    }

    /// Variants have no names. Equal ones are paired first, then the most similar ones.
    fn variants(&mut self, direction: Direction, place: &str, before: &[Node], after: &[Node]) {
        let mut rest_after: Vec<&Node> = after.iter().collect();
        let mut rest_before: Vec<&Node> = Vec::new();
        for variant in before {
            match rest_after.iter().position(|other| *other == variant) {
                Some(index) => drop(rest_after.remove(index)),
                None => rest_before.push(variant),
            }
        }
        let pairs = rest_before.len().min(rest_after.len());
        for variant in &rest_before[..pairs] {
            // The most similar variant is the same one with a change.
            let nearest = rest_after
                .iter()
                .enumerate()
                .max_by_key(|(index, other)| (likeness(variant, other), usize::MAX - index));
            if let Some((index, _)) = nearest {
                let other = rest_after.remove(index);
                self.node(direction, &format!("{place}|{}", label(variant)), variant, other);
            }
        }
        for variant in &rest_before[pairs..] {
            let class = if direction == Direction::Sent { Class::Breaking } else { Class::Additive };
            self.add(class, &format!("{place}|{}", label(variant)), "variant", "present", "removed");
        }
        for variant in rest_after {
            let class = if direction == Direction::Received { Class::Breaking } else { Class::Additive };
            self.add(class, &format!("{place}|{}", label(variant)), "variant", "absent", "new");
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
        if let Some(change) = self.changes.last_mut() {
            change.flagged = flagged;
        }
    }
}

fn allowed(nullable: bool) -> &'static str {
    if nullable { "allowed" } else { "not allowed" }
}

fn open(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}

fn joined(values: &BTreeSet<String>) -> String {
    values.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// Similarity of two variants.
fn likeness(one: &Node, other: &Node) -> usize {
    let fields = one.fields.iter().filter(|(name, field)| other.fields.get(*name) == Some(field)).count();
    let names = one.fields.keys().filter(|name| other.fields.contains_key(*name)).count();
    2 * fields + names + usize::from(one.types == other.types) + usize::from(one.values == other.values)
}

/// Label of a variant: its tag or its type.
fn label(variant: &Node) -> String {
    let single = variant.fields.iter().find_map(|(name, field)| match &field.node.values {
        Some(values) if values.len() == 1 => Some(format!("{name}={}", joined(values))),
        _ => None,
    });
    single.unwrap_or_else(|| variant.kind())
}
