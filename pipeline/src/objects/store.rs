//! Objects, by the crate `object_store`.

use std::{
    collections::HashMap,
    error::Error as _,
    fmt, io, iter,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{
    ClientConfigKey, Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    client::{HttpError, HttpErrorKind},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    path::Path,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;
use twelvelabs::{limits, upload::RangeSource};
use twelvelabs_media::{check_audio_from, check_video_from};

use super::{ReadFailure, file::ObjectFile};
use crate::{
    check_file::{refused_content, refused_size},
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
    job::{FileKind, Stamp},
    ledger::CheckedFile,
    object_url::ObjectUrl,
};

/// How much is read with one request to hash an object. A request that breaks is resumed by the store, for a few minutes.
const HASHED: u64 = 64 << 20;
/// How much of an image or a document is read to see what it is, in bytes.
const LOOKED_INTO: u64 = 1 << 20;
/// Time without a byte after which a request fails.
const READ_LIMIT: &str = "60s";
/// A body is read as fast as it is uploaded: only the time without a byte is limited.
const WHOLE_LIMIT: &str = "30days";

/// Access to objects, with the credentials of the environment. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    stores: Arc<Mutex<HashMap<String, Arc<dyn ObjectStore>>>>,
    /// See [`PipelineBuilder::with_objects_by_e_tag`](crate::PipelineBuilder::with_objects_by_e_tag).
    pub(crate) by_e_tag: bool,
}

/// Without the stores, which have credentials.
impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("by_e_tag", &self.by_e_tag).finish_non_exhaustive()
    }
}

