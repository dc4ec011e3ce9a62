//! What was decoded of small files lately: a test suite embeds the same clip again and again, also in files that differ
//! in bytes that are not decoded.

use std::{
    collections::VecDeque,
    io,
    ops::{ControlFlow, Range},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::media::{Media, Packet, StreamKind};

/// Size of the largest file that is remembered. A minute of sound and pictures takes about half a megabyte, however
/// large the file is.
const FILE_LIMIT: u64 = 4 << 20;

/// Number of decoded ranges that are remembered.
const COUNT: usize = 64;

/// Hash of what is decoded, and bits of the start and end of the range.
type Key = ([u8; 32], u64, u64);

/// What was decoded, as soon as it is. Who needs the same meanwhile waits for it.
type Slot<T> = Arc<Mutex<Option<Arc<[T]>>>>;

/// The items that were decoded last, oldest first.
pub(super) struct Recent<T>(Mutex<VecDeque<(Key, Slot<T>)>>);

impl<T> Recent<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The items of this range of a stream, which are decoded unless they were lately. An error is not remembered.
    pub(super) fn get(
        &self,
        (media, path): (&Media, &Path),
        kind: StreamKind,
        range: Range<f64>,
        decode: impl FnOnce() -> io::Result<Vec<T>>,
    ) -> io::Result<Arc<[T]>> {
        if path.metadata()?.len() > FILE_LIMIT {
            return decode().map(Arc::from);
        }
        let slot = self.slot((hash(media, path, kind, &range)?, range.start.to_bits(), range.end.to_bits()));
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

/// The hash of all that a decoder gets.
fn hash(media: &Media, path: &Path, kind: StreamKind, range: &Range<f64>) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    if let Some(stream) = media.stream(kind) {
        let of_container = (stream.codec, stream.rate, stream.channels, media.width, media.height);
        add(format!("{of_container:?}").as_bytes());
        add(&stream.config);
    }
    media.read(path, kind, range.clone(), |Packet { start, data, .. }| {
        add(&start.to_be_bytes());
        add(data);
        ControlFlow::Continue(())
    })?;
    Ok(hash.finalize().into())
}

/// What a panic interrupted is still whole: values are replaced, not changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_for_a_decoder_is_decoded_once() {
        let (recent, folder) = (Recent::new(), tempfile::tempdir().expect("a folder"));
        let clips = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../media"));
        let file = |name: &str, clip: &str, ignored: &[u8]| {
            let path = folder.path().join(name);
            let clip = std::fs::read(clips.join(clip)).expect("a clip");
            std::fs::write(&path, [clip.as_slice(), ignored].concat()).expect("written");
            (Media::probe(&path).expect("the disk works").expect("a video"), path)
        };
        let clip = file("clip", "tiny.mp4", b"");
        let copy = file("copy", "tiny.mp4", b"\x00\x00\x00\x0afreeab");
        let other = file("other", "silent.mp4", b"");
        let video = StreamKind::Video;
        let broken = recent.get((&clip.0, &clip.1), video, 0.0..1.0, || Err(io::ErrorKind::Other.into()));
        assert!(broken.is_err());
        let get = |(media, path): &(Media, std::path::PathBuf), range, item: u8| {
            recent.get((media, path), video, range, || Ok(vec![item])).expect("decoded")[0]
        };
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
