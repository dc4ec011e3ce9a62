//! Decoded images: PNG and JPEG.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Maximum width and height of an image in pixels, which bounds the memory of the decoders.
const SIDE_LIMIT: usize = 8192;

/// A decoded image, which has all its pixels, and at least one.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Red, green and blue bytes, row by row.
    pub(super) pixels: Vec<u8>,
}

/// Decodes an image. `None` if it cannot be decoded.
pub(super) fn decode(file: &[u8]) -> Option<Image> {
    let decode = || if file.starts_with(b"\x89PNG") { png(file) } else { jpeg(file) };
    // A panic of the decoder counts as an image that cannot be decoded.
    let image = catch_unwind(AssertUnwindSafe(decode)).ok().flatten()?;
    let least = image.width.checked_mul(image.height)?.checked_mul(3)?;
    (least > 0 && image.pixels.len() >= least).then_some(image)
}

fn png(file: &[u8]) -> Option<Image> {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if width.max(height) > SIDE_LIMIT {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    let pixels = &pixels[..frame.buffer_size()];
    let channels = frame.color_type.samples();
    let pixels = pixels
        .chunks_exact(channels)
        .flat_map(|pixel| match *pixel {
            // Grey, with or without transparency, which is ignored.
            [grey] | [grey, _] => [grey; 3],
            [red, green, blue, ..] => [red, green, blue],
            [] => [0; 3],
        })
        .collect();
    Some(Image { width, height, pixels })
}

fn jpeg(file: &[u8]) -> Option<Image> {
    let options = DecoderOptions::default()
        // One implementation for all processors.
        .set_use_unsafe(false)
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(SIDE_LIMIT)
        .set_max_height(SIDE_LIMIT);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let pixels = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    Some(Image { width, height, pixels })
}
