//! The journal of an upload: a file from which another process can resume it.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::{Deserialize, Serialize};
use twelvelabs_api::{
    params::assets_create::FILE,
    types::{AssetId, UploadId},
};

use super::{
    engine::{Layout, Proof},
    file::OpenFile,
};
use crate::{
    error::{Error, Result, Violation},
    journal::{FileState, JOURNAL, Record, check_server},
};

/// The content of a journal. It has neither the API key nor URLs of parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct UploadJournal {
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
    /// The record of a part that the storage host has.
    pub(super) fn new(proof: &Proof, reported: bool) -> Self {
        Self { etag: proof.etag.clone(), xxh64: HexHash::new(proof.hash), reported }
    }

    /// `None` if there is no ETag, or if the hash is not one.
    pub(super) fn proof(&self) -> Option<Proof> {
        let hash = self.xxh64.get()?;
        (!self.etag.is_empty()).then(|| Proof { etag: self.etag.clone(), hash })
    }
}

impl Record for UploadJournal {
    const FORMAT: &'static str = "twelvelabs upload 1";
    const OF: &'static str = "an upload";
}

impl UploadJournal {
    /// The journal of an upload that has just started.
    pub(super) fn new(base_url: &str, file: FileState, asset_id: AssetId, parts: Option<PartsRecord>) -> Self {
        let (format, base_url) = (Self::FORMAT.to_owned(), base_url.to_owned());
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
        check_server(base_url, &self.base_url)?;
        self.file.check(file, FILE.name, source)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn journal() -> UploadJournal {
        let file = FileState { size: 25, modified: DateTime::from_timestamp(1_790_000_000, 123_456_789) };
        let proof = Proof { etag: "e-1".into(), hash: 7 };
        let parts = PartsRecord {
            upload_id: "u-1".parse().expect("an id"),
            chunk_size: 10,
            upload_headers: HashMap::from([("content-type".into(), "video/mp4".into())]),
            uploaded: BTreeMap::from([(1, PartRecord::new(&proof, true))]),
        };
        UploadJournal::new("https://example.com/v1", file, "a-1".parse().expect("an id"), Some(parts))
    }

    #[test]
    fn a_journal_is_the_same_after_it_was_written() {
        let text = serde_json::to_string(&journal()).expect("JSON");
        assert_eq!(serde_json::from_str::<UploadJournal>(&text).expect("a journal"), journal());
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
