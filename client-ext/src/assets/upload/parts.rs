//! The I/O of an upload in parts: does what the [engine](super::engine) decides.

use std::{
    collections::BTreeMap,
    future::Future,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, Either, FutureExt, select},
    stream::FuturesUnordered,
};
use tokio::time::{Instant, sleep_until};
use twelvelabs_api::{
    params::multipart_upload_get_status::UPLOAD_ID,
    types::{
        AssetId, CompletedChunk, CompletedChunkProofType, MultipartUploadStatusType, ReportChunkBatchResponse, UploadId,
    },
};

use super::{
    OnProgress,
    engine::{Action, AfterFailure, Engine, Layout, Proof, RequestKind},
    failed_parts::failed_parts,
    file::OpenFile,
    plan::Created,
    send::{PartSender, classify},
    upload_journal::{PartRecord, PartsRecord, UploadJournal},
    urls::{TimedUrl, timed},
};
use crate::{
    core::{
        Core,
        id::{IntoId, check_same},
        options::{CallOptions, RetryDecision, RetryRule},
        request::Verb,
        retry::Policy,
        trace::retrying,
    },
    error::{Error, ErrorKind, Result, Violation, catch},
    journal::{self, JOURNAL},
    multipart_upload::{CreateMultipartUpload, GetAdditionalPresignedUrls, GetUploadStatus, ReportChunkBatch},
};

/// A finished part is written to the journal with the next report, or after this time.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(1);
const HOW_TO_RESUME: &str = "the upload can be resumed: call it again with the same journal";
const REPORT: &str = "the report of uploaded parts";
const NO_JOURNAL: &str = "without a journal the upload starts again (with_journal)";

/// What the caller has chosen.
pub(super) struct Settings {
    pub(super) concurrency: usize,
    pub(super) part_retries: u32,
    pub(super) journal: Option<PathBuf>,
    pub(super) progress: Option<OnProgress>,
}

/// An upload in parts that is under way.
pub(super) struct PartsUpload<'c> {
    core: &'c Core,
    /// The options of each request: without retries, which are the engine's, and without the caller's rule for them.
    options: CallOptions,
    /// The caller's rule for retries, which is asked before the engine.
    rule: Option<RetryRule>,
    sender: PartSender,
    /// `None` if the upload cannot be resumed.
    journal_path: Option<PathBuf>,
    layout: Layout,
    /// What the journal has, whether it is written or not.
    journal: UploadJournal,
    upload_id: UploadId,
    engine: Engine,
    /// When the journal was written.
    saved: Instant,
    /// Parts were sent since.
    is_unsaved: bool,
}

/// What has happened.
enum Event {
    /// The storage host has the part of this number, or has not.
    Sent(u64, Result<Proof>),
    /// The response with URLs from the part of this number on.
    Urls(u64, Result<Vec<TimedUrl>>),
    /// The response to a report. Which parts it had is known to the engine, since there is one report at a time.
    Reported(Result<ReportChunkBatchResponse>),
}

impl<'c> PartsUpload<'c> {
    /// Starts a new upload.
    pub(super) async fn start(
        core: &'c Core,
        options: &CallOptions,
        create: CreateMultipartUpload,
        file: OpenFile,
        settings: Settings,
        created: &mut Created,
    ) -> Result<Self> {
        let (session, info) = create.run(core, options).await?.into_parts();
        let (size, asset_id) = (file.state.size, session.asset_id);
        // The asset exists, whatever fails now. A panic of the callback is reported after the journal is written.
        let reported = created.report(&asset_id);
        let chunk_size = u64::try_from(session.chunk_size).unwrap_or_default();
        let layout = Layout::new(size, chunk_size);
        let Some(layout) = layout.filter(|layout| u64::try_from(session.total_chunks) == Ok(layout.count())) else {
            let (parts, chunk) = (session.total_chunks, session.chunk_size);
            let message =
                format!("invalid response body: {parts} parts of {chunk} bytes are not a file of {size} bytes");
            return Err(Error::new(ErrorKind::Decode, message).with_resource(asset_id));
        };
        let parts = PartsRecord {
            upload_id: session.upload_id,
            chunk_size,
            upload_headers: session.upload_headers,
            uploaded: BTreeMap::new(),
        };
        let journal = UploadJournal::new(core.base_url(), file.state.clone(), asset_id, Some(parts.clone()));
        let mut upload = Self::new(core, options, file, settings, journal, (layout, parts));
        upload.save().await.map_err(|error| error.with_resource(upload.asset_id()))?;
        reported?;
        upload.engine.received(timed(session.upload_urls, info.server_time().into(), None), Instant::now());
        Ok(upload)
    }

