//! Uploads a video and prints its progress, then every status until the task is ready or Ctrl-C is pressed.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example progress -- VIDEO
//! ```

use twelvelabs::{FileSource, ModelName, TwelveLabs, wait::WaitOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let video = std::env::args().nth(1).unwrap_or_else(|| "talk.mp4".to_owned());
    let tasks = TwelveLabs::from_env()?.embed().tasks();
    let task = tasks
        .create(ModelName::Marengo30, FileSource::path(video))
        .with_progress(|upload| eprintln!("{} of {} bytes", upload.sent, upload.total))
        .send()
        .await?;

    let wait = tasks.wait_for_done(&task.id).callback(|now| println!("{}", now.status));
    tokio::select! {
        done = wait.send() => println!("{} is {}", task.id, done?.status),
        pressed = tokio::signal::ctrl_c() => {
            pressed?;
            // Another process can wait for it.
            println!("{} goes on at the platform", task.id);
        }
    }
    Ok(())
}
