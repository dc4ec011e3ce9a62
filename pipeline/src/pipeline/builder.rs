//! The settings of a run.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use twelvelabs::{ModelName, TwelveLabs};

use super::{Pipeline, SinkBox};
use crate::{
    calls::{Interrupt, StepClient},
    driver::DriverSettings,
    error::PipelineError,
    event::{Event, Reporter},
    job::{FileKind, ItemSettings, VectorSpace},
    objects::Objects,
    source::{self, ItemSource},
};

/// A duration that no run lasts, and that can be added to every time.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The settings of a [`Pipeline`]. A pause or a time limit of more than a year is a year.
#[derive(Debug)]
#[must_use = "nothing happens before `build()` and `run()`"]
pub struct PipelineBuilder {
    model: ModelName,
    dimension: Option<usize>,
    run: Pipeline,
}

impl PipelineBuilder {
    pub(super) fn new(client: TwelveLabs, ledger: PathBuf, sink: SinkBox) -> Self {
        let driver = DriverSettings {
            concurrency: 8,
            poll_interval: StepClient::POLL_INTERVAL,
            create_limit: Duration::from_secs(120),
            batch_delay: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            outage_limit: StepClient::OUTAGE_LIMIT,
            keep_assets: false,
            most_seconds: None,
            until: None,
        };
        let run = Pipeline {
            client,
            server: "the platform".into(),
            space: VectorSpace::new(ModelName::Marengo35.as_str(), VectorSpace::FULL),
            settings: ItemSettings::default(),
            sources: Vec::new(),
            globs: Vec::new(),
            ledger,
            output: None,
            sink,
            events: Reporter::default(),
            driver,
            retry_failed: false,
            pay_again: false,
            interrupt: Interrupt::new(),
            objects: Objects::default(),
        };
        Self { model: ModelName::Marengo35, dimension: None, run }
    }

    /// Adds a source. Can be called several times; without any, the run finishes the jobs of the ledger.
    pub fn source(mut self, source: ItemSource) -> Self {
        self.run.sources.push(source);
        self
    }

    /// Selects files of folders and objects by a glob: `*.mp4` includes, `!old/**` excludes. Can be called several times;
    /// the last glob that matches a file counts. Default: all files.
    pub fn glob(mut self, glob: impl Into<String>) -> Self {
        self.run.globs.push(glob.into());
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
        self.run.settings = settings;
        self
    }

