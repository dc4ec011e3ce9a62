// Copied from generated/src/runtime/ by `cargo xtask generate`. Do not edit.

//! Rules of every kind.

use serde_json::{Value, json};

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
    let level = rule(RuleKind::NotDescending, &["start", "end"]);
    assert_eq!(broken(level, json!({ "start": 5, "end": 4 })), ["end must not be less than start, which is 5 (got 4)"]);
    let huge = json!({ "start": 1e300, "end": 5 });
    assert_eq!(broken(level, huge), ["end must not be less than start, which is 1e300 (got 5)"]);
    assert!(level.check(&json!({ "start": 5, "end": 5 })).is_empty());
    let most = rule(RuleKind::Maximum, &["list[].size"]);
    assert_eq!(
        broken(most, json!({ "list": [{ "size": 2 }, { "size": 2.5 }, { "size": "3" }] })),
        ["list[1].size must be at most 2 (got 2.5)"]
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
    assert_eq!(broken(length, body.clone()), ["list must have 2 items (got 4)"]);
    let least = Rule { count: 3, ..rule(RuleKind::MinItems, &["list[].x"]) };
    assert_eq!(broken(least, body), ["list[1].x must have at least 3 items (got 2)"]);
}

#[test]
fn texts_and_lists_are_not_empty() {
    let not_empty = rule(RuleKind::NotEmpty, &["list", "list[].name", "text"]);
    let body = json!({ "list": [{ "name": "" }, { "name": null }, { "name": "a" }], "text": "" });
    assert_eq!(broken(not_empty, body), ["list[0].name must not be empty", "text must not be empty"]);
    assert_eq!(broken(not_empty, json!({ "list": [] })), ["list must not be empty"]);
    assert!(not_empty.check(&json!({ "text": 0 })).is_empty());
}

#[test]
fn lists_include_values_and_have_lengths() {
    let contains = Rule { values: &["a", "b"], ..rule(RuleKind::Contains, &["list"]) };
    assert_eq!(broken(contains, json!({ "list": ["c"] })), ["list must include a or b"]);
    assert_eq!(broken(contains, json!({ "list": [] })), ["list must include a or b"]);
    assert!(contains.check(&json!({})).is_empty() && contains.check(&json!({ "list": ["c", "b"] })).is_empty());
    let most = rule(RuleKind::MaxItems, &["list"]);
    assert_eq!(broken(most, json!({ "list": [1, 2, 3] })), ["list must have at most 2 items (got 3)"]);
    assert!(most.check(&json!({ "list": [1, 2] })).is_empty());
    let same = rule(RuleKind::SameLength, &["data[].x", "data[].y"]);
    assert_eq!(
        broken(same, json!({ "data": [{ "x": [1, 2] }, { "x": [1], "y": [1, 2] }, { "y": [] }] })),
        [
            "data[1].x must have 2 items because of data[0].x (got 1)",
            "data[2].y must have 2 items because of data[0].x (got 0)"
        ]
    );
    let stated = rule(RuleKind::LengthOf, &["data[].x", "size"]);
    let body = json!({ "data": [{ "x": [1, 2] }, { "x": [1] }], "size": 2 });
    assert_eq!(broken(stated, body), ["data[1].x must have 2 items because of size (got 1)"]);
    assert!(stated.check(&json!({ "data": [{ "x": [1] }] })).is_empty());
}

#[test]
fn conditions_compare_all_values_of_a_path() {
    let when = |test| [Condition { field: "list[].kind", test }];
    let kinds = |kinds: &[&str]| json!({ "a": 1, "list": kinds.iter().map(|kind| json!({ "kind": kind })).collect::<Vec<_>>() });
    for (test, words, kept, broken_by) in [
        (Test::All(&["x", "y"]), "has x and y", vec![vec![], vec!["x"]], vec![vec!["y", "z", "x"]]),
        (Test::Only(&["x", "y"]), "is only x or y", vec![vec![], vec!["x", "z"]], vec![vec!["x"], vec!["y", "x", "y"]]),
        (Test::Mixed, "has different values", vec![vec![], vec!["x"], vec!["x", "x"]], vec![vec!["x", "x", "y"]]),
    ] {
        let when = when(test);
        let absent = Rule { when: &when, ..rule(RuleKind::Absent, &["a"]) };
        for list in kept {
            assert!(absent.check(&kinds(&list)).is_empty(), "{test:?} {list:?}");
        }
        for list in broken_by {
            assert_eq!(
                broken(absent, kinds(&list)),
                [format!("a must not be set when list[].kind {words}")],
                "{list:?}"
            );
        }
    }
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
