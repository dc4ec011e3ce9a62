//! The files of the platform: uploads while they are needed, and results.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{TempDir, TempPath};

const UPLOADS: &str = "uploads";
const RESULTS: &str = "results";
const THUMBNAILS: &str = "thumbnails";
/// What is not complete ends so.
const PART: &str = ".part";

/// A folder of its own, or one that the operator names.
#[derive(Debug)]
pub(in crate::local) struct Folder {
    root: PathBuf,
    /// Written through to the disk, so that it survives a crash of the machine.
    durable: bool,
    _temporary: Option<TempDir>,
}

impl Folder {
    /// A folder that goes away with the platform.
    pub(in crate::local) fn temporary() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("twelvelabs-local-").tempdir()?;
        Self::prepare(Self { root: temporary.path().to_owned(), durable: false, _temporary: Some(temporary) })
    }

    /// A folder that stays.
    pub(in crate::local) fn lasting(root: &Path) -> io::Result<Self> {
        Self::prepare(Self { root: root.to_owned(), durable: true, _temporary: None })
    }

    fn prepare(self) -> io::Result<Self> {
        for name in [UPLOADS, RESULTS, THUMBNAILS] {
            fs::create_dir_all(self.root.join(name))?;
        }
        Ok(self)
    }

    pub(super) fn database(&self) -> Option<PathBuf> {
        self.durable.then(|| self.root.join("tasks.redb"))
    }

    pub(in crate::local) fn upload(&self, name: &str) -> PathBuf {
        self.root.join(UPLOADS).join(name)
    }

    pub(in crate::local) fn result(&self, id: &str) -> PathBuf {
        self.root.join(RESULTS).join(id)
    }

    pub(in crate::local) fn thumbnails(&self, id: &str) -> PathBuf {
        self.root.join(THUMBNAILS).join(id)
    }

    /// A new file that is not complete yet; gone when the path is dropped.
    pub(in crate::local) fn new_upload(&self) -> io::Result<(File, TempPath)> {
        let file = tempfile::Builder::new().suffix(PART).rand_bytes(16).tempfile_in(self.root.join(UPLOADS))?;
        Ok(file.into_parts())
    }

    /// A complete upload under its final name; still gone when the path is dropped, until a task owns it.
    pub(in crate::local) fn complete_upload(&self, file: &File, path: TempPath) -> io::Result<TempPath> {
        if self.durable {
            file.sync_all()?;
        }
        let name = path.to_string_lossy().trim_end_matches(PART).to_owned();
        path.persist(&name)?;
        self.sync_folder(UPLOADS)?;
        TempPath::try_from_path(name)
    }

    /// Writes a result in whole or not at all.
    pub(in crate::local) fn write_result(
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

    /// Removes what belongs to a task; what is not there needs no removing.
    pub(super) fn forget(&self, id: &str, upload: Option<&str>) {
        let _ = fs::remove_file(self.result(id));
        let _ = fs::remove_dir_all(self.thumbnails(id));
        self.forget_upload(upload);
    }

    pub(super) fn forget_upload(&self, upload: Option<&str>) {
        if let Some(name) = upload {
            let _ = fs::remove_file(self.upload(name));
        }
    }

    /// Removes every file that no task owns: what a crash left behind.
    pub(super) fn sweep(&self, uploads: &HashSet<&str>, ids: &HashSet<&str>) -> io::Result<()> {
        for (folder, owned) in [(UPLOADS, uploads), (RESULTS, ids), (THUMBNAILS, ids)] {
            for entry in fs::read_dir(self.root.join(folder))? {
                let entry = entry?;
                if entry.file_name().to_str().is_some_and(|name| owned.contains(name)) {
                    continue;
                }
                if entry.file_type()?.is_dir() {
                    fs::remove_dir_all(entry.path())?;
                } else {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }
}
