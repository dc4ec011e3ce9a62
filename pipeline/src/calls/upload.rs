//! The first step: the file becomes an asset.

use std::{
    fmt, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use twelvelabs::{
    FileSource, Request, RequestOptions, Response,
    assets::{Asset, AssetStatus, UploadAsset},
    wait::WaitOptions,
};

use super::{StepClient, StepEnd, first_pause};
use crate::{
    event::Event,
    job::{EmbedJob, Origin, Stamp},
    objects::ReadFailure,
    steps::Outcome,
};

/// Larger files are sent in parts, with a journal from which the upload is resumed, in bytes.
const WITH_JOURNAL: u64 = 200_000_000;
/// The longest wait until the platform has processed an asset.
pub(crate) const LONGEST_PROCESSING: Duration = Duration::from_secs(4 * 3600);

impl StepClient {
    /// How the step ends for a file or an object that cannot be uploaded: it is not as it was when it was checked, or
    /// cannot be read.
    async fn changed(&self, job: &EmbedJob) -> Option<StepEnd> {
        let now = match &job.origin {
            Origin::File(path) => Stamp::of_file(path),
            Origin::Object(url) => self.objects.stamp(url).await,
            Origin::Url(_) => return None,
        };
        let reason = match now {
            Ok(now) if now == job.stamp() => return None,
            Ok(_) => "the file was changed after it was checked: run again".into(),
            Err(error) => {
                // An object storage that cannot be reached may be back soon; its other errors are those of a file.
                if matches!(job.origin, Origin::Object(_)) && error.kind() == io::ErrorKind::Other {
                    return Some(unreadable(&error));
                }
                format!("the file cannot be read: {error}")
            }
        };
        Some(StepEnd::Done(Outcome::Failed { reason, retryable: true }))
    }

    /// Uploads the file or the object of a job. A file that has changed since it was checked makes the job fail. Objects
    /// are read with the credentials of the environment.
    ///
    /// `again` says that an earlier attempt may have left an asset, which is looked for. A large file is sent in parts,
    /// and what was sent is remembered in the file `journal`, which is removed at the end.
    ///
    /// The asset is [ready](Outcome::UploadDone), or the server [processes](Outcome::UploadSent) it. It is waited for with
    /// [`wait_for_asset`](Self::wait_for_asset).
    pub async fn upload(&self, job: &EmbedJob, again: bool, journal: &Path) -> StepEnd {
        if let Some(end) = self.changed(job).await {
            return end;
        }
        let failure = ReadFailure::default();
        match self.try_upload(job, again, journal, &failure).await {
            Ok(asset) => {
                if has_journal(job) {
                    // There is no other upload to resume: if the outcome is not recorded, the asset is found.
                    let _ = tokio::fs::remove_file(journal).await;
                }
                let (is_ready, asset) = (asset.status == AssetStatus::Ready, asset.id.to_string());
                StepEnd::Done(if is_ready { Outcome::UploadDone { asset } } else { Outcome::UploadSent { asset } })
            }
            // The asset of the journal was deleted.
            Err(error) if error.is_not_found() && has_journal(job) && tokio::fs::remove_file(journal).await.is_ok() => {
                StepEnd::Later { before: None, counts: true, reason: error.to_string() }
            }
            Err(error) => match failure.take() {
                Some(reason) => unreadable(&reason),
                None => self.failed(&error),
            },
        }
    }

    async fn try_upload(
        &self,
        job: &EmbedJob,
        again: bool,
        journal: &Path,
        failure: &ReadFailure,
    ) -> twelvelabs::Result<Asset> {
        let is_resumed = has_journal(job) && journal.exists();
        let found = if again && !is_resumed { self.find_asset(job).await? } else { None };
        match found {
            Some(asset) => Ok(asset),
            None => self.send(job, journal, failure).await,
        }
    }

    async fn send(&self, job: &EmbedJob, journal: &Path, failure: &ReadFailure) -> twelvelabs::Result<Asset> {
        let assets = self.client.assets();
        let asset = match &job.origin {
            Origin::Url(url) => {
                let create = assets.create(FileSource::url(url)).filename(job.asset_name());
                create.enable_hls(false).enable_thumbnail(false).send_with_response().await
            }
            Origin::File(path) => self.send_file(job, journal, assets.upload(path)).await,
            Origin::Object(url) => {
                let source = self.objects.source(url, &job.stamp(), job.asset_name(), failure);
                self.send_file(job, journal, assets.upload_from(source)).await
            }
        }?;
        self.gate.succeeded(asset.info());
        Ok(asset.into_value())
    }

    async fn send_file(
        &self,
        job: &EmbedJob,
        journal: &Path,
        upload: Request<UploadAsset>,
    ) -> twelvelabs::Result<Response<Asset>> {
        let mut upload = upload.filename(job.asset_name()).with_direct_limit(WITH_JOURNAL);
        if has_journal(job) {
            upload = upload.with_journal(journal);
        }
        let upload = upload.enable_hls(false).enable_thumbnail(false).with_progress(self.progress(job));
        upload.send_with_response().await
    }

    /// Waits until an asset can be embedded, up to four hours. The step is interrupted together with the run.
    pub async fn wait_for_asset(&self, asset: &str) -> StepEnd {
        tokio::select! {
            ended = self.ready_asset(asset) => match ended {
                Ok(_) => StepEnd::Done(Outcome::UploadDone { asset: asset.into() }),
                Err(error) => self.failed(&error),
            },
            () = self.gate.interrupted() => StepEnd::Interrupted,
        }
    }

    async fn ready_asset(&self, id: &str) -> twelvelabs::Result<Asset> {
        let assets = self.client.assets();
        // Most are ready soon.
        let mut pause = first_pause(self.poll_interval);
        while pause < self.poll_interval {
            match assets.retrieve(id).send().await {
                Ok(asset) if asset.status == AssetStatus::Ready => return Ok(asset),
                Ok(asset) if asset.status == AssetStatus::Processing => tokio::time::sleep(pause).await,
                // The wait tells errors that end it from those that it tolerates.
                _ => break,
            }
            pause *= 2;
        }
        let wait = assets.wait_until_ready(id).sleep_interval(self.poll_interval);
        wait.with_deadline(LONGEST_PROCESSING).send().await
    }

    /// The asset that an earlier attempt has created, if there is one that is not failed.
    async fn find_asset(&self, job: &EmbedJob) -> twelvelabs::Result<Option<Asset>> {
        let name = job.asset_name();
        let mut assets = self.client.assets().list().filename(&name).page_limit(50).with_max_retries(2).items();
        while let Some(asset) = assets.try_next().await? {
            if asset.filename.as_deref() == Some(&name) && asset.status != AssetStatus::Failed {
                return Ok(Some(asset));
            }
        }
        Ok(None)
    }

    /// Reports about twenty times per file.
    fn progress(&self, job: &EmbedJob) -> impl Fn(twelvelabs::upload::Progress) + Send + Sync + use<> {
        let (events, id, source) = (self.events.clone(), job.id.clone(), job.origin.public());
        let last = Arc::new(AtomicU64::new(u64::MAX));
        move |now| {
            let step = (now.sent * 20).checked_div(now.total).unwrap_or_default();
            if last.swap(step, Ordering::Relaxed) != step {
                let (job, source) = (id.clone(), source.clone());
                events.send(&Event::Upload { job, source, sent: now.sent, total: now.total });
            }
        }
    }
}

/// Reading an object failed, and may succeed later.
fn unreadable(reason: &impl fmt::Display) -> StepEnd {
    StepEnd::Later { before: None, counts: true, reason: format!("the file cannot be read: {reason}") }
}

fn has_journal(job: &EmbedJob) -> bool {
    job.size > WITH_JOURNAL
}
