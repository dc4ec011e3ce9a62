//! Parameters, bodies and their values.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::tree::{Field, Node},
    Class, Comparison, joined,
    shift::{Direction, Limit, Shift},
};

/// Keywords that restrict a value. The effect of a change of any other keyword is unknown, so that it is breaking.
const RESTRICTIONS: &[&str] = &[
    "additionalProperties",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "discriminator",
    "else",
    "if",
    "maxContains",
    "minContains",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "required",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

impl Comparison<'_> {
    /// Bodies by media type.
    pub(super) fn content(
        &mut self,
        direction: Direction,
        place: &str,
        before: &BTreeMap<String, Node>,
        after: &BTreeMap<String, Node>,
    ) {
        let media: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for media in media {
            let place = format!("{place} {media}");
            // A range such as `application/*` has the media types that it covers.
            let in_range = |content: &BTreeMap<String, Node>| {
                content.iter().any(|(range, node)| covers(range, media) && (before.get(media) == Some(node)))
            };
            match (before.get(media), after.get(media)) {
                (Some(before), Some(after)) => self.node(direction, &place, before, after),
                (Some(_), None) if in_range(after) && direction == Direction::Sent => {
                    self.add(Class::Additive, &place, "media type", "present", "part of a range");
                }
                (Some(_), None) => self.add(Class::Breaking, &place, "body", "present", "removed"),
                // A client chooses the media type of its requests, and those of responses by `Accept`.
                _ => self.add(Class::Additive, &place, "body", "absent", "new"),
            }
        }
    }

    /// Compares fields, whose places start with `prefix`.
    pub(super) fn fields(
        &mut self,
        direction: Direction,
        prefix: &str,
        before: &BTreeMap<String, Field>,
        after: &BTreeMap<String, Field>,
    ) {
        // Properties that only the server writes are not part of a request, and the reverse.
        let elsewhere = if direction == Direction::Sent { "readOnly" } else { "writeOnly" };
        let is_part = |field: &Field| !field.node.marks.contains_key(elsewhere);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let here = format!("{prefix}{name}");
            match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) if !is_part(before) && !is_part(after) => {}
                (Some(before), Some(after)) => {
                    let is_required = |field: &Field| field.required && is_part(field);
                    self.presence(direction, &here, is_required(before), is_required(after));
                    self.node(direction, &here, &before.node, &after.node);
                }
                (Some(before), None) => {
                    let class = if is_part(before) { Class::Breaking } else { Class::Additive };
                    self.add(class, &here, "field", "present", "removed");
                }
                (None, Some(after)) => {
                    let is_needed = direction == Direction::Sent && after.required && is_part(after);
                    let class = if is_needed { Class::Breaking } else { Class::Additive };
                    let presence = if is_needed { "new, required, " } else { "new, " };
                    self.add(class, &here, "field", "absent", format!("{presence}{}", after.node.kind()));
                }
                (None, None) => {}
            }
        }
    }

    pub(super) fn node(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        self.prose(place, &before.prose, &after.prose);
        self.deprecation(place, before.deprecated, after.deprecated);
        if !self.types(direction, place, before, after) {
            return;
        }
        if before.types == after.types
            && before.format != after.format
            && !(self.base_knows_more && after.format.is_none())
        {
            let shift = Shift::of_formats(before.format.as_deref(), after.format.as_deref());
            let show = |format: &Option<String>| format.clone().unwrap_or_else(|| "none".into());
            self.add(direction.class(shift), place, "format", show(&before.format), show(&after.format));
        }
        if before.nullable != after.nullable {
            let class = direction.class(if after.nullable { Shift::Wider } else { Shift::Narrower });
            self.add(class, place, "null", allowed(before.nullable), allowed(after.nullable));
        }
        self.marks(direction, place, &before.marks, &after.marks);
        self.mapping(direction, place, before, after);
        self.values(direction, place, before, after);
        self.limits(direction, place, before, after);
        if before.default != after.default && !(self.base_knows_more && after.default.is_none()) {
            let show = |default: &Option<String>| default.clone().unwrap_or_else(|| "none".into());
            // The server applies the defaults of requests. Those of responses are documentation.
            let class = if direction == Direction::Sent { Class::Breaking } else { Class::Additive };
            self.add(class, place, "default", show(&before.default), show(&after.default));
        }
        self.fields(direction, &format!("{place}."), &before.fields, &after.fields);
        self.inner(direction, &format!("{place}[]"), before.items.as_deref(), after.items.as_deref());
        let is_closed = |node: &Node| node.marks.contains_key("additionalProperties");
        if !is_closed(before) && !is_closed(after) {
            self.inner(direction, &format!("{place}{{}}"), before.rest.as_deref(), after.rest.as_deref());
        }
        self.variants(direction, place, &before.variants, &after.variants);
    }

    /// Compares types. Returns `false` if the rest of the schemas is not comparable.
    fn types(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) -> bool {
        let (kind_before, kind_after) = (before.kind(), after.kind());
        let are_unions = !before.variants.is_empty() && !after.variants.is_empty();
        if kind_before == kind_after || are_unions {
            return true;
        }
        let is_recursive = before.recursive.is_some() || after.recursive.is_some();
        let shift = match (before.variants.as_slice(), after.variants.as_slice()) {
            _ if is_recursive => Shift::Other,
            ([], []) => Shift::of_types(&before.types, &after.types),
            ([], variants) if variants.iter().any(|variant| is_alike(variant, before)) => Shift::Wider,
            (variants, []) if variants.iter().any(|variant| is_alike(variant, after)) => Shift::Narrower,
            _ if after.types.is_empty() && after.variants.is_empty() => Shift::Wider,
            _ if before.types.is_empty() && before.variants.is_empty() => Shift::Narrower,
            _ => Shift::Other,
        };
        self.add(direction.class(shift), place, "type", kind_before, kind_after);
        let is_plain = before.variants.is_empty() && after.variants.is_empty() && !is_recursive;
        is_plain && shift != Shift::Other && !before.types.is_empty() && !after.types.is_empty()
    }

    /// Other keywords.
    pub(super) fn marks(
        &mut self,
        direction: Direction,
        place: &str,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            if old == new || self.base_knows_more && new.is_none() {
                continue;
            }
            let shift = Shift::of_restrictions(old, new);
            let class = match (name.as_str(), direction) {
                // New properties of a response are ignored, so that clients do not notice either.
                ("additionalProperties", Direction::Received) => Class::Additive,
                // `anyOf` accepts what `oneOf` accepts, and values of several variants.
                ("union", _) => direction.class(if new.is_some() { Shift::Wider } else { Shift::Narrower }),
                // Properties that only the server writes are not part of a request, and the reverse.
                ("readOnly", Direction::Received) | ("writeOnly", Direction::Sent) => Class::Additive,
                ("readOnly", Direction::Sent) => direction.class(shift),
                ("writeOnly", Direction::Received) if new.is_none() => Class::Additive,
                (name, _) if name.ends_with(" allowEmptyValue") => {
                    direction.class(if new.is_some() { Shift::Wider } else { Shift::Narrower })
                }
                (name, _) if RESTRICTIONS.contains(&name) => direction.class(shift),
                _ => Class::Breaking,
            };
            let show = |mark: Option<&String>| mark.cloned().unwrap_or_else(|| "none".into());
            self.add(class, place, name, show(old), show(new));
        }
    }

    /// The variants that the values of a discriminator select.
    fn mapping(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        let (before, after) = (&before.mapping, &after.mapping);
        if before.is_empty() || after.is_empty() {
            // Then the variants say which values they have.
            return;
        }
        let values: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for value in values {
            match (before.get(value), after.get(value)) {
                (Some(_), None) if self.base_knows_more => {}
                (Some(_), None) => self.add(direction.class(Shift::Narrower), place, "mapping", value, "removed"),
                (None, Some(_)) => self.add(direction.class(Shift::Wider), place, "mapping", "absent", value),
                // Otherwise the variant itself has changed, which is reported at its place.
                (Some(old), Some(new)) if old != new && before.values().any(|other| other == new) => {
                    self.add(Class::Breaking, place, "mapping", value, format!("{value}, another variant"));
                }
                _ => {}
            }
        }
    }

    fn inner(&mut self, direction: Direction, place: &str, before: Option<&Node>, after: Option<&Node>) {
        if before.is_some() || after.is_some() {
            let any = Node::default();
            self.node(direction, place, before.unwrap_or(&any), after.unwrap_or(&any));
        }
    }

    fn values(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        match (&before.values, &after.values) {
            (Some(old), Some(new)) => {
                for value in new.difference(old) {
                    self.add(direction.class(Shift::Wider), place, "values", "absent", value);
                }
                for value in old.difference(new) {
                    if !(self.base_knows_more && before.open) {
                        self.add(direction.class(Shift::Narrower), place, "values", value, "removed");
                    }
                }
                if before.open != after.open && !self.base_knows_more {
                    let shift = if after.open { Shift::Wider } else { Shift::Narrower };
                    self.add(direction.class(shift), place, "value set", open(before.open), open(after.open));
                }
            }
            (Some(old), None) if !self.base_knows_more => {
                self.add(direction.class(Shift::Wider), place, "values", joined(old), "any");
            }
            (None, Some(new)) => self.add(direction.class(Shift::Narrower), place, "values", "any", joined(new)),
            _ => {}
        }
    }

    fn limits(&mut self, direction: Direction, place: &str, before: &Node, after: &Node) {
        let names: BTreeSet<&str> = before.limits.keys().chain(after.limits.keys()).map(|name| kind_of(name)).collect();
        for name in names {
            let (old, new) = (limit(before, name), limit(after, name));
            if old == new || (self.base_knows_more && new.is_none()) {
                continue;
            }
            let shift = Shift::of_limits(name, old.as_ref(), new.as_ref());
            // An inclusive and an exclusive bound are one limit.
            let exclusive = |limit: &Option<Limit>| limit.as_ref().map(|limit| limit.exclusive);
            let mixed = matches!((exclusive(&old), exclusive(&new)), (Some(one), Some(other)) if one != other);
            let show = |limit: &Option<Limit>| match limit {
                None => "none".to_owned(),
                Some(Limit { text, exclusive: true }) if mixed => format!("{text}, exclusive"),
                Some(Limit { text, .. }) => text.clone(),
            };
            let is_exclusive = !mixed && exclusive(&old).or(exclusive(&new)) == Some(true);
            let shown = match name {
                "minimum" if is_exclusive => "exclusiveMinimum",
                "maximum" if is_exclusive => "exclusiveMaximum",
                name => name,
            };
            self.add(direction.class(shift), place, shown, show(&old), show(&new));
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
            let place = format!("{place}|{}", label(variant));
            self.add(direction.class(Shift::Narrower), &place, "variant", "present", "removed");
        }
        for variant in rest_after {
            let place = format!("{place}|{}", label(variant));
            self.add(direction.class(Shift::Wider), &place, "variant", "absent", "new");
        }
    }
}

