//! Files that are read from any place, without a path.

use std::{fmt, ops::Range, pin::Pin, sync::Arc};

use tokio::io::AsyncRead;
use twelvelabs_api::runtime::FilePart;

pub(crate) type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// A file that can be read from any place, such as an object of a storage service, for
/// [`upload_from`](crate::assets::AssetsClient::upload_from).
///
/// ```
/// use std::io::Cursor;
/// use twelvelabs::upload::RangeSource;
///
/// # let download = |_: std::ops::Range<u64>| Cursor::new(Vec::<u8>::new());
/// // `download` starts a request for a range of bytes, and returns its body as a reader.
/// let source = RangeSource::new("talk.mp4", 5_000_000_000, move |range| download(range));
/// assert_eq!((source.file_name(), source.size()), ("talk.mp4", 5_000_000_000));
/// ```
#[derive(Clone)]
pub struct RangeSource {
    file_name: String,
    size: u64,
    open: Arc<dyn Fn(Range<u64>) -> Reader + Send + Sync>,
}

impl RangeSource {
    /// A file with this name and size, in bytes. `open` returns a reader of a range of its bytes.
    ///
    /// `open` is called once for each attempt to send a part, or the whole file, and must not block: the reader opens
    /// what it needs when it is first read. The content must stay the same. A reader with fewer or more bytes than its
    /// range, or with an error, ends the upload with [`InvalidInput`](crate::ErrorKind::InvalidInput).
    pub fn new<R: AsyncRead + Send + 'static>(
        file_name: impl Into<String>,
        size: u64,
        open: impl Fn(Range<u64>) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { file_name: file_name.into(), size, open: Arc::new(move |range| Box::pin(open(range))) }
    }

    /// The name of the file.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The size, in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns a reader of a range of the file.
    pub fn open(&self, range: Range<u64>) -> Pin<Box<dyn AsyncRead + Send>> {
        (self.open)(range)
    }

    /// The whole file, for one request.
    pub(crate) fn part(&self) -> FilePart {
        let source = self.clone();
        FilePart::reader_fn(self.file_name.as_str(), self.size, move || source.open(0..source.size))
    }
}

impl fmt::Debug for RangeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RangeSource");
        out.field("file_name", &self.file_name).field("size", &self.size).finish_non_exhaustive()
    }
}
