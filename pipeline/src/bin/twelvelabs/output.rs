//! Lines for people and programs. A closed output is no reason to stop.

use std::io::{self, Write};

use serde::Serialize;

/// Prints a line to the standard output.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a value as a line of JSON to the standard output.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(error) => self::error(&error.to_string()),
    }
}

/// Prints a line to the standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error.
pub(crate) fn error(message: &str) {
    note(&format!("error: {message}"));
}

/// Prints a table to the standard output, with the columns as wide as their longest text.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = header.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        line(cells.join("  ").trim_end());
    };
    print(&mut header.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}
