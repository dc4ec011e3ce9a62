//! The files of a family: uploads while they are needed, and results.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::{TempDir, TempPath};

use crate::upload::Upload;

const DATABASE: &str = "items.redb";
const UPLOADS: &str = "uploads";
const RESULTS: &str = "results";
const THUMBNAILS: &str = "thumbnails";
/// Suffix of incomplete files.
const PART: &str = ".part";

/// Shows that a directory belongs to this program.
const MARKER: &str = ".twelvelabs-local";

/// The directory of all families.
#[derive(Clone, Debug)]
pub(crate) struct DataDirectory {
    root: PathBuf,
    temporary: Option<Arc<TempDir>>,
}

impl DataDirectory {
    /// A directory that is removed with the server.
    pub(crate) fn temporary() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("twelvelabs-local-").tempdir()?;
        Ok(Self { root: temporary.path().to_owned(), temporary: Some(Arc::new(temporary)) })
    }

    /// A directory that stays. It must be new, empty, or one of this program: any other may contain files that only
    /// look like ours.
    pub(crate) fn persistent(root: &Path) -> io::Result<Self> {
        let marker = root.join(MARKER);
        if !marker.is_file() {
            fs::create_dir_all(root)?;
            if fs::read_dir(root)?.next().is_some() {
                let message = format!("{} must be empty or an existing data directory", root.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
            fs::write(marker, "Data of twelvelabs-local\n")?;
        }
        Ok(Self { root: root.to_owned(), temporary: None })
    }

    /// The folder of one family.
    pub(crate) fn family(&self, name: &str) -> io::Result<Folder> {
        let root = self.root.join(name);
        for name in [UPLOADS, RESULTS, THUMBNAILS] {
            fs::create_dir_all(root.join(name))?;
        }
        Ok(Folder { root, durable: self.temporary.is_none(), _temporary: self.temporary.clone() })
    }
}

/// The files of one family.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Whether files are flushed to the disk, so that they survive a crash of the machine.
    durable: bool,
    _temporary: Option<Arc<TempDir>>,
}

impl Folder {
    /// The path of the database. `None` for a temporary directory, whose items are only in memory.
    pub(super) fn database(&self) -> Option<PathBuf> {
        self.durable.then(|| self.root.join(DATABASE))
    }

    /// Where the process that uses the folder writes its id.
    pub(super) fn process_file(&self) -> PathBuf {
        self.root.join("process")
    }

    /// The name of the family.
    pub(super) fn name(&self) -> std::borrow::Cow<'_, str> {
        self.root.file_name().unwrap_or_default().to_string_lossy()
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a complete upload.
    pub(crate) fn upload(&self, name: &str) -> PathBuf {
        self.root.join(UPLOADS).join(name)
    }

    /// The path of the result of an item.
    pub(crate) fn result(&self, id: &str) -> PathBuf {
        self.root.join(RESULTS).join(id)
    }

    /// The folder of the thumbnails of an item, which need not exist.
    pub(crate) fn thumbnails(&self, id: &str) -> PathBuf {
        self.root.join(THUMBNAILS).join(id)
    }

    /// A new, incomplete file, which is removed when the path is dropped.
    pub(crate) fn new_upload(&self) -> io::Result<(File, TempPath)> {
        let file = tempfile::Builder::new().suffix(PART).rand_bytes(16).tempfile_in(self.root.join(UPLOADS))?;
        Ok(file.into_parts())
    }

    /// Links a file of another family as a complete upload, or copies it if that is not possible. Removed when the path
    /// is dropped, until an item owns it.
    pub(crate) fn link_upload(&self, path: &Path) -> io::Result<Upload> {
        let link = |own: &Path| fs::hard_link(path, own).or_else(|_| fs::copy(path, own).map(|_| ()));
        let file = tempfile::Builder::new().rand_bytes(16).make_in(self.root.join(UPLOADS), link)?;
        self.sync_folder(UPLOADS)?;
        let path = file.into_temp_path();
        Ok(Upload { size: fs::metadata(&path)?.len(), path })
    }

    /// Gives a complete upload its final name. The file is still removed when the path is dropped, until an item owns
    /// it.
    pub(crate) fn complete_upload(&self, file: &File, path: TempPath) -> io::Result<TempPath> {
        if self.durable {
            file.sync_all()?;
        }
        let name = path.to_string_lossy().trim_end_matches(PART).to_owned();
        path.persist(&name)?;
        self.sync_folder(UPLOADS)?;
        TempPath::try_from_path(name)
    }

