//! `search`: the clips that are nearest to a query.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

use twelvelabs::embed::{
    IntoSegments,
    v2::{EmbedInput, ImageInput, MediaSource, VideoInput},
};
use twelvelabs_media::{Media, ProbeError};
use twelvelabs_pipeline::{
    Hit, LedgerStatus, PipelineError, RowCondition, SearchSettings, VectorTable, escape_control, results_page,
};

use crate::{
    args::{Search, Weight},
    connection::Connection,
    embed::LEDGER,
    exit::{Exit, Failure, Outcome},
    output, picture,
};

/// How the ledger names the server of `--local`, and the platform.
const LOCAL: &str = "the local server";
const PLATFORM: &str = "the platform";

/// Nothing is paid before all is checked that can be checked without the vector of the query.
pub(crate) async fn run(arguments: Search) -> Outcome {
    let common = &arguments.common;
    let (folder, conditions) = (arguments.table.clone(), conditions(&arguments)?);
    let table = blocking(move || VectorTable::open(&folder, &conditions)).await?;
    let mut settings = SearchSettings::default();
    settings.top = arguments.top;
    settings.weights = arguments.weights.iter().cloned().map(|Weight(name, number)| (name, number)).collect();
    table.check(&settings)?;
    let (query, name) = match (&arguments.text, &arguments.image, &arguments.video) {
        (Some(text), ..) => (EmbedInput::from(text.as_str()), text.clone()),
        (_, Some(path), _) => (ImageInput::new(image(path)?).into(), path.to_string_lossy().into_owned()),
        (.., Some(path)) => (VideoInput::new(video(path)?).into(), path.to_string_lossy().into_owned()),
        _ => return Err(Failure::new(Exit::Usage, "name a text, --image or --video")),
    };
    if let Some(path) = &arguments.html {
        check_writable(path).map_err(|error| cannot_write(path, &error))?;
    }
    let (table, settings, has_rows) = blocking(move || {
        let has_rows = table.has_rows(&settings)?;
        Ok((table, settings, has_rows))
    })
    .await?;
    if !has_rows {
        let what = if arguments.has_conditions() {
            "no row of the table meets the conditions"
        } else {
            "the table has no rows"
        };
        output::note(what);
        return show(&arguments, &name, &[]);
    }
    let connection = Connection::open(common, None).await;
    let server = match &connection {
        Ok(connection) => &connection.server_name,
        Err(_) if common.local => LOCAL,
        Err(_) => PLATFORM,
    };
    check_server(&arguments.table, server)?;
    let connection = connection?;
    let space = table.space().clone();
    let mut call = connection.client.embed().v2().create(space.model.clone(), query);
    if space.dimension != 512 {
        call = call.embedding_dimension(space.dimension as u64);
    }
    let segments = call.send().await?.into_segments();
    let unusable = || Failure::new(Exit::Platform, "the response has no vector of the query");
    let vector = segments.into_iter().next().ok_or_else(unusable)?.vector;
    let hits = blocking(move || table.search(&vector, &settings)).await?;
    show(&arguments, &name, &hits)
}

/// Writes the page and prints the hits.
fn show(arguments: &Search, query: &str, hits: &[Hit]) -> Outcome {
    if let Some(path) = &arguments.html {
        fs::write(path, results_page(query, hits, picture::of_hit)).map_err(|error| cannot_write(path, &error))?;
    }
    if arguments.common.json {
        hits.iter().for_each(output::json);
    } else if !hits.is_empty() {
        let rows: Vec<Vec<String>> = hits
            .iter()
            .map(|hit| {
                let cosines = hit.cosines.iter().map(|(option, cosine)| format!("{option} {cosine:.3}"));
                let cosines = cosines.collect::<Vec<_>>().join(", ");
                vec![format!("{:.4}", hit.score), hit.range(), escape_control(&hit.source), escape_control(&cosines)]
            })
            .collect();
        output::table(&["score", "range", "source", "cosine"], &rows);
    }
    Ok(Exit::Done)
}

impl Search {
    fn has_conditions(&self) -> bool {
        !self.filters.is_empty() || !self.scopes.is_empty() || self.source.is_some()
    }
}

