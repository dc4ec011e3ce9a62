//! The journal of an upload: a file from which another process can resume it.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, Metadata, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use twelvelabs_api::{
    params::assets_create::FILE,
    types::{AssetId, UploadId},
};

use super::{
    engine::{Layout, Proof},
    file::{OpenFile, in_background},
};
use crate::error::{Error, Result, Violation};

/// The first member of a journal: its format.
const FORMAT: &str = "twelvelabs upload 1";
/// The name of the journal in errors.
pub(super) const JOURNAL: &str = "journal";

/// What identifies a file besides its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    pub(super) size: u64,
    pub(super) modified: Option<DateTime<Utc>>,
}

impl FileState {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok().map(DateTime::from) }
    }
}

/// The content of a journal. It has neither the API key nor URLs of parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Journal {
    format: String,
    base_url: String,
    pub(super) file: FileState,
    pub(super) asset_id: AssetId,
    /// The server has the whole file.
    pub(super) completed: bool,
    /// Absent for a file that was uploaded in one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<PartsRecord>,
    /// XXH64 of a file that was uploaded in one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xxh64: Option<HexHash>,
}

/// A hash, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct HexHash(String);

impl HexHash {
    fn new(hash: u64) -> Self {
        Self(format!("{hash:016x}"))
    }

    /// `None` if the text is no hash.
    fn get(&self) -> Option<u64> {
        u64::from_str_radix(&self.0, 16).ok()
    }
}

/// An upload in parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartsRecord {
    pub(super) upload_id: UploadId,
    pub(super) chunk_size: u64,
    pub(super) upload_headers: HashMap<String, String>,
    /// The parts that the storage host has, by their number from 1.
    pub(super) uploaded: BTreeMap<u64, PartRecord>,
}

impl PartsRecord {
    /// How a file of this size is divided.
    pub(super) fn layout(&self, size: u64) -> Result<Layout> {
        Layout::new(size, self.chunk_size).ok_or_else(|| {
            let rule = "must have parts of a size that divides the file into 1 to 100,000";
            Error::invalid(vec![Violation::new(JOURNAL, format_args!("{} bytes", self.chunk_size), rule)])
        })
    }
}

/// A part that the storage host has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) etag: String,
    /// XXH64 of the part.
    xxh64: HexHash,
    /// The API knows it too.
    pub(super) reported: bool,
}

impl PartRecord {
    pub(super) fn new(proof: &Proof, reported: bool) -> Self {
        Self { etag: proof.etag.clone(), xxh64: HexHash::new(proof.hash), reported }
    }

    /// `None` if there is no ETag, or if the hash is not one.
    pub(super) fn proof(&self) -> Option<Proof> {
        let hash = self.xxh64.get()?;
        (!self.etag.is_empty()).then(|| Proof { etag: self.etag.clone(), hash })
    }
}

impl Journal {
    pub(super) fn new(base_url: &str, file: FileState, asset_id: AssetId, parts: Option<PartsRecord>) -> Self {
        let (format, base_url) = (FORMAT.to_owned(), base_url.to_owned());
        Self { format, base_url, file, asset_id, completed: false, parts, xxh64: None }
    }

    /// The journal of a file that was uploaded in one request.
    pub(super) fn of_one_request(base_url: &str, file: FileState, asset_id: AssetId, hash: u64) -> Self {
        let journal = Self::new(base_url, file, asset_id, None);
        Self { completed: true, xxh64: Some(HexHash::new(hash)), ..journal }
    }

    /// Checks that the content of the file is still the one that was uploaded.
    pub(super) async fn check_content(&self, file: &OpenFile) -> Result<()> {
        if let Some(hash) = self.xxh64.as_ref().and_then(HexHash::get) {
            file.check_content(hash).await?;
        }
        let Some(parts) = &self.parts else { return Ok(()) };
        let layout = parts.layout(file.state.size)?;
        for (number, record) in &parts.uploaded {
            file.check_part(layout, *number, record).await?;
        }
        Ok(())
    }

    /// Checks that the journal belongs to this file and this server.
    pub(super) fn check(&self, base_url: &str, file: &FileState, source: &Path) -> Result<(), Violation> {
        let shown = source.display();
        let modified = |state: &FileState| state.modified.map_or("unknown".to_owned(), |time| time.to_rfc3339());
        let rule = if self.base_url != base_url {
            return Err(Violation::new(
                JOURNAL,
                base_url,
                format!("must be of an upload to the same base URL ({})", self.base_url),
            ));
        } else if self.file.size != file.size {
            (format!("{shown} with {} bytes", file.size), format!("{} bytes", self.file.size))
        } else if self.file.modified != file.modified {
            (format!("{shown}, modified {}", modified(file)), format!("modified {}", modified(&self.file)))
        } else {
            return Ok(());
        };
        let (value, was) = rule;
        Err(Violation::new(FILE.name, value, format!("must not have changed since the upload began ({was})")))
    }
}

