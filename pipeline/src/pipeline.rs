//! The pipeline as a library: settings, and a run.

mod estimate;
mod jobs;
mod summary;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use twelvelabs::{ModelName, TwelveLabs};

pub use self::{estimate::Estimate, jobs::PlannedJobs, summary::RunSummary};
use crate::{
    calls::{Interrupt, StepClient},
    driver::{self, DriverSettings, Shared},
    error::PipelineError,
    event::{Event, EventStream, Reporter},
    job::{ItemSettings, VectorSpace},
    ledger::{Ledger, Parameter},
    object_url::ObjectUrl,
    objects::Objects,
    plan::{self, Checker},
    sink::{SharedSink, Sink},
    source::{self, Item, ItemSource},
};

/// A run of the pipeline, and its settings: every item of the sources is checked, uploaded, embedded and stored, once.
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
    model: ModelName,
    dimension: Option<usize>,
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

struct SinkBox(Box<dyn Sink>);

impl std::fmt::Debug for SinkBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

impl Pipeline {
    /// A run with this client. `ledger` is the file with the state of all jobs, which is created if necessary; `sink`
    /// gets the rows.
    ///
    /// The default model is Marengo 3.5 with 512 dimensions.
    pub fn builder(client: TwelveLabs, ledger: impl Into<PathBuf>, sink: impl Sink) -> Self {
        let driver = DriverSettings {
            concurrency: 4,
            poll_interval: StepClient::POLL_INTERVAL,
            create_limit: Duration::from_secs(120),
            batch_delay: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            outage_limit: StepClient::OUTAGE_LIMIT,
            keep_assets: false,
            most_seconds: None,
            until: None,
        };
        Self {
            client,
            server: "the platform".into(),
            model: ModelName::Marengo35,
            dimension: None,
            settings: ItemSettings::default(),
            sources: Vec::new(),
            globs: Vec::new(),
            ledger: ledger.into(),
            output: None,
            sink: SinkBox(Box::new(sink)),
            events: Reporter::default(),
            driver,
            retry_failed: false,
            pay_again: false,
            interrupt: Interrupt::new(),
            objects: Objects::default(),
        }
    }

    /// Adds a source. Can be called several times; without any, the run finishes the jobs of the ledger.
    pub fn source(mut self, source: ItemSource) -> Self {
        self.sources.push(source);
        self
    }

    /// Selects files of folders and objects by a glob: `*.mp4` includes, `!old/**` excludes. Can be called several times;
    /// the last glob that matches a file counts. Default: all files.
    pub fn glob(mut self, glob: impl Into<String>) -> Self {
        self.globs.push(glob.into());
        self
    }

    /// The model. Default: Marengo 3.5. A ledger and a table have one model.
    pub fn model(mut self, model: impl Into<ModelName>) -> Self {
        self.model = model.into();
        self
    }

    /// Number of dimensions: 128, 256 or 512, default 512. Marengo 3.0 has 512 only.
    pub fn dimension(mut self, dimension: usize) -> Self {
        self.dimension = Some(dimension);
        self
    }

    /// What to compute for items without settings of their own in a manifest. Default: the server's defaults.
    pub fn settings(mut self, settings: ItemSettings) -> Self {
        self.settings = settings;
        self
    }

