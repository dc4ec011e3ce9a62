//! What was decoded of small files lately: a test suite embeds the same clip again and again.

use std::{
    collections::VecDeque,
    io,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

/// Size of the largest file that is remembered. A minute of sound and pictures takes about half a megabyte, however
/// large the file is.
const FILE_LIMIT: u64 = 4 << 20;

/// Number of decoded ranges that are remembered.
const COUNT: usize = 64;

/// Hash of the file, and bits of the start and end of the range.
type Key = ([u8; 32], u64, u64);

/// What was decoded, as soon as it is. Who needs the same meanwhile waits for it.
type Slot<T> = Arc<Mutex<Option<Arc<[T]>>>>;

/// The items that were decoded last, oldest first.
pub(super) struct Recent<T>(Mutex<VecDeque<(Key, Slot<T>)>>);

impl<T> Recent<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The items of this range of a file, which are decoded unless they were lately. An error is not remembered.
    pub(super) fn get(
        &self,
        path: &Path,
        range: Range<f64>,
        decode: impl FnOnce() -> io::Result<Vec<T>>,
    ) -> io::Result<Arc<[T]>> {
        if path.metadata()?.len() > FILE_LIMIT {
            return decode().map(Arc::from);
        }
        let slot = self.slot((Sha256::digest(std::fs::read(path)?).into(), range.start.to_bits(), range.end.to_bits()));
        let mut slot = locked(&slot);
        if let Some(items) = &*slot {
            return Ok(items.clone());
        }
        let items: Arc<[T]> = decode()?.into();
        *slot = Some(items.clone());
        Ok(items)
    }

    fn slot(&self, key: Key) -> Slot<T> {
        let mut slots = locked(&self.0);
        if let Some((_, slot)) = slots.iter().find(|(other, _)| *other == key) {
            return slot.clone();
        }
        if slots.len() == COUNT {
            slots.pop_front();
        }
        let slot = Slot::default();
        slots.push_back((key, slot.clone()));
        slot
    }
}

/// What a panic interrupted is still whole: values are replaced, not changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_and_range_are_decoded_once() {
        let (recent, folder) = (Recent::new(), tempfile::tempdir().expect("a folder"));
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).expect("written");
            path
        };
        let (clip, copy, other) = (file("clip", "a"), file("copy", "a"), file("other", "b"));
        assert!(recent.get(&clip, 0.0..1.0, || Err(io::ErrorKind::Other.into())).is_err());
        let get = |path, range, item: u8| recent.get(path, range, || Ok(vec![item])).expect("decoded")[0];
        assert_eq!(get(&clip, 0.0..1.0, 1), 1, "an error was remembered");
        assert_eq!(get(&copy, 0.0..1.0, 2), 1);
        assert_eq!(get(&clip, 0.0..2.0, 3), 3);
        assert_eq!(get(&other, 0.0..1.0, 4), 4);
        for index in 0..COUNT {
            get(&other, 5.0..6.0 + index as f64, 5);
        }
        assert_eq!(get(&clip, 0.0..1.0, 6), 6, "the oldest was not forgotten");
    }
}
