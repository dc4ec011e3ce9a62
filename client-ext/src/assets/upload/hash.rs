//! XXH64, to notice that a part of a file has changed.
//!
//! The algorithm is [specified](https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It notices accidents,
//! which is what it is for here, and not parts that were made to have the same hash.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// The constants of the algorithm.
const PRIMES: [u64; 5] =
    [0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5];
/// The bytes that one step takes in: a word of eight for each lane.
const STRIPE: usize = 32;

/// The hash of what was added so far, with the seed 0.
#[derive(Clone, Debug)]
pub(super) struct Hash {
    /// The state, in four parts that do not depend on each other.
    lanes: [u64; 4],
    /// The start of the next stripe.
    rest: [u8; STRIPE],
    rest_length: usize,
    length: u64,
}

impl Default for Hash {
    fn default() -> Self {
        let lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, 0u64.wrapping_sub(PRIMES[0])];
        Self { lanes, rest: [0; STRIPE], rest_length: 0, length: 0 }
    }
}

/// Mixes a word into a lane.
fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

impl Hash {
    /// Adds bytes. How they are cut into calls does not change the hash.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.rest_length > 0 {
            let count = bytes.len().min(STRIPE - self.rest_length);
            self.rest[self.rest_length..self.rest_length + count].copy_from_slice(&bytes[..count]);
            self.rest_length += count;
            bytes = &bytes[count..];
            if self.rest_length < STRIPE {
                return;
            }
            let stripe = self.rest;
            self.stripe(&stripe);
            self.rest_length = 0;
        }
        let (stripes, rest) = bytes.as_chunks::<STRIPE>();
        stripes.iter().for_each(|stripe| self.stripe(stripe));
        self.rest[..rest.len()].copy_from_slice(rest);
        self.rest_length = rest.len();
    }

    /// Mixes one stripe into the lanes.
    fn stripe(&mut self, stripe: &[u8; STRIPE]) {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, word) in self.lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }

    /// The number of bytes that were added.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The hash of all bytes that were added so far. More can be added afterwards.
    pub(super) fn finish(&self) -> u64 {
        let mut hash = if self.length < STRIPE as u64 {
            PRIMES[4]
        } else {
            let turns = [1, 7, 12, 18];
            let sum =
                self.lanes.iter().zip(turns).map(|(lane, turn)| lane.rotate_left(turn)).fold(0, u64::wrapping_add);
            let merge =
                |hash: u64, lane: &u64| (hash ^ round(0, *lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
            self.lanes.iter().fold(sum, merge)
        };
        hash = hash.wrapping_add(self.length);
        let (words, rest) = self.rest[..self.rest_length].as_chunks::<8>();
        for word in words {
            hash ^= round(0, u64::from_le_bytes(*word));
            hash = hash.rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        }
        let (halves, rest) = rest.as_chunks::<4>();
        for half in halves {
            hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIMES[0]);
            hash = hash.rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2]);
        }
        for byte in rest {
            hash ^= u64::from(*byte).wrapping_mul(PRIMES[4]);
            hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
        hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
        hash ^ (hash >> 32)
    }
}

/// A reader that hashes what is read from it.
pub(super) struct HashingReader<R> {
    inner: R,
    hash: Arc<Mutex<Hash>>,
}

impl<R> HashingReader<R> {
    /// Returns the hash too, which grows with what is read.
    pub(super) fn new(inner: R) -> (Self, Arc<Mutex<Hash>>) {
        let hash = Arc::default();
        (Self { inner, hash: Arc::clone(&hash) }, hash)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for HashingReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.hash.lock().unwrap_or_else(PoisonError::into_inner).add(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(pieces: &[&[u8]]) -> u64 {
        let mut hash = Hash::default();
        pieces.iter().for_each(|piece| hash.add(piece));
        hash.finish()
    }

    #[test]
    fn known_texts_have_their_known_hashes() {
        let known: [(&[u8], u64); 4] = [
            (b"", 0xEF46_DB37_51D8_E999),
            (b"a", 0xD24E_C4F1_A98C_6E5B),
            (b"abc", 0x44BC_2CF5_AD77_0999),
            (concat!("No", "body inspects the spammish repetition").as_bytes(), 0xFBCE_A83C_8A37_8BF1),
        ];
        for (text, expected) in known {
            assert_eq!(hash(&[text]), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn the_hash_does_not_depend_on_how_the_bytes_are_cut(bytes: Vec<u8>, cuts: Vec<proptest::sample::Index>) {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
            ends.sort_unstable();
            let pieces: Vec<&[u8]> = ends.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            proptest::prop_assert_eq!(hash(&pieces), hash(&[&bytes]));
        }
    }
}
