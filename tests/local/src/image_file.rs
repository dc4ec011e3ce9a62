//! The format and the size of image files: JPEG and PNG.

use twelvelabs_api::limits::IMAGE_SIDE_PX;

/// Checks an image. The error is the rule that it breaks, such as `should be a JPEG or PNG file`.
pub(crate) fn check(file: &[u8]) -> Result<(), String> {
    let size = if file.starts_with(b"\x89PNG\r\n\x1a\n") { png(file) } else { jpeg(file) };
    let (width, height) = size.ok_or("should be a JPEG or PNG file")?;
    if !IMAGE_SIDE_PX.allows(width.min(height).into()) {
        let least = IMAGE_SIDE_PX.minimum.unwrap_or_default();
        return Err(format!("should be an image of at least {least}x{least} pixels (got {width}x{height})"));
    }
    Ok(())
}

/// Width and height in the first chunk.
fn png(file: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(*file.get(at..)?.first_chunk()?));
    Some((number(16)?, number(20)?)).filter(|_| file.get(12..16) == Some(b"IHDR".as_slice()))
}

/// Width and height in the header of the frame.
fn jpeg(file: &[u8]) -> Option<(u32, u32)> {
    let mut rest = file.strip_prefix(b"\xff\xd8")?;
    loop {
        let [0xff, marker, high, low] = *rest.first_chunk::<4>()? else { return None };
        let number = |at: usize| Some(u32::from(u16::from_be_bytes(*rest.get(at..)?.first_chunk()?)));
        match marker {
            // Padding before a marker.
            0xff => rest = &rest[1..],
            // SOF of all kinds: all in this range but DHT, JPG and DAC.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => return Some((number(7)?, number(5)?)),
            _ => rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_and_the_size_are_checked() {
        let png = |width: u32, height: u32| {
            let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
            file.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
            file
        };
        let jpeg = |width: u16, height: u16| {
            let mut file = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08".to_vec();
            file.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
            file
        };
        assert_eq!(check(&png(128, 4000)), Ok(()));
        assert_eq!(check(&jpeg(640, 360)), Ok(()));
        assert_eq!(
            check(&std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../media/box.jpg")).expect("the file")),
            Ok(())
        );
        assert_eq!(
            check(&std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../media/box.png")).expect("the file")),
            Ok(())
        );
        let small = |size: &str| Err(format!("should be an image of at least 128x128 pixels (got {size})"));
        assert_eq!(check(&png(127, 500)), small("127x500"));
        assert_eq!(check(&jpeg(500, 90)), small("500x90"));
        for broken in [&b""[..], b"GIF89a", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\x04ab", b"\x89PNG\r\n\x1a\n\0"] {
            assert_eq!(check(broken), Err("should be a JPEG or PNG file".into()), "{broken:?}");
        }
    }
}
