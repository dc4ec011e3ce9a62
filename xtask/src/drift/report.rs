//! Output formats of a comparison.

use std::fmt::Write as _;

use anyhow::Result;

use super::{Change, Class, Drift};

/// Output format.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line per difference.
    Text,
    /// One object.
    Json,
    /// Tables for a pull request.
    Markdown,
}

/// The report of a comparison.
pub fn render(changes: &[Change], drift: &Drift, stale: &[String], format: Format) -> Result<String> {
    let mut out = String::new();
    match format {
        Format::Json => {
            let value = serde_json::json!({
                "changes": changes, "accepted": drift.accepted, "stale": stale, "new_operations": drift.new_operations,
            });
            return Ok(serde_json::to_string_pretty(&value)? + "\n");
        }
        Format::Markdown => markdown(&mut out, changes, drift)?,
        Format::Text => {
            for change in changes {
                writeln!(out, "{change}")?;
            }
        }
    }
    for entry in stale {
        writeln!(out, "accepted in spec/accepted-drift.yaml, but no longer a difference: {entry}")?;
    }
    let of = |class| changes.iter().filter(|change| change.class == class).count();
    writeln!(
        out,
        "{} breaking, {} additive, {} prose only; {} accepted; {} operations only in the other document",
        of(Class::Breaking),
        of(Class::Additive),
        of(Class::Prose),
        drift.accepted,
        drift.new_operations.len(),
    )?;
    Ok(out)
}

/// A section for each class.
fn markdown(out: &mut String, changes: &[Change], drift: &Drift) -> Result<()> {
    // GitHub would read a pipe as the end of a cell.
    let plain = |text: &str| text.replace(['\n', '\r'], " ").replace('|', "\\|");
    // A code span starts and ends with more backticks than its text has in a row.
    let cell = |text: &str| match text.split(|c| c != '`').map(str::len).max().unwrap_or_default() {
        _ if text.is_empty() => String::new(),
        0 => format!("`{}`", plain(text)),
        longest => format!("{0} {1} {0}", "`".repeat(longest + 1), plain(text)),
    };
    // Prose is shown as its tokens, some of which are code spans already. `<` would be a tag.
    let prose = |text: &str| if text.contains('`') { plain(text).replace('<', "&lt;") } else { cell(text) };
    for (class, title) in [(Class::Breaking, "Breaking"), (Class::Additive, "Additive"), (Class::Prose, "Prose only")] {
        let own: Vec<&Change> = changes.iter().filter(|change| change.class == class).collect();
        if own.is_empty() {
            continue;
        }
        let extra = if class == Class::Breaking { (" in your code |", " --- |") } else { ("", "") };
        writeln!(out, "## {title}\n\n| operation | place | what | before | after |{}", extra.0)?;
        writeln!(out, "| --- | --- | --- | --- | --- |{}", extra.1)?;
        for change in own {
            let flag = if change.flagged { " (!)" } else { "" };
            let cells = [&change.operation, &change.place].map(|text| cell(text));
            let values = [&change.before, &change.after].map(|text| match change.what.as_str() {
                "prose" => prose(text),
                _ => cell(text),
            });
            write!(out, "| {} | {}{flag} | {} |", cells.join(" | "), change.what, values.join(" | "))?;
            match (class, &change.code) {
                (Class::Breaking, code) => {
                    writeln!(out, " {} |", code.as_deref().unwrap_or_default().replace('|', "\\|"))?
                }
                _ => writeln!(out)?,
            }
        }
        out.push('\n');
    }
    if !drift.new_operations.is_empty() {
        writeln!(
            out,
            "<details><summary>{} operations only in the other document</summary>\n",
            drift.new_operations.len()
        )?;
        for operation in &drift.new_operations {
            writeln!(out, "- `{operation}`")?;
        }
        writeln!(out, "\n</details>\n")?;
    }
    Ok(())
}
