//! The number of pages and the text of PDF files, as far as they can be found without rendering: objects in the file
//! itself and, with the feature `decode`, in its compressed streams. Encrypted files and text in embedded fonts are not
//! read.

/// Maximum size of all that the streams of a file decompress to, in bytes. What is beyond it is not read.
const INFLATED_LIMIT: usize = 64 << 20;

/// Whether this is the content of a PDF file.
pub(crate) fn is(content: &[u8]) -> bool {
    content.starts_with(b"%PDF-")
}

/// The number of pages. `None` if there are none to be found.
pub(crate) fn page_count(content: &[u8]) -> Option<usize> {
    let mut found = Found::default();
    found.scan(content);
    let mut left = INFLATED_LIMIT;
    for stream in found.streams.clone() {
        if stream.is_objects
            && let Some(objects) = inflated(&content[stream.range], &mut left)
        {
            found.scan(&objects);
        }
    }
    // The root of the tree of pages has the count of all. Some writers leave it out.
    found.most.or((found.pages > 0).then_some(found.pages))
}

/// The text that is written as plain strings.
pub(crate) fn text(content: &[u8]) -> String {
    let mut found = Found::default();
    found.scan(content);
    let (mut text, mut left) = (String::new(), INFLATED_LIMIT);
    for stream in found.streams.iter().filter(|stream| !stream.is_objects) {
        let bytes = &content[stream.range.clone()];
        let inflated = if stream.is_compressed { inflated(bytes, &mut left) } else { Some(bytes.to_vec()) };
        for string in strings(&inflated.unwrap_or_default()) {
            text.push_str(&string);
            text.push(' ');
        }
    }
    text
}

/// Decompresses a stream to at most `left` bytes, which are then used up. `None` if it is damaged.
#[cfg(feature = "decode")]
fn inflated(bytes: &[u8], left: &mut usize) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut out = Vec::new();
    let read = flate2::read::ZlibDecoder::new(bytes).take(*left as u64).read_to_end(&mut out);
    *left -= out.len();
    // The end of a stream can be damaged while its start is not.
    (read.is_ok() || !out.is_empty()).then_some(out)
}

#[cfg(not(feature = "decode"))]
fn inflated(_: &[u8], _: &mut usize) -> Option<Vec<u8>> {
    None
}

/// What was found in a file or in a stream of objects.
#[derive(Debug, Default)]
struct Found {
    /// The highest count of a node of the tree of pages.
    most: Option<usize>,
    /// The number of pages.
    pages: usize,
    streams: Vec<Stream>,
}

#[derive(Clone, Debug)]
struct Stream {
    range: std::ops::Range<usize>,
    /// Contains objects.
    is_objects: bool,
    is_compressed: bool,
}

/// A dictionary whose end was not reached yet.
#[derive(Clone, Debug, Default)]
struct Dictionary {
    /// The last name or number.
    last: Vec<u8>,
    kind: Vec<u8>,
    count: Option<usize>,
    is_compressed: bool,
}

impl Found {
    fn scan(&mut self, bytes: &[u8]) {
        let mut open: Vec<Dictionary> = Vec::new();
        let mut closed = Dictionary::default();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match rest[0] {
                b'%' => at += rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len()),
                b'(' => at += string_length(rest),
                b'<' if rest.starts_with(b"<<") => {
                    open.push(Dictionary::default());
                    at += 2;
                }
                b'>' if rest.starts_with(b">>") => {
                    closed = open.pop().unwrap_or_default();
                    self.add(&closed);
                    at += 2;
                }
                b's' if rest.starts_with(b"stream") && open.is_empty() => {
                    let start = at + 6 + rest[6..].iter().take(2).filter(|byte| matches!(byte, b'\r' | b'\n')).count();
                    const END: &[u8] = b"endstream";
                    at = start;
                    // Without its end, the rest of the file is the stream.
                    let Some(length) = find(&bytes[start..], END) else { return };
                    let (is_objects, is_compressed) = (closed.kind == b"/ObjStm", closed.is_compressed);
                    self.streams.push(Stream { range: start..start + length, is_objects, is_compressed });
                    at += length + END.len();
                }
                byte if byte == b'/' || byte.is_ascii_digit() => {
                    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/<>[]()%{}".contains(byte);
                    let length = 1 + rest[1..].iter().position(ends).unwrap_or(rest.len() - 1);
                    if let Some(dictionary) = open.last_mut() {
                        dictionary.token(&rest[..length]);
                    }
                    at += length;
                }
                _ => at += 1,
            }
        }
    }

    fn add(&mut self, dictionary: &Dictionary) {
        match dictionary.kind.as_slice() {
            b"/Pages" => self.most = self.most.max(dictionary.count),
            b"/Page" => self.pages += 1,
            _ => {}
        }
    }
}

