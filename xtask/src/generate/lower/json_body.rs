//! Properties of JSON request bodies, with their limits.

use serde_json::Value;

use super::{
    limits::{Param, with_siblings},
    operations::{Lowering, Operation},
    shapes::is_null,
};
use crate::{
    openapi_keywords::BOUNDS,
    pointer::Pointer,
    reference::{follow, resolve},
};

impl<'d> Lowering<'_, 'd> {
    /// Adds the properties of a schema, and those of the objects in it, to the parameters of an operation. A property
    /// of several variants of a union has limits only if they are the same in all of them. Items of lists are left out.
    ///
    /// `above` are the references on the way to the schema.
    pub(super) fn json_params(
        &mut self,
        schema: &'d Value,
        place: &Pointer,
        prefix: &str,
        above: &mut Vec<&'d str>,
        out: &mut Operation,
    ) {
        if let Some(reference) = schema["$ref"].as_str() {
            if let Some(target) = resolve(self.root, reference)
                && !above.contains(&reference)
            {
                above.push(reference);
                self.json_params(target, &Pointer::of_reference(reference), prefix, above, out);
                above.pop();
            }
            return;
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let parts = schema[keyword].as_array().map(Vec::as_slice).unwrap_or_default();
            for (index, part) in parts.iter().enumerate().filter(|(_, part)| !is_null(part)) {
                self.json_params(part, &place.at(keyword).at(index), prefix, above, out);
            }
        }
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let here = place.at("properties").at(key);
            let name = format!("{prefix}{key}");
            let target = follow(self.root, property).unwrap_or(property);
            let param = Param::read(&name, &with_siblings(target, property));
            match out.params.iter_mut().find(|other| other.name == name && !prefix.is_empty()) {
                Some(other) if *other == param => {}
                Some(other) => *other = Param::read(&name, &Value::Null),
                None => out.params.push(param),
            }
            // The numbers of items are rules of the operation.
            let limits = BOUNDS.iter().chain(&["default", "minItems", "maxItems"]);
            self.expressed.extend(limits.map(|limit| here.at(limit)));
            self.json_params(property, &here, &format!("{name}."), above, out);
        }
    }
}
