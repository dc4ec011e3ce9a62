//! Finds the moments of a video that resemble a text.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example search_video -- VIDEO TEXT
//! ```

use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ModelName, TwelveLabs,
    embed::{
        IntoSegments,
        v2::{MediaSource, VideoInput},
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let video = arguments.next().unwrap_or_else(|| "talk.mp4".to_owned());
    let text = arguments.next().unwrap_or_else(|| "a red car".to_owned());
    let client = TwelveLabs::from_env()?;
    let embed = client.embed().v2();

    // Both need the same model. The file is uploaded as an asset, which is deleted at the end.
    let cleanup = client.assets().cleanup();
    let video = VideoInput::new(MediaSource::path(video))
        .embedding_option([EmbeddingOption::Visual])
        .embedding_scope([EmbeddingScope::Clip]);
    let clips = embed.tasks().embed(ModelName::Marengo35, video).with_cleanup(&cleanup).matrix().await?;
    let query = embed.create(ModelName::Marengo35, text).await?.into_segments().remove(0).vector;

    for found in clips.top_k(&query, 3)? {
        let clip = &clips.segments()[found.row];
        println!("{:?} to {:?} s: {:.3}", clip.start_sec, clip.end_sec, found.score);
    }
    Ok(cleanup.delete().await?)
}
