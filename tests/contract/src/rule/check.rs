// Copied from generated/src/runtime/ by `cargo xtask generate`. Do not edit.

//! Checks a rule on a body.

use serde_json::Value;

use super::{BrokenRule, Condition, Rule, RuleKind, Test};

/// Less than a microsecond is a rounding error of a difference of offsets.
const ROUNDING: f64 = 1e-6;

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
            Test::OneOf(values) => all_texts(&found).iter().any(|text| values.contains(&text.as_str())),
            Test::All(values) => {
                let texts = all_texts(&found);
                values.iter().all(|value| texts.iter().any(|text| text == value))
            }
            Test::Only(values) => {
                let texts = all_texts(&found);
                !texts.is_empty() && texts.iter().all(|text| values.contains(&text.as_str()))
            }
            Test::Mixed => {
                let texts = all_texts(&found);
                texts.iter().any(|text| *text != texts[0])
            }
        }
    }

    /// The condition in words: `input_type is video`.
    fn words(&self) -> String {
        match self.test {
            Test::Present => format!("{} is set", self.field),
            Test::Absent => format!("{} is not set", self.field),
            Test::OneOf(values) => format!("{} is {}", self.field, values.join(" or ")),
            Test::All(values) => format!("{} has {}", self.field, values.join(" and ")),
            Test::Only(values) => format!("{} is only {}", self.field, values.join(" or ")),
            Test::Mixed => format!("{} has different values", self.field),
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
            RuleKind::NotEmpty => self.not_empty(),
            RuleKind::Ascending | RuleKind::NotDescending => {
                if let [low, high] = fields
                    && let (Some(start), Some(end)) = (self.number(low), self.number(high))
                {
                    let words = match rule.kind {
                        RuleKind::Ascending if end <= start => "must be greater than",
                        RuleKind::NotDescending if end < start => "must not be less than",
                        _ => return,
                    };
                    self.report(high, Some(shown(end)), format!("{words} {low}, which is {}", shown(start)));
                }
            }
            RuleKind::Fits => {
                if let [length, start, end] = fields
                    && let (Some(size), Some(from), Some(to)) =
                        (self.number(length), self.number(start), self.number(end))
                    && to > from
                    && size > to - from + ROUNDING
                {
                    let range = shown(((to - from) * 1e6).round() / 1e6);
                    let rule = format!("must be no longer than the range from {start} to {end}, which is {range}");
                    self.report(length, Some(shown(size)), rule);
                }
            }
            RuleKind::OneOf | RuleKind::NoneOf => self.values(),
            RuleKind::Contains => self.contains(),
            RuleKind::MinItems | RuleKind::MaxItems | RuleKind::Length => self.items(),
            RuleKind::LengthOf | RuleKind::SameLength => self.lengths(),
            RuleKind::Maximum => self.maximum(),
            _ => {}
        }
    }

    fn not_empty(&mut self) {
        for (path, value) in self.rule.fields.iter().flat_map(|field| self.all(field)).collect::<Vec<_>>() {
            if value == "" || value.as_array().is_some_and(Vec::is_empty) {
                self.report_field(&path, "must not be empty");
            }
        }
    }

    fn contains(&mut self) {
        let Rule { fields, values, .. } = *self.rule;
        for found in fields.iter().flat_map(|field| self.all(field)).collect::<Vec<_>>() {
            let texts = all_texts(std::slice::from_ref(&found));
            if !texts.iter().any(|text| values.contains(&text.as_str())) {
                self.report_field(&found.0, format!("must include {}", values.join(" or ")));
            }
        }
    }

    fn maximum(&mut self) {
        let Rule { fields, count, .. } = *self.rule;
        for (path, value) in fields.iter().flat_map(|field| self.all(field)).collect::<Vec<_>>() {
            if value.as_f64().is_some_and(|number| number > count as f64) {
                self.report(&path, Some(text(value)), format!("must be at most {count}"));
            }
        }
    }

    /// Compares lengths of lists with a number of the object, or with each other.
    fn lengths(&mut self) {
        let Rule { kind, fields, .. } = *self.rule;
        let (lists, mut expected) = match (kind, fields) {
            (RuleKind::LengthOf, [list, number]) => match self.number(number) {
                // A number that is no length is as wrong as another length.
                Some(length) => (std::slice::from_ref(list), Some((length as u64, (*number).to_owned()))),
                None => return,
            },
            _ => (fields, None),
        };
        for (path, value) in lists.iter().flat_map(|field| self.all(field)).collect::<Vec<_>>() {
            let Some(length) = value.as_array().map(|items| items.len() as u64) else { continue };
            match &expected {
                None => expected = Some((length, path)),
                Some((other, source)) if *other != length => {
                    let rule = format!("must have {} because of {source}", counted(*other));
                    self.report(&path, Some(length.to_string()), rule);
                }
                Some(_) => {}
            }
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
                    RuleKind::MaxItems if length > count => "must have at most",
                    _ => continue,
                };
                self.report(&path, Some(length.to_string()), format!("{words} {}", counted(count)));
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

/// A number as text; one of more than sixteen digits with an exponent.
fn shown(number: f64) -> String {
    if number.abs() >= 1e16 { format!("{number:e}") } else { number.to_string() }
}

/// The value, or the items of a list.
fn scalars(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_array().map(Vec::as_slice);
    items.unwrap_or(std::slice::from_ref(value)).iter()
}

/// A number of items.
fn counted(count: u64) -> String {
    if count == 1 { "1 item".into() } else { format!("{count} items") }
}

/// All values as text, with the items of lists.
fn all_texts(found: &[(String, &Value)]) -> Vec<String> {
    found.iter().flat_map(|(_, value)| scalars(value)).map(text).collect()
}

/// A value as text: a string as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
