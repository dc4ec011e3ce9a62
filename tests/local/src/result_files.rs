//! Results on disk: a line for each item, with its embedding option, a tab, and its JSON.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};
use twelvelabs_api::types::EmbeddingOption;

/// Writes an item.
pub(crate) fn write(out: &mut dyn Write, option: Option<&EmbeddingOption>, item: &impl Serialize) -> io::Result<()> {
    write!(out, "{}\t", option.map_or("", |option| option.as_str()))?;
    serde_json::to_writer(&mut *out, item)?;
    out.write_all(b"\n")
}

/// Calls `sink` with the JSON of each item that has one of these options. Without options, with every item.
pub(crate) fn each_json(
    path: &Path,
    options: &[EmbeddingOption],
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = line.trim_ascii_end();
        if let Some(tab) = text.iter().position(|byte| *byte == b'\t') {
            let (option, item) = (&text[..tab], &text[tab + 1..]);
            if options.is_empty() || options.iter().any(|wanted| wanted.as_str().as_bytes() == option) {
                sink(item)?;
            }
        }
        line.clear();
    }
    Ok(())
}

/// Calls `sink` with each item.
pub(crate) fn each<T: DeserializeOwned>(path: &Path, mut sink: impl FnMut(T)) -> io::Result<()> {
    each_json(path, &[], |json| {
        sink(serde_json::from_slice(json)?);
        Ok(())
    })
}