    /// Resumes the upload of a journal, after it was checked against the file and the server.
    pub(super) async fn resume(
        core: &'c Core,
        options: &CallOptions,
        file: OpenFile,
        settings: Settings,
        journal: UploadJournal,
        mut parts: PartsRecord,
    ) -> Result<Self> {
        let layout = parts.layout(file.state.size)?;
        let mut upload = Self::new(core, options, file, settings, journal, (layout, parts.clone()));
        let status = GetUploadStatus::new((&parts.upload_id).into_id(&UPLOAD_ID));
        let status = status.run(core, options).await.map_err(|error| {
            // The code of this 404 is not documented. A page of a proxy has none, and says nothing about the upload.
            match error.status() == Some(404) && error.code().is_some() {
                true => {
                    error.with_note("the upload does not exist any more: delete the journal to upload the file again")
                }
                false => error,
            }
        })?;
        // Others are `active`, `completed`, and whatever the server may add.
        if let ended @ (MultipartUploadStatusType::Failed | MultipartUploadStatusType::Expired) = &status.status {
            let value = upload.journal_path.as_deref().unwrap_or(Path::new("")).display();
            let rule = format!(
                "must be of an upload that is active, and this one is {ended}: delete it to upload the file again"
            );
            return Err(Error::invalid(vec![Violation::new(JOURNAL, value, rule)]));
        }
        // To report these again would not help.
        let failed = failed_parts(core, options, &parts.upload_id, &status).await?;
        parts.uploaded.retain(|number, _| !failed.contains(number));
        upload.journal.parts = Some(parts.clone());
        // A server that has fewer parts than were reported, or does not say it, gets all reports again, which does no
        // harm.
        let reported = parts.uploaded.values().filter(|record| record.reported).count();
        let has_all = status
            .chunks_completed
            .is_some_and(|recorded| usize::try_from(recorded).is_ok_and(|recorded| recorded >= reported));
        for (number, record) in &parts.uploaded {
            let proof = upload.sender.file.check_part(upload.layout, *number, record).await?;
            upload.sender.sent.fetch_add(upload.layout.range(*number).1, Ordering::Relaxed);
            upload.engine.resume(*number, proof, record.reported && has_all);
        }
        if status.status == MultipartUploadStatusType::Completed {
            upload.journal.completed = true;
            upload.save().await?;
        }
        Ok(upload)
    }

    fn new(
        core: &'c Core,
        options: &CallOptions,
        file: OpenFile,
        settings: Settings,
        journal: UploadJournal,
        (layout, parts): (Layout, PartsRecord),
    ) -> Self {
        let Settings { concurrency, part_retries, journal: journal_path, progress } = settings;
        let retry = Policy { max_retries: part_retries, ..options.retry };
        let mut options = options.clone();
        options.retry.max_retries = 0;
        let rule = options.rule.take();
        let sender = PartSender {
            core: core.clone(),
            options: options.clone(),
            file,
            layout,
            headers: parts.upload_headers,
            progress,
            sent: Arc::default(),
        };
        Self {
            core,
            options,
            rule,
            sender,
            journal_path,
            layout,
            journal,
            upload_id: parts.upload_id,
            engine: Engine::new(layout, concurrency, retry),
            saved: Instant::now(),
            is_unsaved: false,
        }
    }

