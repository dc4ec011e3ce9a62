//! An axum handler that takes a video as the body of a request, sends it on while it arrives, and responds with the id
//! of the task.
//!
//! ```text
//! TWELVE_LABS_API_KEY=… cargo run --example upload_handler -- [PORT]
//! curl -T talk.mp4 http://127.0.0.1:3000/videos/talk.mp4
//! ```

use std::io;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
    routing::put,
};
use futures_util::TryStreamExt;
use tokio::net::TcpListener;
use tokio_util::io::StreamReader;
use twelvelabs::{ErrorKind, FileSource, ModelName, TwelveLabs, embed::tasks::TasksClient};

type Refusal = (StatusCode, String);

async fn upload(
    State(tasks): State<TasksClient>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<String, Refusal> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let length = length.ok_or((StatusCode::LENGTH_REQUIRED, "the length is required".to_owned()))?;
    // A reader can be read once, so a create call that fails after the first byte is not retried.
    let reader = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    let source = FileSource::reader(name, length, reader);
    let task = tasks.create(ModelName::Marengo30, source).send().await.map_err(refusal)?;
    Ok(task.id.to_string())
}

fn refusal(error: twelvelabs::Error) -> Refusal {
    let status = match error.kind() {
        ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    (status, error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "3000".to_owned());
    let tasks = TwelveLabs::from_env()?.embed().tasks();
    let app = Router::new().route("/videos/{name}", put(upload)).with_state(tasks);
    let listener = TcpListener::bind(("127.0.0.1", port.parse::<u16>()?)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
