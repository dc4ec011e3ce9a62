//! Several schemas about the same value.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::Node;

impl Node {
    /// Marks required properties. `required` may be in another part of an `allOf` than the property.
    pub(super) fn mark_required(&mut self) {
        for (name, field) in &mut self.fields {
            field.required |= self.required.contains(name);
        }
        // Required properties that are not described.
        let (fields, required) = (&self.fields, &self.required);
        let unknown: Vec<&String> = required.iter().filter(|name| !fields.contains_key(*name)).collect();
        if unknown.is_empty() {
            self.marks.remove("required");
        } else {
            self.marks.insert("required".into(), format!("{unknown:?}"));
        }
    }

    fn states_type(&self) -> bool {
        !self.types.is_empty() || !self.variants.is_empty() || self.values.is_some() || self.recursive.is_some()
    }

    /// Adds the statements of another schema about the same value.
    pub(super) fn absorb(&mut self, other: Self) {
        // A part without types allows null as well.
        self.nullable = match (self.states_type(), other.states_type()) {
            (true, true) => self.nullable && other.nullable,
            _ => self.nullable || other.nullable,
        };
        self.types = both_types(std::mem::take(&mut self.types), other.types);
        self.format = other.format.or(self.format.take());
        self.open |= other.open;
        // Both parts apply: values that both allow, and the tighter limits.
        self.values = match (self.values.take(), other.values) {
            (Some(one), Some(two)) => Some(one.intersection(&two).cloned().collect()),
            (one, two) => one.or(two),
        };
        for (name, limit) in other.limits {
            if name == "pattern" || name == "multipleOf" {
                add(&mut self.limits, name, limit);
                continue;
            }
            let number = |text: &String| text.parse::<f64>().ok();
            let looser = self.limits.get(&name).and_then(number).zip(number(&limit)).is_some_and(|(own, new)| {
                if name.to_ascii_lowercase().contains("min") { new < own } else { new > own }
            });
            if !looser {
                self.limits.insert(name, limit);
            }
        }
        self.default = other.default.or(self.default.take());
        self.deprecated |= other.deprecated;
        for (name, field) in other.fields {
            match self.fields.entry(name) {
                Entry::Vacant(place) => drop(place.insert(field)),
                // Two parts about the same property both apply.
                Entry::Occupied(mut place) => {
                    place.get_mut().required |= field.required;
                    place.get_mut().node.absorb(field.node);
                }
            }
        }
        self.required.extend(other.required);
        self.mark_required();
        for (name, mark) in other.marks {
            add(&mut self.marks, name, mark);
        }
        self.items = both_nodes(self.items.take(), other.items);
        self.rest = both_nodes(self.rest.take(), other.rest);
        self.variants.extend(other.variants);
        self.mapping.extend(other.mapping);
        self.recursive = other.recursive.or(self.recursive);
        if self.prose.is_empty() {
            self.prose = other.prose;
        }
    }
}

/// Both texts, if they are different ones.
fn add(all: &mut BTreeMap<String, String>, name: String, text: String) {
    match all.entry(name) {
        Entry::Vacant(place) => drop(place.insert(text)),
        Entry::Occupied(mut place) if *place.get() != text => {
            let both = BTreeSet::from([place.get().clone(), text]);
            place.insert(both.into_iter().collect::<Vec<_>>().join(" and "));
        }
        Entry::Occupied(_) => {}
    }
}

fn both_nodes(one: Option<Box<Node>>, other: Option<Box<Node>>) -> Option<Box<Node>> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.absorb(*other);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

/// The types that both sets allow. An empty set allows all, and integers are numbers.
fn both_types(one: BTreeSet<String>, other: BTreeSet<String>) -> BTreeSet<String> {
    if one.is_empty() || other.is_empty() {
        return one.into_iter().chain(other).collect();
    }
    let has = |all: &BTreeSet<String>, kind: &str| all.contains(kind) || kind == "integer" && all.contains("number");
    let both: BTreeSet<String> = one
        .iter()
        .filter(|kind| has(&other, kind))
        .chain(other.iter().filter(|kind| has(&one, kind)))
        .cloned()
        .collect();
    // Parts that contradict each other describe no value. Their types are shown.
    if both.is_empty() { one.into_iter().chain(other).collect() } else { both }
}