/// Reads a journal. `None` if there is no such file.
pub(super) async fn load(path: &Path) -> Result<Option<Journal>> {
    let text = match tokio::fs::read(path).await {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(path, "must be a readable file", error)),
    };
    match serde_json::from_slice::<Journal>(&text) {
        Ok(journal) if journal.format == FORMAT => Ok(Some(journal)),
        Ok(journal) => {
            let value = format!("{}: {:?}", path.display(), journal.format);
            Err(Error::invalid(vec![Violation::new(JOURNAL, value, format!("must have the format {FORMAT:?}"))]))
        }
        Err(error) => Err(broken(path, "must be the journal of an upload, or a file that does not exist", error)),
    }
}

fn broken(path: &Path, rule: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let rule = format!("{rule}: {error}");
    Error::invalid(vec![Violation::new(JOURNAL, path.display(), rule)]).with_source(error)
}

/// Replaces a journal: whatever happens, the file has either its old content or the new one.
pub(super) async fn save(path: &Path, journal: &Journal) -> Result<()> {
    let text = serde_json::to_vec_pretty(journal).map_err(|error| broken(path, "must be JSON", error))?;
    let to = path.to_owned();
    let written = in_background(move || replace(&to, &text)).await;
    written.map_err(|error| broken(path, "must be writable", error))
}

/// Checks that a journal can be written, before there is something to write.
pub(super) async fn check_writable(path: &Path) -> Result<()> {
    let beside = path.to_owned();
    let checked = in_background(move || {
        let (_, new) = create_beside(&beside)?;
        std::fs::remove_file(new)
    });
    checked.await.map_err(|error| broken(path, "must be writable", error))
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (mut file, new) = create_beside(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| std::fs::rename(&new, path)) {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    sync_folder(path)
}

/// Creates a file in the same folder. Its name is its own: a write that was under way when its upload was dropped may still run.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed)));
    let new = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // The headers for the storage host may be credentials.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok((options.open(&new)?, new))
}

/// Makes a rename durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        let file = FileState { size: 25, modified: DateTime::from_timestamp(1_790_000_000, 123_456_789) };
        let proof = Proof { etag: "e-1".into(), hash: 7 };
        let parts = PartsRecord {
            upload_id: "u-1".parse().expect("an id"),
            chunk_size: 10,
            upload_headers: HashMap::from([("content-type".into(), "video/mp4".into())]),
            uploaded: BTreeMap::from([(1, PartRecord::new(&proof, true))]),
        };
        Journal::new("https://example.com/v1", file, "a-1".parse().expect("an id"), Some(parts))
    }

    #[tokio::test]
    async fn a_journal_is_read_as_it_was_written_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        assert_eq!(load(&path).await.expect("no error"), None);
        let mut journal = journal();
        save(&path, &journal).await.expect("written");
        assert_eq!(load(&path).await.expect("read").as_ref(), Some(&journal));
        journal.completed = true;
        save(&path, &journal).await.expect("written");
        assert_eq!(load(&path).await.expect("read"), Some(journal));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn another_file_is_never_taken_for_a_journal_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for content in ["", "video", "{}", "[]", r#"{"format":"twelvelabs upload 9"}"#] {
            let path = folder.path().join("talk.mp4");
            std::fs::write(&path, content).expect("written");
            let error = load(&path).await.expect_err(content);
            assert_eq!(error.parameter(), Some(JOURNAL), "{content}");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), content);
        }
    }

    #[test]
    fn a_changed_file_and_another_server_are_refused() {
        let journal = journal();
        let check = |base_url: &str, size, nanos| {
            let file = FileState { size, modified: DateTime::from_timestamp(1_790_000_000, nanos) };
            journal.check(base_url, &file, Path::new("talk.mp4")).map_err(|violation| violation.to_string())
        };
        let same = "https://example.com/v1";
        assert_eq!(check(same, 25, 123_456_789), Ok(()));
        let size = check(same, 26, 123_456_789).expect_err("larger");
        assert_eq!(size, "file must not have changed since the upload began (25 bytes) (got talk.mp4 with 26 bytes)");
        let modified = check(same, 25, 123_456_788).expect_err("modified");
        assert!(
            modified.starts_with("file must not have changed since the upload began (modified 2026-"),
            "{modified}"
        );
        let server = check("https://example.org/v1", 25, 123_456_789).expect_err("elsewhere");
        assert!(server.starts_with("journal must be of an upload to the same base URL"), "{server}");
    }
}
