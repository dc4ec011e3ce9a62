//! Public text uses the words that Rust engineers know; this test finds some that they do not.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

/// A word, and what to write instead.
const WORDS: &[(&str, &str)] = &[
    ("answer", "response"),
    ("answers", "responses"),
    ("answered", "responded"),
    ("creations", "create calls"),
    ("misfit", "invalid value"),
    ("trouble", "error"),
    ("troubles", "errors"),
    ("bear", "tolerate"),
    ("bears", "tolerates"),
    ("borne", "tolerated"),
    ("readings", "polls"),
    ("hint", "Retry-After"),
    ("hints", "Retry-After"),
    ("stand-in", "local server"),
    ("verdict", "validation report"),
    ("judge", "validate"),
    ("judged", "validated"),
    ("nobody", "name the caller, the server, the user"),
    ("somebody", "name the caller, the server, the user"),
    ("whoever", "name the caller, the server, the user"),
    ("platform's words", "message"),
    ("take up again", "resume"),
    ("taken up again", "resumed"),
    ("held against", "validated against"),
    ("keeps the contract", "is valid against the OpenAPI document"),
    ("breaks the contract", "is not valid against the OpenAPI document"),
    ("passing trouble", "transient error"),
    ("vectors that are none", "invalid vectors"),
    ("all the same", "nevertheless"),
];

/// Lines that contain such a word for a good reason: the end of the file's path, and a part of the line.
const EXCEPTIONS: &[(&str, &str)] = &[];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder with one of these endings, without build output.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                files(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// What a user reads of a line: prose of Markdown and YAML, and doc comments and string literals of Rust.
fn public_text<'l>(path: &Path, line: &'l str) -> Cow<'l, str> {
    let trimmed = line.trim_start();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("rs") if trimmed.starts_with("///") || trimmed.starts_with("//!") => trimmed.into(),
        Some("rs") => string_literals(trimmed).into(),
        Some("yaml") if trimmed.starts_with('#') => "".into(),
        _ => line.into(),
    }
}

/// The string literals of a line of code that begin and end in it, with a line break between them.
fn string_literals(line: &str) -> String {
    let mut literals = String::new();
    let mut rest = line.split("//").next().unwrap_or(line);
    while let Some(start) = rest.find('"') {
        let mut escaped = false;
        let end = rest[start + 1..].find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else { break };
        literals.push_str(&rest[start + 1..start + 1 + end]);
        literals.push('\n');
        rest = &rest[start + 2 + end..];
    }
    literals
}

/// Whether the text has the word, on its own, in any case.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(word).any(|(at, _)| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        !text[..at].chars().next_back().is_some_and(is_part)
            && !text[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

#[test]
fn public_text_has_no_coined_words() {
    let root = root();
    let mut found = Vec::new();
    for folder in
        ["client-ext", "generated/src", "media", "pipeline", "tests/contract", "tests/local", "tests/suite/it", "xtask"]
    {
        files(&root.join(folder), &[".rs"], &mut found);
    }
    files(&root.join("spec"), &[".yaml", ".md"], &mut found);
    files(&root.join("docs"), &[".md", ".rs"], &mut found);
    files(&root.join("client-ext/src/guide"), &[".md"], &mut found);
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        "generated/README.md",
        "media/README.md",
        "pipeline/README.md",
        "pipeline/temporal/README.md",
        "tests/contract/README.md",
        "tests/local/README.md",
    ] {
        found.push(root.join(file));
    }
    // This file lists the words.
    found.retain(|path| !path.ends_with("it/language.rs"));
    found.sort();
    let mut misses = Vec::new();
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (number, line) in text.lines().enumerate() {
            let excepted = |part: &&(&str, &str)| path.ends_with(part.0) && line.contains(part.1);
            let public = public_text(&path, line);
            for (word, instead) in WORDS.iter().filter(|(word, _)| has_word(&public, word)) {
                if !EXCEPTIONS.iter().any(|exception| excepted(&exception)) {
                    let place = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
                    misses.push(format!("{place}:{}: `{word}`; write `{instead}`", number + 1));
                }
            }
        }
    }
    assert!(misses.is_empty(), "{} words to replace:\n{}", misses.len(), misses.join("\n"));
}

#[test]
fn string_literals_are_public_and_code_is_not() {
    let path = Path::new("a.rs");
    assert_eq!(public_text(path, r#"    answer("the \"answer\"", 'x', "b"); // "answer""#), "the \\\"answer\\\"\nb\n");
    assert_eq!(public_text(path, "    /// The answer"), "/// The answer");
    assert_eq!(public_text(path, "    // The answer"), "");
}

#[test]
fn words_are_found_on_their_own_only() {
    assert!(has_word("The Answer is", "answer") && has_word("a stand-in.", "stand-in"));
    assert!(!has_word("unanswered", "answer") && !has_word("answer_time", "answer") && !has_word("bearer", "bear"));
}
