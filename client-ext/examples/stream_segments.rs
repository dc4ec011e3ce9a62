//! Prints the segments of a task while the response arrives, with one of them in memory at a time.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example stream_segments -- TASK
//! ```

use futures_util::StreamExt;
use twelvelabs::{EmbeddingOption, TwelveLabs, embed::Retrieved};

#[tokio::main]
async fn main() -> twelvelabs::Result<()> {
    let id = std::env::args().nth(1).unwrap_or_default();
    let tasks = TwelveLabs::from_env()?.embed().tasks();
    let mut segments = tasks.retrieve(id).embedding_option([EmbeddingOption::Visual]).segments();
    let mut count = 0;
    while let Some(item) = segments.next().await {
        match item? {
            Retrieved::Segment(segment) => {
                count += 1;
                println!("{:?} s: {} dimensions", segment.info.start_sec, segment.vector.dimensions());
            }
            // The rest of the response comes last.
            Retrieved::Response(task) => println!("{count} segments of {}", task.id),
            _ => {}
        }
    }
    Ok(())
}
