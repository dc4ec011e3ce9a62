//! `search`: the clips that are nearest to a query.

use std::path::Path;

use twelvelabs::embed::{
    IntoSegments,
    v2::{EmbedInput, ImageInput, MediaSource, VideoInput},
};
use twelvelabs_pipeline::{RowFilter, SearchSettings, VectorTable, escape_control, results_page};

use crate::{
    args::{Search, Weight},
    connection::Connection,
    exit::{Exit, Failure, Outcome},
    output, picture,
};

pub(crate) async fn run(arguments: Search) -> Outcome {
    let common = &arguments.common;
    let mut filter = RowFilter::default();
    (filter.scopes, filter.source) = (arguments.scopes.clone(), arguments.source.clone());
    filter.conditions.clone_from(&arguments.filters);
    let folder = arguments.table.clone();
    let opened = tokio::task::spawn_blocking(move || VectorTable::open(&folder, &filter)).await;
    let table = opened.map_err(|error| Failure::new(Exit::Storage, error.to_string()))??;
    let (query, name) = match (&arguments.text, &arguments.image, &arguments.video) {
        (Some(text), ..) => (EmbedInput::from(text.as_str()), text.clone()),
        (_, Some(path), _) => (ImageInput::new(bytes(path)?).into(), path.to_string_lossy().into_owned()),
        (.., Some(path)) => (VideoInput::new(bytes(path)?).into(), path.to_string_lossy().into_owned()),
        _ => return Err(Failure::new(Exit::Usage, "name a text, --image or --video")),
    };
    let connection = Connection::open(common, None).await?;
    let space = table.space();
    let mut call = connection.client.embed().v2().create(space.model.clone(), query);
    if space.dimension != 512 {
        call = call.embedding_dimension(space.dimension as u64);
    }
    let segments = call.send().await?.into_segments();
    let unusable = || Failure::new(Exit::Platform, "the response has no vector of the query");
    let vector = segments.into_iter().next().ok_or_else(unusable)?.vector;
    let mut settings = SearchSettings::default();
    settings.top = arguments.top;
    settings.weights = arguments.weights.iter().cloned().map(|Weight(name, number)| (name, number)).collect();
    let hits = table.search(&vector, &settings)?;
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

/// The bytes of a file that is the query.
fn bytes(path: &Path) -> Result<MediaSource, Failure> {
    let cannot = |error| {
        Failure::new(Exit::NotFound, format!("cannot read {}: {error}", escape_control(&path.to_string_lossy())))
    };
    std::fs::read(path).map(MediaSource::bytes).map_err(cannot)
}
