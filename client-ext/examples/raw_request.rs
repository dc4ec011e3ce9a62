//! Calls an operation that has no method of its own.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example raw_request -- [PATH]
//! ```

use serde_json::Value;
use twelvelabs::{TwelveLabs, raw::Method};

#[tokio::main]
async fn main() -> twelvelabs::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/indexes".to_owned());
    let client = TwelveLabs::from_env()?;
    let response = client.request(Method::GET, path).query("page_limit", 5).send_with_response::<Value>().await?;
    println!("{:#}", response.value());
    println!("requests left: {:?}", response.request_limit().remaining);
    Ok(())
}
