//! `x-rules`: rules about several fields of an object, stated in its schema. `spec/README.md` describes the vocabulary.

use serde_json::{Map, Value};

use crate::{
    pointer::{Pointer, Remark},
    reference::{follow, resolve},
};

/// A rule as the document states it. Mirrors `twelvelabs_api::runtime::Rule`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Path of the objects that the rule applies to, from the root of the body.
    pub place: String,
    pub when: Vec<Condition>,
    /// Variant of the generated crate's `RuleKind`.
    pub kind: &'static str,
    pub fields: Vec<String>,
    pub values: Vec<String>,
    pub count: u64,
    pub unconfirmed: bool,
}

/// A condition of a rule: a field, and the test that it must pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: String,
    pub test: Test,
}

/// Mirrors `twelvelabs_api::runtime::Test`.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Present,
    Absent,
    OneOf(Vec<String>),
    All(Vec<String>),
    Only(Vec<String>),
    Mixed,
}

/// What the keyword of a rule holds.
#[derive(Clone, Copy)]
enum Holds {
    /// A list of fields: this many, or at least one.
    Fields(Option<usize>),
    /// Values by field.
    Values,
    /// A number by field.
    Count,
}

/// The keywords, with the variants of `RuleKind`.
const KINDS: &[(&str, &str, Holds)] = &[
    ("exactly_one", "ExactlyOne", Holds::Fields(None)),
    ("at_least_one", "AtLeastOne", Holds::Fields(None)),
    ("at_most_one", "AtMostOne", Holds::Fields(None)),
    ("together", "Together", Holds::Fields(None)),
    ("required", "Required", Holds::Fields(None)),
    ("absent", "Absent", Holds::Fields(None)),
    ("not_empty", "NotEmpty", Holds::Fields(None)),
    ("ascending", "Ascending", Holds::Fields(Some(2))),
    ("not_descending", "NotDescending", Holds::Fields(Some(2))),
    ("fits", "Fits", Holds::Fields(Some(3))),
    ("one_of", "OneOf", Holds::Values),
    ("none_of", "NoneOf", Holds::Values),
    ("contains", "Contains", Holds::Values),
    ("min_items", "MinItems", Holds::Count),
    ("max_items", "MaxItems", Holds::Count),
    ("length", "Length", Holds::Count),
    ("length_of", "LengthOf", Holds::Fields(Some(2))),
    ("same_length", "SameLength", Holds::Fields(None)),
    ("maximum", "Maximum", Holds::Count),
];

/// Parses the value of `x-rules`, or returns what is wrong with it.
pub fn parse(value: &Value) -> Result<Vec<Rule>, String> {
    let rules = value.as_array().ok_or("must be a list of rules")?;
    let mut parsed = Vec::new();
    for rule in rules {
        let object = rule.as_object().ok_or_else(|| format!("a rule must be an object, and is {rule}"))?;
        parsed.extend(parse_rule(object).map_err(|error| format!("{error} in {rule}"))?);
    }
    Ok(parsed)
}

