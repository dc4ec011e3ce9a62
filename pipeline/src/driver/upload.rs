//! The first step: the file becomes an asset.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use twelvelabs::{
    FileSource, Request, RequestOptions, Response,
    assets::{Asset, AssetId, AssetStatus, UploadAsset},
    wait::WaitOptions,
};

use super::shared::Shared;
use crate::{
    check_file::stamp,
    error::PipelineError,
    event::Event,
    ledger::{JobRecord, Origin},
    objects::ReadFailure,
    steps::{Outcome, State},
};

/// Larger files are sent in parts, with a journal from which the upload is resumed, in bytes.
const WITH_JOURNAL: u64 = 200 << 20;
/// The longest wait until the platform has processed an asset.
const PROCESSING: Duration = Duration::from_secs(4 * 3600);

pub(super) async fn upload(shared: &Shared, job: &JobRecord) -> Result<(), PipelineError> {
    let now = match &job.origin {
        Origin::File(path) => Some(stamp(path)),
        Origin::Object(url) => Some(shared.objects.stamp(url).await),
        Origin::Url(_) => None,
    };
    match now {
        Some(Ok(now)) if now != job.stamp => {
            return fail(shared, job, "the file was changed after it was checked: run again".into()).await;
        }
        Some(Err(error)) => {
            let reason = format!("the file cannot be read: {error}");
            // An object storage that cannot be reached may be back soon; its other errors are those of a file.
            let is_outage = matches!(job.origin, Origin::Object(_)) && error.kind() == io::ErrorKind::Other;
            return if is_outage { shared.later(job, true, reason).await } else { fail(shared, job, reason).await };
        }
        Some(Ok(_)) | None => {}
    }
    if !shared.gate.pass().await {
        return Ok(());
    }
    let found = match job.state {
        // An earlier attempt may have left an asset.
        State::Uploading if !has_journal(job) => match find(shared, job).await {
            Ok(found) => found,
            Err(error) => return shared.failed(job, &error, None).await,
        },
        _ => None,
    };
    if job.state == State::Planned {
        shared.record(job, Outcome::UploadStarted).await?;
    }
    let failure = ReadFailure::default();
    let uploaded = match found {
        Some(asset) => wait(shared, &asset).await,
        None => send(shared, job, &failure).await,
    };
    match uploaded {
        // Another run finds the asset, or the journal.
        Ok(None) => Ok(()),
        Ok(Some(asset)) => {
            if has_journal(job) {
                // Without the journal, another upload would not be resumed, and there is none.
                let _ = tokio::fs::remove_file(journal(shared, job)).await;
            }
            shared.record(job, Outcome::UploadDone { asset: asset.id.to_string() }).await.map(drop)
        }
        Err(error) => match failure.take() {
            Some(reason) => shared.later(job, true, format!("the file cannot be read: {reason}")).await,
            None => shared.failed(job, &error, None).await,
        },
    }
}

async fn fail(shared: &Shared, job: &JobRecord, reason: String) -> Result<(), PipelineError> {
    shared.record(job, Outcome::Failed { reason, retryable: true }).await.map(drop)
}

fn has_journal(job: &JobRecord) -> bool {
    job.stamp.size > WITH_JOURNAL
}

fn journal(shared: &Shared, job: &JobRecord) -> std::path::PathBuf {
    shared.ledger.beside(&format!("upload-{}", job.id))
}

/// Uploads a file, and waits until its asset can be embedded, as [`wait`] does.
async fn send(shared: &Shared, job: &JobRecord, failure: &ReadFailure) -> twelvelabs::Result<Option<Asset>> {
    let assets = shared.client.assets();
    let asset = match &job.origin {
        Origin::Url(url) => {
            let create = assets.create(FileSource::url(url)).filename(job.asset_name());
            create.enable_hls(false).enable_thumbnail(false).send_with_response().await
        }
        Origin::File(path) => send_file(shared, job, assets.upload(path)).await,
        Origin::Object(url) => {
            let source = shared.objects.source(url, &job.stamp, job.asset_name(), failure);
            send_file(shared, job, assets.upload_from(source)).await
        }
    }?;
    shared.gate.succeeded(asset.info());
    wait(shared, &asset.into_value().id).await
}

async fn send_file(
    shared: &Shared,
    job: &JobRecord,
    upload: Request<UploadAsset>,
) -> twelvelabs::Result<Response<Asset>> {
    let mut upload = upload.filename(job.asset_name());
    if has_journal(job) {
        upload = upload.with_journal(journal(shared, job));
    }
    let upload = upload.enable_hls(false).enable_thumbnail(false).with_progress(progress(shared, job));
    upload.send_with_response().await
}

/// Waits until the asset can be embedded. `None` if the run is interrupted meanwhile: the platform may take hours.
async fn wait(shared: &Shared, id: &AssetId) -> twelvelabs::Result<Option<Asset>> {
    let wait = shared.client.assets().wait_until_ready(id).sleep_interval(shared.settings.poll_interval);
    tokio::select! {
        asset = wait.with_deadline(PROCESSING).send() => asset.map(Some),
        () = shared.gate.interrupted() => Ok(None),
    }
}

/// The asset that an earlier attempt has created, if there is one that is not failed.
async fn find(shared: &Shared, job: &JobRecord) -> twelvelabs::Result<Option<AssetId>> {
    let name = job.asset_name();
    let mut assets = shared.client.assets().list().filename(&name).page_limit(50).with_max_retries(2).items();
    while let Some(asset) = assets.try_next().await? {
        if asset.filename.as_deref() == Some(&name) && asset.status != AssetStatus::Failed {
            return Ok(Some(asset.id));
        }
    }
    Ok(None)
}

/// Reports about twenty times per file.
fn progress(shared: &Shared, job: &JobRecord) -> impl Fn(twelvelabs::upload::Progress) + Send + Sync + use<> {
    let (events, id, source) = (shared.events.clone(), job.id.clone(), job.origin.public());
    let last = Arc::new(AtomicU64::new(u64::MAX));
    move |now| {
        let step = (now.sent * 20).checked_div(now.total).unwrap_or_default();
        if last.swap(step, Ordering::Relaxed) != step {
            let (job, source) = (id.clone(), source.clone());
            events.send(&Event::Upload { job, source, sent: now.sent, total: now.total });
        }
    }
}
