//! The arguments.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use humantime::parse_duration;
use twelvelabs_pipeline::{Clips, RowCondition, TableFormat};

use crate::exit;

/// Embeds videos, audio, images and documents with TwelveLabs into a table of vectors, and searches it.
///
/// The API key comes from TWELVE_LABS_API_KEY, TWELVELABS_API_KEY, or a profile of the configuration file. It is never
/// an argument.
#[derive(Debug, Parser)]
#[command(name = "twelvelabs", version, after_help = exit::TABLE, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options of the verbs that make calls. They may follow `assets clean`, too.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Use a local server inside this program, without a key and a network. Its vectors are NOT those of Marengo
    #[arg(long, global = true)]
    pub(crate) local: bool,
    /// Take the key and the base URL from this profile of the configuration file
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) profile: Option<String>,
    /// Configuration file [default: twelvelabs/config.toml in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write JSON to the standard output: one event or result per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Time limit of each call [default: depends on the operation]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, hide = true, global = true)]
    pub(crate) call_limit: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Embed files into a table. The same command again goes on where it stopped
    Embed(Box<Embed>),
    /// Find the clips of a table that are nearest to a text, an image or a video
    Search(Box<Search>),
    /// Show what the ledger of a table knows
    Status(Status),
    /// List the newest embedding tasks
    Tasks(Tasks),
    /// List the assets that this program has uploaded, or delete them
    Assets(Assets),
    /// Run the local server for the API
    Serve(Serve),
    /// Perform the steps of jobs for a Temporal server, with the program twelvelabs-temporal
    #[command(disable_help_flag = true)]
    Worker {
        /// Those of `twelvelabs-temporal worker`, to which they are passed on unread
        #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Check key, connection and tools
    Doctor(Common),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Embed {
    /// Files, folders (recursive), http or https URLs; and objects below s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or
    /// az://CONTAINER/PREFIX, with the credentials of the environment, if the program was built with the feature
    /// object_store
    #[arg(value_name = "SOURCES")]
    pub(crate) sources: Vec<std::ffi::OsString>,
    /// Folder of the table and its ledger
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// A list of sources with settings of their own: CSV with the columns source, options, scopes, clips, start, end,
    /// or JSON lines; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// Only files of folders and objects that match, such as '*.mp4', or do not match, such as '!old/**'; can be repeated
    #[arg(long)]
    pub(crate) glob: Vec<String>,
    /// Model
    #[arg(long, default_value = "marengo3.5")]
    pub(crate) model: String,
    /// Number of dimensions: 128, 256 or 512 [default: 512]
    #[arg(long)]
    pub(crate) dimension: Option<usize>,
    /// Embedding option: visual, audio or, with marengo3.0, transcription; can be repeated [default: the platform's]
    #[arg(long = "option", value_name = "NAME")]
    pub(crate) options: Vec<String>,
    /// Embedding scope: clip or asset; can be repeated [default: both]
    #[arg(long = "scope", value_name = "NAME")]
    pub(crate) scopes: Vec<String>,
    /// Division into clips: dynamic:SECONDS (2 to 5) or fixed:SECONDS (2 to 10) [default: the platform's]
    #[arg(long)]
    pub(crate) clips: Option<Clips>,
    /// Format of the table
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    pub(crate) format: Format,
    /// Uploads and create calls at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
    /// Stop before more than these minutes of video and audio are embedded. Files by URL are not counted, because their
    /// duration is not known
    #[arg(long, value_name = "MINUTES", value_parser = amount, allow_negative_numbers = true)]
    pub(crate) max_minutes: Option<f64>,
    /// Stop before this cost, at the rate of --price. The cost of files by URL is not counted, because their duration is not
    /// known
    #[arg(long, value_name = "AMOUNT", requires = "price", value_parser = amount, allow_negative_numbers = true)]
    pub(crate) max_cost: Option<f64>,
    /// Price of a minute of video or audio, for --max-cost and --dry-run
    #[arg(long, value_name = "PER_MINUTE", value_parser = rate, allow_negative_numbers = true)]
    pub(crate) price: Option<f64>,
    /// Minutes that the plan of the account allows per day, for the end date of --dry-run
    #[arg(long, value_name = "MINUTES", value_parser = rate, allow_negative_numbers = true)]
    pub(crate) minutes_per_day: Option<f64>,
    /// Create no tasks after this time from now, such as 90m or 8h
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) until: Option<Duration>,
    /// Show what would be done, including the jobs that earlier runs have left, without a call to the platform
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Identify objects by URL, size and ETag instead of their content, which is then read only once
    #[arg(long)]
    pub(crate) objects_by_etag: bool,
    /// Leave the uploaded assets on the server
    #[arg(long)]
    pub(crate) keep_assets: bool,
    /// Retry all items that failed, not only those that failed for a transient reason
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Create another task for uncertain items, which may be paid for twice
    #[arg(long)]
    pub(crate) pay_again: bool,
    /// Let the workers of this Temporal server embed the files, with the program twelvelabs-temporal and its options
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) temporal: Option<String>,
    /// Time limit of a create call
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2m", hide = true)]
    pub(crate) create_limit: Duration,
    /// Interval of polls [default: 5s, 100ms with --local]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, hide = true)]
    pub(crate) poll_interval: Option<Duration>,
    /// How long a result waits for others in its batch [default: 10s, 1s with --local]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, hide = true)]
    pub(crate) batch_delay: Option<Duration>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Minutes or money.
