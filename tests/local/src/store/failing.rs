//! A store on a disk that fails on demand, for tests.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{Database, StorageBackend, backends::FileBackend};
use tempfile::TempDir;

use super::{DataDirectory, Store};
use crate::clock::Clock;

/// Whether writing fails. Clones share their state.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailingDisk(Arc<AtomicBool>);

impl FailingDisk {
    pub(crate) fn fail(&self, fails: bool) {
        self.0.store(fails, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct Backend(FileBackend, FailingDisk);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.check()?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.1.check()?;
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.1.check()?;
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// A store, its disk, and the directory that both are in.
pub(crate) struct FailingStore {
    pub(crate) store: Store<()>,
    pub(crate) disk: FailingDisk,
    pub(crate) _directory: TempDir,
}

impl FailingStore {
    pub(crate) fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data = DataDirectory::persistent(directory.path()).expect("a data directory");
        let folder = data.family("family").expect("a folder");
        let (path, disk): (PathBuf, _) = (folder.database().expect("a path"), FailingDisk::default());
        let own = disk.clone();
        let opener = move || {
            let mut options = std::fs::OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(&path)?;
            Database::builder().create_with_backend(Backend(FileBackend::new(file)?, own.clone()))
        };
        let store = Store::open_with(folder, Arc::new(Clock::new(true)), None, Some(Box::new(opener)));
        Self { store: store.expect("a store"), disk, _directory: directory }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{
        super::item::{Fate, NewItem},
        *,
    };

    #[tokio::test]
    async fn a_store_works_again_after_its_disk_has_failed() {
        let FailingStore { store, disk, _directory } = FailingStore::open();
        let new =
            NewItem { content: (), fate: Fate::Normal, upload: None, processing: TimeDelta::zero(), outcome: None };
        store.add(new.clone()).await.expect("stored");
        disk.fail(true);
        for _ in 0..2 {
            store.add(new.clone()).await.expect_err("the disk fails");
        }
        assert_eq!(store.len(), 1);
        disk.fail(false);
        store.add(new).await.expect("stored");
        assert_eq!(store.len(), 2);
    }
}
