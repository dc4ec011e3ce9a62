//! The pipeline as a library: a run.

mod builder;
mod estimate;
mod jobs;
mod summary;

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use twelvelabs::TwelveLabs;

pub use self::{builder::PipelineBuilder, estimate::Estimate, jobs::PlannedJobs, summary::RunSummary};
use crate::{
    calls::Interrupt,
    driver::{self, DriverSettings, Shared},
    error::PipelineError,
    event::{Event, EventStream, Reporter},
    job::{ItemSettings, Origin, Rules, VectorSpace},
    ledger::{Ledger, Parameter},
    objects::Objects,
    plan::{self, Checker},
    sink::{SharedSink, Sink},
    source::{self, Item, ItemSource},
};

/// A run of the pipeline: every item of the sources is checked, uploaded, embedded and stored, once.
///
/// The ledger records what a run has done. Another run with the same ledger and the same sink continues where the last
/// one ended, even after a crash, and retries items that failed for a transient reason.
///
/// See the [documentation of the crate](crate) for an example.
#[derive(Debug)]
#[must_use = "nothing happens before `run()`"]
pub struct Pipeline {
    client: TwelveLabs,
    server: String,
    space: VectorSpace,
    settings: ItemSettings,
    sources: Vec<ItemSource>,
    globs: Vec<String>,
    ledger: PathBuf,
    output: Option<PathBuf>,
    sink: SinkBox,
    events: Reporter,
    driver: DriverSettings,
    retry_failed: bool,
    pay_again: bool,
    interrupt: Interrupt,
    objects: Objects,
}

/// The parameter of a ledger that is the name of the server.
const SERVER: &str = "server";

struct SinkBox(Box<dyn Sink>);

impl std::fmt::Debug for SinkBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

impl Pipeline {
    /// The settings of a run with this client. `ledger` is the file with the state of all jobs, which is created if
    /// necessary; `sink` gets the rows.
    ///
    /// The default model is Marengo 3.5 with 512 dimensions.
    pub fn builder(client: TwelveLabs, ledger: impl Into<PathBuf>, sink: impl Sink) -> PipelineBuilder {
        PipelineBuilder::new(client, ledger.into(), SinkBox(Box::new(sink)))
    }

    /// Returns a stream of every [`Event`](crate::Event) of the run, besides the callback. It ends with the run. Events that are not read
    /// stay in memory, unless the stream is dropped. A second call ends the first stream.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// # use twelvelabs_pipeline::{Event, ItemSource, Pipeline, TableFolder, TableFormat};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pause = std::time::Duration::from_millis(20);
    /// # let server = twelvelabs_local::LocalServer::builder().processing_time(pause).start().await?;
    /// # let client = twelvelabs::TwelveLabs::builder().api_key("k").base_url(server.base_url()).no_proxy().build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let ledger = folder.path().join("ledger");
    /// # let sink = TableFolder::new(folder.path(), TableFormat::JsonLines);
    /// let video = ItemSource::Path("../tests/media/tiny.mp4".into());
    /// let builder = Pipeline::builder(client, ledger, sink).source(video);
    /// # let builder = builder.with_poll_interval(pause).with_batch_delay(pause);
    /// let mut pipeline = builder.build()?;
    /// let mut events = pipeline.events();
    /// let run = tokio::spawn(pipeline.run());
    /// let mut rows = 0;
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Event::Batch { rows: new, .. } => rows += new as u64,
    ///         other => println!("{other}"),
    ///     }
    /// }
    /// assert_eq!(run.await??.vectors, rows);
    /// # Ok(()) }
    /// ```
    pub fn events(&mut self) -> EventStream {
        self.events.stream()
    }

    /// The rules for the settings of items.
    fn rules(&self) -> Rules {
        Rules::new(&self.client, &self.space)
    }

    /// Checks and lists all items of the sources.
    // The future has no reference to the sink, which cannot be shared among threads.
    fn items<'a>(&'a self, rules: &'a Rules) -> impl Future<Output = Result<Vec<Item>, PipelineError>> + use<'a> {
        let output = self.output.as_deref();
        source::expand(&self.sources, &self.globs, output, &self.settings, rules, &self.objects)
    }

