//! Removes the operations that cannot be generated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{document::METHODS, pointer::Remark, reference::references};

/// An operation that is not generated.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Method and path.
    pub operation: String,
    /// The places that are not supported.
    pub reasons: Vec<Remark>,
}

/// A component: its section and its name.
type Component = (String, String);

/// Removes the operations that have or use the refused places, and the components that do.
///
/// # Errors
///
/// Returns a place that belongs to no operation and no component.
pub(super) fn skip(root: &mut Value, refused: &[Remark]) -> Result<Vec<Skipped>, Remark> {
    let mut reasons: BTreeMap<Component, Vec<Remark>> = BTreeMap::new();
    let mut skipped: BTreeMap<(String, String), Vec<Remark>> = BTreeMap::new();
    for remark in refused {
        let parts = remark.place.parts();
        match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["components", section, name, ..] => {
                reasons.entry(((*section).into(), (*name).into())).or_default().push(remark.clone());
            }
            ["paths", path, rest @ ..] => {
                let own = rest.first().filter(|key| METHODS.contains(key));
                let methods: Vec<&str> = match own {
                    Some(method) => vec![method],
                    None => {
                        METHODS.iter().copied().filter(|method| root["paths"][*path].get(*method).is_some()).collect()
                    }
                };
                // A path item without operations of its own, such as a reference.
                let methods = if methods.is_empty() { vec![""] } else { methods };
                for method in methods {
                    skipped.entry(((*path).into(), method.into())).or_default().push(remark.clone());
                }
            }
            _ => return Err(remark.clone()),
        }
    }
    spread(root, &mut reasons);
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        let shared = components_of(&item["parameters"]);
        for method in METHODS {
            let Some(operation) = item.get(*method) else { continue };
            let used = components_of(operation).into_iter().chain(shared.iter().cloned());
            for remark in used.filter_map(|component| reasons.get(&component)).flatten() {
                let list = skipped.entry((path.clone(), (*method).into())).or_default();
                if !list.contains(remark) {
                    list.push(remark.clone());
                }
            }
        }
    }
    for (section, name) in reasons.keys() {
        if let Some(components) = root["components"][section].as_object_mut() {
            components.shift_remove(name);
        }
    }
    for (path, method) in skipped.keys() {
        let Some(paths) = root["paths"].as_object_mut() else { continue };
        match paths.get_mut(path).and_then(Value::as_object_mut) {
            Some(item) if !method.is_empty() => drop(item.shift_remove(method)),
            _ => drop(paths.shift_remove(path)),
        }
        // The parameters of a path without operations may be the refused place.
        if paths.get(path).is_some_and(|item| METHODS.iter().all(|method| item.get(*method).is_none())) {
            paths.shift_remove(path);
        }
    }
    let named = |(path, method): (String, String)| format!("{} {path}", method.to_uppercase()).trim().to_owned();
    Ok(skipped.into_iter().map(|(key, reasons)| Skipped { operation: named(key), reasons }).collect())
}

/// Adds every component that uses a refused one.
fn spread(root: &Value, reasons: &mut BTreeMap<Component, Vec<Remark>>) {
    let mut users: BTreeMap<Component, Vec<Component>> = BTreeMap::new();
    for (section, components) in root["components"].as_object().into_iter().flatten() {
        for (name, component) in components.as_object().into_iter().flatten() {
            for used in components_of(component) {
                users.entry(used).or_default().push((section.clone(), name.clone()));
            }
        }
    }
    let mut queue: Vec<Component> = reasons.keys().cloned().collect();
    while let Some(component) = queue.pop() {
        for user in users.get(&component).into_iter().flatten() {
            if !reasons.contains_key(user) {
                reasons.insert(user.clone(), reasons[&component].clone());
                queue.push(user.clone());
            }
        }
    }
}

/// The components that a value refers to.
fn components_of(value: &Value) -> BTreeSet<Component> {
    let components = references(value).into_iter().filter_map(|reference| {
        let mut parts =
            reference.strip_prefix("#/components/")?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
        Some((parts.next()?, parts.next()?))
    });
    components.collect()
}
