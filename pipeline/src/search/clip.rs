//! What makes two rows the same clip.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::row::VectorRow;

/// Half of a hash of what makes a clip: content, scope and range. 128 bits are enough for two clips never to have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClipKey([u64; 2]);

pub(super) type ClipSet = HashSet<ClipKey, BuildHasherDefault<KeyHasher>>;
pub(super) type ClipMap<T> = HashMap<ClipKey, T, BuildHasherDefault<KeyHasher>>;

/// The fields that make a clip, in the order of clips with equal scores.
pub(super) type Range<'r> = (&'r str, Option<&'r str>, [Option<u64>; 5], Option<&'r str>);

pub(super) fn range_of(row: &VectorRow) -> Range<'_> {
    let bits = |seconds: Option<f64>| seconds.map(f64::to_bits);
    let numbers = [bits(row.start_sec), bits(row.end_sec), row.start_page, row.end_page, row.chunk_index];
    (&row.content_hash, row.scope.as_deref(), numbers, row.quadrant.as_deref())
}

impl ClipKey {
    pub(super) fn of(row: &VectorRow) -> Self {
        let (content, scope, numbers, quadrant) = range_of(row);
        let mut bytes = Vec::with_capacity(192);
        for text in [Some(content), scope, quadrant] {
            // The length tells a text from the next one, and an empty text from none.
            bytes.extend(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        // Only what is there: with a hash in hexadecimal digits, a range fits into two blocks of BLAKE3.
        bytes.extend(numbers.map(|number| u8::from(number.is_some())));
        numbers.iter().flatten().for_each(|number| bytes.extend(number.to_le_bytes()));
        let mut halves = [[0; 8]; 2];
        halves.as_flattened_mut().copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        Self(halves.map(u64::from_le_bytes))
    }
}

impl Hash for ClipKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// Takes the number as it is: a key is a hash already.
#[derive(Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_a_clip_is_in_its_key() {
        let row = VectorRow { content_hash: "ab".into(), ..VectorRow::default() };
        let rows = [
            VectorRow { content_hash: "a".into(), scope: Some("b".into()), ..row.clone() },
            VectorRow { scope: Some(String::new()), ..row.clone() },
            VectorRow { quadrant: Some(String::new()), ..row.clone() },
            VectorRow { start_sec: Some(0.0), ..row.clone() },
            VectorRow { end_sec: Some(0.0), ..row.clone() },
            VectorRow { start_page: Some(0), ..row.clone() },
            VectorRow { end_page: Some(0), ..row.clone() },
            VectorRow { chunk_index: Some(0), ..row.clone() },
            VectorRow { chunk_index: Some(1), ..row.clone() },
            row.clone(),
        ];
        let keys: ClipSet = rows.iter().map(ClipKey::of).collect();
        assert_eq!(keys.len(), rows.len());
        let other = VectorRow { source: "s".into(), option: Some("o".into()), vector: vec![1.0], ..row };
        assert!(keys.contains(&ClipKey::of(&other)), "the same clip");
    }
}
