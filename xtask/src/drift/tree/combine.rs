//! Several schemas about the same value.

use std::collections::btree_map::Entry;

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

    /// Adds the statements of another schema about the same value.
    pub(super) fn absorb(&mut self, other: Self) {
        self.types.extend(other.types);
        self.nullable |= other.nullable;
        self.format = other.format.or(self.format.take());
        self.open |= other.open;
        // Both parts apply: values that both allow, and the tighter limits.
        self.values = match (self.values.take(), other.values) {
            (Some(one), Some(two)) => Some(one.intersection(&two).cloned().collect()),
            (one, two) => one.or(two),
        };
        for (name, limit) in other.limits {
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
        self.marks.extend(other.marks);
        self.items = other.items.or(self.items.take());
        self.rest = other.rest.or(self.rest.take());
        self.variants.extend(other.variants);
        self.mapping.extend(other.mapping);
        self.recursive = other.recursive.or(self.recursive);
        if self.prose.is_empty() {
            self.prose = other.prose;
        }
    }
}
