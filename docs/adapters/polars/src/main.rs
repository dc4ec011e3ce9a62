//! The clips of a video as a data frame of polars, made without a copy, and those that resemble a text.
//!
//! ```text
//! cargo run -- TEXT
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's. With `TwelveLabs::from_env()?` as the client and the
//! default interval, it uses the platform.

use std::{error::Error, time::Duration};

use polars::prelude::*;
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, FileSource, ModelName, TwelveLabs, embed::IntoSegments, wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/media/shots.mp4");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "something green".to_owned());
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let embedded = client
        .embed()
        .tasks()
        .embed(ModelName::Marengo30, FileSource::path(VIDEO))
        .video_clip_length(4.0)
        .video_embedding_scope([EmbeddingScope::Clip])
        .embedding_option([EmbeddingOption::Visual])
        .sleep_interval(Duration::from_millis(200))
        .matrix()
        .await?;

    let (starts, ends): (Vec<_>, Vec<_>) =
        embedded.segments().iter().map(|segment| (segment.start_sec, segment.end_sec)).unzip();
    let matrix = embedded.into_matrix();
    let shape = [ReshapeDimension::Infer, ReshapeDimension::new_dimension(matrix.dimensions().try_into()?)];
    let vectors = Series::from_vec("vector".into(), matrix.into_vec()).reshape_array(&shape)?;
    let mut clips = df!["start_sec" => starts, "end_sec" => ends, "vector" => vectors]?;

    // A text and the clips need the same model.
    let query = client.embed().v2().create(ModelName::Marengo30, text).await?.into_segments().remove(0).vector;
    // The numbers of all rows. A frame of several chunks needs `rechunk()` before.
    let numbers = clips.column("vector")?.array()?.get_inner();
    let rows = numbers.f32()?.cont_slice()?.chunks_exact(query.dimensions());
    let cosines: Vec<f32> = rows.map(|row| cosine(row, &query)).collect();
    clips.with_column(Column::new("cosine".into(), cosines))?;
    let nearest_first = SortMultipleOptions::default().with_order_descending(true);
    println!("{}", clips.sort(["cosine"], nearest_first)?.head(Some(3)));
    Ok(())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
