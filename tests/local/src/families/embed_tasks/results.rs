//! Results on disk: a line for each segment, with its option, a tab, and its JSON.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use twelvelabs_api::types::{EmbeddingOption, VideoSegment};

/// Writes a segment.
pub(super) fn write(out: &mut dyn Write, segment: &VideoSegment) -> io::Result<()> {
    let option = segment.embedding_option.as_ref().map_or("", |option| option.as_str());
    write!(out, "{option}\t")?;
    serde_json::to_writer(&mut *out, segment)?;
    out.write_all(b"\n")
}

/// Calls `sink` with the JSON of each segment that has one of these options. Without options, with every segment.
pub(super) fn each_json(
    path: &Path,
    options: &[EmbeddingOption],
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = line.trim_ascii_end();
        if let Some(tab) = text.iter().position(|byte| *byte == b'\t') {
            let (option, segment) = (&text[..tab], &text[tab + 1..]);
            if options.is_empty() || options.iter().any(|wanted| wanted.as_str().as_bytes() == option) {
                sink(segment)?;
            }
        }
        line.clear();
    }
    Ok(())
}

/// Calls `sink` with each segment.
pub(super) fn each(path: &Path, mut sink: impl FnMut(VideoSegment)) -> io::Result<()> {
    each_json(path, &[], |json| {
        sink(serde_json::from_slice(json)?);
        Ok(())
    })
}
