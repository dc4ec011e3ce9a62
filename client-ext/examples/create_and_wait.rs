//! Creates a task for each video and waits for all of them with few requests.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example create_and_wait -- VIDEO…
//! ```

use futures_util::StreamExt;
use twelvelabs::{FileSource, ModelName, TwelveLabs};

#[tokio::main]
async fn main() -> twelvelabs::Result<()> {
    let videos: Vec<String> = std::env::args().skip(1).collect();
    let tasks = TwelveLabs::from_env()?.embed().tasks();
    let mut done = tasks.create_bulk(ModelName::Marengo30, videos.iter().map(FileSource::path)).wait().stream();
    while let Some(waited) = done.next().await {
        match waited.result {
            Ok(status) => println!("{}: {} is {}", videos[waited.index], status.id, status.status),
            Err(error) => println!("{}: {error}", videos[waited.index]),
        }
    }
    Ok(())
}
