//! Conditions on the rows that are searched.

use std::{fmt, str::FromStr};

use globset::{Glob, GlobMatcher};

use super::part::option_of;
use crate::{
    escape::escape_control,
    job::FileKind,
    row::{VectorRow, is_url},
};

/// What stands for the embedding option of rows without one, such as those of images.
pub(super) const NO_OPTION: &str = "none";

/// A condition on the rows that are searched, from its text: a field, an operator and a value.
///
/// | condition | rows |
/// | --- | --- |
/// | `source=GLOB` | whose whole path or URL matches the glob: `*` stands for any characters, also for `/`; `?`, `[a-z]` and `{a,b}` are possible |
/// | `kind=NAME` | of a `video`, an `audio` file, an `image` or a `document`, by the extension of the source |
/// | `option=NAME` | of this embedding option, such as `visual`; `none` for those without one |
/// | `scope=NAME` | of this scope: `clip`, or `asset` for whole files |
/// | `start>=SECONDS` | whose range starts then or later; also `>`, `<=` and `<` |
/// | `end<=SECONDS` | whose range ends then or earlier; also `<`, `>=` and `>` |
/// | `page=NUMBER` | with this page, counted from 1; `>=`, `>`, `<=` and `<`: all of whose pages are so |
/// | `chunk=NUMBER` | of this chunk of a text, counted from 0; also `>=`, `>`, `<=` and `<` |
///
/// All but `start` and `end` have `!=`, too. `kind`, `option` and `scope` take several names with commas between them, of
/// which a row has one. A row without a range, a page or a chunk meets no condition on it.
///
/// ```
/// use twelvelabs_pipeline::RowCondition;
///
/// let conditions: Vec<RowCondition> = vec!["source=*.mp4".parse()?, "option=visual,audio".parse()?, "start>=10".parse()?];
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
    Kind(Vec<FileKind>, Is),
    Option(Vec<String>, Is),
    Scope(Vec<String>, Is),
    Start(Order, f64),
    End(Order, f64),
    Page(Number),
    Chunk(Number),
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

/// What a number, or a range of numbers, is compared with.
#[derive(Clone, Copy, Debug)]
enum Number {
    Is(Is, u64),
    Order(Order, u64),
}

const FIELDS: &str = "source, kind, option, scope, start, end, page, chunk";
/// Longer ones first.
const OPERATORS: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];

/// A condition that is being parsed.
struct Parts<'t> {
    field: &'t str,
    operator: &'t str,
    value: &'t str,
}

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
        let parts = Parts { field, operator, value };
        let test = match field {
            "source" => {
                let is = parts.is()?;
                let glob = Glob::new(value);
                let glob =
                    glob.map_err(|error| format!("source must be compared with a valid glob ({})", error.kind()))?;
                Test::Source(glob.compile_matcher(), is)
            }
            "kind" => {
                let is = parts.is()?;
                let kind = |name: String| {
                    let known = FileKind::ALL.map(FileKind::name).join(", ");
                    FileKind::from_name(&name).ok_or_else(|| format!("kind must be one of {known} (got {name:?})"))
                };
                Test::Kind(parts.names()?.into_iter().map(kind).collect::<Result<_, _>>()?, is)
            }
            "option" => {
                let is = parts.is()?;
                Test::Option(parts.names()?, is)
            }
            "scope" => {
                let is = parts.is()?;
                Test::Scope(parts.names()?, is)
            }
            "start" => Test::Start(parts.order()?, parts.seconds()?),
            "end" => Test::End(parts.order()?, parts.seconds()?),
            "page" => Test::Page(parts.number()?),
            "chunk" => Test::Chunk(parts.number()?),
            _ => return Err(format!("the field must be one of {FIELDS} (got {field:?})")),
        };
        Ok(Self { text: text.to_owned(), test })
    }
}