    /// The parameters that must be the same in all runs over one ledger.
    fn parameters(&self) -> Vec<Parameter> {
        let (settings, space) = (&self.settings, &self.space);
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        vec![
            (SERVER, self.server.clone()),
            ("model", space.model.clone()),
            ("dimension", space.dimension.to_string()),
            ("options", settings.options.join(",")),
            ("scopes", settings.scopes.join(",")),
            ("clips", settings.clips.map(|clips| clips.to_string()).unwrap_or_default()),
            ("start", number(settings.start_sec)),
            ("end", number(settings.end_sec)),
            ("objects", if self.objects.by_e_tag { "by ETag".into() } else { String::new() }),
        ]
    }

    /// Runs until everything is done, or until a limit or an interruption.
    ///
    /// # Errors
    ///
    /// What concerns the whole run, by its [kind](PipelineError::kind): sources, a ledger or a table that do not fit the
    /// settings, before anything is sent; a key that is refused; a platform that cannot be reached; a ledger or a table
    /// that cannot be written. Items that fail are not errors, but counted in the summary, and rows of the table of
    /// failures.
    ///
    /// # Cancellation
    ///
    /// Dropping the future stops the run at once, as a crash does, and another run continues. What a thread is writing
    /// is finished, and until then another run of this process is refused with
    /// [`Usage`](crate::PipelineErrorKind::Usage). [`Interrupt`] stops it gracefully.
    pub async fn run(self) -> Result<RunSummary, PipelineError> {
        let space = self.space.clone();
        let items = self.items(&self.rules()).await?;
        let ledger = Ledger::open(&self.ledger, &self.parameters())?;
        let blocking = ledger.blocking().clone();
        let done = self.run_over(ledger, space, items).await;
        // A step that an error has cut off may still write: neither the ledger nor the table is touched after the run.
        blocking.close();
        blocking.wait().await;
        done
    }

    async fn run_over(
        self,
        ledger: Arc<Ledger>,
        space: VectorSpace,
        items: Vec<Item>,
    ) -> Result<RunSummary, PipelineError> {
        let checker = Checker { ledger: Some(Arc::clone(&ledger)), rules: self.rules(), objects: self.objects.clone() };
        let sink = SharedSink::new(self.sink.0, ledger.blocking());
        let (id, own) = (ledger.id()?, space.clone());
        if let Err(error) = sink.call(move |sink| sink.open(&own, &id)).await {
            ledger.discard_if_new();
            return Err(error);
        }
        let given: HashSet<Origin> = items.iter().map(|item| item.origin.clone()).collect();
        ledger.run(move |ledger| ledger.forget_failures(&given)).await?;
        let interrupted = self.interrupt.subscribe();
        let mut stop = interrupted.clone();
        // The sender lives as long as the run.
        let stop = async { drop(stop.wait_for(|is_interrupted| *is_interrupted).await) };
        plan::add_all(&ledger, &checker, items, stop, &self.events).await?;
        drop(checker);
        // Which sources there are is known now.
        let (all, pay_again) = (self.retry_failed, self.pay_again);
        ledger.run(move |ledger| ledger.retry(all, pay_again)).await?;
        let counts = ledger.counts_for_sources()?;
        let done = ["stored", "cleaned", "failed", "uncertain"].iter().filter_map(|state| counts.get(*state)).sum();
        self.events.send(&Event::Started { jobs: counts.values().sum(), done });
        let mut shared = Shared::new(
            self.client,
            Arc::clone(&ledger),
            space,
            self.driver,
            self.events,
            sink.clone(),
            self.interrupt,
        );
        shared.calls.share_objects(self.objects);
        let stop = driver::run(Arc::new(shared), interrupted).await?;
        let failures = ledger.run(Ledger::failures).await?;
        sink.call(move |sink| sink.write_failures(&failures).and_then(|()| sink.commit())).await?;
        RunSummary::of(&ledger, stop)
    }
}
