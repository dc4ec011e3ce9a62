//! The files of the platform: uploads while they are needed, and results.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{TempDir, TempPath};

const DATABASE: &str = "tasks.redb";
const UPLOADS: &str = "uploads";
const RESULTS: &str = "results";
const THUMBNAILS: &str = "thumbnails";
/// What is not complete ends so.
const PART: &str = ".part";

/// A folder of its own, or one that the operator names.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Written through to the disk, so that it survives a crash of the machine.
    durable: bool,
    _temporary: Option<TempDir>,
}

impl Folder {
    /// A folder that goes away with the platform.
    pub(crate) fn temporary() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("twelvelabs-local-").tempdir()?;
        Self::prepare(Self { root: temporary.path().to_owned(), durable: false, _temporary: Some(temporary) })
    }

    /// A folder that stays. It is one of a platform's already, or new, or empty: in any other there may be files that only look
    /// like leftovers of a platform.
    pub(crate) fn lasting(root: &Path) -> io::Result<Self> {
        if !root.join(DATABASE).is_file() && !is_unused(root)? {
            let message =
                format!("{} is not empty and holds no tasks of a platform: name a folder of its own", root.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        Self::prepare(Self { root: root.to_owned(), durable: true, _temporary: None })
    }

    fn prepare(self) -> io::Result<Self> {
        for name in [UPLOADS, RESULTS, THUMBNAILS] {
            fs::create_dir_all(self.root.join(name))?;
        }
        Ok(self)
    }

    pub(super) fn database(&self) -> Option<PathBuf> {
        self.durable.then(|| self.root.join(DATABASE))
    }

    pub(crate) fn upload(&self, name: &str) -> PathBuf {
        self.root.join(UPLOADS).join(name)
    }

    pub(crate) fn result(&self, id: &str) -> PathBuf {
        self.root.join(RESULTS).join(id)
    }

    pub(crate) fn thumbnails(&self, id: &str) -> PathBuf {
        self.root.join(THUMBNAILS).join(id)
    }

    /// A new file that is not complete yet; gone when the path is dropped.
    pub(crate) fn new_upload(&self) -> io::Result<(File, TempPath)> {
        let file = tempfile::Builder::new().suffix(PART).rand_bytes(16).tempfile_in(self.root.join(UPLOADS))?;
        Ok(file.into_parts())
    }

    /// A complete upload under its final name; still gone when the path is dropped, until a task owns it.
    pub(crate) fn complete_upload(&self, file: &File, path: TempPath) -> io::Result<TempPath> {
        if self.durable {
            file.sync_all()?;
        }
        let name = path.to_string_lossy().trim_end_matches(PART).to_owned();
        path.persist(&name)?;
        self.sync_folder(UPLOADS)?;
        TempPath::try_from_path(name)
    }

    /// Writes a result in whole or not at all.
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

    /// Removes what a crash left behind: what bears a name of our making and belongs to no task.
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

/// Whether there is nothing in a folder but what a start makes before the database.
fn is_unused(root: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let is_ours = [UPLOADS, RESULTS, THUMBNAILS].iter().any(|name| entry.file_name() == *name);
        if !is_ours || !entry.file_type()?.is_dir() || fs::read_dir(entry.path())?.next().is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names that tasks have.
fn is_id(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The names that files have before they are complete, and uploads afterwards.
fn is_of_tempfile(name: &str) -> bool {
    name.strip_prefix(".tmp")
        .is_some_and(|rest| rest.trim_end_matches(PART).bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "x").expect("written");
        };
        write("results/thesis.pdf");
        let refused = Folder::lasting(folder.path()).expect_err("it is somebody's");
        assert!(refused.to_string().contains("name a folder of its own"), "{refused}");
        // And in a folder of a platform only what a platform makes is swept.
        for kept in ["uploads/holiday/a.txt", "uploads/a.mp4", "thumbnails/mine/0", "results/663da73b31cdd0c1f638a8e6x"]
        {
            write(kept);
        }
        let gone = [
            "uploads/.tmpAbC123.part",
            "uploads/.tmpAbC123",
            "results/663da73b31cdd0c1f638a8e6",
            "thumbnails/663da73b31cdd0c1f638a8e6/0",
        ];
        gone.iter().for_each(|path| write(path));
        write(DATABASE);
        let opened = Folder::lasting(folder.path()).expect("a platform's");
        opened.sweep(&HashSet::new(), &HashSet::new()).expect("swept");
        assert!(gone.iter().all(|path| !folder.path().join(path).exists()));
        for kept in ["results/thesis.pdf", "uploads/holiday/a.txt", "uploads/a.mp4", "thumbnails/mine/0"] {
            assert!(folder.path().join(kept).exists(), "{kept} is gone");
        }
    }

    #[test]
    fn a_start_that_was_cut_short_can_be_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        Folder::lasting(&folder.path().join("new")).expect("a new one");
        Folder::lasting(&folder.path().join("new")).expect("still without a database");
    }
}
