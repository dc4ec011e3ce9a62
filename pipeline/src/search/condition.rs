//! Conditions on the rows that are searched.

use std::{fmt, str::FromStr};

use globset::{Glob, GlobMatcher};

use crate::{
    escape::escape_control,
    job::FileKind,
    row::{VectorRow, is_url},
};

/// A condition on the rows that are searched, from its text: a field, an operator and a value.
///
/// | condition | rows |
/// | --- | --- |
/// | `source=GLOB` | whose whole path or URL matches the glob: `*` stands for any characters, also for `/`; `?`, `[a-z]` and `{a,b}` are possible |
/// | `option=NAME` | of this embedding option, such as `visual` |
/// | `kind=NAME` | of a `video`, an `audio` file, an `image` or a `document`, by the extension of the source |
/// | `start>=SECONDS` | whose range starts then or later; also `>`, `<=` and `<` |
/// | `end<=SECONDS` | whose range ends then or earlier; also `<`, `>=` and `>` |
///
/// The first three have `!=` too, and `option` and `kind` several names with commas between them, of which a row has one.
/// A row without a range, such as that of an image, meets no condition on its start or end.
///
/// ```
/// use twelvelabs_pipeline::{RowCondition, RowFilter};
///
/// let mut filter = RowFilter::default();
/// for text in ["source=*.mp4", "option=visual,audio", "start>=10"] {
///     filter.conditions.push(text.parse::<RowCondition>()?);
/// }
/// # Ok::<_, String>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowCondition {
    text: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Source(GlobMatcher, Is),
    Option(Vec<String>, Is),
    Kind(Vec<FileKind>, Is),
    Start(Order, f64),
    End(Order, f64),
}

/// Whether a row has one of the values, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    One,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AtLeast,
    Above,
    AtMost,
    Below,
}

const FIELDS: &str = "source, option, kind, start, end";
/// Longer ones first.
const OPERATORS: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];

impl FromStr for RowCondition {
    /// The rule that the text breaks.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            || format!("must be a field, an operator and a value, such as source=*.mp4 or start>=10 (got {text:?})");
        let at = text.find(['=', '!', '<', '>']).ok_or_else(form)?;
        let operator = OPERATORS.into_iter().find(|operator| text[at..].starts_with(operator)).ok_or_else(form)?;
        let (field, value) = (text[..at].trim(), text[at + operator.len()..].trim());
        if field.is_empty() || value.is_empty() || value.starts_with('=') {
            return Err(form());
        }
        let is = || match operator {
            "=" => Ok(Is::One),
            "!=" => Ok(Is::None),
            _ => Err(format!("{field} has the operators = and != (got {operator})")),
        };
        let order = || match operator {
            ">=" => Ok(Order::AtLeast),
            ">" => Ok(Order::Above),
            "<=" => Ok(Order::AtMost),
            "<" => Ok(Order::Below),
            _ => Err(format!("{field} has the operators >=, >, <= and < (got {operator})")),
        };
        let seconds = || {
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| format!("{field} must be compared with a number of seconds (got {value:?})"))
        };
        let names = || {
            let names: Vec<&str> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            if names.is_empty() {
                Err(format!("{field} must be compared with a name (got {value:?})"))
            } else {
                Ok(names)
            }
        };
        let test = match field {
            "source" => {
                let is = is()?;
                let glob = Glob::new(value);
                let glob =
                    glob.map_err(|error| format!("source must be compared with a valid glob ({})", error.kind()))?;
                Test::Source(glob.compile_matcher(), is)
            }
            "option" => {
                let is = is()?;
                Test::Option(names()?.into_iter().map(str::to_owned).collect(), is)
            }
            "kind" => {
                let is = is()?;
                let kind = |name: &str| {
                    let known = FileKind::ALL.map(FileKind::name).join(", ");
                    FileKind::from_name(name).ok_or_else(|| format!("kind must be one of {known} (got {name:?})"))
                };
                Test::Kind(names()?.into_iter().map(kind).collect::<Result<_, _>>()?, is)
            }
            "start" => Test::Start(order()?, seconds()?),
            "end" => Test::End(order()?, seconds()?),
            _ => return Err(format!("the field must be one of {FIELDS} (got {field:?})")),
        };
        Ok(Self { text: text.to_owned(), test })
    }
}

