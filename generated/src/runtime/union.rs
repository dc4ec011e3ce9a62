//! Decoding of unions without a tag.

use serde::de;
use serde_json::Value;

/// A variant of the union `T`.
#[allow(dead_code, reason = "a document may have no union without a tag")]
pub(crate) struct Variant<T> {
    /// Keys of the object that the variant holds, or of the objects in its list.
    pub keys: &'static [&'static str],
    /// Properties whose texts the document lists, and these texts.
    pub texts: &'static [(&'static str, &'static [&'static str])],
    /// Decodes a value as this variant. The flag is `false` if the variant accepts any value of its type.
    pub decode: fn(&Value) -> Option<(T, bool)>,
}

/// Decodes the variant that shares most keys with an object, or with the objects in a list. Variants that accept any value, that share no key, or that
/// have a property whose text only another variant lists, are used only if no other variant decodes.
#[allow(dead_code, reason = "a document may have no union without a tag")]
pub(crate) fn decode_union<T, E: de::Error>(name: &str, value: &Value, variants: &[Variant<T>]) -> Result<T, E> {
    let objects = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let has = |key: &str| objects.iter().any(|object| object.get(key).is_some());
    let shared = |variant: &Variant<T>| variant.keys.iter().filter(|key| has(key)).count();
    let has_keys = objects.iter().filter_map(Value::as_object).any(|object| !object.is_empty());
    let lists = |variant: &Variant<T>, key: &str, text: &str| {
        variant.texts.iter().any(|(own, texts)| *own == key && texts.contains(&text))
    };
    let has_text_of_another = |variant: &Variant<T>| {
        variant.texts.iter().any(|(key, texts)| {
            let all = objects.iter().filter_map(|object| object.get(*key)?.as_str());
            let mut others = all.filter(|text| !texts.contains(text));
            others.any(|text| variants.iter().any(|other| lists(other, key, text)))
        })
    };
    let shares_nothing = |variant: &Variant<T>| has_keys && !variant.keys.is_empty() && shared(variant) == 0;
    let is_foreign = |variant: &Variant<T>| shares_nothing(variant) || has_text_of_another(variant);
    let mut ordered: Vec<&Variant<T>> = variants.iter().collect();
    // The sort is stable: variants that share equally many keys keep their order.
    ordered.sort_by_key(|variant| (is_foreign(variant), std::cmp::Reverse(shared(variant))));
    let mut fallback = None;
    for variant in ordered {
        match (variant.decode)(value) {
            Some((decoded, true)) if !is_foreign(variant) => return Ok(decoded),
            Some((decoded, _)) => drop(fallback.get_or_insert(decoded)),
            None => {}
        }
    }
    fallback.ok_or_else(|| E::custom(format_args!("the value matches no variant of {name}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_variant_with_most_shared_keys_is_decoded_and_fallbacks_come_last() {
        let any = Variant { keys: &["a", "b", "c"], texts: &[], decode: |_| Some(("any", false)) };
        let one = Variant { keys: &["a"], texts: &[], decode: |value| value.is_object().then_some(("one", true)) };
        let two = Variant { keys: &["a", "b"], texts: &[], decode: |value| value.is_object().then_some(("two", true)) };
        let text = Variant { keys: &[], texts: &[], decode: |value| value.is_string().then_some(("text", true)) };
        let variants = [any, one, two, text];
        let decode = |value| decode_union::<_, de::value::Error>("U", &value, &variants);
        assert_eq!(decode(json!({ "a": 1 })), Ok("one"));
        assert_eq!(decode(json!({ "a": 1, "b": 2 })), Ok("two"));
        assert_eq!(decode(json!({ "c": 3 })), Ok("any"));
        assert_eq!(decode(json!({ "d": 4 })), Ok("any"), "no variant knows the key");
        assert_eq!(decode(json!("a")), Ok("text"));
        assert_eq!(decode(json!(1)), Ok("any"));
        let error = decode_union::<&str, de::value::Error>("U", &json!(1), &[]).expect_err("no variant");
        assert_eq!(error.to_string(), "the value matches no variant of U");
    }

    #[test]
    fn variants_that_are_lists_are_told_apart_by_the_keys_of_their_items() {
        let one = Variant { keys: &["a"], texts: &[], decode: |value| value.is_array().then_some(("one", true)) };
        let two = Variant { keys: &["b"], texts: &[], decode: |value| value.is_array().then_some(("two", true)) };
        let variants = [one, two];
        let decode = |value| decode_union::<_, de::value::Error>("U", &value, &variants);
        assert_eq!(decode(json!([{ "b": 1 }])), Ok("two"));
        assert_eq!(decode(json!([{}, { "b": 1 }, { "b": 1 }])), Ok("two"));
        assert_eq!(decode(json!([{ "a": 1 }])), Ok("one"));
        assert_eq!(decode(json!([])), Ok("one"));
    }

    #[test]
    fn a_text_that_another_variant_lists_excludes_a_variant() {
        let one = Variant { keys: &["type", "x"], texts: &[("type", &["a"])], decode: |_| Some(("one", true)) };
        let two =
            Variant { keys: &["type", "x", "y"], texts: &[("type", &["b", "c"])], decode: |_| Some(("two", true)) };
        let variants = [one, two];
        let decode = |value| decode_union::<_, de::value::Error>("U", &value, &variants);
        assert_eq!(decode(json!({ "type": "a", "x": 1 })), Ok("one"));
        assert_eq!(decode(json!({ "type": "b", "x": 1 })), Ok("two"));
        assert_eq!(decode(json!({ "type": "a", "x": 1, "y": 2 })), Ok("one"), "the text counts more than the keys");
        assert_eq!(decode(json!({ "type": "d", "x": 1, "y": 2 })), Ok("two"), "no variant lists the text");
        assert_eq!(decode(json!({ "x": 1 })), Ok("one"));
    }
}