    /// A name of the server that is recorded in the ledger, so that vectors of a local server are not mixed with those
    /// of the platform. Default: `the platform`.
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.server = name.into();
        self
    }

    /// A folder that is not searched for sources, such as the one that the sink writes.
    pub fn with_output(mut self, folder: impl Into<PathBuf>) -> Self {
        self.output = Some(folder.into());
        self
    }

    /// Maximum number of uploads and create calls at the same time. At least 1, default 4.
    pub fn with_concurrency(mut self, steps: usize) -> Self {
        self.driver.concurrency = steps.max(1);
        self
    }

    /// How often the list of tasks is requested, and an asset is polled. At least 1 ms, default 5 s.
    pub fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.driver.poll_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Time limit of a create call, default 2 min. After a crash, the task of a create call is looked for when this
    /// time and a quarter of it, at least one second, have passed.
    pub fn with_create_limit(mut self, limit: Duration) -> Self {
        self.driver.create_limit = limit;
        self
    }

    /// How long a result waits for others to be stored in the same batch, default 10 s. 64 results do not wait.
    pub fn with_batch_delay(mut self, delay: Duration) -> Self {
        self.driver.batch_delay = delay;
        self
    }

    /// The pause after a step failed for a transient reason, default 1 s. It doubles with each failure of the same
    /// step.
    pub fn with_backoff(mut self, pause: Duration) -> Self {
        self.driver.backoff = pause;
        self
    }

    /// How long the platform may be unreachable before the run ends with an error, default 15 min.
    pub fn with_outage_limit(mut self, limit: Duration) -> Self {
        self.driver.outage_limit = limit;
        self
    }

    /// Leaves the assets on the server. Default: false, each is deleted when its vectors are stored.
    pub fn with_assets_kept(mut self, keep: bool) -> Self {
        self.driver.keep_assets = keep;
        self
    }

    /// Maximum seconds of video and audio in the tasks that this run creates. Default: no limit. Files by URL are not
    /// counted, because their duration is not known.
    pub fn with_max_seconds(mut self, seconds: f64) -> Self {
        self.driver.most_seconds = Some(seconds);
        self
    }

    /// When this run stops creating tasks. Tasks that exist are finished. Default: never.
    pub fn with_end_time(mut self, time: SystemTime) -> Self {
        self.driver.until = Some(time);
        self
    }

    /// Retries all items that failed, not only those that failed for a transient reason. Default: false.
    pub fn with_retry_failed(mut self, retry: bool) -> Self {
        self.retry_failed = retry;
        self
    }

    /// Creates another task for items whose task may exist and cannot be found, and which may therefore be paid for
    /// twice. Default: false.
    pub fn with_pay_again(mut self, pay: bool) -> Self {
        self.pay_again = pay;
        self
    }

    /// Identifies an object by its URL, its size and its `ETag` instead of the hash of its content, so that it is read
    /// once, for its upload. The same content in two objects, or in an object and a file, is two jobs then. Default:
    /// false. A ledger has one setting.
    pub fn with_objects_by_e_tag(mut self, by_e_tag: bool) -> Self {
        self.objects.by_e_tag = by_e_tag;
        self
    }

    /// Calls back for every [`Event`] of the run. The callback should not block.
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events.set_callback(callback);
        self
    }

    /// Returns a stream of every [`Event`] of the run, besides the callback. It ends with the run. Events that are not read
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
    /// let mut pipeline = Pipeline::builder(client, ledger, sink).source(ItemSource::Path("../tests/media/tiny.mp4".into()));
    /// # pipeline = pipeline.with_poll_interval(pause).with_batch_delay(pause);
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

    /// A handle that stops the run.
    pub fn interrupt_handle(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// The parameters that must be the same in all runs over one ledger.
    fn parameters(&self, space: &VectorSpace) -> Vec<Parameter> {
        let settings = &self.settings;
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        vec![
            ("server", self.server.clone()),
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

    /// Checks the settings, and that files and folders exist, but reads none of them. [`run`](Self::run) does that too.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage) and [`NotFound`](crate::PipelineErrorKind::NotFound).
    pub fn check(&self) -> Result<(), PipelineError> {
        self.checked_space()?;
        for source in &self.sources {
            match source {
                ItemSource::Path(path) | ItemSource::Manifest(path) if path.as_os_str() != "-" => {
                    path.metadata().map_err(|error| PipelineError::file("cannot find", path, error))?;
                }
                ItemSource::Objects(url) => drop(ObjectUrl::parse(url).map_err(PipelineError::usage)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn checked_space(&self) -> Result<VectorSpace, PipelineError> {
        if let Some((field, rule)) = self.settings.violation() {
            return Err(PipelineError::usage(format!("{field} {rule}")));
        }
        VectorSpace::new(&self.model, self.dimension)
    }

    /// Runs until everything is done, or until a limit or an interruption.
    ///
    /// # Errors
    ///
    /// What concerns the whole run, by its [kind](PipelineError::kind): wrong settings, before anything is sent; a key
    /// that is refused; a platform that cannot be reached; a ledger or a table that cannot be written. Items that fail
    /// are not errors, but counted in the summary, and rows of the table of failures.
    ///
    /// # Cancellation
    ///
    /// Dropping the future stops the run at once, as a crash does, and another run continues. What a thread is writing
    /// is finished, and until then another run of this process is refused with
    /// [`Usage`](crate::PipelineErrorKind::Usage). [`Interrupt`] stops it gracefully.
    pub async fn run(self) -> Result<RunSummary, PipelineError> {
        let space = self.checked_space()?;
        let output = self.output.as_deref();
        let items = source::expand(&self.sources, &self.globs, output, &self.settings, &self.objects).await?;
        let ledger = Ledger::open(&self.ledger, &self.parameters(&space))?;
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
        let sink = SharedSink::new(self.sink.0, ledger.blocking());
        let (id, own) = (ledger.id()?, space.clone());
        if let Err(error) = sink.call(move |sink| sink.open(&own, &id)).await {
            ledger.discard_if_new();
            return Err(error);
        }
        let (all, pay_again) = (self.retry_failed, self.pay_again);
        ledger.run(move |ledger| ledger.retry(all, pay_again)).await?;
        let interrupted = self.interrupt.subscribe();
        let mut stop = interrupted.clone();
        // The sender lives as long as the run.
        let stop = async { drop(stop.wait_for(|is_interrupted| *is_interrupted).await) };
        let checker =
            Checker { ledger: Some(Arc::clone(&ledger)), space: space.clone(), objects: self.objects.clone() };
        plan::add_all(&ledger, &checker, items, stop, &self.events).await?;
        drop(checker);
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
