//! The arguments of `embed`, and those that it shares with `worker`.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use humantime::parse_duration;
use twelvelabs_pipeline::{Clips, TableFormat};

/// Where the Temporal server is.
#[derive(Args, Debug)]
pub struct Server {
    /// Address of the Temporal server, such as 127.0.0.1:7233. TLS, an API key and the like come from the environment
    /// or temporal.toml, as those of other Temporal programs do
    #[arg(long, value_name = "ADDRESS", env = "TEMPORAL_ADDRESS")]
    pub temporal: String,
    /// Namespace [default: that of the environment or temporal.toml, or "default"]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Task queue. Those of uploads and create calls have the same name with an ending
    #[arg(long, value_name = "NAME", default_value = "twelvelabs")]
    pub task_queue: String,
}

impl Server {
    /// The task queue of the uploads.
    pub fn upload_queue(&self) -> String {
        format!("{}-upload", self.task_queue)
    }

    /// The task queue of the create calls.
    pub fn create_queue(&self) -> String {
        format!("{}-create", self.task_queue)
    }
}

/// Options of the verb.
#[derive(Args, Debug)]
pub struct EmbedArguments {
    /// Files, folders (recursive) and http or https URLs. All workers must have the files under the same paths
    #[arg(value_name = "SOURCES")]
    pub sources: Vec<OsString>,
    /// Server and task queue.
    #[command(flatten)]
    pub server: Server,
    /// Folder of the table, which all workers share
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// A list of sources with settings of their own: CSV with the columns source, options, scopes, clips, start, end,
    /// or JSON lines; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    pub manifest: Vec<PathBuf>,
    /// Only files of folders that match, such as '*.mp4', or do not match, such as '!old/**'; can be repeated
    #[arg(long)]
    pub glob: Vec<String>,
    /// Model
    #[arg(long, default_value = "marengo3.5")]
    pub model: String,
    /// Number of dimensions: 128, 256 or 512 [default: 512]
    #[arg(long)]
    pub dimension: Option<usize>,
    /// Embedding option: visual, audio or transcription; can be repeated [default: the platform's]
    #[arg(long = "option", value_name = "NAME")]
    pub options: Vec<String>,
    /// Embedding scope: clip or asset; can be repeated [default: both]
    #[arg(long = "scope", value_name = "NAME")]
    pub scopes: Vec<String>,
    /// Division into clips: dynamic:SECONDS or fixed:SECONDS [default: the platform's]
    #[arg(long)]
    pub clips: Option<Clips>,
    /// Format of the table
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    pub format: Format,
    /// Start the jobs and do not wait for them
    #[arg(long)]
    pub detach: bool,
    /// Leave the uploaded assets on the server
    #[arg(long)]
    pub keep_assets: bool,
    /// Retry all items that failed, not only those that failed for a transient reason
    #[arg(long)]
    pub retry_failed: bool,
    /// Create another task for uncertain items, which may be paid for twice
    #[arg(long)]
    pub pay_again: bool,
    /// Time limit of a create call
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "30s", hide = true)]
    pub create_limit: Duration,
    /// The first pause between two polls of a task
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5s", hide = true)]
    pub poll_interval: Duration,
    /// A worker that has not said for so long that it is alive is taken to be dead
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "20s", hide = true)]
    pub heartbeat_timeout: Duration,
    /// The first pause after a step that failed
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1s", hide = true)]
    pub backoff: Duration,
}

/// The format of a table.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// Parquet files
    Parquet,
    /// JSON lines
    Jsonl,
}

impl From<Format> for TableFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Parquet => Self::Parquet,
            Format::Jsonl => Self::JsonLines,
        }
    }
}
