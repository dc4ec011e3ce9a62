//! Open files as sources of an upload.

use std::{
    fs::File,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    task::JoinHandle,
};

use super::upload_body::CHUNK;

/// Reads a section of an open file, without moving or using its cursor, except on Windows: several readers of the same
/// open file do not disturb each other.
#[derive(Debug)]
pub struct FileSection {
    file: Arc<File>,
    offset: u64,
    end: u64,
    pending: Option<JoinHandle<io::Result<Vec<u8>>>>,
    /// What was read and not yet delivered, from `delivered` on.
    ready: Vec<u8>,
    delivered: usize,
}

impl FileSection {
    /// Reads up to `length` bytes from `offset` on, fewer if the file ends before.
    pub fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        let end = offset.saturating_add(length);
        Self { file, offset, end, pending: None, ready: Vec::new(), delivered: 0 }
    }

    /// Reads a file from its start to its end.
    pub(super) fn whole(file: File) -> Self {
        Self::new(Arc::new(file), 0, u64::MAX)
    }
}

impl AsyncRead for FileSection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if this.delivered == this.ready.len() {
            let left = usize::try_from(this.end - this.offset).unwrap_or(usize::MAX);
            let (file, offset, size) = (&this.file, this.offset, out.remaining().min(CHUNK).min(left));
            if size == 0 {
                return Poll::Ready(Ok(()));
            }
            let pending = this.pending.get_or_insert_with(|| {
                let file = Arc::clone(file);
                tokio::task::spawn_blocking(move || {
                    let mut buffer = vec![0; size];
                    let count = read_at(&file, &mut buffer, offset)?;
                    buffer.truncate(count);
                    Ok(buffer)
                })
            });
            let outcome = ready!(Pin::new(pending).poll(context));
            this.pending = None;
            this.ready = outcome.map_err(io::Error::other)??;
            this.delivered = 0;
            this.offset += this.ready.len() as u64;
        }
        let rest = &this.ready[this.delivered..];
        let count = rest.len().min(out.remaining());
        out.put_slice(&rest[..count]);
        this.delivered += count;
        Poll::Ready(Ok(()))
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match read_once_at(file, buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(unix)]
fn read_once_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_once_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(not(any(unix, windows)))]
fn read_once_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Read, Seek};
    file.seek(io::SeekFrom::Start(offset))?;
    file.read(buffer)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use tokio::io::AsyncReadExt;

    use super::FileSection;
    use crate::runtime::FilePart;

    /// An open file with 600,000 bytes, which are more than two chunks, and its cursor at its end.
    fn file() -> (std::fs::File, Vec<u8>) {
        let content: Vec<u8> = (0..600_000u32).map(|index| (index % 251) as u8).collect();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&content).expect("written");
        file.seek(SeekFrom::End(0)).expect("at its end");
        (file, content)
    }

    async fn read(part: &FilePart) -> Vec<u8> {
        let mut out = Vec::new();
        part.reader_for_tests().await.read_to_end(&mut out).await.expect("read");
        out
    }

    #[tokio::test]
    async fn an_open_file_is_read_whole_each_time_wherever_its_cursor_is() {
        let (file, content) = file();
        let part = FilePart::file(file);
        assert!(part.is_repeatable());
        assert_eq!(part.length().await.expect("a length"), content.len() as u64);
        assert!(read(&part).await == content, "the first time");
        let (one, other) = tokio::join!(read(&part), read(&part));
        assert!(one == content && other == content, "twice at the same time");
        let (file, _) = self::file();
        assert!(read(&FilePart::file(tokio::fs::File::from_std(file))).await == content, "a file of tokio");
    }

    #[tokio::test]
    async fn sections_are_read_at_the_same_time_and_end_where_they_end() {
        let (file, content) = file();
        let file = std::sync::Arc::new(file);
        let read = async |offset: u64, length: u64| {
            let mut out = Vec::new();
            let mut section = FileSection::new(std::sync::Arc::clone(&file), offset, length);
            section.read_to_end(&mut out).await.expect("read");
            out
        };
        let (one, other) = tokio::join!(read(10, 300_000), read(300_010, 300_000));
        assert!(one == content[10..300_010] && other == content[300_010..], "the second one ends with the file");
        assert!(read(5, 0).await.is_empty() && read(600_000, 1).await.is_empty());
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn an_open_file_must_be_a_regular_file() {
        let directory = std::fs::File::open(std::env::temp_dir()).expect("opened");
        let error = FilePart::file(directory).length().await.expect_err("refused");
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert_eq!(cause, "not a regular file");
    }
}
