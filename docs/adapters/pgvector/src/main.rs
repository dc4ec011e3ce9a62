//! The vectors of a video in PostgreSQL with the extension pgvector, and the clips that resemble a text.
//!
//! ```text
//! DATABASE_URL=postgres://… cargo run -- TEXT
//! ```
//!
//! It uses a local server, whose vectors are **not** Marengo's. With `TwelveLabs::from_env()?` as the client and the
//! default interval, it uses the platform. The program `twelvelabs` (`pipeline/`) with its feature `pgvector` embeds
//! whole folders into such a table.

use std::{error::Error, time::Duration};

use pgvector::Vector;
use tokio_postgres::NoTls;
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, FileSource, ModelName, TwelveLabs, embed::IntoSegments, wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

const VIDEO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/media/shots.mp4");
const TABLE: &str = "
    create extension if not exists vector;
    create table if not exists clips (video text, start_sec float8, end_sec float8, vector vector(512))";
// `<=>` is the cosine distance. A large table needs an index: `using hnsw (vector vector_cosine_ops)`.
const NEAREST: &str = "
    select video, start_sec, end_sec, 1 - (vector <=> $1) from clips order by vector <=> $1 limit 3";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "something green".to_owned());
    let server = LocalServer::start().await?;
    let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
    let task = client
        .embed()
        .tasks()
        .embed(ModelName::Marengo30, FileSource::path(VIDEO))
        .video_clip_length(4.0)
        .video_embedding_scope([EmbeddingScope::Clip])
        .embedding_option([EmbeddingOption::Visual])
        .sleep_interval(Duration::from_millis(200))
        .await?;

    let (mut database, connection) = tokio_postgres::connect(&std::env::var("DATABASE_URL")?, NoTls).await?;
    // An error of the connection is that of the next query, too.
    tokio::spawn(connection);
    database.batch_execute(TABLE).await?;
    let transaction = database.transaction().await?;
    transaction.execute("delete from clips where video = $1", &[&VIDEO]).await?;
    let insert = transaction.prepare("insert into clips values ($1, $2, $3, $4)").await?;
    for clip in task.into_segments() {
        let vector = Vector::from(clip.vector.into_vec());
        transaction.execute(&insert, &[&VIDEO, &clip.info.start_sec, &clip.info.end_sec, &vector]).await?;
    }
    transaction.commit().await?;

    // A text and the clips need the same model.
    let query = client.embed().v2().create(ModelName::Marengo30, text).await?.into_segments().remove(0);
    for row in database.query(NEAREST, &[&Vector::from(query.vector.into_vec())]).await? {
        let (start, end): (Option<f64>, Option<f64>) = (row.try_get(1)?, row.try_get(2)?);
        println!("{} {start:?} to {end:?} s: {:.3}", row.try_get::<_, &str>(0)?, row.try_get::<_, f64>(3)?);
    }
    Ok(())
}
