//! `search`: the clips that are nearest to a query.

use std::path::Path;

use twelvelabs::embed::{
    IntoSegments,
    v2::{EmbedInput, ImageInput, MediaSource, VideoInput},
};
use twelvelabs_pipeline::{PipelineError, RowCondition, SearchSettings, VectorTable, escape_control, results_page};

use crate::{
    args::{Search, Weight},
    connection::Connection,
    exit::{Exit, Failure, Outcome},
    output, picture,
};

pub(crate) async fn run(arguments: Search) -> Outcome {
    let common = &arguments.common;
    let (folder, conditions) = (arguments.table.clone(), conditions(&arguments)?);
    let table = blocking(move || VectorTable::open(&folder, &conditions)).await?;
    let mut settings = SearchSettings::default();
    settings.top = arguments.top;
    settings.weights = arguments.weights.iter().cloned().map(|Weight(name, number)| (name, number)).collect();
    // Before the query is paid for.
    table.check(&settings)?;
    let (query, name) = match (&arguments.text, &arguments.image, &arguments.video) {
        (Some(text), ..) => (EmbedInput::from(text.as_str()), text.clone()),
        (_, Some(path), _) => (ImageInput::new(bytes(path)?).into(), path.to_string_lossy().into_owned()),
        (.., Some(path)) => (VideoInput::new(bytes(path)?).into(), path.to_string_lossy().into_owned()),
        _ => return Err(Failure::new(Exit::Usage, "name a text, --image or --video")),
    };
    let connection = Connection::open(common, None).await?;
    let space = table.space().clone();
    let mut call = connection.client.embed().v2().create(space.model.clone(), query);
    if space.dimension != 512 {
        call = call.embedding_dimension(space.dimension as u64);
    }
    let segments = call.send().await?.into_segments();
    let unusable = || Failure::new(Exit::Platform, "the response has no vector of the query");
    let vector = segments.into_iter().next().ok_or_else(unusable)?.vector;
    let hits = blocking(move || table.search(&vector, &settings)).await?;
    if let Some(path) = &arguments.html {
        let cannot = |error| {
            Failure::new(Exit::Storage, format!("cannot write {}: {error}", escape_control(&path.to_string_lossy())))
        };
        std::fs::write(path, results_page(&name, &hits, picture::of_hit)).map_err(cannot)?;
    }
    if common.json {
        hits.iter().for_each(output::json);
    } else {
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

/// The bytes of a file that is the query.
fn bytes(path: &Path) -> Result<MediaSource, Failure> {
    let cannot = |error| {
        Failure::new(Exit::NotFound, format!("cannot read {}: {error}", escape_control(&path.to_string_lossy())))
    };
    std::fs::read(path).map(MediaSource::bytes).map_err(cannot)
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
