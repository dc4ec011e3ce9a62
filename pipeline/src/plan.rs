//! From items to jobs: every item is checked and hashed, and becomes a job or a refused source of the ledger.

use std::{io, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};

use crate::{
    check_file::{check, refused_kind, refused_range},
    error::PipelineError,
    event::{Event, Reporter},
    job::{EmbedJob, FileKind, Origin, Rules, Stamp, job_id},
    ledger::{CheckedFile, Ledger, NewJob, Planned},
    objects::Objects,
    source::Item,
};

/// How many items become jobs in one transaction, at most.
const CHUNK: usize = 256;
/// How long an item waits for others.
const CHUNK_TIME: Duration = Duration::from_millis(100);
/// How many objects are read at a time, at least.
const OBJECTS: usize = 8;

/// What became of an item, for reports.
#[derive(Clone, Debug)]
pub(crate) struct PlannedItem {
    pub(crate) item: Item,
    pub(crate) planned: Planned,
}

/// What is needed to check items.
#[derive(Clone)]
pub(crate) struct Checker {
    /// What earlier runs have found out; `None` without a ledger.
    pub(crate) ledger: Option<Arc<Ledger>>,
    pub(crate) rules: Rules,
    pub(crate) objects: Objects,
}

/// Checks items, as many at a time as there are cores, and calls `each` in their order. Begins no other one when `stop`
/// ends.
pub(crate) async fn check_all(
    checker: &Checker,
    items: Vec<Item>,
    stop: impl Future<Output = ()>,
    mut each: impl FnMut(Vec<PlannedItem>) -> Result<(), PipelineError>,
) -> Result<(), PipelineError> {
    let threads = checker.ledger.as_ref().map(|ledger| ledger.blocking().clone()).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let has_objects = items.iter().any(|item| matches!(item.origin, Origin::Object(_)));
    let at_a_time = if has_objects { cores.max(OBJECTS) } else { cores };
    let checked = stream::iter(items).take_until(stop).map(|item| {
        let (checker, threads) = (checker.clone(), threads.clone());
        async move {
            let done = threads.spawn_blocking(move || checker.plan(item)).await;
            done.unwrap_or_else(|error| Err(PipelineError::storage("a file cannot be checked", error)))
        }
    });
    let mut checked = pin!(checked.buffered(at_a_time));
    while let Some(first) = checked.next().await {
        let (mut chunk, due) = (vec![first?], Instant::now() + CHUNK_TIME);
        while chunk.len() < CHUNK
            && let Ok(Some(next)) = timeout_at(due, checked.next()).await
        {
            chunk.push(next?);
        }
        each(chunk)?;
    }
    Ok(())
}

/// Adds items to the ledger, until `stop` ends.
pub(crate) async fn add_all(
    ledger: &Ledger,
    checker: &Checker,
    items: Vec<Item>,
    stop: impl Future<Output = ()>,
    events: &Reporter,
) -> Result<(), PipelineError> {
    let mut done = 0;
    let total = items.len();
    check_all(checker, items, stop, |chunk| {
        done += chunk.len();
        for PlannedItem { item, planned } in &chunk {
            if let Planned::Refused { code, reason, .. } = planned {
                let source = item.origin.public();
                events.send(&Event::Refused { source, code: code.clone(), reason: reason.clone() });
            }
        }
        let chunk: Vec<_> =
            chunk.into_iter().map(|PlannedItem { item, planned }| (item.origin, item.settings, planned)).collect();
        ledger.add(&chunk)?;
        events.send(&Event::Checked { done, total });
        Ok(())
    })
    .await
}

impl NewJob {
    /// The job of an item.
    pub(crate) fn for_item(self, item: Item) -> EmbedJob {
        let CheckedFile { stamp, content, seconds, refusal: _ } = self.file;
        EmbedJob {
            id: self.id,
            origin: item.origin,
            kind: self.kind,
            extension: self.extension,
            settings: item.settings,
            content,
            size: stamp.size,
            modified_ns: stamp.modified_ns,
            e_tag: stamp.e_tag,
            seconds,
        }
    }
}

