//! The verb `embed`: every job becomes a workflow, and what became of it is reported.

mod arguments;
mod report;

use std::{collections::HashMap, path::absolute, time::Duration};

use futures::{StreamExt, stream};
use temporalio_client::{
    Client, WorkflowGetResultOptions, WorkflowIdReusePolicy, WorkflowStartOptions,
    errors::{WorkflowGetResultError, WorkflowStartError},
    tonic::{Code, Status},
};
use temporalio_common::error::IncomingError;
use tokio::time::{Instant, sleep};
use twelvelabs::TwelveLabs;
use twelvelabs_pipeline::{
    EmbedJob, ItemSettings, ItemSource, Pipeline, PipelineBuilder, PlannedJobs, Sink, TableFolder, escape_control,
    steps::State,
};

pub use self::arguments::{EmbedArguments, Format, Server};
use self::report::Report;
use crate::{
    activities::{TABLE, batch_of},
    connection::connect,
    exit::{Exit, Failure, signal},
    plan::{JobEnd, Plan, Settings},
    workflow::EmbedWorkflow,
};

/// How many workflows are started, or waited for, at the same time.
const AT_ONCE: usize = 32;
/// How long the Temporal server may be unreachable.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is shown how many jobs have ended.
const PROGRESS: Duration = Duration::from_secs(10);

/// Starts the workflows of all jobs, and waits for them.
///
/// # Errors
///
/// Before anything is started: sources that do not exist, a table of another model, a server that cannot be reached.
pub async fn run(arguments: EmbedArguments) -> Result<Exit, Failure> {
    let format = arguments.format.into();
    let mut table = TableFolder::shared(&arguments.out, format);
    let planned = plan(&arguments).await?;
    let begin = Instant::now();
    let server = &arguments.server;
    let client = connect(&server.temporal, server.namespace.as_deref(), || begin.elapsed() < PAUSE * 20).await?;
    table.open(&planned.space, TABLE).map_err(storage)?;
    let mut report = Report::new(&planned);
    // Temporal forgets a workflow some days after its end. Its rows stay.
    let (stored, jobs): (Vec<_>, Vec<_>) = planned.jobs.iter().partition(|job| table.has_batch(batch_of(job)));
    report.stored_before(stored.len());
    let plans = Plans { client: &client, arguments: &arguments, planned: &planned };
    let work = async {
        let mut started = stream::iter(&jobs).map(|job| plans.start(job)).buffered(AT_ONCE);
        while let Some(started) = started.next().await {
            report.started(started?);
        }
        drop(started);
        report.show_started();
        if arguments.detach {
            return Ok(());
        }
        let mut ended = stream::iter(&jobs).map(async |job| (*job, plans.end(job).await)).buffer_unordered(AT_ONCE);
        let mut shown = Instant::now();
        while let Some((job, end)) = ended.next().await {
            if shown.elapsed() > PROGRESS {
                shown = Instant::now();
                report.show_progress();
            }
            report.ended(job, end?, table.has_batch(batch_of(job)));
        }
        drop(ended);
        report.late(&client, &planned.jobs).await
    };
    tokio::select! {
        done = work => done?,
        () = signal() => {
            println!("Interrupted: the jobs go on, and the same command waits for them again");
            return Ok(Exit::Interrupted);
        }
    }
    if arguments.detach {
        return Ok(Exit::Done);
    }
    table.write_failures(report.failures()).and_then(|()| table.commit()).map_err(storage)?;
    report.show(&arguments.out);
    Ok(report.exit())
}

fn storage(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    match error.downcast::<twelvelabs_pipeline::PipelineError>() {
        Ok(error) => (*error).into(),
        Err(error) => Failure::new(Exit::Storage, format!("the table cannot be written: {error}")),
    }
}

