// Copied from generated/src/runtime/ by `cargo xtask generate`. Do not edit.

//! Rules about several fields of a request or response: `x-rules` in the OpenAPI document.
//!
//! `cargo xtask generate` copies this file to `tests/contract/src/rule.rs`, so that the contract crate need not depend on this crate.

use serde_json::Value;

/// Less than a microsecond is a rounding error of a difference of offsets.
const ROUNDING: f64 = 1e-6;

/// A rule about the fields of an object.
///
/// Names of fields are paths below [`place`](Self::place): `model_name`, `video.media_source`, and `segments[].float` for a field of
/// every item of a list. A field that is `null` counts as absent.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule<'r> {
    /// Path of the objects that the rule applies to. Empty for the whole body.
    pub place: &'r str,
    /// Conditions that must all hold, otherwise the rule is not checked.
    pub when: &'r [Condition<'r>],
    /// What must hold.
    pub kind: RuleKind,
    /// The fields that the rule is about, in the order that the kind defines.
    pub fields: &'r [&'r str],
    /// The values of [`RuleKind::OneOf`] and [`RuleKind::NoneOf`], as text.
    pub values: &'r [&'r str],
    /// The number of [`RuleKind::MinItems`] and [`RuleKind::Length`].
    pub count: u64,
    /// No source states that the server enforces the rule. Breaking it is worth a warning, not an error.
    pub unconfirmed: bool,
}

/// A condition of a [`Rule`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition<'r> {
    /// Path of the field.
    pub field: &'r str,
    /// What must hold for the field.
    pub test: Test<'r>,
}

/// What a [`Condition`] requires of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Test<'r> {
    /// The field is present.
    Present,
    /// The field is absent.
    Absent,
    /// The field has one of these values, as text. A list has it if one of its items has it.
    OneOf(&'r [&'r str]),
}

/// What a [`Rule`] requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleKind {
    /// Exactly one of the fields is present.
    ExactlyOne,
    /// At least one of the fields is present.
    AtLeastOne,
    /// At most one of the fields is present.
    AtMostOne,
    /// All of the fields are present, or none.
    Together,
    /// All of the fields are present.
    Required,
    /// None of the fields is present.
    Absent,
    /// Two numbers: the second is greater than the first.
    Ascending,
    /// Three numbers, length, start and end: the length is at most the difference of the others.
    Fits,
    /// The field, or every item of it, has one of the values.
    OneOf,
    /// Neither the field nor an item of it has one of the values.
    NoneOf,
    /// The list has at least so many items.
    MinItems,
    /// The list has exactly so many items.
    Length,
}

/// A rule that an object breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenRule {
    /// The kind of the rule.
    pub kind: RuleKind,
    /// Path of the field that is wrong or missing, with positions in lists: `segments[3].float`.
    pub field: String,
    /// The value of the field as text. `None` if it is absent, or a list or an object.
    pub value: Option<String>,
    /// The rule, in words that follow the name of the field: `is required when video_start_offset_sec is set`.
    pub rule: String,
}

impl Rule<'_> {
    /// Checks a body, and returns every place where it breaks the rule.
    pub fn check(&self, body: &Value) -> Vec<BrokenRule> {
        let mut broken = Vec::new();
        for (place, object) in find(body, self.place) {
            if object.is_object() && self.when.iter().all(|condition| condition.holds(object)) {
                Check { rule: self, place, object, broken: &mut broken }.run();
            }
        }
        broken
    }
}

impl Condition<'_> {
    fn holds(&self, object: &Value) -> bool {
        let found = find(object, self.field);
        match self.test {
            Test::Present => !found.is_empty(),
            Test::Absent => found.is_empty(),
            Test::OneOf(values) => {
                let mut scalars = found.into_iter().flat_map(|(_, value)| scalars(value));
                scalars.any(|scalar| values.contains(&text(scalar).as_str()))
            }
        }
    }

    /// The condition in words: `input_type is video`.
    fn words(&self) -> String {
        match self.test {
            Test::Present => format!("{} is set", self.field),
            Test::Absent => format!("{} is not set", self.field),
            Test::OneOf(values) => format!("{} is {}", self.field, values.join(" or ")),
        }
    }
}

/// One object that is checked.
struct Check<'c> {
    rule: &'c Rule<'c>,
    place: String,
    object: &'c Value,
    broken: &'c mut Vec<BrokenRule>,
}

