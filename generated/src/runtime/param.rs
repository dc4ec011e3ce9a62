//! Limits of parameters, as stated in the OpenAPI document.

use std::fmt;

/// A parameter, form field or JSON property with its limits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Param {
    /// Name as it is sent. Names of nested JSON properties are joined with dots.
    pub name: &'static str,
    /// Inclusive lower bound.
    pub minimum: Option<f64>,
    /// Exclusive lower bound.
    pub exclusive_minimum: Option<f64>,
    /// Inclusive upper bound.
    pub maximum: Option<f64>,
    /// Exclusive upper bound.
    pub exclusive_maximum: Option<f64>,
    /// Minimum length, in characters of a string or bytes of a file.
    pub min_length: Option<u64>,
    /// Maximum length, in characters of a string or bytes of a file.
    pub max_length: Option<u64>,
    /// Value that the server uses if the parameter is absent, as JSON.
    pub default: Option<&'static str>,
}

impl Param {
    /// Returns whether a number is finite and within the limits.
    pub fn allows(&self, value: f64) -> bool {
        value.is_finite()
            && self.minimum.is_none_or(|bound| value >= bound)
            && self.exclusive_minimum.is_none_or(|bound| value > bound)
            && self.maximum.is_none_or(|bound| value <= bound)
            && self.exclusive_maximum.is_none_or(|bound| value < bound)
    }

    /// Returns the default if it is a number.
    pub fn default_number(&self) -> Option<f64> {
        self.default?.parse().ok()
    }

    /// Returns the limits of a number as text that follows "must be": `between 2 and 10`.
    pub fn range(&self) -> impl fmt::Display {
        let lower = match (self.minimum, self.exclusive_minimum) {
            (_, Some(bound)) => Some(format!("greater than {bound}")),
            (Some(bound), None) => Some(format!("at least {bound}")),
            (None, None) => None,
        };
        let upper = match (self.maximum, self.exclusive_maximum) {
            (_, Some(bound)) => Some(format!("less than {bound}")),
            (Some(bound), None) => Some(format!("at most {bound}")),
            (None, None) => None,
        };
        match (self.minimum, self.maximum, lower, upper) {
            (Some(minimum), Some(maximum), _, _) => format!("between {minimum} and {maximum}"),
            (_, _, Some(lower), Some(upper)) => format!("{lower} and {upper}"),
            (_, _, Some(bound), None) | (_, _, None, Some(bound)) => bound,
            (_, _, None, None) => "a finite number".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: Param = Param {
        name: "clip",
        minimum: Some(2.0),
        exclusive_minimum: None,
        maximum: Some(10.0),
        exclusive_maximum: None,
        min_length: None,
        max_length: None,
        default: Some("6"),
    };

    #[test]
    fn bounds_are_checked_and_printed() {
        assert!(CLIP.allows(2.0) && CLIP.allows(10.0));
        assert!(![1.999, 10.001, f64::NAN, f64::INFINITY].into_iter().any(|value| CLIP.allows(value)));
        let above = Param { minimum: None, exclusive_minimum: Some(0.0), maximum: None, ..CLIP };
        assert!(!above.allows(0.0) && above.allows(0.1));
        assert_eq!(
            (CLIP.range().to_string(), above.range().to_string()),
            ("between 2 and 10".into(), "greater than 0".into())
        );
        assert_eq!(CLIP.default_number(), Some(6.0));
    }
}