impl Objects {
    /// One object, if there is one with this name; else all objects below the prefix, by their names.
    pub(crate) async fn list(&self, url: &ObjectUrl) -> Result<Vec<(ObjectUrl, Stamp)>, PipelineError> {
        let cannot = |error: Error| {
            PipelineError::usage(format!(
                "cannot list {}: {}",
                escape_control(url.as_str()),
                escape_control(&text(&error))
            ))
        };
        let store = self.store(url).map_err(cannot)?;
        let path = Path::parse(url.key()).map_err(|error| cannot(error.into()))?;
        if !url.key().is_empty() && !url.key().ends_with('/') {
            match store.head(&path).await {
                Ok(meta) => return Ok(vec![(url.clone(), stamp_of(&meta))]),
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        let found: Vec<ObjectMeta> = store.list(Some(&path)).try_collect().await.map_err(cannot)?;
        let mut found: Vec<(ObjectUrl, Stamp)> =
            // A service may show a folder as an object without a content.
            found
                .iter()
                .filter(|meta| meta.location != path)
                .map(|meta| (url.with_key(meta.location.as_ref()), stamp_of(meta)))
                .collect();
        if found.is_empty() {
            let message = format!("there are no objects at {}", escape_control(url.as_str()));
            return Err(PipelineError::new(PipelineErrorKind::NotFound, message));
        }
        found.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        Ok(found)
    }

    /// What changes when the object does.
    pub(crate) async fn stamp(&self, url: &ObjectUrl) -> io::Result<Stamp> {
        let store = self.store(url).map_err(|error| failed(&error))?;
        let path = path_of(url)?;
        store.head(&path).await.map(|meta| stamp_of(&meta)).map_err(|error| failed(&error))
    }

    /// Reads an object and checks it: first the ranges that say what it is, then the whole object for its hash. What is
    /// refused is not read as a whole, and has no hash. It blocks, on a thread of a runtime where it may.
    ///
    /// # Errors
    ///
    /// If the object cannot be read, or changes meanwhile.
    pub(crate) fn check(&self, url: &ObjectUrl, stamp: &Stamp, kind: FileKind) -> io::Result<CheckedFile> {
        let checked = |content, seconds, refusal| CheckedFile { stamp: stamp.clone(), content, seconds, refusal };
        if let Some(refusal) = refused_size(kind, stamp.size) {
            return Ok(checked(String::new(), None, Some(refusal)));
        }
        let runtime = tokio::runtime::Handle::current();
        let failure = ReadFailure::default();
        let file = || ObjectFile::new(self.source(url, stamp, String::new(), &failure), runtime.clone());
        let probed = match kind {
            FileKind::Video => check_video_from(file(), stamp.size, &limits::MEDIA_DURATION_SEC)?,
            FileKind::Audio => check_audio_from(file(), stamp.size, &limits::MEDIA_DURATION_SEC)?.map(Some),
            FileKind::Image | FileKind::Document => Ok(None),
        };
        let refusal = refused_content(file(), kind, url.file_name(), stamp.size, LOOKED_INTO)?;
        // A parser takes an error of the network for a broken file.
        if let Some(reason) = failure.take() {
            return Err(io::Error::other(reason));
        }
        if refusal.is_some() {
            return Ok(checked(String::new(), None, refusal));
        }
        match probed {
            Ok(seconds) if self.by_e_tag => Ok(checked(unread_content(url, stamp), seconds, None)),
            Ok(seconds) => Ok(checked(runtime.block_on(self.hash(url, stamp))?, seconds, None)),
            Err(refusal) => Ok(checked(String::new(), None, Some((refusal.code.to_string(), refusal.message)))),
        }
    }

    /// BLAKE3 hash of an object in hexadecimal digits.
    async fn hash(&self, url: &ObjectUrl, stamp: &Stamp) -> io::Result<String> {
        let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; 1 << 18]);
        let mut at = 0;
        while at < stamp.size {
            let range = at..stamp.size.min(at + HASHED);
            let mut reader = Box::pin(self.read(url, stamp, range.clone(), ReadFailure::default()));
            loop {
                match reader.read(&mut buffer).await? {
                    0 => break,
                    count => {
                        hasher.update(&buffer[..count]);
                        at += count as u64;
                    }
                }
            }
            if at != range.end {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The object as the source of an upload, with this name. Reading it fails if it is not the one of the stamp any
    /// more.
    pub(crate) fn source(&self, url: &ObjectUrl, stamp: &Stamp, name: String, failure: &ReadFailure) -> RangeSource {
        let (objects, url, stamp, failure) = (self.clone(), url.clone(), stamp.clone(), failure.clone());
        RangeSource::new(name, stamp.size, move |range| objects.read(&url, &stamp, range, failure.clone()))
    }

    /// A range of an object. The request is sent when the reader is first read.
    fn read(
        &self,
        url: &ObjectUrl,
        stamp: &Stamp,
        range: Range<u64>,
        failure: ReadFailure,
    ) -> impl AsyncRead + Send + use<> {
        let (objects, url, stamp) = (self.clone(), url.clone(), stamp.clone());
        let body = stream::once(async move {
            let store = objects.store(&url).map_err(|error| failed(&error))?;
            let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
            let found = store.get_opts(&path_of(&url)?, options).await.map_err(|error| failed(&error))?;
            if stamp_of(&found.meta) != stamp {
                return Err(io::Error::other("was changed after it was checked"));
            }
            Ok(found.into_stream().map_err(|error| failed(&error)))
        });
        StreamReader::new(body.try_flatten().inspect_err(move |error| failure.set(error)).boxed())
    }

    fn store(&self, url: &ObjectUrl) -> object_store::Result<Arc<dyn ObjectStore>> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(url.root()) {
            return Ok(Arc::clone(store));
        }
        let store = open(url)?;
        stores.insert(url.root().to_owned(), Arc::clone(&store));
        Ok(store)
    }
}

/// Opens a bucket with the credentials and the settings of the environment.
fn open(url: &ObjectUrl) -> object_store::Result<Arc<dyn ObjectStore>> {
    use ClientConfigKey::{ReadTimeout, Timeout};
    let retry = RetryConfig { max_retries: 5, retry_timeout: Duration::from_secs(120), ..RetryConfig::default() };
    let bucket = url.bucket();
    Ok(match url.scheme() {
        "s3" => {
            let store = AmazonS3Builder::from_env()
                .with_config(AmazonS3ConfigKey::Client(Timeout), WHOLE_LIMIT)
                .with_config(AmazonS3ConfigKey::Client(ReadTimeout), READ_LIMIT);
            Arc::new(store.with_bucket_name(bucket).with_retry(retry).build()?)
        }
        "gs" => {
            let store = GoogleCloudStorageBuilder::from_env()
                .with_config(GoogleConfigKey::Client(Timeout), WHOLE_LIMIT)
                .with_config(GoogleConfigKey::Client(ReadTimeout), READ_LIMIT);
            Arc::new(store.with_bucket_name(bucket).with_retry(retry).build()?)
        }
        _ => {
            let store = MicrosoftAzureBuilder::from_env()
                .with_config(AzureConfigKey::Client(Timeout), WHOLE_LIMIT)
                .with_config(AzureConfigKey::Client(ReadTimeout), READ_LIMIT);
            Arc::new(store.with_container_name(bucket).with_retry(retry).build()?)
        }
    })
}

fn path_of(url: &ObjectUrl) -> io::Result<Path> {
    Path::parse(url.key()).map_err(|error| failed(&error.into()))
}

/// A list and a header may have the same time with different fractions of a second, and the same tag with and without
/// quotes.
fn stamp_of(meta: &ObjectMeta) -> Stamp {
    let e_tag = meta.e_tag.as_deref().map(|tag| tag.trim_matches('"').to_owned());
    Stamp { size: meta.size, modified_ns: meta.last_modified.timestamp().saturating_mul(1_000_000_000), e_tag }
}

/// What stands for the content of an object that is not read.
fn unread_content(url: &ObjectUrl, stamp: &Stamp) -> String {
    // Without a tag, the time is all there is.
    let version = stamp.e_tag.clone().unwrap_or_else(|| stamp.modified_ns.to_string());
    let text = serde_json::json!([url.as_str(), stamp.size, version]).to_string();
    format!("object-{}", blake3::hash(text.as_bytes()).to_hex())
}

fn failed(error: &Error) -> io::Error {
    let kind = match error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, text(error))
}

/// What went wrong. The text of the error itself has the body of the response, and with it parts of the credentials, and
/// the URL with its query.
fn text(error: &Error) -> String {
    match error {
        Error::NotFound { .. } => return text_of_status("404"),
        Error::PermissionDenied { .. } => return text_of_status("403"),
        Error::Unauthenticated { .. } => return text_of_status("401"),
        Error::InvalidPath { .. } => {
            return "an object has a name that is not supported: with `//`, `.` or `..`, or a control character".into();
        }
        _ => {}
    }
    let whole = error.to_string();
    // Without credentials, those of the machine are asked for.
    if whole.contains("//169.254.") || whole.contains("//metadata.google") {
        return "there are no credentials in the environment".into();
    }
    let causes = || iter::successors(error.source(), |&cause| cause.source());
    if causes().any(|cause| cause.to_string() == "URL scheme is not allowed") {
        return "the URL of the object storage must be https://, unless AWS_ALLOW_HTTP or AZURE_ALLOW_HTTP is true"
            .into();
    }
    if let Some(http) = causes().find_map(|cause| cause.downcast_ref::<HttpError>()) {
        return match http.kind() {
            HttpErrorKind::Connect => "cannot connect to the object storage",
            HttpErrorKind::Timeout => "no response of the object storage in time",
            HttpErrorKind::Interrupted | HttpErrorKind::Request => "the connection to the object storage was lost",
            HttpErrorKind::Decode => "the response of the object storage cannot be decoded",
            _ => "the request to the object storage failed",
        }
        .into();
    }
    if let Some((_, status)) = whole.split_once("status code: ") {
        return text_of_status(&status[..status.find(|c: char| !c.is_ascii_digit()).unwrap_or(status.len())]);
    }
    if whole.contains("Received redirect without LOCATION") {
        return "the object storage refers to another region: set AWS_REGION".into();
    }
    if whole.contains("Account must be specified") {
        return "there is no account in the environment: set AZURE_STORAGE_ACCOUNT_NAME".into();
    }
    if whole.contains("Error performing ") || whole.contains("error response: ") {
        return "the object storage responded with an error".into();
    }
    // A setting, or credentials that cannot be read.
    whole
}

fn text_of_status(status: &str) -> String {
    match status {
        "401" => "the credentials are not accepted (401)".into(),
        "403" => "the credentials do not allow it (403)".into(),
        "404" => "it does not exist".into(),
        _ => format!("the object storage responded with {status}"),
    }
}

#[cfg(test)]
mod tests;