    /// The asset that the parts become.
    pub(super) fn asset_id(&self) -> &AssetId {
        &self.journal.asset_id
    }

    /// Uploads what is missing.
    pub(super) async fn run(&mut self) -> Result<()> {
        if self.journal.completed {
            return Ok(());
        }
        let outcome = self.drive().await;
        if outcome.is_ok() {
            self.journal.completed = true;
        }
        // Parts that were sent need not be sent again, whatever went wrong.
        let saved = self.save().await;
        let note = if self.journal_path.is_some() { HOW_TO_RESUME } else { NO_JOURNAL };
        let noted = outcome.map_err(|error| match error.kind() {
            // The file has changed.
            ErrorKind::InvalidInput => error,
            _ => error.with_note(note),
        });
        noted.and(saved)
    }

    /// Does what the engine says until all parts are reported, and writes the journal before each report and every
    /// [`JOURNAL_INTERVAL`].
    ///
    /// All futures run in the task of the caller: dropping the upload drops them.
    async fn drive(&mut self) -> Result<()> {
        let mut running: FuturesUnordered<BoxFuture<'_, Event>> = FuturesUnordered::new();
        let mut completed = None;
        loop {
            match self.engine.next(Instant::now()) {
                Action::Done => return self.check_complete(completed),
                Action::Send(part, url) => {
                    running.push(self.sender.send(part, url).map(move |sent| Event::Sent(part, sent)).boxed())
                }
                Action::RequestUrls(start, count) => running.push(self.request_urls(start, count).boxed()),
                Action::Report(parts) => {
                    self.sender.file.check_unchanged().await?;
                    self.save().await?;
                    running.push(self.report(parts).boxed());
                }
                Action::Wait(until) => {
                    let next = async {
                        match running.next().await {
                            Some(event) => event,
                            // Only time passes.
                            None => std::future::pending().await,
                        }
                    };
                    let save_at = self.is_unsaved.then(|| self.saved + JOURNAL_INTERVAL);
                    let event = match until.into_iter().chain(save_at).min() {
                        None => Some(next.await),
                        Some(until) => match select(pin!(next), pin!(sleep_until(until))).await {
                            Either::Left((event, _)) => Some(event),
                            Either::Right(_) => None,
                        },
                    };
                    if let Some(event) = event {
                        self.apply(event, &mut completed)?;
                    }
                    if self.is_unsaved && self.saved.elapsed() >= JOURNAL_INTERVAL {
                        self.save().await?;
                    }
                }
            }
        }
    }

    /// Tells the engine what has happened. An error ends the upload.
    fn apply(&mut self, event: Event, completed: &mut Option<i64>) -> Result<()> {
        let (now, random) = (Instant::now(), fastrand::f64());
        let (error, next) = match event {
            Event::Sent(part, Ok(proof)) => {
                self.engine.sent(part, proof);
                self.is_unsaved = self.journal_path.is_some();
                return Ok(());
            }
            Event::Sent(part, Err(error)) => {
                let failure = classify(&error, self.own_rule(&error)?);
                let (offset, length) = self.layout.range(part);
                let place =
                    format_args!("part {part} of {} (bytes {offset} to {})", self.layout.count(), offset + length);
                let next = self.engine.failed(part, failure, now, random);
                (error.within(place).with_attempts(self.engine.failures(part)), next)
            }
            Event::Urls(start, Ok(urls)) => {
                if self.engine.received(urls, now) {
                    return Ok(());
                }
                let error = Error::new(ErrorKind::Decode, format!("invalid response body: no URL for part {start}"));
                (error, self.engine.api_failed(RequestKind::Urls, None, now, random))
            }
            Event::Reported(Ok(response)) => {
                let id = self.asset_id();
                let same = check_same(id, response.asset_id.as_ref().unwrap_or(id), self.core.key());
                same.map_err(|error| error.within(REPORT))?;
                self.engine.reported();
                *completed = match response.url {
                    Some(_) => i64::try_from(self.layout.count()).ok(),
                    None => response.total_completed,
                };
                return Ok(());
            }
            Event::Urls(_, Err(error)) => {
                let next = self.api_failed(RequestKind::Urls, &error, now, random)?;
                (error.within("the request for URLs of parts"), next)
            }
            Event::Reported(Err(error)) => {
                let next = self.api_failed(RequestKind::Report, &error, now, random)?;
                (error.within(REPORT), next)
            }
        };
        match next {
            AfterFailure::GiveUp => Err(error),
            AfterFailure::Retry { number, pause } => retrying(&self.options, &error, number, pause),
        }
    }

