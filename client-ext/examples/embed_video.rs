//! Embeds a video and prints its segments.
//!
//! ```text
//! cargo run --example embed_video -- [VIDEO] [--api v1|v2] [--journal FILE] [--out FILE]
//! ```
//!
//! `VIDEO` is a path or a URL; the default is a clip of this repository. With an API key in the environment
//! (`TWELVE_LABS_API_KEY` or `TWELVELABS_API_KEY`) the platform computes the vectors and may charge for it. Without
//! one, a local server does, whose vectors are not Marengo's. `--api` is the version of the API: `v1` (default) with
//! Marengo 3.0, or `v2` with Marengo 3.5, which uploads large files in parts. With `--journal`, which needs `v2`, a key
//! and a file, the same command goes on where it was interrupted. `--out` writes the segments as JSON lines.

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
    embed::{
        IntoSegments, Segment,
        tasks::{TaskStatus, TasksClient},
        v2::{MediaSource, V2TasksClient, VideoInput},
    },
    upload::Progress,
    wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

/// Prints a line; a closed standard output is not an error here.
macro_rules! say {
    ($($text:tt)*) => {{ let _ = writeln!(io::stdout(), $($text)*); }};
}

const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/four_shots.mp4");

/// The version of the API.
enum Api {
    V1,
    V2,
}

struct Arguments {
    video: String,
    api: Api,
    journal: Option<PathBuf>,
    out: Option<PathBuf>,
}

fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut video, mut api, mut journal, mut out) = (None, Api::V1, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("api") => {
                api = parser.value()?.parse_with(|text| match text {
                    "v1" => Ok(Api::V1),
                    "v2" => Ok(Api::V2),
                    _ => Err("must be v1 or v2"),
                })?;
            }
            Long("journal") => journal = Some(parser.value()?.into()),
            Long("out") => out = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(None),
            Value(value) if video.is_none() => video = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(Arguments { video: video.unwrap_or_else(|| CLIP.to_owned()), api, journal, out }))
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match arguments() {
        Ok(Some(arguments)) => run(arguments).await,
        Ok(None) => {
            say!("usage: cargo run --example embed_video -- [VIDEO] [--api v1|v2] [--journal FILE] [--out FILE]");
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
    let can_resume = has_key && matches!(arguments.api, Api::V2) && !is_url(&arguments.video);
    if arguments.journal.is_some() && !can_resume {
        // The local server ends with this program, so that there is nothing to go on with.
        return Err("--journal needs --api v2, an API key and a file".into());
    }
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
    let segments = match arguments.api {
        Api::V1 => embed(&client.embed().tasks(), &arguments.video, interval).await?,
        Api::V2 => embed_v2(&client.embed().v2().tasks(), &arguments.video, arguments.journal, interval).await?,
    };
    print_table(&segments)?;
    if let Some((path, file)) = out {
        write_lines(file, &segments).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        writeln!(io::stdout(), "wrote {} segments to {}", segments.len(), path.display())?;
    }
    Ok(())
}

async fn embed(tasks: &TasksClient, video: &str, interval: Duration) -> twelvelabs::Result<Vec<Segment>> {
    let source = match is_url(video) {
        true => FileSource::url(video),
        false => FileSource::path(video),
    };
    let bar = Bar::new(video);
    let task = tasks
        .create(ModelName::Marengo30, source)
        .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
        .with_progress(bar.progress())
        .send()
        .await?;
    bar.finish();
    say!("task {}", task.id);
    let mut told = tell_changes();
    tasks.wait_for_done(&task.id).sleep_interval(interval).callback(move |now| told(&now.status)).await?;
    Ok(tasks.retrieve(&task.id).send().await?.into_segments())
}

async fn embed_v2(
    tasks: &V2TasksClient,
    video: &str,
    journal: Option<PathBuf>,
    interval: Duration,
) -> twelvelabs::Result<Vec<Segment>> {
    let (url, path) = (MediaSource::url(video), MediaSource::path(video));
    let input = VideoInput::new(if is_url(video) { url } else { path });
    let mut create =
        tasks.create(ModelName::Marengo35, input.embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Asset]));
    let bar = Bar::new(video);
    if !is_url(video) {
        let bar = bar.clone();
        create = create.with_upload(move |upload| upload.sleep_interval(interval).with_progress(bar.progress()));
    }
    if let Some(journal) = journal {
        create = create.with_journal(journal);
    }
    let task = create.await?;
    bar.finish();
    say!("task {}", task.id);
    let mut told = tell_changes();
    tasks.wait_for_done(&task.id).sleep_interval(interval).callback(move |now| told(&now.status)).await?;
    Ok(tasks.retrieve(&task.id).send().await?.into_segments())
}

fn is_url(video: &str) -> bool {
    let start = video.get(..8).unwrap_or(video).to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

/// Prints a status that differs from the last one.
fn tell_changes() -> impl FnMut(&TaskStatus) + Send + 'static {
    let mut last = None;
    move |now| {
        if last.as_ref() != Some(now) {
            say!("status {now}");
            last = Some(now.clone());
        }
    }
}

/// The progress of an upload.
#[derive(Clone)]
struct Bar(ProgressBar);

impl Bar {
    fn new(video: &str) -> Self {
        let bar = if is_url(video) { ProgressBar::hidden() } else { ProgressBar::new(0).with_style(bar_style()) };
        bar.set_message(video.to_owned());
        Self(bar)
    }

    fn progress(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let bar = self.0.clone();
        move |now| {
            bar.set_length(now.total);
            bar.set_position(now.sent);
        }
    }

    fn finish(&self) {
        self.0.finish();
        // The bar is only drawn on terminals.
        if self.0.is_hidden() && self.0.position() > 0 {
            say!("uploaded {} of {} bytes", self.0.position(), self.0.length().unwrap_or_default());
        }
    }
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("upload {msg} [{bar:30}] {bytes}/{total_bytes}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn print_table(segments: &[Segment]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:<14} {:<6} {:>8} {:>8} {:>5}  first values", "option", "scope", "start", "end", "dim")?;
    for segment in segments {
        let option = segment.info.option.as_ref().map_or("-", |option| option.as_str());
        let scope = segment.info.scope.as_ref().map_or("-", |scope| scope.as_str());
        let seconds = |offset: Option<f64>| offset.map_or("-".to_owned(), |seconds| format!("{seconds:.2}"));
        let first: Vec<String> = segment.vector.iter().take(4).map(|number| format!("{number:+.4}")).collect();
        writeln!(
            out,
            "{option:<14} {scope:<6} {:>8} {:>8} {:>5}  {} …",
            seconds(segment.info.start_sec),
            seconds(segment.info.end_sec),
            segment.vector.dimensions(),
            first.join(" "),
        )?;
    }
    out.flush()
}

fn write_lines(file: File, segments: &[Segment]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(file);
    for segment in segments {
        serde_json::to_writer(&mut out, segment)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
