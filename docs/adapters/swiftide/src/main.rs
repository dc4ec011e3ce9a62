//! Marengo as an embedding model of swiftide, for texts.
//!
//! ```text
//! cargo run
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's. With `TwelveLabs::from_env()?` as the client, it uses
//! the platform.

use std::error::Error;

use async_trait::async_trait;
use swiftide_core::{EmbeddingModel, Embeddings, chat_completion::errors::LanguageModelError};
use twelvelabs::{ModelName, TwelveLabs, embed::IntoSegments};
use twelvelabs_local::LocalServer;

const TEXTS: [&str; 3] = ["something green", "a green field", "dark blue"];

/// Embeds texts in the space of Marengo, so that they find videos.
#[derive(Clone, Debug)]
struct Marengo {
    client: TwelveLabs,
    model: ModelName,
}

#[async_trait]
impl EmbeddingModel for Marengo {
    /// Makes a request for each text, one after another. swiftide calls this for several batches at a time.
    async fn embed(&self, texts: Vec<String>) -> Result<Embeddings, LanguageModelError> {
        let mut embeddings = Vec::with_capacity(texts.len());
        for text in texts {
            let response =
                self.client.embed().v2().create(self.model.clone(), text).await.map_err(language_model_error)?;
            let segment = response.into_segments().into_iter().next();
            let segment = segment.ok_or_else(|| LanguageModelError::permanent("the response has no vector"))?;
            embeddings.push(segment.vector.into_vec());
        }
        Ok(embeddings)
    }
}

/// The client has retried a transient error; swiftide can try again later.
fn language_model_error(error: twelvelabs::Error) -> LanguageModelError {
    if error.is_transient() { LanguageModelError::transient(error) } else { LanguageModelError::permanent(error) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let model: Box<dyn EmbeddingModel> = Box::new(Marengo { client, model: ModelName::Marengo30 });

    let embeddings = model.embed(TEXTS.map(str::to_owned).to_vec()).await?;
    for (text, vector) in TEXTS.iter().zip(&embeddings) {
        println!(
            "{text:?}: {} dimensions, cosine with the first text {:+.2}",
            vector.len(),
            cosine(vector, &embeddings[0])
        );
    }
    Ok(())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