/// Checks all items. Paths are absolute, since the workers are elsewhere.
async fn plan(arguments: &EmbedArguments) -> Result<PlannedJobs, Failure> {
    let whole = |path: &std::path::Path| {
        let usage = |error| Failure::new(Exit::Usage, format!("{}: {error}", escape_control(&path.to_string_lossy())));
        absolute(path).map_err(usage)
    };
    let mut sources = Vec::new();
    for source in &arguments.sources {
        sources.push(match ItemSource::of_argument(source) {
            ItemSource::Path(path) => ItemSource::Path(whole(&path)?),
            other => other,
        });
    }
    for manifest in &arguments.manifest {
        let is_input = manifest.as_os_str() == "-";
        sources.push(ItemSource::Manifest(if is_input { manifest.clone() } else { whole(manifest)? }));
    }
    if sources.is_empty() {
        let message = "there is nothing to embed: name files, folders, URLs or a manifest";
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut settings = ItemSettings::default();
    (settings.options, settings.scopes, settings.clips) =
        (arguments.options.clone(), arguments.scopes.clone(), arguments.clips);
    // Makes no call.
    let client = TwelveLabs::builder().api_key("none").base_url("http://127.0.0.1:9").no_proxy().build()?;
    let sink = TableFolder::shared(&arguments.out, arguments.format.into());
    let mut builder = Pipeline::builder(client, arguments.out.join("no ledger"), sink)
        .model(arguments.model.clone())
        .settings(settings)
        .with_output(&arguments.out)
        .on_event(|event| eprintln!("{event}"));
    builder = sources.into_iter().fold(builder, PipelineBuilder::source);
    builder = arguments.glob.iter().fold(builder, PipelineBuilder::glob);
    if let Some(dimension) = arguments.dimension {
        builder = builder.dimension(dimension);
    }
    Ok(builder.build()?.jobs().await?)
}

/// How a workflow was started.
pub(crate) enum Started {
    /// It was not there before.
    New,
    /// It runs, or has ended.
    Before,
    /// It has failed before.
    Again,
}

struct Plans<'a> {
    client: &'a Client,
    arguments: &'a EmbedArguments,
    planned: &'a PlannedJobs,
}

impl Plans<'_> {
    /// Starts the workflow of a job, unless it runs or is not to be retried.
    async fn start(&self, job: &EmbedJob) -> Result<Started, Failure> {
        if self.begin(job, false, Vec::new(), WorkflowIdReusePolicy::RejectDuplicate).await? {
            return Ok(Started::New);
        }
        let Some(known_tasks) = self.to_retry(job).await? else { return Ok(Started::Before) };
        // Another `embed` may have done so meanwhile; what has succeeded is not started again.
        let policy = WorkflowIdReusePolicy::AllowDuplicateFailedOnly;
        Ok(if self.begin(job, true, known_tasks, policy).await? { Started::Again } else { Started::Before })
    }

    /// The tasks of a job that has failed, if it is to be retried.
    async fn to_retry(&self, job: &EmbedJob) -> Result<Option<Vec<String>>, Failure> {
        let handle = self.client.get_workflow_handle::<EmbedWorkflow>(&job.id);
        let describe = async || handle.describe(Default::default()).await.map_err(|error| error.into());
        let Some(description) = patient(describe).await? else { return Ok(None) };
        if description.status() == temporalio_client::WorkflowExecutionStatus::Running {
            return Ok(None);
        }
        let arguments = self.arguments;
        Ok(match self.end(job).await? {
            end if end.is_success() => None,
            end if end.is_uncertain() => arguments.pay_again.then_some(end.tasks),
            JobEnd { state: State::Failed { retryable, .. }, tasks, .. } => {
                (retryable || arguments.retry_failed).then_some(tasks)
            }
            _ => None,
        })
    }

    /// Returns false if there is a workflow already.
    async fn begin(
        &self,
        job: &EmbedJob,
        again: bool,
        known_tasks: Vec<String>,
        policy: WorkflowIdReusePolicy,
    ) -> Result<bool, Failure> {
        let (server, arguments) = (&self.arguments.server, self.arguments);
        let settings = Settings {
            upload_queue: server.upload_queue(),
            create_queue: server.create_queue(),
            create_limit: arguments.create_limit,
            poll_interval: arguments.poll_interval,
            heartbeat_timeout: arguments.heartbeat_timeout,
            backoff: arguments.backoff,
            keep_assets: arguments.keep_assets,
        };
        let plan = Plan { job: job.clone(), space: self.planned.space.clone(), settings, again, known_tasks };
        let started = patient(async || {
            let options = WorkflowStartOptions::new(server.task_queue.as_str(), job.id.as_str())
                .id_reuse_policy(policy)
                .static_summary(escape_control(&job.origin.public()))
                .build();
            match self.client.start_workflow(EmbedWorkflow::run, plan.clone(), options).await {
                Ok(_) => Ok(true),
                Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
                Err(WorkflowStartError::Rpc(status)) => Err(status.into()),
                Err(error) => Err(Lost::Forever(error.to_string())),
            }
        });
        Ok(started.await?.unwrap_or(false))
    }

    /// Waits for the end of a job.
    async fn end(&self, job: &EmbedJob) -> Result<JobEnd, Failure> {
        let handle = self.client.get_workflow_handle::<EmbedWorkflow>(&job.id);
        let end = patient(async || match handle.get_result(WorkflowGetResultOptions::default()).await {
            Err(WorkflowGetResultError::Rpc(status)) => Err(status.into()),
            result => Ok(job_end(result)),
        });
        let end = end.await?.unwrap_or_else(|| Err("the workflow does not exist any more".into()));
        Ok(end.unwrap_or_else(|reason| JobEnd {
            // What it may have left is looked for before anything is created again.
            state: State::Failed { asset: None, reason, retryable: false },
            tasks: Vec::new(),
            late: Vec::new(),
            vectors: 0,
        }))
    }
}

