// Copied from generated/src/runtime/ by `cargo xtask generate`. Do not edit.

//! Rules about several fields of a request or response: `x-rules` in the OpenAPI document.
//!
//! `cargo xtask generate` copies this module to `tests/contract/src/`, so that the contract crate need not depend on
//! this crate.

mod check;
#[cfg(test)]
mod tests;

/// A rule about the fields of an object.
///
/// Names of fields are paths below [`place`](Self::place): `model_name`, `video.media_source`, and `segments[].float`
/// for a field of every item of a list. A field that is `null` counts as absent.
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
    /// The values of [`RuleKind::OneOf`], [`RuleKind::NoneOf`] and [`RuleKind::Contains`], as text.
    pub values: &'r [&'r str],
    /// The number of [`RuleKind::MinItems`], [`RuleKind::MaxItems`], [`RuleKind::Length`] and [`RuleKind::Maximum`].
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
    /// The list has all of these values.
    All(&'r [&'r str]),
    /// The field is present and has no other values than these.
    Only(&'r [&'r str]),
    /// The field has at least two different values.
    Mixed,
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
    /// None of the fields is an empty text or an empty list.
    NotEmpty,
    /// Two numbers: the second is greater than the first.
    Ascending,
    /// Two numbers: the second is not less than the first.
    NotDescending,
    /// Three numbers, length, start and end: the length is at most the difference of the others.
    Fits,
    /// The field, or every item of it, has one of the values.
    OneOf,
    /// Neither the field nor an item of it has one of the values.
    NoneOf,
    /// The list has at least one of the values.
    Contains,
    /// The list has at least `count` items.
    MinItems,
    /// The list has at most `count` items.
    MaxItems,
    /// The list has exactly `count` items.
    Length,
    /// A list and a number: the list has as many items as the number says.
    LengthOf,
    /// All lists have the same number of items.
    SameLength,
    /// The number is at most `count`.
    Maximum,
}

/// A rule that an object breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenRule {
    /// The kind of the rule.
    pub kind: RuleKind,
    /// Path of the field that is wrong or missing, with positions in lists: `segments[3].float`.
    pub field: String,
    /// The value of the field as text, or the number of items if that is wrong. `None` if it is absent, or a list or an
    /// object.
    pub value: Option<String>,
    /// The rule, in words that follow the name of the field: `is required when video_start_offset_sec is set`.
    pub rule: String,
}
