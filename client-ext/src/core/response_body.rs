//! A response body: received chunk by chunk within limits, and decompressed.

mod decompress;
mod limits;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout};

pub(super) use self::{decompress::ACCEPTED, limits::Limits};
use self::{decompress::Decompress, limits::too_large};
use super::{
    failure::{Peer, from_reqwest},
    upload_runtime::UploadRuntime,
};
use crate::error::{Error, ErrorKind, Result, shown};

/// A body that is being read.
pub(crate) struct Body {
    response: Response,
    limits: Limits,
    decompress: Option<Decompress>,
    /// The current chunk, as received.
    chunk: Bytes,
    /// The size of the body so far, decompressed.
    read: u64,
    /// Any byte was received.
    has_data: bool,
    /// The last chunk was received.
    ended: bool,
    /// The connection runs on it.
    _runtime: Option<UploadRuntime>,
}

impl Body {
    /// The body of a response, of whose connection the runtime is kept, if it has one.
    pub(super) fn new(response: Response, limits: Limits, runtime: Option<UploadRuntime>) -> Result<Self> {
        let decompress = Decompress::of(&response, limits.size)?;
        Ok(Self {
            response,
            limits,
            decompress,
            chunk: Bytes::new(),
            read: 0,
            has_data: false,
            ended: false,
            _runtime: runtime,
        })
    }

    /// The next chunk, decompressed and never empty; `None` at the end.
    ///
    /// The size limit counts decompressed bytes. A body that announces more than the limit is refused before it is
    /// received.
    ///
    /// # Errors
    ///
    /// `Decode` for a body above the limit or one that is corrupt, `Timeout` if no chunk arrives in time, `Transport`
    /// if the connection breaks.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>> {
        let size = self.limits.size;
        let length = match &mut self.decompress {
            None => {
                if self.response.content_length().is_some_and(|announced| announced.saturating_add(self.read) > size) {
                    return Err(too_large(size));
                }
                self.chunk = receive(&mut self.response, &mut self.limits).await?.unwrap_or_default();
                self.chunk.len()
            }
            Some(decompress) => loop {
                decompress.clear();
                if !self.chunk.is_empty() {
                    decompress.step(&mut self.chunk, size.saturating_sub(self.read))?;
                } else if !self.ended {
                    match receive(&mut self.response, &mut self.limits).await? {
                        Some(chunk) => {
                            self.has_data = true;
                            self.chunk = chunk;
                        }
                        None => {
                            self.ended = true;
                            // A response without a body may name an encoding, to a HEAD request for example.
                            if self.has_data {
                                let finished = decompress.finish(size.saturating_sub(self.read));
                                finished.map_err(|error| error.with_truncated(true))?;
                            }
                        }
                    }
                }
                let length = decompress.plain().len();
                if length > 0 || (self.ended && self.chunk.is_empty()) {
                    break length;
                }
            },
        };
        self.read += length as u64;
        if self.read > size {
            return Err(too_large(size));
        }
        if length == 0 {
            return Ok(None);
        }
        Ok(Some(self.decompress.as_ref().map_or(&self.chunk, |decompress| decompress.plain())))
    }

    /// The whole body. Memory is reserved for the announced length, but for no more than 1 MiB of it.
    pub(crate) async fn collect(mut self) -> Result<Vec<u8>> {
        let announced = self.response.content_length().unwrap_or(0).min(1 << 20);
        let mut whole = Vec::with_capacity(announced as usize);
        while let Some(chunk) = self.next().await? {
            whole.extend_from_slice(chunk);
        }
        Ok(whole)
    }

    /// The start of the body, up to the size limit. An error ends it: this is for bodies of error responses, whose
    /// status says enough.
    pub(super) async fn start(mut self) -> Vec<u8> {
        let limit = std::mem::replace(&mut self.limits.size, u64::MAX) as usize;
        let mut start = Vec::new();
        while let Ok(Some(chunk)) = self.next().await {
            start.extend_from_slice(&chunk[..chunk.len().min(limit - start.len())]);
            if start.len() == limit {
                break;
            }
        }
        start
    }
}

/// Receives the next chunk within the time limits.
async fn receive(response: &mut Response, limits: &mut Limits) -> Result<Option<Bytes>> {
    let started = Instant::now();
    let total = limits.total.filter(|(left, ..)| *left < limits.chunk);
    let chunk = timeout(total.map_or(limits.chunk, |(left, ..)| left), response.chunk()).await.map_err(|_| {
        let message = match total {
            Some((_, limit, option)) => format!("the response body took longer than {} ({option})", shown(limit)),
            None => format!("no chunk of the response body within {} (with_chunk_timeout)", shown(limits.chunk)),
        };
        Error::new(ErrorKind::Timeout, message)
    })?;
    if let Some((left, ..)) = &mut limits.total {
        *left = left.saturating_sub(started.elapsed());
    }
    chunk.map_err(|error| from_reqwest(error, &Peer::new(response.url())))
}
