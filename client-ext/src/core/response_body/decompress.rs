//! Decompression of response bodies.

use std::io::{self, Write};

use bytes::Bytes;
use reqwest::{Response, header::CONTENT_ENCODING};

use super::limits::too_large;
use crate::error::{Error, ErrorKind, Result};

/// The value of `Accept-Encoding`, the best first; `None` without a feature that decompresses.
pub(in crate::core) const ACCEPTED: Option<&str> =
    match (cfg!(feature = "zstd"), cfg!(feature = "brotli"), cfg!(feature = "gzip")) {
        (true, true, true) => Some("zstd, br, gzip"),
        (true, true, false) => Some("zstd, br"),
        (true, false, true) => Some("zstd, gzip"),
        (true, false, false) => Some("zstd"),
        (false, true, true) => Some("br, gzip"),
        (false, true, false) => Some("br"),
        (false, false, true) => Some("gzip"),
        (false, false, false) => None,
    };

/// The most that one piece may become, in bytes.
const MAX_PIECE: usize = 32 << 20;

/// The decompressed piece.
#[derive(Default)]
struct Plain {
    bytes: Vec<u8>,
    /// How much more it may become, in bytes.
    room: usize,
}

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decompresses a body piece by piece, so that no chunk becomes more than some megabytes at once.
pub(super) struct Decompress {
    decoder: Box<dyn Decoder>,
    /// How much to decompress at once, in bytes.
    piece: usize,
    /// The most that the whole body may become, in bytes.
    limit: u64,
}

/// A decompressor of one encoding, which writes to a [`Plain`].
trait Decoder: Send {
    /// Decompresses a piece.
    fn write(&mut self, piece: &[u8]) -> io::Result<()>;
    /// Ends the body: what the decoder still has is written, and a body that was cut is an error, as far as the
    /// encoding shows it.
    fn finish(&mut self) -> io::Result<()>;
    /// What was decompressed.
    fn plain(&self) -> &Plain;
    /// As [`plain`](Self::plain), to take it and to set its limit.
    fn plain_mut(&mut self) -> &mut Plain;
}

/// The three writers differ only in how they end.
#[cfg(any(feature = "gzip", feature = "brotli", feature = "zstd"))]
macro_rules! decoder {
    ($decoder:ty, $finish:expr) => {
        impl Decoder for $decoder {
            fn write(&mut self, piece: &[u8]) -> io::Result<()> {
                self.write_all(piece)
            }

            fn finish(&mut self) -> io::Result<()> {
                $finish(self)
            }

            fn plain(&self) -> &Plain {
                self.get_ref()
            }

            fn plain_mut(&mut self) -> &mut Plain {
                self.get_mut()
            }
        }
    };
}

#[cfg(feature = "gzip")]
decoder!(flate2::write::MultiGzDecoder<Plain>, Self::try_finish);
#[cfg(feature = "brotli")]
decoder!(brotli_decompressor::DecompressorWriter<Plain>, Self::close);
#[cfg(feature = "zstd")]
decoder!(zstd::stream::write::Decoder<'static, Plain>, Write::flush);

impl Decompress {
    /// The decompressor for this response; `None` if it is not compressed.
    #[cfg_attr(not(any(feature = "gzip", feature = "brotli", feature = "zstd")), allow(unused_variables))]
    pub(super) fn of(response: &Response, limit: u64) -> Result<Option<Self>> {
        let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
        let encoding = encodings.next();
        if encodings.next().is_some() {
            return Err(Error::new(
                ErrorKind::Decode,
                "the response has several content encodings, which the client does not accept",
            ));
        }
        match encoding.map(|encoding| encoding.as_bytes().trim_ascii().to_ascii_lowercase()).as_deref() {
            None | Some(b"" | b"identity") => Ok(None),
            // At most 1032 times larger.
            #[cfg(feature = "gzip")]
            Some(b"gzip" | b"x-gzip") => Ok(Some(Self {
                decoder: Box::new(flate2::write::MultiGzDecoder::new(Plain::default())),
                piece: 8 << 10,
                limit,
            })),
            // Small pieces, because these two have no such bound.
            #[cfg(feature = "brotli")]
            Some(b"br") => Ok(Some(Self {
                decoder: Box::new(brotli_decompressor::DecompressorWriter::new(Plain::default(), 32 << 10)),
                piece: 512,
                limit,
            })),
            #[cfg(feature = "zstd")]
            Some(b"zstd") => Ok(Some(Self {
                decoder: Box::new(zstd::stream::write::Decoder::new(Plain::default()).map_err(broken)?),
                piece: 512,
                limit,
            })),
            Some(_) => Err(Error::new(
                ErrorKind::Decode,
                "the response has a content encoding that the client does not accept",
            )),
        }
    }

    /// The result of the last step.
    pub(super) fn plain(&self) -> &[u8] {
        &self.decoder.plain().bytes
    }

    /// Forgets the result of the last step, which the caller has used.
    pub(super) fn clear(&mut self) {
        self.decoder.plain_mut().bytes.clear();
    }

    /// Decompresses the start of a chunk, into at most `left` bytes.
    pub(super) fn step(&mut self, chunk: &mut Bytes, left: u64) -> Result<()> {
        self.make_room(left);
        let piece = chunk.split_to(chunk.len().min(self.piece));
        self.decoder.write(&piece).map_err(|error| self.wrong(error))
    }

    /// Decompresses what is left at the end.
    pub(super) fn finish(&mut self, left: u64) -> Result<()> {
        self.make_room(left);
        self.decoder.finish().map_err(|error| self.wrong(error))
    }

    /// The error of a step: the limit was reached, or the body is corrupt.
    fn wrong(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::FileTooLarge => too_large(self.limit),
            _ => broken(error),
        }
    }

    /// Allows the next step to write `left` bytes, and no more than a piece may become.
    fn make_room(&mut self, left: u64) {
        self.decoder.plain_mut().room = usize::try_from(left).unwrap_or(usize::MAX).min(MAX_PIECE);
    }
}

