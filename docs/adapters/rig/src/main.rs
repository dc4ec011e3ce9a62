//! Marengo as a model of rig that embeds texts, and a search in rig's vector store.
//!
//! ```text
//! cargo run -- TEXT
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's. With `TwelveLabs::from_env()?` as the client, it uses
//! the platform.

use std::error::Error;

use futures_util::stream;
use rig_core::{
    Model, ProviderError,
    driver::{Exchange, Local, Opened, Opening, Step, Transport},
    embeddings::{Embedding, EmbeddingResponse, EmbeddingsBuilder},
    operation,
    vector_store::{VectorStoreIndex, in_memory_store::InMemoryVectorStore, request::VectorSearchRequest},
    wire::Capabilities,
};
use twelvelabs::{ModelName, TwelveLabs, embed::IntoSegments};
use twelvelabs_local::LocalServer;

const TEXTS: [&str; 4] = ["dark blue", "a green field", "bright red", "a low tone"];

/// Sends rig's requests for vectors through the client, which does its own HTTP, retries and decoding.
#[derive(Clone)]
struct Marengo {
    client: TwelveLabs,
    model: ModelName,
}

impl Marengo {
    fn into_model(self) -> Model<Local<operation::Embedding>, Self> {
        // rig sends up to 1024 texts at once, in batches of up to 256, and a batch is embedded one text after another:
        // this makes four requests at a time.
        let wire =
            Local::new("twelvelabs").with_id(self.model.as_str()).with_capabilities(Capabilities::embedding(256, 512));
        Model::new(wire, self)
    }

    async fn embed(&self, texts: Vec<String>) -> twelvelabs::Result<Vec<Embedding>> {
        let mut embeddings = Vec::with_capacity(texts.len());
        for document in texts {
            let response = self.client.embed().v2().create(self.model.clone(), document.as_str()).await?;
            // rig reports a response without a vector, because there are fewer vectors than texts.
            embeddings.extend(response.into_segments().into_iter().take(1).map(|segment| Embedding {
                document: document.clone(),
                vec: segment.vector.iter().copied().map(f64::from).collect(),
            }));
        }
        Ok(embeddings)
    }
}

impl Transport<Local<operation::Embedding>> for Marengo {
    fn send(&self, texts: Vec<String>, _: Exchange) -> Opening<Step<operation::Embedding>> {
        let marengo = self.clone();
        Opening::new(async move {
            let embedded = marengo.embed(texts).await;
            let embeddings = embedded.map_err(|error| ProviderError::Provider(error.to_string()))?;
            let end = Step::End(EmbeddingResponse::new(embeddings));
            Ok(Opened::new(stream::iter([Ok(end)])))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "something green".to_owned());
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let model = Marengo { client, model: ModelName::Marengo30 }.into_model().erase();

    let documents = EmbeddingsBuilder::new(model.clone()).documents(TEXTS)?.build().await?;
    let index = InMemoryVectorStore::from_documents(documents).index(model);
    let request = VectorSearchRequest::builder().query(text).samples(3).build();
    for found in index.top_n::<String>(request).await? {
        println!("{}: {:.3}", found.document, found.score);
    }
    Ok(())
}
