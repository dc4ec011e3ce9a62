//! Uploads in parts, whose bytes are hashed or discarded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

/// The size of a part, in bytes.
const CHUNK: u64 = 8 * 1024 * 1024;
/// Long enough for every measurement.
const EXPIRES: &str = "2100-01-01T00:00:00Z";

/// All uploads. The id of one is its number.
pub(crate) struct Uploads {
    /// Whether parts are hashed, which takes longer than to receive them.
    hashes: bool,
    all: Mutex<Vec<Upload>>,
}

#[derive(Default)]
struct Upload {
    size: u64,
    /// Hashes of the parts that were received.
    stored: BTreeMap<u64, u64>,
    reported: BTreeSet<u64>,
    /// Number of parts that were received after they had been reported.
    sent_again: u64,
}

impl Upload {
    fn parts(&self) -> u64 {
        self.size.div_ceil(CHUNK)
    }

    fn length(&self, part: u64) -> u64 {
        CHUNK.min(self.size - (part - 1) * CHUNK)
    }
}

impl Uploads {
    pub(crate) fn new(hashes: bool) -> Self {
        Self { hashes, all: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Upload>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Receives a part. The error means that the connection has ended before the part.
    pub(crate) fn receive(&self, path: &str, input: &mut impl Read, length: u64, block: &mut [u8]) -> io::Result<bool> {
        let mut hash = Hash::default();
        let mut left = length;
        while left > 0 {
            let wanted = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match input.read(&mut block[..wanted])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    left -= count as u64;
                    if self.hashes {
                        hash.update(&block[..count]);
                    }
                }
            }
        }
        let mut all = self.all();
        let place =
            path.split_once('/').and_then(|(id, part)| Some((id.parse::<usize>().ok()?, part.parse::<u64>().ok()?)));
        let Some((id, part)) = place else { return Ok(false) };
        let Some(upload) = all.get_mut(id) else { return Ok(false) };
        if part == 0 || part > upload.parts() || length != upload.length(part) {
            return Ok(false);
        }
        upload.stored.insert(part, hash.0);
        upload.sent_again += u64::from(upload.reported.contains(&part));
        Ok(true)
    }

    /// The response to a call of `/assets` or of a path below.
    pub(crate) fn call(&self, base_url: &str, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let mut all = self.all();
        let Some(rest) = path.strip_prefix("multipart-uploads") else {
            return Some((200, json!({ "_id": path, "status": "ready" })));
        };
        let path = rest.strip_prefix('/').unwrap_or(rest);
        if path.is_empty() {
            all.push(Upload { size: body["total_size"].as_u64()?, ..Upload::default() });
            let (id, upload) = (all.len() - 1, all.last()?);
            let created = json!({
                "upload_id": id.to_string(),
                "asset_id": asset(id),
                "upload_urls": urls(base_url, id, 1..=upload.parts().min(50)),
                "upload_headers": {},
                "chunk_size": CHUNK,
                "total_chunks": upload.parts(),
                "expires_at": EXPIRES,
            });
            return Some((201, created));
        }
        let (id, rest) = path.split_once('/').unwrap_or((path, ""));
        let id: usize = id.parse().ok()?;
        let upload = all.get_mut(id)?;
        let response = match (method, rest) {
            ("POST", "presigned-urls") => {
                let (start, count) = (body["start"].as_u64()?, body["count"].as_u64()?);
                let urls = urls(base_url, id, start..=(start + count - 1).min(upload.parts()));
                json!({ "upload_id": id.to_string(), "start_index": start, "count": urls.len(), "upload_urls": urls, "generated_at": EXPIRES, "expires_at": EXPIRES })
            }
            ("POST", "") => {
                let before = upload.reported.len();
                let chunks = body["completed_chunks"].as_array()?;
                let parts: Option<Vec<u64>> = chunks.iter().map(|chunk| chunk["chunk_index"].as_u64()).collect();
                upload.reported.extend(parts?.into_iter().filter(|part| upload.stored.contains_key(part)));
                let total = upload.reported.len();
                let mut response =
                    json!({ "asset_id": asset(id), "processed_chunks": total - before, "total_completed": total });
                if total as u64 == upload.parts() {
                    response["url"] = format!("{base_url}/whole").into();
                }
                response
            }
            _ => {
                let is_complete = upload.reported.len() as u64 == upload.parts();
                let status = if is_complete { "completed" } else { "active" };
                json!({ "upload_id": id.to_string(), "status": status, "chunks_completed": upload.reported.len() })
            }
        };
        Some((200, response))
    }

    /// How the last upload compares with the file of this path.
    pub(crate) fn compare(&self, path: &str) -> io::Result<Value> {
        let all = self.all();
        let upload = all.last().ok_or(io::ErrorKind::NotFound)?;
        let (mut file, mut block) = (File::open(path)?, vec![0; CHUNK as usize]);
        let mut different = 0;
        for part in 1..=upload.parts() {
            let block = &mut block[..upload.length(part) as usize];
            file.read_exact(block)?;
            let mut hash = Hash::default();
            hash.update(block);
            different += u64::from(upload.stored.get(&part) != Some(&hash.0));
        }
        Ok(json!({
            "uploads": all.len(),
            "parts": upload.parts(),
            "reported": upload.reported.len(),
            "different": different,
            "sent_again": upload.sent_again,
        }))
    }
}

fn asset(id: usize) -> String {
    format!("{id:024x}")
}

fn urls(base_url: &str, id: usize, parts: impl Iterator<Item = u64>) -> Vec<Value> {
    let url =
        |part| json!({ "chunk_index": part, "url": format!("{base_url}/parts/{id}/{part}"), "expires_at": EXPIRES });
    parts.map(url).collect()
}

/// FNV-1a.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