impl Dictionary {
    /// Adds a name or a number.
    fn token(&mut self, token: &[u8]) {
        match self.last.as_slice() {
            b"/Type" => self.kind = token.to_vec(),
            b"/Count" => self.count = std::str::from_utf8(token).ok().and_then(|token| token.parse().ok()),
            _ => {}
        }
        self.is_compressed |= token == b"/FlateDecode";
        self.last = token.to_vec();
    }
}

/// The length of a string in parentheses, which can be nested.
fn string_length(bytes: &[u8]) -> usize {
    let (mut depth, mut escaped) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

/// The strings of a stream of content.
fn strings(bytes: &[u8]) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = bytes[at..].iter().position(|byte| *byte == b'(').map(|place| at + place) {
        let length = string_length(&bytes[start..]);
        let inner = bytes.get(start + 1..start + length - 1).unwrap_or_default();
        found.push(String::from_utf8_lossy(inner).replace('\\', ""));
        at = start + length;
    }
    found
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Outlines<</Type/Outlines/Count 9>>>>endobj\n\
        2 0 obj<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>endobj % /Type /Pages /Count 7\n\
        3 0 obj<</Type/Page/Parent 2 0 R/Contents 5 0 R>>endobj 4 0 obj<</Type/Page>>endobj\n\
        5 0 obj<</Length 44>>stream\nBT (A red \\(dark\\) box) Tj (/Type /Page) Tj ET\nendstream endobj\n";

    #[test]
    fn pages_are_counted_and_strings_are_read() {
        assert_eq!(page_count(PLAIN), Some(2));
        assert_eq!(text(PLAIN), "A red (dark) box /Type /Page ");
        let without_count = String::from_utf8_lossy(PLAIN).replace("/Count 2", "");
        assert_eq!(page_count(without_count.as_bytes()), Some(2));
        assert_eq!(page_count(b"%PDF-1.4 nothing"), None);
        assert_eq!(page_count(b"%PDF-1.4 <</Type/Pages/Count 3"), None);
    }

    #[cfg(feature = "decode")]
    #[test]
    fn compressed_objects_are_read() {
        use std::io::Write;
        let packed = |bytes: &[u8]| {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("in memory");
            encoder.finish().expect("in memory")
        };
        let objects = packed(b"2 0 3 40 <</Type/Pages/Count 12/Kids[3 0 R]>> <</Type/Page>>");
        let words = packed(b"BT (Blue) Tj ET");
        let mut file = b"%PDF-1.5\n1 0 obj<</Type/ObjStm/Filter/FlateDecode/N 2>>stream\r\n".to_vec();
        file.extend(&objects);
        file.extend(b"\nendstream endobj 7 0 obj<</Filter/FlateDecode>>stream\n");
        file.extend(&words);
        file.extend(b"\nendstream endobj\n");
        assert_eq!((page_count(&file), text(&file).as_str()), (Some(12), "Blue "));
        // The limit is that of all streams together.
        let mut left = 20;
        let lengths = [&words; 3].map(|stream| inflated(stream, &mut left).map_or(0, |bytes| bytes.len()));
        assert_eq!((lengths, left), ([15, 5, 0], 0));
    }

    #[test]
    fn streams_without_an_end_are_scanned_once() {
        let file = [&b"%PDF-1.5 "[..], &b"stream ".repeat(1_000_000)].concat();
        assert_eq!((page_count(&file), text(&file).as_str()), (None, ""));
    }
}
