//! Bundles a document that is split into several files into one: `$ref: "schemas/embed.yaml#/TaskId"` becomes
//! `$ref: "#/components/schemas/TaskId"`, and the referenced schema becomes a component of the root document.
//!
//! References are relative paths with an optional JSON pointer. They must stay inside the folder of the root document.
//! URLs are not fetched.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::{
    openapi_keywords::{Holds, ObjectKind, keywords},
    reference::reference_name,
    values::read_value,
};

/// A place in a file: the canonical path and the JSON pointer.
type Target = (PathBuf, String);

/// Reads the root document and every file that it references, and returns one document without external references.
pub fn bundle(path: &Path) -> Result<Value> {
    let file = path.canonicalize().with_context(|| format!("cannot read the document {}", path.display()))?;
    let folder = file.parent().context("a file without a directory")?.to_owned();
    let root = read_value(&file)?;
    let mut bundler = Bundler {
        folder,
        root_file: file.clone(),
        files: BTreeMap::from([(file.clone(), root.clone())]),
        names: BTreeMap::new(),
        pulled: BTreeMap::new(),
    };
    bundler.name_components(&root)?;
    let mut bundled = bundler.walk(ObjectKind::Document, &root, &file)?;
    for (section, components) in bundler.pulled {
        let all = bundled
            .as_object_mut()
            .context("a document is an object")?
            .entry("components")
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .context("/components: expected an object")?
            .entry(section)
            .or_insert_with(|| json!({}));
        all.as_object_mut().with_context(|| format!("/components/{section}: expected an object"))?.extend(components);
    }
    Ok(bundled)
}

struct Bundler {
    folder: PathBuf,
    root_file: PathBuf,
    /// Every file read so far.
    files: BTreeMap<PathBuf, Value>,
    /// Components for places in other files, by section of `components` and place.
    names: BTreeMap<(&'static str, Target), String>,
    /// Components from other files, by section.
    pulled: BTreeMap<&'static str, Map<String, Value>>,
}

impl Bundler {
    /// Uses the names of components of the root document that are references to other files.
    fn name_components(&mut self, root: &Value) -> Result<()> {
        let file = self.root_file.clone();
        for section in [
            ObjectKind::Schema,
            ObjectKind::Parameter,
            ObjectKind::Header,
            ObjectKind::RequestBody,
            ObjectKind::Response,
        ] {
            let Some(section) = component_section(section) else { continue };
            for (name, component) in root["components"][section].as_object().into_iter().flatten() {
                if let Some(target) = self.external(component, &file)? {
                    self.names.insert((section, target), name.clone());
                }
            }
        }
        Ok(())
    }

    /// The place in another file that a reference names; `None` for references inside the root document and for values
    /// that are not references.
    fn external(&self, value: &Value, file: &Path) -> Result<Option<Target>> {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(None) };
        self.target(reference, file)
    }

