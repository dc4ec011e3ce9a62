//! `x-rules`: rules about several fields, as a document states them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    document::Node,
    error::{ContractViolation, DocumentError},
    json::escape,
    rule::{BrokenRule, Condition, Rule, RuleKind, Test},
};

/// A rule of a document. Rules that are unconfirmed are not stored.
pub(crate) struct StoredRule {
    when: Vec<(String, StoredTest)>,
    kind: RuleKind,
    fields: Vec<String>,
    values: Vec<String>,
    count: u64,
}

/// A condition as the document states it: `present`, `absent`, `mixed`, a list of values, or `all` or `only` of one.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum StoredTest {
    Named(TestName),
    OneOf(Values),
    Whole(WholeTest),
}

/// A test of all values of a list.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WholeTest {
    All(Values),
    Only(Values),
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TestName {
    Present,
    Absent,
    Mixed,
}

#[derive(Deserialize)]
struct RuleObject {
    #[serde(default)]
    when: BTreeMap<String, StoredTest>,
    #[serde(default)]
    unconfirmed: bool,
    #[serde(flatten)]
    keyword: Keyword,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keyword {
    ExactlyOne(Vec<String>),
    AtLeastOne(Vec<String>),
    AtMostOne(Vec<String>),
    Together(Vec<String>),
    Required(Vec<String>),
    Absent(Vec<String>),
    NotEmpty(Vec<String>),
    Ascending([String; 2]),
    NotDescending([String; 2]),
    Fits([String; 3]),
    OneOf(BTreeMap<String, Values>),
    NoneOf(BTreeMap<String, Values>),
    Contains(BTreeMap<String, Values>),
    MinItems(BTreeMap<String, u64>),
    MaxItems(BTreeMap<String, u64>),
    Length(BTreeMap<String, u64>),
    LengthOf([String; 2]),
    SameLength(Vec<String>),
    Maximum(BTreeMap<String, u64>),
}

#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct Values(#[serde(deserialize_with = "texts")] Vec<String>);

/// Strings, numbers and booleans as texts.
fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect())
}

/// The rules of a schema itself.
pub(crate) fn read(schema: &Node<'_>) -> Result<Vec<StoredRule>, DocumentError> {
    let mut rules = Vec::new();
    for rule in schema.child("x-rules").iter().flat_map(Node::items) {
        let invalid = |error| DocumentError::new(format!("{} is not a rule: {error}", rule.pointer));
        let object = RuleObject::deserialize(rule.value).map_err(invalid)?;
        if !object.unconfirmed {
            rules.extend(object.into_rules());
        }
    }
    Ok(rules)
}

impl RuleObject {
    /// A keyword with several fields that have values or counts is as many rules.
    fn into_rules(self) -> Vec<StoredRule> {
        use Keyword as K;
        let when: Vec<_> = self.when.into_iter().collect();
        let rule = |kind, fields, values, count| StoredRule { when: when.clone(), kind, fields, values, count };
        let of_fields = |kind, fields| vec![rule(kind, fields, Vec::new(), 0)];
        let of_values = |kind, fields: BTreeMap<String, Values>| -> Vec<StoredRule> {
            fields.into_iter().map(|(field, Values(values))| rule(kind, vec![field], values, 0)).collect()
        };
        let of_counts = |kind, fields: BTreeMap<String, u64>| -> Vec<StoredRule> {
            fields.into_iter().map(|(field, count)| rule(kind, vec![field], Vec::new(), count)).collect()
        };
        match self.keyword {
            K::ExactlyOne(fields) => of_fields(RuleKind::ExactlyOne, fields),
            K::AtLeastOne(fields) => of_fields(RuleKind::AtLeastOne, fields),
            K::AtMostOne(fields) => of_fields(RuleKind::AtMostOne, fields),
            K::Together(fields) => of_fields(RuleKind::Together, fields),
            K::Required(fields) => of_fields(RuleKind::Required, fields),
            K::Absent(fields) => of_fields(RuleKind::Absent, fields),
            K::NotEmpty(fields) => of_fields(RuleKind::NotEmpty, fields),
            K::Ascending(fields) => of_fields(RuleKind::Ascending, fields.into()),
            K::NotDescending(fields) => of_fields(RuleKind::NotDescending, fields.into()),
            K::Fits(fields) => of_fields(RuleKind::Fits, fields.into()),
            K::OneOf(fields) => of_values(RuleKind::OneOf, fields),
            K::NoneOf(fields) => of_values(RuleKind::NoneOf, fields),
            K::Contains(fields) => of_values(RuleKind::Contains, fields),
            K::MinItems(fields) => of_counts(RuleKind::MinItems, fields),
            K::MaxItems(fields) => of_counts(RuleKind::MaxItems, fields),
            K::Length(fields) => of_counts(RuleKind::Length, fields),
            K::LengthOf(fields) => of_fields(RuleKind::LengthOf, fields.into()),
            K::SameLength(fields) => of_fields(RuleKind::SameLength, fields),
            K::Maximum(fields) => of_counts(RuleKind::Maximum, fields),
        }
    }
}

