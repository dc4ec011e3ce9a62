//! The verb `worker`.

use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use futures::future::join_all;
use humantime::parse_duration;
use temporalio_sdk::{
    Runtime, Worker, WorkerOptions,
    runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner},
};
use tokio::time::sleep;
use twelvelabs::TwelveLabs;
use twelvelabs_pipeline::{Interrupt, StepClient, TableFolder, escape_control};

use crate::{
    activities::{Creates, Shared, Steps, Stop, Table, Uploads},
    connection::connect,
    embed::{Format, Server},
    exit::{Exit, Failure},
    workflow::{EmbedWorkflow, LateWorkflow},
};

/// How long running steps have to end after the first signal.
const GRACE: Duration = Duration::from_secs(30);
/// Steps of a worker at the same time, besides uploads and create calls.
const STEPS: usize = 50;
/// Create calls of a worker at the same time.
const CREATES: usize = 16;

/// Options of the verb.
#[derive(Args, Debug)]
pub struct WorkerArguments {
    #[command(flatten)]
    server: Server,
    /// Folder of the table, which all workers and `embed` share
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Format of the table
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    format: Format,
    /// Uploads at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Create calls per second, of all workers together. All should say the same: the last one counts
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = rate)]
    rate: f64,
    /// Interval of polls of an asset
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5s", hide = true)]
    poll_interval: Duration,
    /// How long the platform may be unreachable before the worker ends
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15m", hide = true)]
    outage_limit: Duration,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "must be a number greater than 0".into())
}

/// Performs steps until it is interrupted, or until an error that concerns all jobs.
///
/// # Errors
///
/// A key that is refused, a platform that cannot be reached, a wrong setting.
pub async fn run(arguments: WorkerArguments) -> Result<Exit, Failure> {
    let (interrupt, stop) = (Interrupt::new(), Stop::default());
    let journals = arguments.out.join(".uploads");
    std::fs::create_dir_all(&journals).map_err(|error| {
        Failure::new(Exit::Storage, format!("cannot create {}: {error}", escape_control(&journals.to_string_lossy())))
    })?;
    let calls = StepClient::new(TwelveLabs::builder().build()?, interrupt.clone())
        .with_poll_interval(arguments.poll_interval)
        .with_outage_limit(arguments.outage_limit)
        .on_event(|event| {
            // What concerns one upload only is shown by Temporal.
            if !matches!(event, twelvelabs_pipeline::Event::Upload { .. }) {
                eprintln!("{event}");
            }
        });
    let table = Table::new(TableFolder::shared(&arguments.out, arguments.format.into()));
    let queue = arguments.server.task_queue.clone();
    let shared = Shared::new(calls, table, journals, stop.clone(), queue);
    let shared = Arc::new(shared);
    let runtime = Runtime::from_current_tokio(Default::default())
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let signals = tokio::spawn(interrupted(interrupt.clone()));
    let mut pause = Duration::from_millis(500);
    let exit = loop {
        match work(&arguments, &runtime, &shared, &interrupt, &stop).await {
            Ok(()) => break Exit::Interrupted,
            Err(failure) if failure.exit != Exit::Unreachable => return Err(failure),
            // The server was lost before the worker had begun.
            Err(failure) => {
                eprintln!("{}", escape_control(&failure.message));
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(15));
            }
        }
        if interrupt.is_interrupted() {
            break Exit::Interrupted;
        }
    };
    signals.abort();
    match stop.error() {
        Some(error) => Err(error.into()),
        None => Ok(exit),
    }
}

/// Connects, and works until it is interrupted.
async fn work(
    arguments: &WorkerArguments,
    runtime: &Runtime,
    shared: &Arc<Shared>,
    interrupt: &Interrupt,
    stop: &Stop,
) -> Result<(), Failure> {
    let lost = |error: &dyn std::fmt::Display| Failure::new(Exit::Unreachable, format!("the worker ended: {error}"));
    let server = &arguments.server;
    let client = tokio::select! {
        client = connect(&server.temporal, server.namespace.as_deref(), || true) => client?,
        () = stop_wanted(interrupt, stop) => return Ok(()),
    };
    let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, format!("the worker cannot start: {error}"));
    let queue = |name: String, slots| WorkerOptions::new(name).tuner(tuner(slots)).graceful_shutdown_period(GRACE);
    let steps = queue(server.task_queue.clone(), STEPS)
        .register_workflow::<EmbedWorkflow>()
        .and_then(|options| options.register_workflow::<LateWorkflow>())
        .map_err(|error| usage(&error))?
        .register_activities(Steps(Arc::clone(shared)));
    let uploads = queue(server.upload_queue(), arguments.concurrency.into());
    let uploads = uploads.register_activities(Uploads(Arc::clone(shared)));
    let creates = queue(server.create_queue(), CREATES).max_task_queue_activities_per_second(arguments.rate);
    let creates = creates.register_activities(Creates(Arc::clone(shared)));
    let mut workers = Vec::new();
    for options in [steps.build(), uploads.build(), creates.build()] {
        workers.push(Worker::new(runtime, client.clone(), options).map_err(|error| lost(&error))?);
    }
    eprintln!("working on the task queue {}", escape_control(&server.task_queue));
    let handles: Vec<_> = workers.iter().map(Worker::shutdown_handle).collect();
    let end = || handles.iter().for_each(|end| end());
    let watch = async {
        stop_wanted(interrupt, stop).await;
        // Steps that wait for a pause to end do not begin.
        interrupt.interrupt();
        end();
        std::future::pending::<Infallible>().await
    };
    let work = join_all(workers.iter_mut().map(async |worker| {
        let ended = worker.run().await;
        // If one of them ends, the others do too.
        end();
        ended
    }));
    let ended = tokio::select! {
        ended = work => ended,
        never = watch => match never {},
    };
    ended.into_iter().collect::<Result<Vec<()>, _>>().map(drop).map_err(|error| lost(&error))
}

/// The slots of a worker.
fn tuner(activities: usize) -> WorkerTuner {
    let (few, some) = (FixedSizeSlotSupplier::new(activities), FixedSizeSlotSupplier::new(100));
    let holder = TunerHolder::builder()
        .workflow_task_slot_supplier(some)
        .activity_task_slot_supplier(few)
        .local_activity_task_slot_supplier(some)
        .nexus_task_slot_supplier(some);
    WorkerTuner::from(holder.build())
}

async fn stop_wanted(interrupt: &Interrupt, stop: &Stop) {
    let interrupted = async {
        while !interrupt.is_interrupted() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = stop.wait() => {}
    }
}

/// The first Ctrl-C, or request of the system to end, ends gracefully, the second at once.
async fn interrupted(interrupt: Interrupt) {
    loop {
        crate::exit::signal().await;
        if interrupt.is_interrupted() {
            std::process::exit(Exit::Interrupted as i32);
        }
        eprintln!(
            "Interrupted: running steps end or go on elsewhere. Again stops at once; nothing is lost either way."
        );
        interrupt.interrupt();
    }
}
