//! A client with its own connections, time limits and retries. `PROXY` is the URL of a proxy, `CERTIFICATES` a file
//! with its root certificates.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… PROXY=http://127.0.0.1:3128 cargo run --example own_settings
//! ```

use std::time::Duration;

use twelvelabs::{RequestOptions, TwelveLabs};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = TwelveLabs::builder()
        .user_agent("my-program/1.0")
        .with_connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(30))
        .with_timeout(Duration::from_secs(120))
        .with_max_retries(4)
        .with_backoff(Duration::from_secs(1), Duration::from_secs(20))
        .on_retry(|retry| eprintln!("retry {} in {:?}: {}", retry.number, retry.pause, retry.error));
    if let Ok(url) = std::env::var("PROXY") {
        builder = builder.proxy(url);
    }
    if let Ok(path) = std::env::var("CERTIFICATES") {
        builder = builder.root_certificates_pem(std::fs::read(path)?);
    }
    let tasks = builder.build()?.embed().tasks();
    // A call has the options of the client, unless it has its own.
    let page = tasks.list().page_limit(10).with_max_retries(0).send().await?;
    println!("{} tasks", page.data.len());
    Ok(())
}