    /// What follows from an error of the API, which has no part of its own: a permanent one ends the upload.
    fn api_failed(&mut self, request: RequestKind, error: &Error, now: Instant, random: f64) -> Result<AfterFailure> {
        Ok(match self.own_rule(error)? {
            RetryDecision::Stop => AfterFailure::GiveUp,
            RetryDecision::Default if !error.is_transient() => AfterFailure::GiveUp,
            _ => self.engine.api_failed(request, error.retry_after(), now, random),
        })
    }

    /// What the rule of the caller says about an error.
    fn own_rule(&self, error: &Error) -> Result<RetryDecision> {
        match &self.rule {
            Some(rule) => catch(|| rule(error)).map_err(|panicked| Error::of_callback("with_retry_if", panicked)),
            None => Ok(RetryDecision::Default),
        }
    }

    fn request_urls(&self, start: u64, count: u64) -> impl Future<Output = Event> + Send + use<> {
        let (core, options) = (self.core.clone(), self.options.clone());
        let request = GetAdditionalPresignedUrls { id: (&self.upload_id).into_id(&UPLOAD_ID), start, count };
        async move {
            let response = request.run(&core, &options).await;
            let urls = response.map(|response| {
                let (urls, info) = response.into_parts();
                let made = urls.generated_at.unwrap_or_else(|| info.server_time().into());
                timed(urls.upload_urls, made, urls.expires_at)
            });
            Event::Urls(start, urls)
        }
    }

    fn report(&self, parts: Vec<(u64, Proof)>) -> impl Future<Output = Event> + Send + use<> {
        let (core, options, layout) = (self.core.clone(), self.options.clone(), self.layout);
        let chunk = |(part, proof): (u64, Proof)| {
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let (index, size) = (number(part), number(layout.range(part).1));
            CompletedChunk::new(index, proof.etag, CompletedChunkProofType::Etag, size)
        };
        let completed_chunks = parts.into_iter().map(chunk).collect();
        let request = ReportChunkBatch { id: (&self.upload_id).into_id(&UPLOAD_ID), completed_chunks };
        async move { Event::Reported(request.run(&core, &options).await.map(|response| response.into_value())) }
    }

    /// The server must have recorded all parts. `completed` is the last number that it returned, if it returned one.
    fn check_complete(&self, completed: Option<i64>) -> Result<()> {
        let count = self.layout.count();
        match completed {
            Some(recorded) if u64::try_from(recorded).is_ok_and(|recorded| recorded < count) => {
                let message = format!("the server has recorded {recorded} of {count} parts, which were all reported");
                Err(Error::new(ErrorKind::Decode, message))
            }
            _ => Ok(()),
        }
    }

    /// Writes the journal, if there is one.
    async fn save(&mut self) -> Result<()> {
        let Some(path) = &self.journal_path else { return Ok(()) };
        if let Some(parts) = &mut self.journal.parts {
            let uploaded = self.engine.uploaded();
            let records = uploaded.map(|(part, proof, reported)| (part, PartRecord::new(proof, reported)));
            // While an upload is resumed, the engine does not know all of them yet.
            parts.uploaded.extend(records);
        }
        journal::save(path, &self.journal).await?;
        (self.saved, self.is_unsaved) = (Instant::now(), false);
        Ok(())
    }
}