/// A keyword with several fields that have values or counts is as many rules.
fn parse_rule(object: &Map<String, Value>) -> Result<Vec<Rule>, String> {
    let is_kind = |name: &str| KINDS.iter().any(|(kind, ..)| *kind == name);
    let unknown = object.keys().find(|name| !is_kind(name) && !["when", "unconfirmed"].contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(format!("unknown keyword {name:?}"));
    }
    let stated: Vec<_> = KINDS.iter().filter_map(|kind| Some((kind, object.get(kind.0)?))).collect();
    let [((_, variant, holds), value)] = stated[..] else {
        return Err(format!("a rule has one keyword besides `when`, and not {}", stated.len()));
    };
    let unconfirmed = match object.get("unconfirmed") {
        None => false,
        Some(value) => value.as_bool().ok_or("unconfirmed must be true or false")?,
    };
    let mut rule = Rule {
        place: String::new(),
        when: conditions(object.get("when"))?,
        kind: variant,
        fields: Vec::new(),
        values: Vec::new(),
        count: 0,
        unconfirmed,
    };
    if let Holds::Fields(count) = holds {
        let fields = texts(value).filter(|fields| count.map_or(!fields.is_empty(), |count| fields.len() == count));
        rule.fields = fields.ok_or_else(|| match count {
            Some(count) => format!("a list of {count} fields is expected"),
            None => "a list of fields is expected".to_owned(),
        })?;
        return Ok(vec![rule]);
    }
    let by_field = value.as_object().filter(|fields| !fields.is_empty()).ok_or("an object of fields is expected")?;
    let mut rules = Vec::new();
    for (field, value) in by_field {
        let mut rule = Rule { fields: vec![field.clone()], ..rule.clone() };
        match holds {
            Holds::Count => rule.count = value.as_u64().ok_or("a non-negative integer is expected")?,
            _ => rule.values = texts(value).ok_or("a list of values is expected")?,
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn conditions(when: Option<&Value>) -> Result<Vec<Condition>, String> {
    let Some(when) = when else { return Ok(Vec::new()) };
    let when = when.as_object().ok_or("when must be an object of fields")?;
    let condition = |(field, test): (&String, &Value)| {
        let of_values = |keyword: &str| test.as_object().filter(|test| test.len() == 1)?.get(keyword).and_then(texts);
        let test = match test.as_str() {
            Some("present") => Some(Test::Present),
            Some("absent") => Some(Test::Absent),
            Some("mixed") => Some(Test::Mixed),
            _ => texts(test)
                .map(Test::OneOf)
                .or_else(|| of_values("all").map(Test::All))
                .or_else(|| of_values("only").map(Test::Only)),
        };
        let test = test.ok_or("a condition must be present, absent, mixed, a list of values, or all or only of one")?;
        Ok(Condition { field: field.clone(), test })
    };
    when.iter().map(condition).collect()
}

/// Strings, numbers and booleans as texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    value.as_array()?.iter().map(text).collect()
}

impl Rule {
    /// All fields that the rule names.
    fn all_fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().chain(self.when.iter().map(|condition| &condition.field)).map(String::as_str)
    }
}

/// The rules of a schema and of the objects in it, with their places. Rules inside of a union with several variants are
/// left out: the schema of a variant applies only to some bodies.
pub fn collect(root: &Value, schema: &Value) -> Vec<Rule> {
    let mut rules = Vec::new();
    add(root, schema, "", &mut Vec::new(), &mut rules);
    rules
}

fn add<'d>(root: &'d Value, schema: &'d Value, place: &str, above: &mut Vec<&'d str>, out: &mut Vec<Rule>) {
    if let Some(reference) = schema["$ref"].as_str()
        && let Some(target) = resolve(root, reference)
        && !above.contains(&reference)
    {
        above.push(reference);
        add(root, target, place, above, out);
        above.pop();
    }
    // The document is checked before: invalid rules do not get here.
    let own = schema.get("x-rules").and_then(|rules| parse(rules).ok());
    out.extend(own.into_iter().flatten().map(|rule| Rule { place: place.to_owned(), ..rule }));
    for part in parts(schema) {
        add(root, part, place, above, out);
    }
    if let Some(items) = schema.get("items") {
        add(root, items, &format!("{place}[]"), above, out);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        out.extend(list_limits(root, property).map(|(kind, count)| Rule {
            place: place.to_owned(),
            kind,
            fields: vec![name.clone()],
            count,
            ..Rule::default()
        }));
        let inner = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        add(root, property, &inner, above, out);
    }
}

/// The number of items that plain OpenAPI requires of a list: the kind of the rule, and the number.
fn list_limits<'d>(root: &'d Value, schema: &'d Value) -> impl Iterator<Item = (&'static str, u64)> {
    let schema = follow(root, schema);
    [("minItems", "MinItems"), ("maxItems", "MaxItems")]
        .into_iter()
        .filter_map(move |(keyword, kind)| Some((kind, schema?.get(keyword)?.as_u64()?)))
}

/// Remarks about rules with fields that their schema does not describe: such a rule would never be broken, or always.
pub fn check_fields(root: &Value) -> Vec<Remark> {
    let mut remarks = Vec::new();
    check_below(root, root, &Pointer::default(), &mut remarks);
    remarks
}

fn check_below(root: &Value, value: &Value, place: &Pointer, out: &mut Vec<Remark>) {
    let own = value.get("x-rules").and_then(|rules| parse(rules).ok()).into_iter().flatten();
    for rule in own {
        let unknown = rule.all_fields().filter(|field| !has_field(root, value, field));
        out.extend(
            unknown.map(|field| Remark::new(&place.at("x-rules"), format!("the schema has no field {field:?}"))),
        );
    }
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| check_below(root, value, &place.at(key), out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| check_below(root, value, &place.at(index), out));
        }
        _ => {}
    }
}

/// The schemas that apply to every value of a schema: parts of `allOf`, and the only variant of a union besides null.
fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    let of = |keyword: &str| schema[keyword].as_array().map(Vec::as_slice).unwrap_or_default();
    let only = |keyword: &str| {
        let mut variants = of(keyword).iter().filter(|variant| variant["type"] != "null");
        variants.next().filter(|_| variants.next().is_none())
    };
    of("allOf").iter().chain(only("oneOf")).chain(only("anyOf"))
}

