//! Manifests: files that list items with settings of their own.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Item, csv, is_url};
use crate::{
    error::PipelineError,
    escape::escape_control,
    job::{Clips, FileKind, ItemSettings, Origin, Rules},
    object_url::{ObjectUrl, is_object_url},
};

/// The columns of a CSV manifest, and the fields of a line of JSON. Only `source` is required.
const COLUMNS: [&str; 6] = ["source", "options", "scopes", "clips", "start", "end"];

/// Largest size of a manifest, in bytes.
const LARGEST: u64 = 1 << 30;

/// Names of the standard input. As files, they would be in the folder `/dev`.
const STANDARD_INPUT: [&str; 3] = ["-", "/dev/stdin", "/dev/fd/0"];

/// Whether the standard input is meant.
pub(super) fn is_standard_input(path: &Path) -> bool {
    STANDARD_INPUT.iter().any(|name| path.as_os_str() == *name)
}

/// A line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    source: String,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    clips: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
}

/// The place of an error: name of the manifest, line, column.
struct Place<'n>(&'n str, usize, usize);

impl Place<'_> {
    fn error(&self, message: impl std::fmt::Display) -> PipelineError {
        let Self(name, line, column) = self;
        PipelineError::usage(format!("{name}:{line}:{column}: {}", escape_control(&message.to_string())))
    }
}

/// Reads all items of a manifest. Paths are relative to its folder, or to the current one for the standard input and for
/// what is not a file, such as a pipe, whose name says nothing of the format either.
pub(super) fn read(path: &Path, run: &ItemSettings, rules: &Rules) -> Result<Vec<Item>, PipelineError> {
    let is_stdin = is_standard_input(path);
    let is_file = !is_stdin && path.is_file();
    let name = if is_stdin { "standard input".to_owned() } else { escape_control(&path.to_string_lossy()) };
    let cannot = |error| PipelineError::file("cannot read the manifest", path, error);
    let bytes = match is_stdin {
        true => read_within(std::io::stdin().lock(), LARGEST),
        false => std::fs::File::open(path).and_then(|file| read_within(file, LARGEST)),
    };
    let too_large = || PipelineError::usage(format!("{name}: a manifest may have at most {LARGEST} bytes"));
    let bytes = bytes.map_err(cannot)?.ok_or_else(too_large)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let line = valid.matches('\n').count() + 1;
        let column = valid.rsplit('\n').next().map_or(1, |last| last.chars().count() + 1);
        Place(&name, line, column).error("is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_json = match is_file {
        true => matches!(extension.as_str(), "jsonl" | "ndjson" | "json"),
        false => text.trim_start().starts_with('{'),
    };
    let folder = if is_file { path.parent() } else { None };
    if is_json { of_json(text, &name, folder, run, rules) } else { of_csv(text, &name, folder, run, rules) }
}

/// Reads to the end; `None` if there are more than `most` bytes.
fn read_within(reader: impl Read, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Where an item comes from. The error is a rule.
fn origin(source: &str, folder: Option<&Path>) -> Result<Origin, String> {
    Ok(match folder {
        _ if source.is_empty() => return Err("source must not be empty".into()),
        _ if is_url(source) => Origin::Url(source.to_owned()),
        _ if is_object_url(source) => Origin::Object(ObjectUrl::parse(source)?),
        Some(folder) => Origin::File(folder.join(source)),
        None => Origin::File(PathBuf::from(source)),
    })
}

fn of_json(
    text: &str,
    name: &str,
    folder: Option<&Path>,
    run: &ItemSettings,
    rules: &Rules,
) -> Result<Vec<Item>, PipelineError> {
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if !line.trim_start().starts_with('{') {
            return Err(Place(name, index + 1, 1).error("each line must be a JSON object"));
        }
        let parsed: Line = serde_json::from_str(line).map_err(|error| {
            let text = error.to_string();
            // The error repeats its place.
            let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
            Place(name, index + 1, error.column().max(1)).error(message)
        })?;
        let at = |field: &str| {
            let column = line.find(&format!("\"{field}\"")).map_or(1, |at| line[..at].chars().count() + 1);
            Place(name, index + 1, column)
        };
        let clips = parsed.clips.as_deref().map(str::parse::<Clips>).transpose();
        let settings = ItemSettings {
            options: parsed.options,
            scopes: parsed.scopes,
            clips: clips.map_err(|rule| at("clips").error(format!("clips {rule}")))?,
            start_sec: parsed.start,
            end_sec: parsed.end,
        };
        let origin = origin(&parsed.source, folder).map_err(|rule| at("source").error(rule))?;
        let settings = settings.or(run);
        if let Some((field, rule)) = rules.violation(&settings, FileKind::Video) {
            return Err(at(field).error(format!("{field} {rule}")));
        }
        items.push(Item { origin, settings, listed: None });
    }
    Ok(items)
}

