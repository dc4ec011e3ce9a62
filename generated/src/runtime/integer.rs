//! Integers that may be written like `1.0`, which JSON Schema counts as integers, too.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// Decodes an integer.
pub(crate) fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    deserializer.deserialize_any(Integer(PhantomData))
}

/// Decodes an integer or `null`.
pub(crate) fn optional_integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    struct Value<T>(T);
    impl<'de, T: TryFrom<i128>> Deserialize<'de> for Value<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            integer(deserializer).map(Self)
        }
    }
    Ok(Option::<Value<T>>::deserialize(deserializer)?.map(|value| value.0))
}

/// Decodes a list or a map of integers.
pub(crate) fn integers<'de, D: Deserializer<'de>, T: Integers>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// Same as [`integers`], but `null` is an empty list or map.
#[allow(dead_code, reason = "a document may have no optional list of integers")]
pub(crate) fn integers_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Integers + Default,
{
    Option::<T>::read(deserializer).map(Option::unwrap_or_default)
}

/// Integers, and what holds them.
pub(crate) trait Integers: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

macro_rules! integers {
    ($($kind:ty),*) => {
        $(impl Integers for $kind {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                integer(deserializer)
            }
        })*
    };
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

/// A value that is read by its trait.
struct Read<T>(T);

impl<'de, T: Integers> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Integers> Integers for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<T>>::deserialize(deserializer)?.map(|value| value.0))
    }
}

impl<T: Integers> Integers for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Read<T>>::deserialize(deserializer)?.into_iter().map(|item| item.0).collect())
    }
}

impl<T: Integers> Integers for HashMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = HashMap::<String, Read<T>>::deserialize(deserializer)?;
        Ok(members.into_iter().map(|(name, value)| (name, value.0)).collect())
    }
}

struct Integer<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Integer<T> {
    fn convert<E: Error>(&self, value: i128, shown: Unexpected<'_>) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::invalid_value(shown, self))
    }
}

impl<T: TryFrom<i128>> Visitor<'_> for Integer<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer in the range of {}", std::any::type_name::<T>())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.convert(value.into(), Unexpected::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.convert(value.into(), Unexpected::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        let shown = Unexpected::Float(value);
        if value.fract() != 0.0 {
            // Also what is not finite.
            return Err(E::invalid_value(shown, &self));
        }
        // Saturates, so that what does not fit into `i128` does not fit into `T`.
        self.convert(value as i128, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Page {
        #[serde(deserialize_with = "integer")]
        number: u64,
        #[serde(default, deserialize_with = "optional_integer")]
        rotation: Option<i64>,
    }

    fn page(number: &str, rotation: &str) -> Result<(u64, Option<i64>), String> {
        let text = format!(r#"{{"number":{number}{rotation}}}"#);
        let page: Page = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok((page.number, page.rotation))
    }

    #[test]
    fn integers_are_decoded_in_every_spelling() {
        for (text, number) in
            [("1", 1), ("1.0", 1), ("1e3", 1000), ("0.0", 0), ("-0.0", 0), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(page(text, ""), Ok((number, None)), "{text}");
        }
        assert_eq!(page("1", r#","rotation":-90.0"#), Ok((1, Some(-90))));
        assert_eq!(page("1", r#","rotation":null"#), Ok((1, None)));
        for text in ["1.5", "-1", "-1.0", "1e30", "1e300", "true", "\"1\"", "null", "[]"] {
            assert!(page(text, "").is_err(), "{text}");
        }
        assert!(page("1", r#","rotation":0.5"#).is_err() && page("1", r#","rotation":"0""#).is_err());
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pages {
        #[serde(deserialize_with = "integers")]
        counts: HashMap<String, u64>,
        #[serde(default, deserialize_with = "integers_or_default")]
        rows: Vec<Vec<Option<i64>>>,
    }

    #[test]
    fn integers_in_lists_and_maps_are_decoded_in_every_spelling() {
        let decode = |text: &str| serde_json::from_str::<Pages>(text).map_err(|error| error.to_string());
        let pages = decode(r#"{"counts":{"a":1.0},"rows":[[1.0,null],[-2]]}"#);
        let expected =
            Pages { counts: HashMap::from([("a".to_owned(), 1)]), rows: vec![vec![Some(1), None], vec![Some(-2)]] };
        assert_eq!(pages, Ok(expected));
        for text in [r#"{"counts":{},"rows":null}"#, r#"{"counts":{}}"#] {
            assert_eq!(decode(text), Ok(Pages { counts: HashMap::new(), rows: Vec::new() }), "{text}");
        }
        for text in [r#"{"counts":null}"#, r#"{"counts":{"a":1.5}}"#, r#"{"counts":{},"rows":[1]}"#] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
