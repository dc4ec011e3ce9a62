//! The vectors of a video in Qdrant, and the clips that resemble a text.
//!
//! ```text
//! QDRANT_URL=http://localhost:6334 cargo run -- TEXT
//! ```
//!
//! The URL is that of gRPC; `QDRANT_API_KEY` is optional. The vectors are those of a local server, **not** Marengo's.
//! With `TwelveLabs::from_env()?` as the client and the default interval, the program uses the platform.

use std::{env, error::Error, time::Duration};

use qdrant_client::{
    Payload, Qdrant,
    qdrant::{
        CreateCollectionBuilder, Distance, PointStruct, QueryPointsBuilder, UpsertPointsBuilder, VectorParamsBuilder,
    },
};
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, FileSource, ModelName, TwelveLabs, embed::IntoSegments, wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/media/shots.mp4");
const COLLECTION: &str = "clips";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = env::args().nth(1).unwrap_or_else(|| "something green".to_owned());
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let task = client
        .embed()
        .tasks()
        .embed(ModelName::Marengo30, FileSource::path(VIDEO))
        .video_clip_length(4.0)
        .video_embedding_scope([EmbeddingScope::Clip])
        .embedding_option([EmbeddingOption::Visual])
        .sleep_interval(Duration::from_millis(200))
        .await?;

    let url = env::var("QDRANT_URL").unwrap_or_else(|_| "http://localhost:6334".to_owned());
    let qdrant = Qdrant::from_url(&url).api_key(env::var("QDRANT_API_KEY")).build()?;
    if !qdrant.collection_exists(COLLECTION).await? {
        let vectors = VectorParamsBuilder::new(512, Distance::Cosine);
        qdrant.create_collection(CreateCollectionBuilder::new(COLLECTION).vectors_config(vectors)).await?;
    }
    // Ids are numbers or UUIDs. Those of a second video must be others.
    let points = (0..).zip(task.into_segments()).map(|(id, clip)| {
        let mut payload = Payload::new();
        payload.insert("video", VIDEO);
        for (name, seconds) in [("start_sec", clip.info.start_sec), ("end_sec", clip.info.end_sec)] {
            if let Some(seconds) = seconds {
                payload.insert(name, seconds);
            }
        }
        PointStruct::new(id, clip.vector.into_vec(), payload)
    });
    let points: Vec<PointStruct> = points.collect();
    qdrant.upsert_points(UpsertPointsBuilder::new(COLLECTION, points).wait(true)).await?;

    // A text and the clips need the same model.
    let query = client.embed().v2().create(ModelName::Marengo30, text).await?.into_segments().remove(0);
    let query = QueryPointsBuilder::new(COLLECTION).query(query.vector.into_vec()).limit(3).with_payload(true);
    for found in qdrant.query(query).await?.result {
        println!("{:?}: {:.3}", found.payload, found.score);
    }
    Ok(())
}
