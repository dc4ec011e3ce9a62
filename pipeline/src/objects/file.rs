//! An object as a file that is read from any place by code that blocks.

use std::io::{self, Read, Seek, SeekFrom};

use tokio::{io::AsyncReadExt, runtime::Handle};
use twelvelabs::upload::RangeSource;

/// How much is read with one request at first, and at most when an object is read on and on, in bytes.
const FIRST: u64 = 256 << 10;
const MOST: u64 = 8 << 20;

/// An object that is read in windows.
pub(super) struct ObjectFile {
    source: RangeSource,
    runtime: Handle,
    at: u64,
    /// What was read, and where it starts.
    window: Vec<u8>,
    start: u64,
    /// How much is read next.
    length: u64,
}

impl ObjectFile {
    /// Reads with this runtime, from threads where it may block.
    pub(super) fn new(source: RangeSource, runtime: Handle) -> Self {
        Self { source, runtime, at: 0, window: Vec::new(), start: 0, length: FIRST }
    }

    fn end(&self) -> u64 {
        self.start + self.window.len() as u64
    }

    fn fill(&mut self) -> io::Result<()> {
        self.length = if self.at == self.end() && self.at > 0 { (self.length * 2).min(MOST) } else { FIRST };
        let range = self.at..self.source.size().min(self.at + self.length);
        (self.start, self.window) = (self.at, Vec::new());
        let mut reader = self.source.open(range);
        let mut window = Vec::new();
        self.runtime.block_on(reader.read_to_end(&mut window))?;
        self.window = window;
        if self.window.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl Read for ObjectFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.source.size() || out.is_empty() {
            return Ok(0);
        }
        if !(self.start..self.end()).contains(&self.at) {
            self.fill()?;
        }
        let rest = usize::try_from(self.at - self.start).map_or(&[][..], |from| &self.window[from..]);
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for ObjectFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.size().checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "is before the start"))?;
        Ok(self.at)
    }
}
