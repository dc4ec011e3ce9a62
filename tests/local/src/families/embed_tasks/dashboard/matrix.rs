//! The similarity of the clips of a task, as a picture.

use std::io;

use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use twelvelabs_api::types::{EmbeddingScope, VideoSegment};

use super::super::Shared;
use crate::{dashboard::not_found, result_files};

/// Maximum number of clips. Of more clips, every second, fourth, … is shown.
const SIDE: usize = 240;

#[derive(Debug, Deserialize)]
pub(super) struct Selection {
    embedding_option: String,
}

pub(super) async fn show(
    State(state): Shared,
    Path(id): Path<String>,
    Query(Selection { embedding_option }): Query<Selection>,
) -> Response {
    let Some(task) = state.families.embed_tasks.store.get(&id) else { return not_found() };
    let path = state.families.embed_tasks.store.folder().result(&task.id);
    let draw = move || {
        let mut vectors = Thinned::default();
        result_files::each(&path, |segment: VideoSegment| {
            let of_option = segment.embedding_option.is_some_and(|option| option.as_str() == embedding_option);
            if of_option && segment.embedding_scope == Some(EmbeddingScope::Clip) {
                vectors.push(segment.float.to_vec());
            }
        })?;
        encode(&vectors.kept)
    };
    match tokio::task::spawn_blocking(draw).await {
        Ok(Ok(picture)) => ([(header::CONTENT_TYPE, "image/png")], picture).into_response(),
        _ => not_found(),
    }
}

/// Every n-th of a number of vectors that is not known in advance, with n as small as the maximum allows.
#[derive(Debug)]
struct Thinned {
    kept: Vec<Vec<f32>>,
    seen: usize,
    step: usize,
}

impl Default for Thinned {
    fn default() -> Self {
        Self { kept: Vec::new(), seen: 0, step: 1 }
    }
}

impl Thinned {
    fn push(&mut self, vector: Vec<f32>) {
        if self.seen.is_multiple_of(self.step) {
            self.kept.push(vector);
        }
        self.seen += 1;
        if self.kept.len() > SIDE {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.step *= 2;
        }
    }
}

/// A pixel for each pair of vectors: the cosine, from black for -1 to white for 1.
fn encode(vectors: &[Vec<f32>]) -> io::Result<Vec<u8>> {
    let side = vectors.len();
    if side == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let level = |cosine: f32| (127.5 + 127.5 * cosine.clamp(-1.0, 1.0)).round() as u8;
    let pixels: Vec<u8> = vectors.iter().flat_map(|a| vectors.iter().map(move |b| level(cosine(a, b)))).collect();
    let mut picture = Vec::new();
    // At most SIDE.
    let side = side as u32;
    let mut encoder = png::Encoder::new(&mut picture, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&pixels).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_cosines() {
        let picture = encode(&[vec![1.0, 0.0], vec![0.0, 1.0], vec![-1.0, 0.0]]).expect("a picture");
        let mut reader = png::Decoder::new(io::Cursor::new(picture)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!(pixels, [255, 128, 0, 128, 255, 128, 0, 128, 255]);
        assert!(encode(&[]).is_err());
    }

    #[test]
    fn long_rows_are_thinned_evenly() {
        let mut thinned = Thinned::default();
        (0..1000).for_each(|index| thinned.push(vec![index as f32]));
        assert!(thinned.kept.len() <= SIDE);
        assert!(
            thinned.kept.windows(2).all(|pair| pair[1][0] - pair[0][0] == thinned.step as f32),
            "{:?}",
            thinned.step
        );
    }
}
