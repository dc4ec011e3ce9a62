//! Small pictures as PNG.

use rust_h264::decoder::Frame;

use super::{
    images::Image,
    pictures::{average, cell, mean_of_rgb},
};

/// The frame of a video, at most `side` pixels wide and high. As encoded: not rotated, without pixel aspect ratio.
pub(super) fn of_frame(frame: &Frame, side: usize) -> Option<Vec<u8>> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (half_width, half_height) = (frame.chroma_width() as usize, frame.chroma_height() as usize);
    let shift = frame.bit_depth.saturating_sub(8);
    scaled(width, height, side, |(column, columns), (row, rows)| {
        let mean = |plane: &[u8], width, height| {
            let (x, y) = (cell(column, columns, width), cell(row, rows, height));
            i32::from(average(plane, frame, (width, height), shift, x, y))
        };
        let luma = (mean(&frame.y, width, height) - 16) * 298;
        let blue = mean(&frame.u, half_width, half_height) - 128;
        let red = mean(&frame.v, half_width, half_height) - 128;
        // ITU-R BT.601.
        [luma + 409 * red, luma - 100 * blue - 208 * red, luma + 516 * blue].map(|value| (value + 128) >> 8)
    })
}

/// An image, at most `side` pixels wide and high.
pub(super) fn of_image(image: &Image, side: usize) -> Option<Vec<u8>> {
    let Image { width, height, ref pixels } = *image;
    scaled(width, height, side, |(column, columns), (row, rows)| {
        mean_of_rgb(width, pixels, cell(column, columns, width), cell(row, rows, height))
    })
}

/// Calls `pixel` with the column and the row of each pixel, each with their number, and encodes red, green and blue.
fn scaled(
    width: usize,
    height: usize,
    side: usize,
    pixel: impl Fn((usize, usize), (usize, usize)) -> [i32; 3],
) -> Option<Vec<u8>> {
    let longer = width.max(height).max(1);
    let scaled = |length: usize| (length * side.min(longer) / longer).max(1);
    let (columns, rows) = (scaled(width), scaled(height));
    let mut pixels = Vec::with_capacity(columns * rows * 3);
    for row in 0..rows {
        for column in 0..columns {
            pixels.extend(pixel((column, columns), (row, rows)).map(|value| value.clamp(0, 255) as u8));
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(bytes)
}
