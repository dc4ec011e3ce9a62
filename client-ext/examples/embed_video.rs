//! Embeds a video and prints its segments.
//!
//! ```text
//! cargo run --release --example embed_video -- [VIDEO] [--out FILE]
//! ```
//!
//! `VIDEO` is a path or an address; without it, a clip of this repository is used. With a key in the environment
//! (`TWELVE_LABS_API_KEY`) the platform does the work and may charge for it; without one, a local stand-in does, whose
//! vectors mean nothing. `--out` writes the segments as JSON lines.

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use twelvelabs::{
    EmbeddingScope, ModelName, TasksClient, TasksRetrieveResponse, TwelveLabs, VideoSegment, VideoSource,
};
use twelvelabs_contract::LocalPlatform;

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/media/four_shots.mp4");

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
            println!("usage: cargo run --release --example embed_video -- [VIDEO] [--out FILE]");
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let has_key = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|key| !key.is_empty()));
    // It stops when it is dropped.
    let mut _local = None;
    let client = if has_key {
        println!("Using the key of the environment.");
        TwelveLabs::from_env()?
    } else {
        println!(
            "No key in the environment: a local stand-in does the work. Its vectors are NOT Marengo's and mean nothing."
        );
        let platform = LocalPlatform::builder().processing_time(Duration::from_secs(1)).start().await?;
        let client = TwelveLabs::builder().api_key("local").base_url(platform.base_url()).build()?;
        _local = Some(platform);
        client
    };
    let interval = if has_key { Duration::from_secs(5) } else { Duration::from_millis(400) };
    let result = embed(&client.embed().tasks(), &arguments.video, interval).await?;
    let segments = result.video_embedding.map(|video| video.segments).unwrap_or_default();
    print_table(&segments);
    if let Some(out) = &arguments.out {
        write_lines(out, &segments).map_err(|error| format!("cannot write {}: {error}", out.display()))?;
        println!("wrote {} segments to {}", segments.len(), out.display());
    }
    Ok(())
}

async fn embed(tasks: &TasksClient, video: &str, interval: Duration) -> twelvelabs::Result<TasksRetrieveResponse> {
    let source = match video.starts_with("http://") || video.starts_with("https://") {
        true => VideoSource::url(video),
        false => VideoSource::path(video),
    };
    let bar = ProgressBar::new(0).with_style(bar_style());
    bar.set_message(source.to_string());
    let progress = bar.clone();
    let task = tasks
        .create(ModelName::Marengo30, source)
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
        .progress(move |now| {
            progress.set_length(now.total);
            progress.set_position(now.sent);
        })
        .send()
        .await?;
    bar.finish();
    // A bar is drawn on terminals only.
    if bar.is_hidden() && bar.position() > 0 {
        println!("uploaded {} of {} bytes", bar.position(), bar.length().unwrap_or_default());
    }
    println!("task {}", task.id);

    let mut last = None;
    tasks
        .wait_for_done(&task.id)
        .sleep_interval(interval)
        .callback(move |now| {
            if last.as_ref() != Some(&now.status) {
                println!("status {}", now.status);
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

fn print_table(segments: &[VideoSegment]) {
    println!("{:<14} {:<6} {:>8} {:>8} {:>5}  first values", "option", "scope", "start", "end", "dim");
    for segment in segments {
        let option = segment.embedding_option.as_ref().map_or("-", |option| option.as_str());
        let first: Vec<String> = segment.float.iter().take(4).map(|number| format!("{number:+.4}")).collect();
        println!(
            "{option:<14} {:<6} {:>8.2} {:>8.2} {:>5}  {} …",
            segment.embedding_scope,
            segment.start_offset_sec,
            segment.end_offset_sec,
            segment.float.dimensions(),
            first.join(" "),
        );
    }
}

fn write_lines(path: &Path, segments: &[VideoSegment]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    for segment in segments {
        serde_json::to_writer(&mut out, segment)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