/// The text that it was parsed from.
impl fmt::Display for RowCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_control(&self.text))
    }
}

impl RowCondition {
    /// Whether a row meets the condition.
    pub(super) fn allows(&self, row: &VectorRow) -> bool {
        let compare = |seconds: Option<f64>, order: Order, limit: f64| {
            seconds.is_some_and(|seconds| match order {
                Order::AtLeast => seconds >= limit,
                Order::Above => seconds > limit,
                Order::AtMost => seconds <= limit,
                Order::Below => seconds < limit,
            })
        };
        match &self.test {
            Test::Source(glob, is) => is.holds(glob.is_match(&row.source)),
            Test::Option(names, is) => is.holds(row.option.as_ref().is_some_and(|name| names.contains(name))),
            Test::Kind(kinds, is) => is.holds(kind_of(&row.source).is_some_and(|kind| kinds.contains(&kind))),
            Test::Start(order, limit) => compare(row.start_sec, *order, *limit),
            Test::End(order, limit) => compare(row.end_sec, *order, *limit),
        }
    }

    /// The embedding options that it names.
    pub(super) fn options(&self) -> &[String] {
        match &self.test {
            Test::Option(names, _) => names,
            _ => &[],
        }
    }
}

impl Is {
    fn holds(self, has_one: bool) -> bool {
        has_one == (self == Self::One)
    }
}

/// The type of the file behind a source. A URL without an extension was embedded as a video.
fn kind_of(source: &str) -> Option<FileKind> {
    let name = source.rsplit('/').next().unwrap_or(source);
    FileKind::of_name(name).map(|(kind, _)| kind).or_else(|| is_url(source).then_some(FileKind::Video))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RowCondition {
        text.parse().expect(text)
    }

    #[test]
    fn each_field_has_its_operators() {
        let row = VectorRow {
            source: "videos/2026/a talk.mp4".into(),
            option: Some("visual".into()),
            start_sec: Some(10.0),
            end_sec: Some(12.5),
            ..VectorRow::default()
        };
        let met = [
            "source=*.mp4",
            "source = videos/*",
            "source!=*.mov",
            "source=videos/{2025,2026}/?*",
            "option=audio,visual",
            "option!=audio",
            "kind=video, audio",
            "kind!=image",
            "start>=10",
            "start > 9.5",
            "end<=12.5",
            "end<13",
        ];
        for text in met {
            assert!(parse(text).allows(&row), "{text}");
        }
        let not_met = [
            "source=*.MP4",
            "source=a talk.mp4",
            "source!=videos/*",
            "option=audio",
            "option!=visual",
            "kind=image",
            "kind!=video",
            "start>10",
            "start<10",
            "end>=13",
            "end>12.5",
        ];
        for text in not_met {
            assert!(!parse(text).allows(&row), "{text}");
        }
        let image = VectorRow { source: "s3://b/a=b<c.png".into(), ..VectorRow::default() };
        assert!(!parse("start>=0").allows(&image) && !parse("end<1").allows(&image), "it has no range");
        assert!(!parse("option=visual").allows(&image) && parse("option!=visual").allows(&image));
        assert!(parse("kind=image").allows(&image) && parse("source=*a=b<c.png").allows(&image));
        for source in ["https://example.com/watch", "HTTPS://example.com/watch"] {
            let url = VectorRow { source: source.into(), ..VectorRow::default() };
            assert!(parse("kind=video").allows(&url), "{source}");
        }
        assert_eq!(parse("start > 9.5").to_string(), "start > 9.5");
    }

    #[test]
    fn errors_name_the_rule() {
        let cases = [
            "",
            "source",
            "=x",
            "source=",
            "start==5",
            "color=red",
            "source>=a",
            "source=[a",
            "option<visual",
            "option=,",
            "kind=film",
            "kind!= , ",
            "start=5",
            "start!=5",
            "start>=soon",
            "end<NaN",
        ];
        let all: String =
            cases.iter().map(|text| format!("{text}: {}\n", RowCondition::from_str(text).expect_err(text))).collect();
        insta::assert_snapshot!(all);
    }
}
