//! The vectors of a video as a matrix of ndarray. No number is copied.
//!
//! ```text
//! cargo run
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's. With `TwelveLabs::from_env()?` as the client and the
//! default interval, it uses the platform.

use std::{error::Error, time::Duration};

use ndarray::{ArrayView2, Axis};
use twelvelabs::{EmbeddingOption, EmbeddingScope, FileSource, ModelName, TwelveLabs, wait::WaitOptions};
use twelvelabs_local::LocalServer;

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/media/four_shots.mp4");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let clips = client
        .embed()
        .tasks()
        .embed(ModelName::Marengo30, FileSource::path(VIDEO))
        .video_clip_length(3.5)
        .video_embedding_scope([EmbeddingScope::Clip])
        .embedding_option([EmbeddingOption::Visual])
        .sleep_interval(Duration::from_millis(200))
        .matrix()
        .await?;

    let rows = ArrayView2::from_shape((clips.rows(), clips.dimensions()), clips.as_slice())?;
    let norms = rows.map_axis(Axis(1), |row| row.dot(&row).sqrt()).insert_axis(Axis(1));
    let units = &rows / &norms;
    println!("{} clips, {} dimensions; the cosine of each clip and each other clip:", rows.nrows(), rows.ncols());
    println!("{:+.2}", units.dot(&units.t()));
    Ok(())
}
