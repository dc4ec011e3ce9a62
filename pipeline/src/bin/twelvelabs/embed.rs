//! `embed`: files become rows of a table.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use twelvelabs::ModelName;
use twelvelabs_pipeline::{
    Estimate, Interrupt, ItemSettings, ItemSource, Pipeline, PipelineBuilder, RunSummary, TableFolder, escape_control,
};

use crate::{
    args::{Common, Embed},
    connection::{Connection, LOCAL_DATA},
    exit::{self, Exit, Failure, Outcome},
    output,
    progress::Progress,
    signals::Signals,
};

/// The file of the ledger in the folder of a table.
pub(crate) const LEDGER: &str = "ledger.sqlite";

pub(crate) async fn run(arguments: Box<Embed>) -> Outcome {
    let common = &arguments.common;
    let sources: Vec<ItemSource> = arguments
        .sources
        .iter()
        .map(ItemSource::of_argument)
        .chain(arguments.manifest.iter().cloned().map(ItemSource::Manifest))
        .collect();
    let ledger = arguments.out.join(LEDGER);
    if sources.is_empty() && !ledger.exists() {
        return Err(Failure::new(Exit::Usage, "there is nothing to embed: name files, folders, URLs or a manifest"));
    }
    let mut settings = ItemSettings::default();
    (settings.options, settings.scopes, settings.clips) =
        (arguments.options.clone(), arguments.scopes.clone(), arguments.clips);
    let configure = |builder: PipelineBuilder| {
        let builder = sources.iter().cloned().fold(builder, PipelineBuilder::source);
        let builder = arguments.glob.iter().fold(builder, PipelineBuilder::glob);
        let builder = match arguments.dimension {
            Some(dimension) => builder.dimension(dimension),
            None => builder,
        };
        let builder = builder.with_objects_by_e_tag(arguments.objects_by_etag);
        let builder = builder.with_retry_failed(arguments.retry_failed).with_pay_again(arguments.pay_again);
        builder.model(ModelName::from(arguments.model.clone())).settings(settings.clone()).with_output(&arguments.out)
    };
    let sink = || TableFolder::new(&arguments.out, arguments.format.into());
    // No call is made with this client.
    let unused = twelvelabs::TwelveLabs::builder().api_key("none").base_url("http://127.0.0.1:9").no_proxy().build()?;
    // Before a folder is created.
    let checked = configure(Pipeline::builder(unused, &ledger, sink())).build()?;
    if arguments.dry_run {
        return Ok(show_estimate(&arguments, &checked.estimate().await?));
    }
    let data = arguments.out.join(LOCAL_DATA);
    if common.local {
        std::fs::create_dir_all(&arguments.out).map_err(|error| {
            let folder = escape_control(&arguments.out.to_string_lossy());
            Failure::new(Exit::Storage, format!("cannot create {folder}: {error}"))
        })?;
    }
    let connection = Connection::open(common, Some(&data)).await?;
    let progress = Arc::new(Progress::new(common.json));
    let reporter = Arc::clone(&progress);
    let (poll, delay) = match common.local {
        true => (Duration::from_millis(100), Duration::from_secs(1)),
        false => (Duration::from_secs(5), Duration::from_secs(10)),
    };
    let interrupt = Interrupt::new();
    let mut builder = configure(Pipeline::builder(connection.client.clone(), ledger, sink()))
        .with_server_name(&connection.server_name)
        .with_concurrency(arguments.concurrency.into())
        .with_poll_interval(arguments.poll_interval.unwrap_or(poll))
        .with_batch_delay(arguments.batch_delay.unwrap_or(delay))
        .with_create_limit(arguments.create_limit)
        .with_assets_kept(arguments.keep_assets)
        .with_interrupt(interrupt.clone())
        .on_event(move |event| reporter.show(event));
    if let Some(seconds) = most_seconds(&arguments) {
        builder = builder.with_max_seconds(seconds);
    }
    // A time that no clock reaches is no limit.
    if let Some(time) = arguments.until.and_then(|time| SystemTime::now().checked_add(time)) {
        builder = builder.with_end_time(time);
    }
    let pipeline = builder.build()?;
    let signals = Signals::listen();
    let watcher = tokio::spawn(interruptions(signals, interrupt));
    let summary = pipeline.run().await;
    watcher.abort();
    progress.finish();
    let summary = summary?;
    show_summary(common, &arguments.out, &summary);
    Ok(exit::of_summary(&summary))
}