impl<'c> Check<'c> {
    fn run(mut self) {
        let rule = self.rule;
        let fields = rule.fields;
        let present: Vec<&str> = fields.iter().copied().filter(|field| !self.all(field).is_empty()).collect();
        let missing = || fields.iter().copied().filter(|field| !present.contains(field));
        match rule.kind {
            RuleKind::ExactlyOne | RuleKind::AtLeastOne if present.is_empty() => {
                let others = fields.get(1..).unwrap_or_default().join(" or ");
                let or = if others.is_empty() { "is required".to_owned() } else { format!("or {others} is required") };
                self.report_field(fields.first().copied().unwrap_or_default(), or);
            }
            RuleKind::ExactlyOne | RuleKind::AtMostOne if present.len() > 1 => {
                for field in &present[1..] {
                    self.report_field(field, format!("must not be set together with {}", present[0]));
                }
            }
            RuleKind::Together if !present.is_empty() => {
                for field in missing() {
                    self.report_field(field, format!("is required when {} is set", present[0]));
                }
            }
            RuleKind::Required => {
                for field in missing() {
                    self.report_field(field, "is required");
                }
            }
            RuleKind::Absent => {
                for field in &present {
                    self.report_field(field, "must not be set");
                }
            }
            RuleKind::Ascending => {
                if let [low, high] = fields
                    && let (Some(start), Some(end)) = (self.number(low), self.number(high))
                    && end <= start
                {
                    self.report(high, Some(end.to_string()), format!("must be greater than {low}, which is {start}"));
                }
            }
            RuleKind::Fits => {
                if let [length, start, end] = fields
                    && let (Some(size), Some(from), Some(to)) =
                        (self.number(length), self.number(start), self.number(end))
                    && to > from
                    && size > to - from + ROUNDING
                {
                    let range = ((to - from) * 1e6).round() / 1e6;
                    let rule = format!("must be no longer than the range from {start} to {end}, which is {range}");
                    self.report(length, Some(size.to_string()), rule);
                }
            }
            RuleKind::OneOf | RuleKind::NoneOf => self.values(),
            RuleKind::MinItems | RuleKind::Length => self.items(),
            _ => {}
        }
    }

    fn values(&mut self) {
        let Rule { kind, fields, values, .. } = *self.rule;
        for field in fields {
            for (path, value) in self.all(field) {
                for scalar in scalars(value).map(text) {
                    let words = match (kind, values.contains(&scalar.as_str())) {
                        (RuleKind::OneOf, false) => "must be",
                        (RuleKind::NoneOf, true) => "must not be",
                        _ => continue,
                    };
                    self.report(&path, Some(scalar), format!("{words} {}", values.join(" or ")));
                }
            }
        }
    }

    fn items(&mut self) {
        let Rule { kind, fields, count, .. } = *self.rule;
        for field in fields {
            for (path, value) in self.all(field) {
                let Some(length) = value.as_array().map(|items| items.len() as u64) else { continue };
                let words = match kind {
                    RuleKind::Length if length != count => "must have",
                    RuleKind::MinItems if length < count => "must have at least",
                    _ => continue,
                };
                self.report(&path, None, format!("{words} {count} items, and has {length}"));
            }
        }
    }

    fn all(&self, field: &str) -> Vec<(String, &'c Value)> {
        find(self.object, field)
    }

    /// The only number at a path.
    fn number(&self, field: &str) -> Option<f64> {
        match self.all(field).as_slice() {
            [(_, value)] => value.as_f64(),
            _ => None,
        }
    }

    fn report_field(&mut self, field: &str, rule: impl Into<String>) {
        self.report(field, None, rule.into());
    }

    fn report(&mut self, field: &str, value: Option<String>, rule: String) {
        let conditions: Vec<String> = self.rule.when.iter().map(Condition::words).collect();
        let when = if conditions.is_empty() { String::new() } else { format!(" when {}", conditions.join(" and ")) };
        let field = if self.place.is_empty() { field.to_owned() } else { format!("{}.{field}", self.place) };
        self.broken.push(BrokenRule { kind: self.rule.kind, field, value, rule: format!("{rule}{when}") });
    }
}

/// The values at a path, each with its own path. Values that are `null` are absent.
fn find<'v>(value: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    let mut found = vec![(String::new(), value)];
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let (name, each) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
        let mut next = Vec::new();
        for (place, value) in found {
            let Some(child) = value.get(name).filter(|child| !child.is_null()) else { continue };
            let place = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            match child.as_array().filter(|_| each) {
                Some(items) => {
                    let items = items.iter().enumerate().filter(|(_, item)| !item.is_null());
                    next.extend(items.map(|(index, item)| (format!("{place}[{index}]"), item)));
                }
                None if each => {}
                None => next.push((place, child)),
            }
        }
        found = next;
    }
    found
}

/// The value, or the items of a list.
fn scalars(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_array().map(Vec::as_slice);
    items.unwrap_or(std::slice::from_ref(value)).iter()
}