    /// A name of the server that is recorded in the ledger, so that vectors of a local server are not mixed with those
    /// of the platform. Default: `the platform`.
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.run.server = name.into();
        self
    }

    /// A folder that is not searched for sources, such as the one that the sink writes.
    pub fn with_output(mut self, folder: impl Into<PathBuf>) -> Self {
        self.run.output = Some(folder.into());
        self
    }

    /// Maximum number of uploads and create calls at the same time. While the server processes an asset, other files
    /// are uploaded. At least 1, default 8.
    pub fn with_concurrency(mut self, steps: usize) -> Self {
        self.run.driver.concurrency = steps.max(1);
        self
    }

    /// How often the lists of assets that are processed and of tasks are requested. The first requests come sooner. At
    /// least 1 ms, default 5 s.
    pub fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.run.driver.poll_interval = interval.clamp(Duration::from_millis(1), LONGEST);
        self
    }

    /// Time limit of a create call, at least 1 s, default 2 min. After a crash, the task of a create call is looked for when this
    /// time and a quarter of it, at least one second, have passed.
    pub fn with_create_limit(mut self, limit: Duration) -> Self {
        self.run.driver.create_limit = limit.clamp(Duration::from_secs(1), LONGEST);
        self
    }

    /// How long a result waits for others to be stored in the same batch, default 10 s. 64 results do not wait.
    pub fn with_batch_delay(mut self, delay: Duration) -> Self {
        self.run.driver.batch_delay = delay.min(LONGEST);
        self
    }

    /// The pause after a step failed for a transient reason, default 1 s. It doubles with each failure of the same
    /// step.
    pub fn with_backoff(mut self, pause: Duration) -> Self {
        self.run.driver.backoff = pause.min(LONGEST);
        self
    }

    /// How long the platform may be unreachable before the run ends with an error, default 15 min.
    pub fn with_outage_limit(mut self, limit: Duration) -> Self {
        self.run.driver.outage_limit = limit;
        self
    }

    /// Leaves the assets on the server. Default: false, each is deleted when its vectors are stored.
    pub fn with_assets_kept(mut self, keep: bool) -> Self {
        self.run.driver.keep_assets = keep;
        self
    }

    /// Maximum seconds of video and audio in the tasks that this run creates, at least 0. Default: no limit. Files by URL are not
    /// counted, because their duration is not known.
    pub fn with_max_seconds(mut self, seconds: f64) -> Self {
        self.run.driver.most_seconds = Some(seconds);
        self
    }

    /// When this run stops creating tasks. Tasks that exist are finished. Default: never.
    pub fn with_end_time(mut self, time: SystemTime) -> Self {
        self.run.driver.until = Some(time);
        self
    }

    /// Retries all items that failed, not only those that failed for a transient reason. Default: false.
    pub fn with_retry_failed(mut self, retry: bool) -> Self {
        self.run.retry_failed = retry;
        self
    }

    /// Creates another task for items whose task may exist and cannot be found, and which may therefore be paid for
    /// twice. Default: false.
    pub fn with_pay_again(mut self, pay: bool) -> Self {
        self.run.pay_again = pay;
        self
    }

    /// Identifies an object by its URL, its size and its `ETag` instead of the hash of its content, so that it is read
    /// once, for its upload. The same content in two objects, or in an object and a file, is two jobs then. Default:
    /// false. A ledger has one setting.
    pub fn with_objects_by_e_tag(mut self, by_e_tag: bool) -> Self {
        self.run.objects.by_e_tag = by_e_tag;
        self
    }

    /// Calls back for every [`Event`] of the run. The callback should not block.
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.run.events.set_callback(callback);
        self
    }

    /// Stops the run when [`Interrupt::interrupt`] is called on a clone of this. Default: nothing stops it.
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Self {
        self.run.interrupt = interrupt;
        self
    }

    /// Checks the settings, by the rules of the platform for this model, and the globs, that files and folders exist, and
    /// reads manifests that are files. It blocks.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage), [`NotFound`](crate::PipelineErrorKind::NotFound), and
    /// [`Storage`](crate::PipelineErrorKind::Storage) if a manifest cannot be read.
    pub fn build(self) -> Result<Pipeline, PipelineError> {
        let Self { model, dimension, mut run } = self;
        if let Some(most) = run.driver.most_seconds.filter(|most| most.is_nan() || *most < 0.0) {
            return Err(PipelineError::usage(format!("the maximum of seconds must be at least 0 (got {most})")));
        }
        run.space = VectorSpace::checked(&model, dimension)?;
        let rules = run.rules();
        // What only a request of audio cannot have concerns the audio files among the items.
        if let Some((field, rule)) = rules.violation(&run.settings, FileKind::Video) {
            return Err(PipelineError::usage(format!("{field} {rule}")));
        }
        source::check(&run.sources, &run.globs, &run.settings, &rules)?;
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::{TableFolder, TableFormat};

    fn builder() -> PipelineBuilder {
        let client = TwelveLabs::builder().api_key("none").base_url("http://127.0.0.1:9").no_proxy();
        let sink = TableFolder::new("never opened", TableFormat::JsonLines);
        Pipeline::builder(client.build().expect("a client"), "never opened", sink)
    }

    #[test]
    fn durations_can_be_added_to_every_time_and_a_call_can_be_sent() {
        let of = |duration| {
            let builder = builder().with_poll_interval(duration).with_create_limit(duration);
            builder.with_batch_delay(duration).with_backoff(duration).build().expect("valid").driver
        };
        let driver = of(Duration::ZERO);
        assert_eq!((driver.poll_interval, driver.create_limit), (Duration::from_millis(1), Duration::from_secs(1)));
        assert_eq!((driver.batch_delay, driver.backoff), (Duration::ZERO, Duration::ZERO));
        let driver = of(Duration::MAX);
        for duration in [driver.poll_interval, driver.create_limit, driver.batch_delay, driver.backoff] {
            assert_eq!(duration, LONGEST);
        }
    }

    #[test]
    fn wrong_settings_are_errors_before_anything_is_read() {
        let error = |builder: PipelineBuilder| builder.build().expect_err("refused").to_string();
        assert_eq!(error(builder().dimension(100)), "dimension must be 128, 256 or 512 (got 100)");
        assert!(error(builder().glob("[a")).starts_with("the glob [a is not valid"));
        assert!(error(builder().source(ItemSource::Path("none.mp4".into()))).starts_with("cannot find none.mp4"));
        for seconds in [f64::NAN, -1.0] {
            let error = error(builder().with_max_seconds(seconds));
            assert_eq!(error, format!("the maximum of seconds must be at least 0 (got {seconds})"));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("list.csv");
        std::fs::write(&manifest, "source,start\na.mp4,soon\n").expect("written");
        let of_manifest = error(builder().source(ItemSource::Manifest(manifest)));
        let rule = "list.csv:2:7: start must be a number of seconds (got \"soon\")";
        assert!(of_manifest.ends_with(rule), "{of_manifest}");
        let settings = ItemSettings { options: vec!["transcription".into()], ..ItemSettings::default() };
        let rule = "options must be visual or audio when model_name is marengo3.5 (got transcription)";
        assert_eq!(error(builder().settings(settings.clone())), rule);
        assert!(builder().model(ModelName::Marengo30).settings(settings).build().is_ok());
    }
}
