//! The body of an answer: read block by block within limits, and unpacked.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout};

use super::unpack::Unpack;
use crate::{Error, ErrorKind, Result, error::from_reqwest};

/// A body that is being read.
pub(crate) struct Body {
    response: Response,
    limits: Limits,
    unpack: Option<Unpack>,
    /// The current block, as it came.
    block: Bytes,
    /// How many bytes of the body there were, unpacked.
    read: u64,
    ended: bool,
}

/// What a body may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From one block to the next.
    pub(super) idle: Duration,
    /// For the whole body: what is left, and of how much. Only waiting for the server counts: what a caller does between two blocks does not.
    pub(super) total: Option<(Duration, Duration)>,
    /// In bytes, unpacked.
    pub(super) size: u64,
}

impl Body {
    pub(super) fn new(response: Response, limits: Limits) -> Result<Self> {
        let unpack = Unpack::of(&response, limits.size)?;
        Ok(Self { response, limits, unpack, block: Bytes::new(), read: 0, ended: false })
    }

    /// The next block, unpacked and never empty; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<&[u8]>> {
        let size = self.limits.size;
        let length = match &mut self.unpack {
            None => {
                if self.response.content_length().is_some_and(|announced| announced.saturating_add(self.read) > size) {
                    return Err(too_large(size));
                }
                self.block = receive(&mut self.response, &mut self.limits).await?.unwrap_or_default();
                self.block.len()
            }
            Some(unpack) => loop {
                unpack.clear();
                if !self.block.is_empty() {
                    unpack.step(&mut self.block, size.saturating_sub(self.read))?;
                } else if !self.ended {
                    match receive(&mut self.response, &mut self.limits).await? {
                        Some(block) => self.block = block,
                        None => {
                            self.ended = true;
                            unpack.finish(size.saturating_sub(self.read))?;
                        }
                    }
                }
                let length = unpack.plain().len();
                if length > 0 || (self.ended && self.block.is_empty()) {
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
        Ok(Some(self.unpack.as_ref().map_or(&self.block, |unpack| unpack.plain())))
    }

    /// The whole body.
    pub(super) async fn collect(mut self) -> Result<Vec<u8>> {
        let announced = self.response.content_length().unwrap_or(0).min(1 << 20);
        let mut whole = Vec::with_capacity(announced as usize);
        while let Some(block) = self.next().await? {
            whole.extend_from_slice(block);
        }
        Ok(whole)
    }

    /// What there is of the body up to the limit.
    pub(super) async fn start(mut self) -> Vec<u8> {
        let limit = std::mem::replace(&mut self.limits.size, u64::MAX) as usize;
        let mut start = Vec::new();
        while let Ok(Some(block)) = self.next().await {
            start.extend_from_slice(&block[..block.len().min(limit - start.len())]);
            if start.len() == limit {
                break;
            }
        }
        start
    }
}

async fn receive(response: &mut Response, limits: &mut Limits) -> Result<Option<Bytes>> {
    let started = Instant::now();
    let total = limits.total.filter(|(left, _)| *left < limits.idle);
    let block = timeout(total.map_or(limits.idle, |(left, _)| left), response.chunk()).await.map_err(|_| {
        let message = match total {
            Some((_, limit)) => format!("the answer took longer than {limit:?}"),
            None => format!("the answer paused for {:?}", limits.idle),
        };
        Error::new(ErrorKind::Timeout, message)
    })?;
    if let Some((left, _)) = &mut limits.total {
        *left = left.saturating_sub(started.elapsed());
    }
    block.map_err(from_reqwest)
}

pub(super) fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::Decode, format!("the answer is larger than the limit of {limit} bytes"))
}