/// A value as text: a string as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule<'r>(kind: RuleKind, fields: &'r [&'r str]) -> Rule<'r> {
        Rule { place: "", when: &[], kind, fields, values: &[], count: 2, unconfirmed: false }
    }

    /// What is wrong, as lines.
    fn broken(rule: Rule<'_>, body: Value) -> Vec<String> {
        let line = |broken: BrokenRule| {
            let got = broken.value.map(|value| format!(" (got {value})")).unwrap_or_default();
            format!("{} {}{got}", broken.field, broken.rule)
        };
        rule.check(&body).into_iter().map(line).collect()
    }

    #[test]
    fn the_presence_of_fields_is_checked() {
        let ab: &[&str] = &["a", "b"];
        let nothing: [&str; 0] = [];
        for (kind, none, one, both) in [
            (RuleKind::ExactlyOne, vec!["a or b is required"], vec![], vec!["b must not be set together with a"]),
            (RuleKind::AtLeastOne, vec!["a or b is required"], vec![], vec![]),
            (RuleKind::AtMostOne, vec![], vec![], vec!["b must not be set together with a"]),
            (RuleKind::Together, vec![], vec!["a is required when b is set"], vec![]),
            (RuleKind::Required, vec!["a is required", "b is required"], vec!["a is required"], vec![]),
            (RuleKind::Absent, vec![], vec!["b must not be set"], vec!["a must not be set", "b must not be set"]),
        ] {
            assert_eq!(broken(rule(kind, ab), json!({ "a": null })), none, "{kind:?}");
            assert_eq!(broken(rule(kind, ab), json!({ "b": false })), one, "{kind:?}");
            assert_eq!(broken(rule(kind, ab), json!({ "a": 0, "b": "" })), both, "{kind:?}");
            assert_eq!(broken(rule(kind, ab), json!([])), nothing, "only objects have fields: {kind:?}");
        }
    }

    #[test]
    fn numbers_are_compared() {
        let ascending = rule(RuleKind::Ascending, &["start", "end"]);
        assert_eq!(
            broken(ascending, json!({ "start": 5, "end": 5.0 })),
            ["end must be greater than start, which is 5 (got 5)"]
        );
        for valid in [json!({ "start": 5, "end": 5.5 }), json!({ "end": 1 }), json!({ "start": "5", "end": 1 })] {
            assert!(ascending.check(&valid).is_empty(), "{valid}");
        }
        let fits = rule(RuleKind::Fits, &["length", "start", "end"]);
        assert_eq!(
            broken(fits, json!({ "length": 6, "start": 1.1, "end": 3.3 })),
            ["length must be no longer than the range from start to end, which is 2.2 (got 6)"]
        );
        for valid in [
            json!({ "length": 2.2, "start": 1.1, "end": 3.3 }),
            json!({ "length": 6, "end": 3 }),
            json!({ "length": 6, "start": 3, "end": 1 }),
        ] {
            assert!(fits.check(&valid).is_empty(), "{valid}");
        }
    }

    #[test]
    fn values_and_items_are_checked_at_every_place() {
        let one_of = Rule { values: &["512", "true", "a"], ..rule(RuleKind::OneOf, &["list[].x"]) };
        let body = json!({ "list": [{ "x": 512 }, { "x": [true, "b"] }, {}, { "x": "a" }] });
        assert_eq!(broken(one_of, body.clone()), ["list[1].x must be 512 or true or a (got b)"]);
        let none_of = Rule { kind: RuleKind::NoneOf, values: &["b"], ..one_of };
        assert_eq!(broken(none_of, body.clone()), ["list[1].x must not be b (got b)"]);
        let length = rule(RuleKind::Length, &["list", "list[].x"]);
        assert_eq!(broken(length, body.clone()), ["list must have 2 items, and has 4"]);
        let least = Rule { count: 3, ..rule(RuleKind::MinItems, &["list[].x"]) };
        assert_eq!(broken(least, body), ["list[1].x must have at least 3 items, and has 2"]);
    }

    #[test]
    fn conditions_and_places_select_objects() {
        let condition = |field, test| Condition { field, test };
        let when = [condition("kind", Test::OneOf(&["x", "y"])), condition("off", Test::Absent)];
        let nested = Rule { place: "a.b[]", when: &when, ..rule(RuleKind::Required, &["c.d"]) };
        let body = json!({ "a": { "b": [{ "kind": "x" }, { "kind": ["z", "y"], "c": { "d": null } }, { "kind": "z" },
            { "kind": "x", "off": 1 }, { "kind": "x", "c": { "d": 1 } }] } });
        assert_eq!(
            broken(nested, body),
            [
                "a.b[0].c.d is required when kind is x or y and off is not set",
                "a.b[1].c.d is required when kind is x or y and off is not set"
            ]
        );
        let present = [condition("on", Test::Present)];
        let absent = Rule { when: &present, ..rule(RuleKind::Absent, &["c"]) };
        assert_eq!(broken(absent, json!({ "on": 1, "c": 1 })), ["c must not be set when on is set"]);
        assert!(absent.check(&json!({ "c": 1 })).is_empty());
    }
}
