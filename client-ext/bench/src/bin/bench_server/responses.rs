//! Complete responses of a retrieval, rendered once.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

/// The task of all responses.
pub(crate) const TASK_ID: &str = "663da73b31cdd0c1f638a8e6";
const DIMENSIONS: usize = 512;
/// The numbers of a vector of length one are spread as if they came from ±0.0765.
const SPREAD: u64 = 76_500_000_000_000_000;

struct Rendered {
    plain: Vec<u8>,
    gzip: Option<Vec<u8>>,
    sum: f64,
}

/// The responses by their number of segments.
pub(crate) struct Responses(BTreeMap<usize, Rendered>);

impl Responses {
    pub(crate) fn render(sizes: &[usize], gzip: bool) -> Self {
        let render = |&segments: &usize| {
            let (text, sum) = render(segments);
            let plain = text.into_bytes();
            let gzip = gzip.then(|| compress(&plain));
            (segments, Rendered { plain, gzip, sum })
        };
        Self(sizes.iter().map(render).collect())
    }

    /// What a correct client must have found.
    pub(crate) fn about(&self) -> Vec<Value> {
        let about = |(segments, response): (&usize, &Rendered)| {
            let (bytes, gzip) = (response.plain.len(), response.gzip.as_ref().map(Vec::len));
            json!({ "segments": segments, "bytes": bytes, "gzip_bytes": gzip, "sum": response.sum })
        };
        self.0.iter().map(about).collect()
    }

    /// The body that a base URL selects, its encoding as a header line, and its rate in bytes a second.
    pub(crate) fn get(&self, selected: &str, takes_gzip: bool) -> Option<(&[u8], &'static str, Option<f64>)> {
        let (mut segments, mut rate, mut wants_gzip) = (0, None, false);
        for part in selected.split('.') {
            match part.split_at_checked(1)? {
                ("s", count) => segments = count.parse().ok()?,
                ("r", megabytes) => rate = Some(megabytes.parse::<f64>().ok()? * 1e6),
                _ => wants_gzip = part == "gzip",
            }
        }
        let response = self.0.get(&segments)?;
        match &response.gzip {
            Some(gzip) if wants_gzip && takes_gzip => Some((gzip, "Content-Encoding: gzip\r\n", rate)),
            _ => Some((&response.plain, "", rate)),
        }
    }
}

fn compress(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory does not fail")
}

/// The JSON text, and the sum of its numbers.
fn render(segments: usize) -> (String, f64) {
    let mut random = SplitMix(5);
    let mut sum = 0.0;
    let mut out = String::with_capacity(segments * DIMENSIONS * 23 + 1024);
    out.push_str(&format!(r#"{{"_id":"{TASK_ID}","#));
    out.push_str(concat!(
        r#""model_name":"marengo3.0","status":"ready","#,
        r#""created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:01:00Z","#,
        r#""video_embedding":{"metadata":{"input_filename":"long.mp4","video_clip_length":2,"#,
        r#""video_embedding_scope":["clip"],"duration":7200},"segments":["#,
    ));
    for segment in 0..segments {
        out.push_str(if segment == 0 { r#"{"float":["# } else { r#",{"float":["# });
        for number in 0..DIMENSIONS {
            if number > 0 {
                out.push(',');
            }
            let bits = random.next();
            let (sign, long, digits) = (bits >> 63, bits >> 62 & 1, random.next() % SPREAD);
            let start = out.len();
            out.push_str(if sign == 1 { "-0." } else { "0." });
            let written = match long {
                1 => write!(out, "{digits:018}{}", bits % 10),
                _ => write!(out, "{digits:018}"),
            };
            written.expect("a string accepts everything");
            sum += out[start..].parse::<f64>().expect("a number");
        }
        let (start, option) = (segment / 3 * 2, ["visual", "audio", "transcription"][segment % 3]);
        let end = start + 2;
        write!(
            out,
            r#"],"start_offset_sec":{start},"end_offset_sec":{end},"embedding_option":"{option}","embedding_scope":"clip"}}"#
        )
        .expect("a string accepts everything");
    }
    out.push_str("]}}");
    (out, sum)
}

/// Sebastiano Vigna's SplitMix64: the same numbers every time.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
