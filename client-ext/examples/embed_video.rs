//! Embeds a video and prints its segments.
//!
//! ```text
//! cargo run --example embed_video -- [VIDEO] [--out FILE]
//! ```
//!
//! `VIDEO` is a path or a URL; the default is a clip of this repository. With an API key in the environment (`TWELVE_LABS_API_KEY`) the
//! platform computes the vectors and may charge for it. Without one, a local server does, whose vectors are meaningless. `--out` writes
//! the segments as JSON lines.

use std::{
    error::Error,
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use twelvelabs::{
    EmbeddingScope, FileSource, ModelName, TwelveLabs,
    embed::tasks::{TasksClient, TasksRetrieveResponse, VideoSegment},
    wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

/// Prints a line; a closed standard output is not an error here.
macro_rules! say {
    ($($text:tt)*) => {{ let _ = writeln!(io::stdout(), $($text)*); }};
}

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/four_shots.mp4");

struct Arguments {
    video: String,
    out: Option<PathBuf>,
}

fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut video, mut out) = (None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("out") => out = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(None),
            Value(value) if video.is_none() => video = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(Arguments { video: video.unwrap_or_else(|| CLIP.to_owned()), out }))
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match arguments() {
        Ok(Some(arguments)) => run(arguments).await,
        Ok(None) => {
            say!("usage: cargo run --example embed_video -- [VIDEO] [--out FILE]");
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// One line: the error and those of its sources whose text it does not contain.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = inner.source();
    }
    line.replace('\n', " ")
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let has_key = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|key| !key.is_empty()));
    // The local server stops when it is dropped.
    let mut _local = None;
    let client = if has_key {
        say!("Using the API key of the environment.");
        TwelveLabs::from_env()?
    } else {
        say!("No API key in the environment: using a local server. Its vectors are NOT Marengo's and are meaningless.");
        let server = LocalServer::builder().processing_time(Duration::from_secs(1)).start().await?;
        let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).build()?;
        _local = Some(server);
        client
    };
    let interval = if has_key { Duration::from_secs(5) } else { Duration::from_millis(400) };
    // Opened before the work is done, which may cost money.
    let out = match &arguments.out {
        Some(path) => {
            Some((path, File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?))
        }
        None => None,
    };
    let result = embed(&client.embed().tasks(), &arguments.video, interval).await?;
    let segments = result.video_embedding.map(|video| video.segments).unwrap_or_default();
    print_table(&segments)?;
    if let Some((path, file)) = out {
        write_lines(file, &segments).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        writeln!(io::stdout(), "wrote {} segments to {}", segments.len(), path.display())?;
    }
    Ok(())
}

async fn embed(tasks: &TasksClient, video: &str, interval: Duration) -> twelvelabs::Result<TasksRetrieveResponse> {
    let start = video.get(..8).unwrap_or(video).to_ascii_lowercase();
    let is_url = start.starts_with("http://") || start.starts_with("https://");
    let source = match is_url {
        true => FileSource::url(video),
        false => FileSource::path(video),
    };
    let bar = if is_url { ProgressBar::hidden() } else { ProgressBar::new(0).with_style(bar_style()) };
    bar.set_message(source.to_string());
    let progress = bar.clone();
    let task = tasks
        .create(ModelName::Marengo30, source)
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
        .with_progress(move |now| {
            progress.set_length(now.total);
            progress.set_position(now.sent);
        })
        .send()
        .await?;
    bar.finish();
    // The bar is only drawn on terminals.
    if bar.is_hidden() && bar.position() > 0 {
        say!("uploaded {} of {} bytes", bar.position(), bar.length().unwrap_or_default());
    }
    say!("task {}", task.id);

    let mut last = None;
    tasks
        .wait_for_done(&task.id)
        .sleep_interval(interval)
        .callback(move |now| {
            if last.as_ref() != Some(&now.status) {
                say!("status {}", now.status);
                last = Some(now.status.clone());
            }
        })
        .await?;
    tasks.retrieve(&task.id).send().await
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("upload {msg} [{bar:30}] {bytes}/{total_bytes}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn print_table(segments: &[VideoSegment]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:<14} {:<6} {:>8} {:>8} {:>5}  first values", "option", "scope", "start", "end", "dim")?;
    for segment in segments {
        let option = segment.embedding_option.as_ref().map_or("-", |option| option.as_str());
        let scope = segment.embedding_scope.as_ref().map_or("-", |scope| scope.as_str());
        let seconds = |offset: Option<f64>| offset.map_or("-".to_owned(), |seconds| format!("{seconds:.2}"));
        let first: Vec<String> = segment.float.iter().take(4).map(|number| format!("{number:+.4}")).collect();
        writeln!(
            out,
            "{option:<14} {scope:<6} {:>8} {:>8} {:>5}  {} …",
            seconds(segment.start_offset_sec),
            seconds(segment.end_offset_sec),
            segment.float.dimensions(),
            first.join(" "),
        )?;
    }
    out.flush()
}

fn write_lines(file: File, segments: &[VideoSegment]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(file);
    for segment in segments {
        serde_json::to_writer(&mut out, segment)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