    fn target(&self, reference: &str, file: &Path) -> Result<Option<Target>> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy().into_owned();
        if path.is_empty() {
            return Ok((file != self.root_file).then(|| (file.to_owned(), pointer)));
        }
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let relative = Path::new(path.as_ref());
        let is_plain = |component| matches!(component, Component::Normal(_) | Component::CurDir | Component::ParentDir);
        if path.contains(['\\', ':']) || !relative.components().all(is_plain) {
            bail!("{}: the reference {reference:?} must be a relative path", file.display());
        }
        let joined = file.parent().unwrap_or(&self.folder).join(relative);
        let found = joined
            .canonicalize()
            .with_context(|| format!("{}: cannot read the file of the reference {reference:?}", file.display()))?;
        if !found.starts_with(&self.folder) {
            bail!("{}: the reference {reference:?} leads outside of the document's folder", file.display());
        }
        Ok(Some((found, pointer)))
    }

    /// The value at a place, from the file system on the first use of a file.
    fn load(&mut self, (file, pointer): &Target) -> Result<Value> {
        if !self.files.contains_key(file) {
            let value = read_value(file)?;
            self.files.insert(file.clone(), value);
        }
        let found = self.files.get(file).and_then(|root| root.pointer(pointer));
        found.cloned().with_context(|| format!("{}: nothing at {pointer:?}", file.display()))
    }

    /// Copies an object of the document, with references to other files replaced by references to components.
    fn walk(&mut self, kind: ObjectKind, value: &Value, file: &Path) -> Result<Value> {
        let Value::Object(object) = value else { return Ok(value.clone()) };
        if let Some(target) = self.external(value, file)? {
            let mut replaced = object.clone();
            if target.0 == self.root_file {
                replaced["$ref"] = json!(format!("#{}", target.1));
                return Ok(replaced.into());
            }
            let Some(section) = component_section(kind) else {
                if kind == ObjectKind::PathItem && object.len() == 1 {
                    return self.inline(kind, &target);
                }
                bail!("{}: a reference to another file is not supported here: {value}", file.display());
            };
            let name = self.component(kind, section, target)?;
            replaced["$ref"] = json!(format!("#/components/{section}/{name}"));
            return Ok(replaced.into());
        }
        let mut out = Map::new();
        for (key, child) in object {
            let holds = keywords(kind).iter().find(|(name, _)| name == key).map(|(_, holds)| *holds);
            let copied = match (holds, child) {
                (Some(Holds::One(inner)), child) => self.walk(inner, child, file)?,
                (Some(Holds::List(inner)), Value::Array(items)) => {
                    items.iter().map(|item| self.walk(inner, item, file)).collect::<Result<_>>()?
                }
                (Some(Holds::Map(inner)), Value::Object(entries)) => {
                    let mut copied = Map::new();
                    for (name, entry) in entries {
                        copied.insert(name.clone(), self.entry(kind, inner, entry, file)?);
                    }
                    copied.into()
                }
                _ if kind == ObjectKind::Schema && key == "discriminator" => self.discriminator(child, file)?,
                _ => child.clone(),
            };
            out.insert(key.clone(), copied);
        }
        Ok(out.into())
    }

    /// Copies an entry of a map of objects. A component that is a reference is replaced by its target.
    fn entry(&mut self, parent: ObjectKind, kind: ObjectKind, entry: &Value, file: &Path) -> Result<Value> {
        let target = if parent == ObjectKind::Components { self.external(entry, file)? } else { None };
        match target.filter(|(target, _)| *target != self.root_file) {
            Some(target) => self.inline(kind, &target),
            None => self.walk(kind, entry, file),
        }
    }

    fn inline(&mut self, kind: ObjectKind, target: &Target) -> Result<Value> {
        let value = self.load(target)?;
        self.walk(kind, &value, &target.0)
    }

    /// The name of the component for a place in another file; adds the component on its first use.
    fn component(&mut self, kind: ObjectKind, section: &'static str, target: Target) -> Result<String> {
        let key = (section, target);
        if let Some(name) = self.names.get(&key) {
            return Ok(name.clone());
        }
        let (file, pointer) = &key.1;
        let name = match pointer.as_str() {
            "" => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            pointer => reference_name(pointer),
        };
        let root = &self.files[&self.root_file]["components"][section];
        let pulled = self.pulled.entry(section).or_default();
        if root.get(&name).is_some() || pulled.contains_key(&name) {
            bail!("two files define {name:?} in the section {section:?}; the second is {}", file.display());
        }
        // Inserted before its contents, which may refer to it.
        pulled.insert(name.clone(), Value::Null);
        self.names.insert(key.clone(), name.clone());
        let value = self.inline(kind, &key.1)?;
        self.pulled.entry(section).or_default().insert(name.clone(), value);
        Ok(name)
    }

    /// Copies a discriminator. The references in its mapping are plain strings.
    fn discriminator(&mut self, value: &Value, file: &Path) -> Result<Value> {
        let mut copied = value.clone();
        for (_, reference) in copied.get_mut("mapping").and_then(Value::as_object_mut).into_iter().flatten() {
            let text = reference.as_str().unwrap_or_default();
            let is_reference = text.contains('#') || [".yaml", ".yml", ".json"].iter().any(|end| text.ends_with(end));
            if !is_reference {
                continue;
            }
            *reference = match self.target(text, file)? {
                Some(target) if target.0 == self.root_file => json!(format!("#{}", target.1)),
                Some(target) => {
                    let name = self.component(ObjectKind::Schema, "schemas", target)?;
                    json!(format!("#/components/schemas/{name}"))
                }
                None => continue,
            };
        }
        Ok(copied)
    }
}

/// The section of `components` for a kind of object.
fn component_section(kind: ObjectKind) -> Option<&'static str> {
    Some(match kind {
        ObjectKind::Schema => "schemas",
        ObjectKind::Parameter => "parameters",
        ObjectKind::Header => "headers",
        ObjectKind::RequestBody => "requestBodies",
        ObjectKind::Response => "responses",
        _ => return None,
    })
}