/// Checks that a file can be written, and changes none.
fn check_writable(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create_new(true).open(path)?;
            fs::remove_file(path)
        }
        // The reader of a pipe would see its end.
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Ok(()),
        _ => OpenOptions::new().write(true).open(path).map(drop),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Storage, format!("cannot write {}: {error}", escape_control(&path.to_string_lossy())))
}

/// Checks that a table and a query have the same server, as far as the ledger beside the table knows: the vectors of the
/// local server cannot be compared with others.
fn check_server(table: &Path, server: &str) -> Result<(), Failure> {
    let path = table.join(LEDGER);
    // A table is searched without its ledger, too.
    let status = if path.exists() { LedgerStatus::read(&path).ok() } else { None };
    let parameters = status.map(|status| status.parameters).unwrap_or_default();
    let Some((_, recorded)) = parameters.iter().find(|(name, _)| name == "server") else { return Ok(()) };
    let advice = match (recorded == LOCAL, server == LOCAL) {
        (true, false) => "search with --local",
        (false, true) => "search without --local",
        _ => return Ok(()),
    };
    if [recorded.as_str(), server].into_iter().any(is_loopback) {
        return Ok(());
    }
    let message = format!(
        "{} has vectors of {}, which cannot be compared with a query of {}: {advice}",
        escape_control(&table.to_string_lossy()),
        escape_control(recorded),
        escape_control(server)
    );
    Err(Failure::new(Exit::Usage, message))
}

/// Whether a base URL is that of a server on this machine, which may be a local server, too.
fn is_loopback(server: &str) -> bool {
    let authority = server.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback)
}

/// The conditions of `--filter`, `--scope` and `--source`.
fn conditions(arguments: &Search) -> Result<Vec<RowCondition>, Failure> {
    let parse = |text: String| text.parse().map_err(|rule: String| Failure::new(Exit::Usage, rule));
    let scope = (!arguments.scopes.is_empty()).then(|| format!("scope={}", arguments.scopes.join(",")));
    let source = arguments.source.as_ref().map(|text| format!("source=*{}*", escape(text)));
    let own = scope.into_iter().chain(source).map(parse).collect::<Result<Vec<_>, _>>()?;
    Ok(own.into_iter().chain(arguments.filters.iter().cloned()).collect())
}

/// A glob that matches only this text.
fn escape(text: &str) -> String {
    let escaped = |c: char| match c {
        '?' | '*' | '[' | ']' | '{' | '}' | '\\' => format!("[{c}]"),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Reads a table on a thread where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PipelineError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Failure::new(Exit::Storage, error.to_string()))??)
}

/// An image that is the query.
fn image(path: &Path) -> Result<MediaSource, Failure> {
    let bytes = bytes(path)?;
    if !bytes.starts_with(b"\x89PNG") && !bytes.starts_with(b"\xff\xd8\xff") {
        return Err(wrong_kind("--image must be a PNG or JPEG file", path));
    }
    Ok(MediaSource::bytes(bytes))
}

/// A video that is the query.
fn video(path: &Path) -> Result<MediaSource, Failure> {
    let bytes = bytes(path)?;
    match Media::probe(path).map_err(|error| cannot_read(path, &error))? {
        Err(ProbeError::NotVideo(what) | ProbeError::NotAudio(what) | ProbeError::Broken(what)) => {
            Err(wrong_kind(&format!("--video must be a whole video, and the file {what}"), path))
        }
        // The server reads what is not read here.
        _ => Ok(MediaSource::bytes(bytes)),
    }
}

fn wrong_kind(rule: &str, path: &Path) -> Failure {
    Failure::new(Exit::Usage, format!("{rule} (got {})", escape_control(&path.to_string_lossy())))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| cannot_read(path, &error))
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Usage };
    Failure::new(exit, format!("cannot read {}: {error}", escape_control(&path.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_source_matches_itself_and_nothing_else() {
        let glob = |text: &str| globset::Glob::new(&format!("*{}*", escape(text))).expect(text).compile_matcher();
        for text in ["a b/\u{e9}!,-.mp4", "[a-z]", "*", "?", "{a,b}", "a{", "]", "\\", "!x", "a\nb"] {
            assert!(glob(text).is_match(format!("before/{text}/after")), "{text}");
            assert!(!glob(text).is_match("before/abc/after"), "{text}");
        }
    }
}