fn of_csv(
    text: &str,
    name: &str,
    folder: Option<&Path>,
    run: &ItemSettings,
    rules: &Rules,
) -> Result<Vec<Item>, PipelineError> {
    let records = csv::records(text).map_err(|(line, column, rule)| Place(name, line, column).error(rule))?;
    let mut records = records.into_iter();
    let Some(header) = records.next() else { return Ok(Vec::new()) };
    for (index, field) in header.iter().enumerate() {
        let title = field.text.trim();
        let place = || Place(name, field.line, field.column);
        if !COLUMNS.contains(&title) {
            return Err(place().error(format!("unknown column {title:?}: must be one of {}", COLUMNS.join(", "))));
        }
        if header[..index].iter().any(|other| other.text.trim() == title) {
            return Err(place().error(format!("the column {title} occurs twice")));
        }
    }
    let position = |title: &str| header.iter().position(|field| field.text.trim() == title);
    let Some(source) = position("source") else {
        return Err(Place(name, 1, 1).error("the column source is missing"));
    };
    let mut items = Vec::new();
    for record in records {
        if record.len() != header.len() {
            let (line, column) =
                record.get(header.len()).or(record.last()).map_or((1, 1), |field| (field.line, field.column));
            let rule = format!("must have {} fields, like the header (got {})", header.len(), record.len());
            return Err(Place(name, line, column).error(rule));
        }
        let field = |title: &str| position(title).map(|at| &record[at]).filter(|field| !field.text.trim().is_empty());
        let place = |title: &str| {
            let field = position(title).map_or(&record[0], |at| &record[at]);
            Place(name, field.line, field.column)
        };
        let list = |title: &str| -> Vec<String> {
            let names = field(title).map_or("", |field| field.text.as_str()).split([';', ' ', '+']);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let number =
            |title: &str| match field(title) {
                None => Ok(None),
                Some(field) => field.text.trim().parse::<f64>().map(Some).map_err(|_| {
                    place(title).error(format!("{title} must be a number of seconds (got {:?})", field.text))
                }),
            };
        let clips = field("clips").map(|field| field.text.trim().parse::<Clips>()).transpose();
        let settings = ItemSettings {
            options: list("options"),
            scopes: list("scopes"),
            clips: clips.map_err(|rule| place("clips").error(format!("clips {rule}")))?,
            start_sec: number("start")?,
            end_sec: number("end")?,
        };
        let origin = origin(&record[source].text, folder).map_err(|rule| place("source").error(rule))?;
        let settings = settings.or(run);
        if let Some((title, rule)) = rules.violation(&settings, FileKind::Video) {
            return Err(place(title).error(format!("{title} {rule}")));
        }
        items.push(Item { origin, settings, listed: None });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<Item>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let run = ItemSettings { clips: Some(Clips::Fixed(4)), ..ItemSettings::default() };
        let prefix = format!("{}/", folder.path().display());
        let rules = Rules::of(&twelvelabs::ModelName::Marengo35);
        read(&path, &run, &rules).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    #[test]
    fn both_formats_say_the_same() {
        let csv = "source,options,start,end,clips\na.mp4,visual;audio,1,2.5,\nhttps://example.com/b.mp4,,,,fixed:6\n";
        let json = "{\"source\":\"a.mp4\",\"options\":[\"visual\",\"audio\"],\"start\":1,\"end\":2.5}\n\n\
                    {\"source\":\"https://example.com/b.mp4\",\"clips\":\"fixed:6\"}\n";
        let (csv, json) = (parse("m.csv", csv).expect("read"), parse("m.jsonl", json).expect("read"));
        let settings = |items: &[Item]| items.iter().map(|item| item.settings.clone()).collect::<Vec<_>>();
        assert_eq!(settings(&csv), settings(&json));
        assert_eq!((csv[0].settings.clips, csv[1].settings.clips), (Some(Clips::Fixed(4)), Some(Clips::Fixed(6))));
        assert!(matches!(&csv[0].origin, Origin::File(path) if path.ends_with("a.mp4") && path.is_absolute()));
        assert!(matches!(&json[1].origin, Origin::Url(_)));
    }

    #[test]
    fn a_manifest_that_is_too_large_is_not_cut() {
        let read = |most| read_within(b"source\na.mp4\n".as_slice(), most).expect("read");
        assert_eq!(read(13).as_deref(), Some(b"source\na.mp4\n".as_slice()));
        assert_eq!(read(12), None);
    }

    #[test]
    fn bytes_that_are_not_utf_8_have_a_place_too() {
        let place = |bytes: &[u8]| parse("m.csv", bytes).expect_err("refused");
        assert_eq!(place(b"source\n\xff\n"), "m.csv:2:1: is not UTF-8");
        assert_eq!(place(b"\xff"), "m.csv:1:1: is not UTF-8");
        assert_eq!(
            place("source\n\u{e9}a".as_bytes().iter().copied().chain([0xff]).collect::<Vec<_>>().as_slice()),
            "m.csv:2:3: is not UTF-8"
        );
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let cases = [
            ("m.csv", "source,color\n"),
            ("m.csv", "source,source\n"),
            ("m.csv", "start\n1\n"),
            ("m.csv", "source,start\na.mp4\n"),
            ("m.csv", "source,start\na.mp4,1,2\n"),
            ("m.csv", "source,start\na.mp4,soon\n"),
            ("m.csv", "source,start,end\na.mp4,5,5\n"),
            ("m.csv", "source,clips\na.mp4,fixed:99\n"),
            ("m.csv", "source,clips\na.mp4,fixed:1\n"),
            ("m.csv", "source,options\na.mp4,visual\nb.mp4,visual;transcription\n"),
            ("m.csv", "source,end\na.mp4,20000\n"),
            ("m.jsonl", "{\"source\":\"a.mp4\", \"options\":[\"transcription\"]}\n"),
            ("m.csv", "source,options\n\"a\nb.mp4\",smell\n"),
            ("m.csv", "source,start\n,1\n"),
            ("m.csv", "start,source\n1,s3://key:SECRET@bucket/a.mp4\n"),
            ("m.csv", "source\n\"a\n"),
            ("m.jsonl", "{\"source\":\"a.mp4\"}\n{\"source\":1}\n"),
            ("m.jsonl", "{\"source\":\"a.mp4\",\"color\":1}\n"),
            ("m.jsonl", "{\"source\":\"a.mp4\", \"end\":-1}\n"),
            ("m.jsonl", "{}\n"),
            ("m.jsonl", "[]\n"),
        ];
        let all: String = cases.iter().map(|(name, text)| parse(name, text).expect_err(text) + "\n").collect();
        insta::assert_snapshot!(all);
    }
}