fn amount(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "must be a number that is at least 0".into())
}

/// Money per minute, or minutes per day.
fn rate(text: &str) -> Result<f64, String> {
    let number = amount(text).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "must be a number that is greater than 0".into())
}

/// The format of a table.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
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

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("query").required(true))]
pub(crate) struct Search {
    /// A text
    #[arg(group = "query")]
    pub(crate) text: Option<String>,
    /// An image
    #[arg(long, value_name = "FILE", group = "query")]
    pub(crate) image: Option<PathBuf>,
    /// A short video
    #[arg(long, value_name = "FILE", group = "query")]
    pub(crate) video: Option<PathBuf>,
    /// The table
    #[arg(long = "in", value_name = "FOLDER")]
    pub(crate) table: PathBuf,
    /// Number of results
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Weight of an option, such as visual=2; 0 leaves it out; can be repeated [default: 1]
    #[arg(long = "weight", value_name = "OPTION=NUMBER")]
    pub(crate) weights: Vec<Weight>,
    /// Only vectors of this scope, as --filter scope=NAME; can be repeated [default: clips, and whole files that have none]
    #[arg(long = "scope", value_name = "NAME")]
    pub(crate) scopes: Vec<String>,
    /// Only sources whose path or URL contains this text, as --filter 'source=*TEXT*'
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// Only rows that meet this condition: source=GLOB, kind=video, audio, image or document, option=NAME, scope=NAME,
    /// start>=SECONDS, end<=SECONDS, page=NUMBER or chunk=NUMBER; also with !=, or with >, < and the other direction; can be
    /// repeated
    #[arg(long = "filter", value_name = "FILTER")]
    pub(crate) filters: Vec<RowCondition>,
    /// Write the results to this file, as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The weight of an option.
#[derive(Clone, Debug)]
pub(crate) struct Weight(pub(crate) String, pub(crate) f64);

impl FromStr for Weight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = text.split_once('=').ok_or("must be OPTION=NUMBER")?;
        let number = number.parse().map_err(|_| "must end in a number")?;
        Ok(Self(name.to_owned(), number))
    }
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Folder of the table
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Write JSON to the standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Tasks {
    /// Number of tasks
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// With --local, the table whose local server is asked: what `embed --local --out FOLDER` has left there
    #[arg(long = "in", value_name = "FOLDER", requires = "local")]
    pub(crate) table: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args, Debug)]
pub(crate) struct Assets {
    #[command(subcommand)]
    pub(crate) verb: Option<AssetsVerb>,
    /// With --local, the table whose local server is asked: what `embed --local --out FOLDER` has left there
    #[arg(long = "in", value_name = "FOLDER", requires = "local", global = true)]
    pub(crate) table: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AssetsVerb {
    /// Delete the assets that this program has uploaded. No run may be under way
    Clean {
        /// Delete them; without it, they are only listed
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8421")]
    pub(crate) listen: std::net::SocketAddr,
    /// Keep data in this folder [default: a temporary one]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Processing time of jobs: instant, realtime, or a factor such as 10x
    #[arg(long, default_value = "instant")]
    pub(crate) speed: twelvelabs_local::Speed,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
