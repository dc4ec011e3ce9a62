//! Creates a task and decides what to do about an error.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example handle_errors -- VIDEO
//! ```

use twelvelabs::{ErrorKind, FileSource, ModelName, TwelveLabs};

#[tokio::main]
async fn main() -> twelvelabs::Result<()> {
    let video = std::env::args().nth(1).unwrap_or_else(|| "talk.mp4".to_owned());
    let tasks = TwelveLabs::from_env()?.embed().tasks();
    match tasks.create(ModelName::Marengo30, FileSource::path(video)).await {
        Ok(task) => println!("created {}", task.id),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            for violation in error.violations() {
                println!("{violation}");
            }
        }
        Err(error) if error.is_outcome_unknown() => println!("check the list of tasks before retrying: {error}"),
        Err(error) if error.is_transient() => println!("retry after {:?}: {error}", error.retry_after()),
        Err(error) => return Err(error),
    }
    Ok(())
}
