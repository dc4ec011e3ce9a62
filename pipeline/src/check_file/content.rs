//! What images and documents are, by their content: the rules of the local server, which refuses others.

use std::io::{self, Read};

use twelvelabs::limits::IMAGE_SIDE_PX;

use crate::job::FileKind;

/// How much of an image is read, in bytes. Its size is near its start, behind small copies and profiles.
const IMAGE_HEAD: u64 = 1 << 20;
/// How much of a text must have no NUL, in bytes.
const TEXT_HEAD: u64 = 1 << 10;
const PDF: &[u8] = b"%PDF-";

/// Why a file with this extension and this size in bytes is refused, by its first `most` bytes. Video and audio are
/// not looked at.
pub(super) fn broken_rule(
    reader: impl Read,
    kind: FileKind,
    extension: &str,
    size: u64,
    most: u64,
) -> io::Result<Option<String>> {
    match kind {
        FileKind::Video | FileKind::Audio => Ok(None),
        FileKind::Image => {
            let mut head = Vec::new();
            reader.take(most.min(IMAGE_HEAD)).read_to_end(&mut head)?;
            Ok(image(&head, head.len() as u64 >= size))
        }
        FileKind::Document if extension == "pdf" => {
            let mut head = Vec::new();
            reader.take(PDF.len() as u64).read_to_end(&mut head)?;
            Ok((head != PDF).then(|| "The content of the file is not a PDF, as its name says.".to_owned()))
        }
        FileKind::Document => text(reader.take(most), size <= most).map(|rule| rule.map(str::to_owned)),
    }
}

fn image(head: &[u8], is_whole: bool) -> Option<String> {
    let is_png = head.starts_with(b"\x89PNG\r\n\x1a\n");
    let Some((width, height)) = (if is_png { png(head) } else { jpeg(head) }) else {
        let is_cut_jpeg = !is_whole && head.starts_with(b"\xff\xd8\xff");
        return (!is_cut_jpeg).then(|| "The image should be a JPEG or PNG file.".to_owned());
    };
    let least = IMAGE_SIDE_PX.minimum.unwrap_or_default();
    let rule = || format!("The image should be at least {least}x{least} pixels. It is {width}x{height}.");
    (!IMAGE_SIDE_PX.allows(width.min(height).into())).then(rule)
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

/// Reads a text to its end, which is that of the file if it `is_whole`.
fn text(mut reader: impl Read, is_whole: bool) -> io::Result<Option<&'static str>> {
    const NO_TEXT: Option<&str> = Some("The content of the file is not text in UTF-8, as its name says.");
    let mut head = Vec::new();
    reader.by_ref().take(TEXT_HEAD).read_to_end(&mut head)?;
    if head.contains(&0) {
        return Ok(NO_TEXT);
    }
    // Taken for a PDF, whatever its name is.
    if head.starts_with(PDF) {
        return Ok(None);
    }
    let mut reader = io::Cursor::new(head).chain(reader);
    let (mut buffer, mut kept, mut is_blank) = (vec![0; 1 << 16], 0, true);
    loop {
        let count = reader.read(&mut buffer[kept..])?;
        if count == 0 {
            break;
        }
        let end = kept + count;
        let valid = match std::str::from_utf8(&buffer[..end]) {
            Ok(text) => text.len(),
            // A character may be cut.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(NO_TEXT),
        };
        is_blank &= buffer[..valid].trim_ascii().is_empty();
        buffer.copy_within(valid..end, 0);
        kept = end - valid;
    }
    Ok(match is_whole {
        true if kept > 0 => NO_TEXT,
        true if is_blank => Some("The document should have content to embed."),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_within(content: &[u8], kind: FileKind, extension: &str, most: u64) -> Option<String> {
        broken_rule(content, kind, extension, content.len() as u64, most).expect("read")
    }

    fn rule(content: &[u8], kind: FileKind, extension: &str) -> Option<String> {
        rule_within(content, kind, extension, u64::MAX)
    }

    #[test]
    fn an_image_is_a_jpeg_or_png_file_of_some_size() {
        let image = |content: &[u8]| rule(content, FileKind::Image, "png");
        let png = |width: u32, height: u32| {
            let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
            [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &size].concat()
        };
        let jpeg = |width: u16, height: u16| {
            let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
            [b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08".as_slice(), &size].concat()
        };
        // The server does not compare the format with the name either.
        assert_eq!((image(&png(128, 4000)), image(&jpeg(640, 360))), (None, None));
        let small = |size: &str| Some(format!("The image should be at least 128x128 pixels. It is {size}."));
        assert_eq!((image(&png(127, 500)), image(&jpeg(500, 90))), (small("127x500"), small("500x90")));
        let other = Some("The image should be a JPEG or PNG file.".to_owned());
        for content in [b"fake".as_slice(), b"\0\0\0\x18ftypisom", b"GIF89a", b"\xff\xd8\xff\xe0\0\x04ab"] {
            assert_eq!(image(content), other, "{content:?}");
        }
        // The size is beyond what is read.
        assert_eq!(rule_within(&jpeg(500, 90), FileKind::Image, "jpg", 8), None);
    }

    #[test]
    fn a_document_is_a_pdf_or_a_text_with_content() {
        let document = |content: &[u8], extension: &str| rule(content, FileKind::Document, extension);
        assert_eq!((document(b"%PDF-1.7\n", "pdf"), document("gr\u{fc}n".as_bytes(), "txt")), (None, None));
        let no_text = Some("The content of the file is not text in UTF-8, as its name says.".to_owned());
        assert_eq!(document(b"fake", "pdf"), Some("The content of the file is not a PDF, as its name says.".into()));
        assert_eq!((document(b"\xff\xfea", "md"), document(b"a\0b", "txt")), (no_text.clone(), no_text.clone()));
        assert_eq!(document(b" \r\n\t", "md"), Some("The document should have content to embed.".into()));
        // Characters at the borders of the parts that are read, and at the end.
        let long = "a".to_owned() + &"\u{fc}".repeat(100_000);
        assert_eq!(document(long.as_bytes(), "txt"), None);
        assert_eq!(document(&long.as_bytes()[..long.len() - 1], "txt"), no_text);
        assert_eq!(document(&[long.as_bytes(), b"\xff"].concat(), "txt"), no_text);
        // What is not read says nothing.
        assert_eq!(rule_within(b"  \xc3\xbc", FileKind::Document, "txt", 3), None);
        assert_eq!(rule_within(b"   a", FileKind::Document, "txt", 3), None);
    }
}
