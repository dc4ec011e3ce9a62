//! Embeds the shots of a clip, a picture, a sentence, a sound and a document in one space, and prints what is near
//! what.
//!
//! ```text
//! cargo run --example embed_anything
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's: they represent colours, motion and sound, and a few
//! dozen words for them.

use std::{
    error::Error,
    io::{self, Write},
    time::Duration,
};

use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ModelName, TwelveLabs,
    embed::{
        VectorError,
        v2::{AudioInput, DocumentInput, EmbeddingData, ImageInput, MediaSource, VideoInput},
    },
    wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

const MEDIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media");
const SENTENCE: &str = "something green";
/// Number of neighbours to print.
const NEAREST: usize = 3;
/// Between two polls. The platform takes longer than the local server: there, leave the default.
const INTERVAL: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let embed = client.embed().v2();
    let file = |name: &str| std::fs::read(format!("{MEDIA}/{name}")).map(MediaSource::bytes);
    // Vectors of two models cannot be compared: `cosine` returns an error.
    let model = || ModelName::Marengo35;

    // Long files and documents take a task. The server finds the shots.
    let clip = VideoInput::new(file("shots.mp4")?)
        .embedding_option([EmbeddingOption::Visual, EmbeddingOption::Audio])
        .embedding_scope([EmbeddingScope::Clip]);
    let shots = embed.tasks().embed(model(), clip).sleep_interval(INTERVAL).await?.data;
    let document = DocumentInput::new(file("notes.md")?);
    let document = embed.tasks().embed(model(), document).sleep_interval(INTERVAL).await?.data;
    // Everything else is embedded at once.
    let picture = embed.create(model(), ImageInput::new(file("box.png")?)).await?.data;
    let sentence = embed.create(model(), SENTENCE).await?.data;
    let sound = embed.create(model(), AudioInput::new(file("tone.wav")?)).await?.data;

    let mut out = io::stdout().lock();
    writeln!(out, "{:<28} nearest in the clip, with the cosine", "query")?;
    let queries = [
        ("picture box.png".to_owned(), picture, EmbeddingOption::Visual),
        (format!("sentence {SENTENCE:?}"), sentence, EmbeddingOption::Visual),
        ("document notes.md".to_owned(), document, EmbeddingOption::Visual),
        ("sound tone.wav".to_owned(), sound, EmbeddingOption::Audio),
    ];
    for (name, query, option) in &queries {
        let query = query.first().ok_or("the response has no vector")?;
        let mut near: Vec<(f32, &EmbeddingData)> = shots
            .iter()
            .filter(|shot| shot.embedding_option.as_ref() == Some(option))
            .map(|shot| Ok((query.embedding.cosine(&shot.embedding)?, shot)))
            .collect::<Result<_, VectorError>>()?;
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let shown = near.iter().take(NEAREST).map(|(cosine, shot)| format!("{} {cosine:+.2}", place(shot)));
        writeln!(out, "{name:<28} {}", shown.collect::<Vec<_>>().join(", "))?;
    }
    Ok(out.flush()?)
}

fn place(shot: &EmbeddingData) -> String {
    let seconds = |time: Option<f64>| time.map_or("-".to_owned(), |seconds| format!("{seconds:.0}"));
    format!("{}-{} s", seconds(shot.start_sec), seconds(shot.end_sec))
}
