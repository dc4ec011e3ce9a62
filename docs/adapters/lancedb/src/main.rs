//! The vectors of a video in a table of LanceDB, and the clips that resemble a text.
//!
//! ```text
//! cargo run -- TEXT
//! ```
//!
//! The build needs `protoc` (Debian: `protobuf-compiler`). The program uses a local server, whose vectors are **not**
//! Marengo's. With `TwelveLabs::from_env()?` as the client and the default interval, it uses the platform.

use std::{error::Error, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use lancedb::{
    DistanceType,
    arrow::{
        arrow_array::{
            ArrayRef, FixedSizeListArray, Float32Array, Float64Array, RecordBatch,
            cast::AsArray,
            types::{Float32Type, Float64Type},
        },
        arrow_schema::{DataType, Field},
    },
    database::CreateTableMode,
    query::{ExecutableQuery, QueryBase},
};
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, FileSource, ModelName, TwelveLabs, embed::IntoSegments, wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/media/shots.mp4");
// A folder, or the URL of a bucket with the feature of its provider, for example `aws`.
const DATABASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/clips");

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

    let starts: Float64Array = embedded.segments().iter().map(|segment| segment.start_sec).collect();
    let ends: Float64Array = embedded.segments().iter().map(|segment| segment.end_sec).collect();
    let matrix = embedded.into_matrix();
    let item = Arc::new(Field::new_list_field(DataType::Float32, true));
    let dimensions = i32::try_from(matrix.dimensions())?;
    let numbers = Float32Array::from(matrix.into_vec());
    let vectors = FixedSizeListArray::try_new(item, dimensions, Arc::new(numbers), None)?;
    let columns: [(_, ArrayRef, _); 3] = [
        ("start_sec", Arc::new(starts), true),
        ("end_sec", Arc::new(ends), true),
        ("vector", Arc::new(vectors), false),
    ];
    let clips = RecordBatch::try_from_iter_with_nullable(columns)?;

    let database = lancedb::connect(DATABASE).execute().await?;
    // `table.add` adds the clips of another video. A large table needs an index with the same distance.
    let table = database.create_table("clips", clips).mode(CreateTableMode::Overwrite).execute().await?;

    // A text and the clips need the same model.
    let query = client.embed().v2().create(ModelName::Marengo30, text).await?.into_segments().remove(0);
    let query = table.vector_search(query.vector.into_vec())?.distance_type(DistanceType::Cosine).limit(3);
    let mut batches = query.execute().await?;
    while let Some(batch) = batches.try_next().await? {
        let [starts, ends] = ["start_sec", "end_sec"].map(|name| batch[name].as_primitive::<Float64Type>());
        let distances = batch["_distance"].as_primitive::<Float32Type>();
        for ((start, end), distance) in starts.iter().zip(ends).zip(distances.values()) {
            println!("{start:?} to {end:?} s: {:.3}", 1.0 - distance);
        }
    }
    Ok(())
}
