//! Uploads a video, waits and prints its segments, without async.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example without_async -- VIDEO
//! ```

use twelvelabs::{
    ModelName,
    blocking::TwelveLabs,
    embed::{
        Retrieved,
        v2::{MediaSource, VideoInput},
    },
    wait::WaitOptions,
};

fn main() -> twelvelabs::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "talk.mp4".to_owned());
    let tasks = TwelveLabs::from_env()?.embed().v2().tasks();
    let task = tasks.create(ModelName::Marengo35, VideoInput::new(MediaSource::path(path))).send()?;
    tasks.wait_for_done(&task.id).callback(|now| println!("{}", now.status)).send()?;
    for item in tasks.retrieve(&task.id).segments() {
        if let Retrieved::Segment(segment) = item? {
            println!("{:?} s: {} dimensions", segment.info.start_sec, segment.vector.dimensions());
        }
    }
    Ok(())
}