    /// Makes the upload of an item its result, which stays when the item is done. Does nothing if that has happened
    /// before.
    pub(crate) fn keep_upload(&self, name: &str, id: &str) -> io::Result<()> {
        let (upload, result) = (self.upload(name), self.result(id));
        if !result.is_file() {
            fs::rename(upload, result)?;
        }
        self.sync_folder(RESULTS)
    }

    /// Returns when what was written to a file is on the disk.
    pub(crate) async fn sync(&self, file: File) -> io::Result<()> {
        if !self.durable {
            return Ok(());
        }
        tokio::task::spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)?
    }

    /// Writes a whole result, or none.
    pub(crate) fn write_result(
        &self,
        id: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let file = tempfile::Builder::new().suffix(PART).tempfile_in(self.root.join(RESULTS))?;
        let mut out = io::BufWriter::new(file);
        write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if self.durable {
            file.as_file().sync_all()?;
        }
        file.persist(self.result(id))?;
        self.sync_folder(RESULTS)
    }

    fn sync_folder(&self, name: &str) -> io::Result<()> {
        if self.durable { File::open(self.root.join(name))?.sync_all() } else { Ok(()) }
    }

    /// Removes the files of an item, those that exist.
    pub(super) fn remove(&self, id: &str, upload: Option<&str>) {
        let _ = fs::remove_file(self.result(id));
        let _ = fs::remove_dir_all(self.thumbnails(id));
        self.remove_upload(upload);
    }

    pub(super) fn remove_upload(&self, upload: Option<&str>) {
        if let Some(name) = upload {
            let _ = fs::remove_file(self.upload(name));
        }
    }

    /// Removes what a crash left behind: files with our kind of name that belong to no item.
    pub(super) fn sweep(&self, uploads: &HashSet<&str>, ids: &HashSet<&str>) -> io::Result<()> {
        for (folder, owned) in [(UPLOADS, uploads), (RESULTS, ids), (THUMBNAILS, ids)] {
            for entry in fs::read_dir(self.root.join(folder))? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !owned.contains(name)) else { continue };
                match (folder, entry.file_type()?.is_dir()) {
                    (THUMBNAILS, true) if is_id(name) => fs::remove_dir_all(entry.path())?,
                    (RESULTS, false) if is_id(name) || is_of_tempfile(name) => fs::remove_file(entry.path())?,
                    (UPLOADS, false) if is_of_tempfile(name) => fs::remove_file(entry.path())?,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether this is the kind of name that items have.
fn is_id(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether this is the kind of name that incomplete files and uploads have.
fn is_of_tempfile(name: &str) -> bool {
    name.strip_prefix(".tmp")
        .is_some_and(|rest| rest.trim_end_matches(PART).bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_programs_are_not_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("thesis.pdf"), "x").expect("written");
        let error = DataDirectory::persistent(directory.path()).expect_err("the directory is not empty");
        assert!(error.to_string().ends_with("must be empty or an existing data directory"), "{error}");
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);

        // In a directory of this program, files with other kinds of names stay.
        let root = directory.path().join("data");
        let folder = DataDirectory::persistent(&root).expect("a directory").family("family").expect("a folder");
        let write = |path: &str| {
            let path = root.join("family").join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "x").expect("written");
        };
        let kept = [
            "results/thesis.pdf",
            "uploads/holiday/a.txt",
            "uploads/a.mp4",
            "thumbnails/mine/0",
            "results/663da73b31cdd0c1f638a8e6x",
        ];
        let removed = [
            "uploads/.tmpAbC123.part",
            "uploads/.tmpAbC123",
            "results/663da73b31cdd0c1f638a8e6",
            "thumbnails/663da73b31cdd0c1f638a8e6/0",
        ];
        kept.iter().chain(&removed).for_each(|path| write(path));
        folder.sweep(&HashSet::new(), &HashSet::new()).expect("swept");
        for path in kept {
            assert!(root.join("family").join(path).exists(), "{path} is gone");
        }
        assert!(removed.iter().all(|path| !root.join("family").join(path).exists()));
    }

    #[test]
    fn a_data_directory_can_be_opened_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().join("new");
        DataDirectory::persistent(&root).expect("a new one").family("family").expect("a folder");
        DataDirectory::persistent(&root).expect("the same").family("family").expect("a folder");
    }
}