/// What a workflow ended with. The error says why that is not known.
pub(crate) fn job_end(result: Result<JobEnd, WorkflowGetResultError>) -> Result<JobEnd, String> {
    match result {
        Ok(end) => Ok(end),
        Err(WorkflowGetResultError::Failed(error)) => {
            let details = match &*error {
                IncomingError::Application(failure) => failure.details::<JobEnd>().ok().flatten(),
                _ => None,
            };
            details.ok_or_else(|| format!("the workflow failed: {error}"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Why a request to the Temporal server failed.
enum Lost {
    /// It cannot be reached now.
    Now(String),
    /// There is no such workflow.
    Gone,
    /// The request is wrong.
    Forever(String),
}

impl From<Status> for Lost {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::NotFound => Self::Gone,
            Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated | Code::Unimplemented => {
                Self::Forever(status.message().to_owned())
            }
            _ => Self::Now(status.message().to_owned()),
        }
    }
}

impl From<temporalio_client::errors::WorkflowInteractionError> for Lost {
    fn from(error: temporalio_client::errors::WorkflowInteractionError) -> Self {
        use temporalio_client::errors::WorkflowInteractionError as E;
        match error {
            E::NotFound(_) => Self::Gone,
            E::Rpc(status) => status.into(),
            error => Self::Forever(error.to_string()),
        }
    }
}

/// Repeats a request while the server cannot be reached. `None` if there is no such workflow.
async fn patient<T>(mut request: impl AsyncFnMut() -> Result<T, Lost>) -> Result<Option<T>, Failure> {
    let begin = Instant::now();
    loop {
        match request().await {
            Ok(value) => return Ok(Some(value)),
            Err(Lost::Gone) => return Ok(None),
            Err(Lost::Now(_)) if begin.elapsed() < PATIENCE => sleep(PAUSE).await,
            Err(Lost::Now(reason) | Lost::Forever(reason)) => {
                return Err(Failure::new(Exit::Unreachable, format!("the Temporal server: {reason}")));
            }
        }
    }
}

/// The sources of jobs by their identity.
pub(crate) fn sources(jobs: &[EmbedJob]) -> HashMap<&str, &EmbedJob> {
    jobs.iter().map(|job| (job.id.as_str(), job)).collect()
}