fn broken(error: io::Error) -> Error {
    Error::new(ErrorKind::Decode, "the compressed response body is corrupt").with_source(error)
}

#[cfg(all(test, any(feature = "gzip", feature = "brotli", feature = "zstd")))]
mod tests {
    use std::time::Duration;

    use super::{
        super::{Body, Limits},
        *,
    };

    fn body(encoding: &str, packed: Vec<u8>, size: u64) -> Result<Body> {
        let response = http::Response::builder().header(CONTENT_ENCODING, encoding).body(packed).expect("a response");
        Body::new(response.into(), Limits { chunk: Duration::from_secs(60), total: None, size }, None)
    }

    async fn check(encoding: &str, packed: Vec<u8>, plain: &[u8]) {
        let whole =
            body(encoding, packed.clone(), plain.len() as u64).expect("known").collect().await.expect("decompresses");
        assert!(whole == plain, "{encoding}");
        let limited = body(encoding, packed.clone(), plain.len() as u64 - 1).expect("known").collect().await;
        assert!(limited.is_err_and(|error| error.to_string().contains("larger than the limit")), "{encoding}");
        let mut wrong = packed;
        wrong[0] ^= 0xff;
        assert!(body(encoding, wrong, u64::MAX).expect("known").collect().await.is_err(), "{encoding}");
    }

    /// Much more than one piece.
    fn plain() -> Vec<u8> {
        (0..300_000u32).flat_map(|number| number.wrapping_mul(0x9e37_79b9).to_string().into_bytes()).collect()
    }

    #[cfg(feature = "gzip")]
    #[tokio::test]
    async fn gzip_is_decompressed_within_the_limit() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&plain()).expect("memory");
        let packed = packer.finish().expect("memory");
        check("gzip", packed.clone(), &plain()).await;
        // Members one behind the other are one text, and a cut one is none.
        check("x-gzip", [packed.clone(), packed.clone()].concat(), &plain().repeat(2)).await;
        let cut = body("gzip", packed[..packed.len() - 1].to_vec(), u64::MAX).expect("known").collect().await;
        assert!(cut.is_err_and(|error| error.kind() == ErrorKind::Decode));
    }

    #[cfg(feature = "zstd")]
    #[tokio::test]
    async fn zstandard_is_decompressed_within_the_limit() {
        let packed = zstd::stream::encode_all(plain().as_slice(), 1).expect("memory");
        check("zstd", packed, &plain()).await;
    }

    #[cfg(feature = "brotli")]
    #[tokio::test]
    async fn brotli_is_decompressed_within_the_limit() {
        // `[` , 200 times `1,`, `1]`; made by Node's zlib.
        const PACKED: &[u8] =
            &[0x1b, 0x92, 0x01, 0xf8, 0xa5, 0x59, 0x62, 0xb6, 0xba, 0x94, 0x22, 0x9c, 0x85, 0x01, 0x93, 0x12, 0x03];
        let plain = format!("[{}1]", "1,".repeat(200));
        check("br", PACKED.to_vec(), plain.as_bytes()).await;
    }

    #[tokio::test]
    async fn what_was_not_asked_for_is_refused() {
        for encoding in ["deflate", "gzip, gzip", "compress"] {
            assert!(body(encoding, Vec::new(), 1).is_err(), "{encoding}");
        }
    }
}