impl StoredTest {
    fn values(&self) -> &[String] {
        match self {
            Self::Named(_) => &[],
            Self::OneOf(Values(values))
            | Self::Whole(WholeTest::All(Values(values)) | WholeTest::Only(Values(values))) => values,
        }
    }
}

impl StoredRule {
    /// Appends the places where a value breaks the rule; `pointer` is the place of the value.
    pub(super) fn check(&self, value: &Value, pointer: &str, out: &mut Vec<ContractViolation>) {
        out.extend(self.broken(value).into_iter().map(|broken| violation(broken, pointer)));
    }

    /// Changes an object so that it does not break the rule, as far as that is possible with values that it has:
    /// removes fields that must be absent, adjusts numbers and the length of lists.
    pub(crate) fn repair(&self, object: &mut Value) {
        for broken in self.broken(object) {
            let place = pointer_of(&broken.field);
            let first = self.fields.first().and_then(|field| object.pointer(&pointer_of(field))?.as_f64());
            let (parent, name) = place.rsplit_once('/').unwrap_or_default();
            let (parent, name) = (parent.to_owned(), name.to_owned());
            match self.kind {
                RuleKind::Absent | RuleKind::AtMostOne | RuleKind::ExactlyOne => {
                    if let Some(Value::Object(parent)) = object.pointer_mut(&parent) {
                        parent.remove(&name);
                    }
                }
                RuleKind::LengthOf => {
                    if let Some(length) = object.pointer(&place).and_then(Value::as_array).map(Vec::len)
                        && let Some(number) =
                            self.fields.last().and_then(|field| object.pointer_mut(&pointer_of(field)))
                    {
                        *number = length.into();
                    }
                }
                RuleKind::Ascending => {
                    if let (Some(high), Some(low)) = (object.pointer_mut(&place), first) {
                        *high = (low + 1.0).into();
                    }
                }
                RuleKind::Length | RuleKind::MinItems => {
                    if let Some(Value::Array(items)) = object.pointer_mut(&place)
                        && let Some(item) = items.first().cloned()
                    {
                        items.resize(usize::try_from(self.count).unwrap_or_default(), item);
                    }
                }
                _ => {}
            }
        }
    }

    fn broken(&self, value: &Value) -> Vec<BrokenRule> {
        let tested: Vec<Vec<&str>> = self.when.iter().map(|(_, test)| borrowed(test.values())).collect();
        let when = self.when.iter().zip(&tested).map(|((field, test), values)| Condition {
            field,
            test: match test {
                StoredTest::Named(TestName::Present) => Test::Present,
                StoredTest::Named(TestName::Absent) => Test::Absent,
                StoredTest::Named(TestName::Mixed) => Test::Mixed,
                StoredTest::OneOf(_) => Test::OneOf(values),
                StoredTest::Whole(WholeTest::All(_)) => Test::All(values),
                StoredTest::Whole(WholeTest::Only(_)) => Test::Only(values),
            },
        });
        let when: Vec<Condition<'_>> = when.collect();
        let (fields, values) = (borrowed(&self.fields), borrowed(&self.values));
        let rule = Rule {
            place: "",
            when: &when,
            kind: self.kind,
            fields: &fields,
            values: &values,
            count: self.count,
            unconfirmed: false,
        };
        rule.check(value)
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn violation(BrokenRule { field, value, rule, .. }: BrokenRule, pointer: &str) -> ContractViolation {
    let got = value.map(|value| format!(" (got {value})")).unwrap_or_default();
    ContractViolation::new(format!("{pointer}{}", pointer_of(&field)), format!("{rule}{got}"))
}

/// The JSON pointer of a field such as `segments[3].float`.
fn pointer_of(field: &str) -> String {
    let parts = field.split('.').flat_map(|name| name.split('[').map(|part| part.trim_end_matches(']')));
    parts.map(|part| format!("/{}", escape(part))).collect()
}