/// Whether a schema describes the field at a path.
fn has_field(root: &Value, schema: &Value, path: &str) -> bool {
    let Some(schema) = follow(root, schema) else { return false };
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let (plain, each) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    let is_there = |property: &Value| {
        let inner = if each { follow(root, property).and_then(|list| list.get("items")) } else { Some(property) };
        inner.is_some_and(|inner| rest.is_empty() || has_field(root, inner, rest))
    };
    let variants = ["allOf", "oneOf", "anyOf"].iter().flat_map(|keyword| schema[*keyword].as_array()).flatten();
    schema["properties"].get(plain).is_some_and(is_there)
        || variants.into_iter().any(|part| has_field(root, part, path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_parsed() {
        let rules = parse(&json!([
            { "at_least_one": ["a", "b"] },
            { "when": { "c": [true, 5, "x"], "d": "present", "e": "absent", "i": "mixed", "j": { "all": ["y"] }, "k": { "only": [6] } },
              "length": { "f[].g": 3, "h": 4 }, "unconfirmed": true }
        ]));
        let rules = rules.expect("rules");
        assert_eq!((rules[0].kind, &rules[0].fields[..]), ("AtLeastOne", &["a".to_owned(), "b".to_owned()][..]));
        let tests: Vec<&Test> = rules[1].when.iter().map(|condition| &condition.test).collect();
        let [all, only] = [Test::All(vec!["y".into()]), Test::Only(vec!["6".into()])];
        let one_of = Test::OneOf(vec!["true".into(), "5".into(), "x".into()]);
        assert_eq!(tests, [&one_of, &Test::Present, &Test::Absent, &Test::Mixed, &all, &only]);
        let counts: Vec<_> = rules[1..].iter().map(|rule| (rule.fields[0].as_str(), rule.count)).collect();
        assert_eq!((counts, rules[2].unconfirmed), (vec![("f[].g", 3), ("h", 4)], true));
    }

    #[test]
    fn invalid_rules_are_errors() {
        for (rule, error) in [
            (json!("a"), "a rule must be an object, and is \"a\""),
            (json!({ "mode": ["a"] }), "unknown keyword \"mode\" in"),
            (json!({ "when": { "a": [1] } }), "a rule has one keyword besides `when`, and not 0 in"),
            (json!({ "required": ["a"], "absent": ["b"] }), "a rule has one keyword besides `when`, and not 2 in"),
            (json!({ "required": "a" }), "a list of fields is expected in"),
            (json!({ "ascending": ["a"] }), "a list of 2 fields is expected in"),
            (json!({ "length": { "a": "b" } }), "a non-negative integer is expected in"),
            (json!({ "one_of": { "a": [{}] } }), "a list of values is expected in"),
            (json!({ "one_of": ["a"] }), "an object of fields is expected in"),
            (
                json!({ "when": { "a": 1 }, "absent": ["b"] }),
                "a condition must be present, absent, mixed, a list of values, or all or only of one in",
            ),
            (
                json!({ "when": { "a": { "all": ["b"], "only": ["b"] } }, "absent": ["b"] }),
                "a condition must be present",
            ),
            (json!({ "absent": ["b"], "unconfirmed": "yes" }), "unconfirmed must be true or false in"),
        ] {
            let found = parse(&json!([rule])).expect_err("an error");
            assert!(found.starts_with(error), "{found}");
        }
        assert_eq!(parse(&json!({})), Err("must be a list of rules".into()));
    }

    #[test]
    fn rules_have_the_place_of_their_schema() {
        let root = json!({ "components": { "schemas": {
            "Media": { "properties": { "url": {}, "id": {} }, "x-rules": [{ "exactly_one": ["url", "id"] }] },
            "Body": { "allOf": [{ "properties": { "list": { "maxItems": 3, "items": { "$ref": "#/components/schemas/Media" } } } }],
                "properties": { "one": { "oneOf": [{ "$ref": "#/components/schemas/Media" }, { "type": "null" }] } } }
        } } });
        let body = json!({ "$ref": "#/components/schemas/Body" });
        let rules = collect(&root, &body);
        let places: Vec<&str> = rules.iter().map(|rule| rule.place.as_str()).collect();
        assert_eq!(places, ["", "list[]", "one"]);
        for field in ["one.url", "list[].id", "list"] {
            assert!(has_field(&root, &body, field), "{field}");
        }
        for field in ["one.uri", "list.id", "one[].url", "url"] {
            assert!(!has_field(&root, &body, field), "{field}");
        }
        assert_eq!(check_fields(&root), []);
        let mut wrong = root;
        wrong["components"]["schemas"]["Media"]["x-rules"] =
            json!([{ "when": { "id": "present" }, "absent": ["uri"] }]);
        let remarks: Vec<String> = check_fields(&wrong).iter().map(ToString::to_string).collect();
        assert_eq!(remarks, ["/components/schemas/Media/x-rules: the schema has no field \"uri\""]);
    }
}
