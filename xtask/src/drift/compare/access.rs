//! Servers and authentication.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::tree::{Api, Operation, Requirement, Servers},
    Class, Comparison, DOCUMENT, joined,
};

/// What both documents state for operations that state nothing themselves.
pub(super) struct Access<'a> {
    base: &'a Api,
    other: &'a Api,
    /// Whether the second document states which operations need authentication.
    stated: bool,
}

impl<'a> Access<'a> {
    pub(super) fn new(base: &'a Api, other: &'a Api) -> Self {
        let stated = other.security.is_some() || other.operations.values().any(|own| own.security.is_some());
        Self { base, other, stated }
    }

    /// What a request must have, per alternative. A scheme whose contents changed is reported once, for the whole
    /// document, and is the same one here.
    fn alternatives(&self, api: &Api, security: &BTreeSet<Requirement>) -> BTreeSet<BTreeSet<String>> {
        let meaning = |name: &String| {
            let shared = self.base.schemes.get(name).filter(|_| self.other.schemes.contains_key(name));
            shared.or(api.schemes.get(name)).unwrap_or(name).clone()
        };
        let needs = |(name, scopes): (&String, &BTreeSet<String>)| {
            let scheme = meaning(name);
            let scopes: Vec<String> = scopes.iter().map(|scope| format!("{scheme} with scope {scope}")).collect();
            scopes.into_iter().chain([scheme])
        };
        security.iter().map(|alternative| alternative.iter().flat_map(needs).collect()).collect()
    }
}

impl Comparison<'_> {
    /// Servers and security schemes of the whole document.
    pub(super) fn document(&mut self, base: &Api, other: &Api) {
        self.operation = DOCUMENT.into();
        // Otherwise they are compared for each operation.
        let is_used = |api: &Api| api.operations.is_empty() || api.operations.values().any(|own| own.servers.is_none());
        if is_used(base) && is_used(other) {
            self.servers("servers", &base.servers, &other.servers);
        }
        let schemes: Vec<(&String, &String, &String)> = base
            .schemes
            .iter()
            .filter_map(|(name, before)| Some((name, before, other.schemes.get(name)?)))
            .filter(|(_, before, after)| before != after)
            .collect();
        for (name, before, after) in schemes {
            self.add(Class::Breaking, &format!("security {name}"), "scheme", before, after);
        }
    }

    /// Servers and security of an operation.
    pub(super) fn operation_access(&mut self, before: &Operation, after: &Operation) {
        let (base, other) = (self.access.base, self.access.other);
        if before.servers.is_some() || after.servers.is_some() {
            let before = before.servers.as_ref().unwrap_or(&base.servers);
            self.servers("servers", before, after.servers.as_ref().unwrap_or(&other.servers));
        }
        if self.base_knows_more && !self.access.stated {
            return;
        }
        let none = BTreeSet::from([BTreeMap::new()]);
        let effective = |own: &Operation, api: &Api| {
            let security = own.security.as_ref().or(api.security.as_ref()).unwrap_or(&none);
            self.access.alternatives(api, security)
        };
        let (before, after) = (effective(before, base), effective(after, other));
        if before != after {
            // A request that satisfied an alternative must still satisfy one.
            let works = before.iter().all(|old| after.iter().any(|new| new.is_subset(old)));
            let class = if works { Class::Additive } else { Class::Breaking };
            self.add(class, "security", "authentication", shown(&before), shown(&after));
        }
    }

    fn servers(&mut self, place: &str, before: &Servers, after: &Servers) {
        if before == after || self.base_knows_more && *after == Servers::default() {
            return;
        }
        for url in before.all.difference(&after.all) {
            self.add(Class::Breaking, place, "server", url, "removed");
        }
        for url in after.all.difference(&before.all).filter(|_| !self.base_knows_more).collect::<Vec<_>>() {
            self.add(Class::Additive, place, "server", "absent", url);
        }
        if before.all == after.all && !self.base_knows_more {
            self.add(Class::Additive, place, "first server", &before.first, &after.first);
        }
    }
}

fn shown(alternatives: &BTreeSet<BTreeSet<String>>) -> String {
    let texts = alternatives.iter().map(|needs| if needs.is_empty() { "none".into() } else { joined(needs) });
    texts.collect::<Vec<_>>().join(" or ")
}