impl Checker {
    fn plan(&self, item: Item) -> Result<PlannedItem, PipelineError> {
        let refused = |content: Option<String>, (code, reason): (String, String)| Planned::Refused {
            content: content.filter(|hash| !hash.is_empty()),
            code: Some(code),
            reason,
            retryable: false,
        };
        let name = match &item.origin {
            Origin::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Origin::Url(url) => url_name(url).to_owned(),
            Origin::Object(url) => url.file_name().to_owned(),
        };
        // A URL without an extension is a video, as far as is known.
        let kind = FileKind::of_name(&name)
            .or_else(|| matches!(item.origin, Origin::Url(_)).then(|| (FileKind::Video, "mp4".to_owned())));
        let Some((kind, extension)) = kind else {
            let reason = "The extension of the file is none of a video, an audio file, an image or a document.";
            let planned = refused(None, ("parameter_invalid".to_owned(), reason.to_owned()));
            return Ok(PlannedItem { item, planned });
        };
        let file = match self.file(&item, kind)? {
            Ok(file) => file,
            Err(error) => {
                let reason = format!("The file cannot be read: {error}.");
                let planned = Planned::Refused { content: None, code: None, reason, retryable: true };
                return Ok(PlannedItem { item, planned });
            }
        };
        let space = &self.rules.space;
        let refusal = refused_kind(kind, &space.model_name())
            .or_else(|| file.refusal.clone())
            .or_else(|| self.refused_settings(&item, kind))
            .or_else(|| refused_range(kind, &item.settings, file.seconds?));
        let planned = match refusal {
            Some(refusal) => refused(Some(file.content), refusal),
            None => {
                let id = job_id(&file.content, space, kind, &item.settings);
                Planned::Job(NewJob { id, kind, extension, file })
            }
        };
        Ok(PlannedItem { item, planned })
    }

    /// Why the platform would refuse the settings of an item of this type.
    fn refused_settings(&self, item: &Item, kind: FileKind) -> Option<(String, String)> {
        let (field, rule) = self.rules.violation(&item.settings, kind)?;
        Some(("parameter_invalid".to_owned(), format!("{field} {rule}.")))
    }

    /// What is known of a file, or is found out now. The inner error is that of the file.
    fn file(&self, item: &Item, kind: FileKind) -> Result<io::Result<CheckedFile>, PipelineError> {
        let stamp = match self.stamp(item) {
            Ok(stamp) => stamp,
            Err(error) => return Ok(Err(error)),
        };
        let ledger = self.ledger.as_deref();
        if let Some(ledger) = ledger
            && let Some(known) = ledger.checked_file(&item.origin, &stamp)?
        {
            return Ok(Ok(known));
        }
        let checked = match &item.origin {
            Origin::Url(url) => Ok(url_file(url)),
            Origin::File(path) => check(path, kind),
            Origin::Object(url) => self.objects.check(url, &stamp, kind),
        };
        if let (Some(ledger), Ok(file)) = (ledger, &checked)
            && file.refusal.is_some()
        {
            ledger.remember(&item.origin, file)?;
        }
        Ok(checked)
    }

    fn stamp(&self, item: &Item) -> io::Result<Stamp> {
        match (&item.origin, &item.listed) {
            (_, Some(stamp)) => Ok(stamp.clone()),
            (Origin::File(path), None) => Stamp::of_file(path),
            (Origin::Object(url), None) => Handle::current().block_on(self.objects.stamp(url)),
            (Origin::Url(_), None) => Ok(Stamp::default()),
        }
    }
}

/// A URL stands for its content, which only the server reads.
fn url_file(url: &str) -> CheckedFile {
    let content = format!("url-{}", blake3::hash(url.as_bytes()).to_hex());
    CheckedFile { stamp: Stamp::default(), content, seconds: None, refusal: None }
}

/// The last part of the path of a URL.
fn url_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