/// The keyword of the inclusive bound.
fn kind_of(name: &str) -> &str {
    match name {
        "exclusiveMinimum" => "minimum",
        "exclusiveMaximum" => "maximum",
        name => name,
    }
}

/// A limit of a value. Of an inclusive and an exclusive bound, the tighter one.
fn limit(node: &Node, name: &str) -> Option<Limit> {
    let inclusive = node.limits.get(name).map(|text| Limit { text: text.clone(), exclusive: false });
    let other = match name {
        "minimum" => node.limits.get("exclusiveMinimum"),
        "maximum" => node.limits.get("exclusiveMaximum"),
        _ => None,
    };
    let exclusive = other.map(|text| Limit { text: text.clone(), exclusive: true });
    match (inclusive, exclusive) {
        (Some(one), Some(other)) => {
            let narrower = Shift::of_limits(name, Some(&one), Some(&other)) == Shift::Narrower;
            Some(if narrower { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

/// Whether a media range such as `application/*` covers a media type.
fn covers(range: &str, media: &str) -> bool {
    range == "*/*" || range.strip_suffix('*').is_some_and(|prefix| prefix.ends_with('/') && media.starts_with(prefix))
}

fn allowed(nullable: bool) -> &'static str {
    if nullable { "allowed" } else { "not allowed" }
}

fn open(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}

/// Whether a variant of a union describes the same values as a plain schema.
fn is_alike(variant: &Node, plain: &Node) -> bool {
    variant.types == plain.types
        && variant.values == plain.values
        && variant.format == plain.format
        && variant.fields == plain.fields
        && variant.items == plain.items
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