impl Parts<'_> {
    fn is(&self) -> Result<Is, String> {
        match self.operator {
            "=" => Ok(Is::One),
            "!=" => Ok(Is::None),
            operator => Err(format!("{} has the operators = and != (got {operator})", self.field)),
        }
    }

    fn order(&self) -> Result<Order, String> {
        match self.operator {
            ">=" => Ok(Order::AtLeast),
            ">" => Ok(Order::Above),
            "<=" => Ok(Order::AtMost),
            "<" => Ok(Order::Below),
            operator => Err(format!("{} has the operators >=, >, <= and < (got {operator})", self.field)),
        }
    }

    fn seconds(&self) -> Result<f64, String> {
        let number = self.value.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{} must be compared with a number of seconds (got {:?})", self.field, self.value))
    }

    fn number(&self) -> Result<Number, String> {
        let Self { field, value, .. } = self;
        let number =
            value.parse().map_err(|_| format!("{field} must be compared with a whole number (got {value:?})"))?;
        Ok(match self.order() {
            Ok(order) => Number::Order(order, number),
            Err(_) => Number::Is(self.is()?, number),
        })
    }

    fn names(&self) -> Result<Vec<String>, String> {
        let names = self.value.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        match names.is_empty() {
            true => Err(format!("{} must be compared with a name (got {:?})", self.field, self.value)),
            false => Ok(names),
        }
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
        match &self.test {
            Test::Source(glob, is) => is.holds(glob.is_match(&row.source)),
            Test::Kind(kinds, is) => is.holds(kind_of(&row.source).is_some_and(|kind| kinds.contains(&kind))),
            Test::Option(..) => self.allows_option(option_of(row)),
            Test::Scope(names, is) => is.holds(row.scope.as_ref().is_some_and(|name| names.contains(name))),
            Test::Start(order, limit) => row.start_sec.is_some_and(|start| order.holds(&start, limit)),
            Test::End(order, limit) => row.end_sec.is_some_and(|end| order.holds(&end, limit)),
            Test::Page(number) => row.start_page.is_some_and(|first| {
                let last = row.end_page.unwrap_or(first);
                number.holds(first, last)
            }),
            Test::Chunk(number) => row.chunk_index.is_some_and(|chunk| number.holds(chunk, chunk)),
        }
    }

    /// Whether a row of this embedding option can meet the condition.
    pub(super) fn allows_option(&self, option: &str) -> bool {
        match &self.test {
            Test::Option(names, is) => is.holds(names.iter().any(|name| name == option)),
            _ => true,
        }
    }

    /// The names that it has of options or scopes.
    pub(super) fn names_of(&self, field: &str) -> &[String] {
        match (&self.test, field) {
            (Test::Option(names, _), "option") | (Test::Scope(names, _), "scope") => names,
            _ => &[],
        }
    }

    pub(super) fn is_about_scopes(&self) -> bool {
        matches!(self.test, Test::Scope(..))
    }
}

impl Is {
    fn holds(self, has_one: bool) -> bool {
        has_one == (self == Self::One)
    }
}

impl Order {
    fn holds<T: PartialOrd>(self, value: &T, limit: &T) -> bool {
        match self {
            Self::AtLeast => value >= limit,
            Self::Above => value > limit,
            Self::AtMost => value <= limit,
            Self::Below => value < limit,
        }
    }
}

impl Number {
    /// For a range of numbers, both of which are in it.
    fn holds(self, first: u64, last: u64) -> bool {
        match self {
            Self::Is(is, number) => is.holds((first..=last).contains(&number)),
            Self::Order(order, limit) => order.holds(&first, &limit) && order.holds(&last, &limit),
        }
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
            scope: Some("clip".into()),
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
            "scope=asset,clip",
            "scope!=asset",
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
            "option=none",
            "scope=asset",
            "scope!=clip",
            "page=1",
            "page!=1",
            "chunk>=0",
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
        assert!(parse("option=none,audio").allows(&image) && !parse("option!=none").allows(&image));
        for source in ["https://example.com/watch", "HTTPS://example.com/watch"] {
            let url = VectorRow { source: source.into(), ..VectorRow::default() };
            assert!(parse("kind=video").allows(&url), "{source}");
        }
        assert_eq!(parse("start > 9.5").to_string(), "start > 9.5");
    }

    #[test]
    fn pages_and_chunks_are_compared_as_whole_numbers() {
        let row = VectorRow { start_page: Some(3), end_page: Some(5), chunk_index: Some(0), ..VectorRow::default() };
        for text in
            ["page=3", "page=4", "page=5", "page!=2", "page>=3", "page<=5", "page>2", "page<6", "chunk=0", "chunk<1"]
        {
            assert!(parse(text).allows(&row), "{text}");
        }
        for text in ["page=6", "page!=4", "page>=4", "page<=4", "page>3", "page<5", "chunk!=0", "chunk>0"] {
            assert!(!parse(text).allows(&row), "{text}");
        }
        let single = VectorRow { start_page: Some(2), ..VectorRow::default() };
        assert!(
            parse("page=2").allows(&single) && !parse("page=3").allows(&single) && !parse("chunk=0").allows(&single)
        );
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
            "scope>=clip",
            "page=1.5",
            "page>=-1",
            "chunk!=first",
        ];
        let all: String =
            cases.iter().map(|text| format!("{text}: {}\n", RowCondition::from_str(text).expect_err(text))).collect();
        insta::assert_snapshot!(all);
    }
}