/// The limit of `--max-minutes` and `--max-cost`, in seconds.
fn most_seconds(arguments: &Embed) -> Option<f64> {
    let minutes = arguments.max_cost.zip(arguments.price).map(|(cost, price)| cost / price);
    let most = [arguments.max_minutes, minutes].into_iter().flatten().reduce(f64::min)?;
    Some(most * 60.0)
}

/// The first Ctrl-C stops gracefully, the second at once. So does a request of the system to end.
async fn interruptions(signals: io::Result<Signals>, interrupt: Interrupt) {
    let Ok(mut signals) = signals else { return };
    while signals.next().await {
        if interrupt.is_interrupted() {
            std::process::exit(Exit::Interrupted as i32);
        }
        interrupt.interrupt();
        output::note(
            "Interrupted: what is running is finished. Ctrl-C again stops at once; nothing is lost either way.",
        );
    }
}

fn show_summary(common: &Common, out: &Path, summary: &RunSummary) {
    if common.json {
        return output::json(&serde_json::json!({ "event": "finished", "summary": summary }));
    }
    let folder = escape_control(&out.to_string_lossy());
    let items = if summary.stored == 1 { "item" } else { "items" };
    output::line(&format!("{} {items} with {} vectors are in {folder}", summary.stored, summary.vectors));
    let counts = [
        (summary.repeated, "have the content of another one"),
        (summary.refused, "were refused by the check before the upload"),
        (summary.failed, "failed"),
        (summary.uncertain, "are uncertain: their task may exist and cannot be found"),
        (summary.unfinished, "are not finished: run the same command again"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        output::line(&format!("{count} {what}"));
    }
    if summary.refused + summary.failed + summary.uncertain > 0 {
        output::line(&format!("The reasons are in the table of failures in {folder}"));
    }
}

fn show_estimate(arguments: &Embed, estimate: &Estimate) -> Exit {
    let minutes = estimate.seconds / 60.0;
    let cost = arguments.price.map(|price| minutes * price);
    let days = arguments.minutes_per_day.map(|per_day| (minutes / per_day).ceil());
    let end = days.map(|days| {
        let end = chrono::Local::now() + chrono::TimeDelta::days((days - 1.0).clamp(0.0, 100_000.0) as i64);
        end.format("%Y-%m-%d").to_string()
    });
    let exit = if estimate.refused.is_empty() { Exit::Done } else { Exit::SomeFailed };
    if arguments.common.json {
        let value = serde_json::json!({ "estimate": estimate, "minutes": minutes, "cost": cost, "end_date": end });
        output::json(&value);
        return exit;
    }
    let line = |name: &str, value: String| output::line(&format!("{name:<18} {value}"));
    line("items", estimate.items.to_string());
    line("same content", estimate.repeated.to_string());
    line("already stored", estimate.stored.to_string());
    line("refused", estimate.refused.len().to_string());
    line("to embed", estimate.jobs.to_string());
    if estimate.open > 0 {
        line("open jobs", format!("{}, which earlier runs have left", estimate.open));
    }
    line("bytes to upload", estimate.bytes.to_string());
    line("minutes", format!("{minutes:.2}"));
    line("vectors, about", estimate.vectors.to_string());
    line("requests, about", estimate.requests.to_string());
    if estimate.urls > 0 {
        let what = "whose bytes, minutes and vectors are not known and not counted";
        line("files by URL", format!("{}, {what}", estimate.urls));
    }
    if let Some(cost) = cost {
        line("cost", format!("{cost:.2} at {} per minute", arguments.price.unwrap_or_default()));
    }
    if let (Some(days), Some(end)) = (days, end) {
        line("days", format!("{days}, until {end}"));
    }
    for refused in &estimate.refused {
        let code = refused.code.as_deref().unwrap_or("unreadable");
        output::line(&format!(
            "{}: refused ({code}): {}",
            escape_control(&refused.source),
            escape_control(&refused.reason)
        ));
    }
    exit
}
