//! Prints the assets of an account: `TWELVE_LABS_API_KEY=… cargo run -p twelvelabs-api --example list_assets`.

use twelvelabs_api::{BASE_URL, Client, options::AssetsListOptions, runtime::Key};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::new(std::env::var("TWELVE_LABS_API_KEY")?).ok_or("invalid API key")?;
    let client = Client::new(BASE_URL.ok_or("no base URL")?, key)?;
    let page = client.assets_list(AssetsListOptions::default().page_limit(50)).await?;
    for asset in &page.data {
        println!("{} {} {}", asset.id.as_str(), asset.status, asset.filename.as_deref().unwrap_or_default());
    }
    Ok(())
}
