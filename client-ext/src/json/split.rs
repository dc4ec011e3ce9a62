//! One large array, element by element, out of a text that arrives in chunks.

use memchr::{memchr2, memchr3};
use serde::Deserialize;
use twelvelabs_api::runtime::LargeArray;

use super::{Json, JsonError, JsonErrorKind, JsonResult};

/// The maximum size of an element, in bytes.
pub(super) const ELEMENT_LIMIT: usize = 16 << 20;

/// The maximum size of a step of the path, in bytes, with every character escaped.
const LONGEST_KEY: usize = 1024;

/// Decodes a document while it arrives: each element of its large array as soon as it is complete, the rest at the end.
///
/// The array is cut out of the text, and the rest is decoded like any other document. So the order of keys, unknown
/// keys and new fields do not matter, and neither do escapes in keys. Elements that are left in the rest nevertheless,
/// as in an object that is spelt as an array, come out at the end: no element is ever lost.
#[derive(Debug)]
pub struct Splitter<T> {
    around: Around,
    place: Place,
    /// The start of an element, from earlier chunks.
    carry: Vec<u8>,
    /// The text without the elements.
    frame: Vec<u8>,
    /// The cuts: position in the frame, and number of bytes.
    cuts: Vec<(usize, u64)>,
    /// The number of bytes before this chunk.
    before: u64,
    elements: u64,
    /// The array has been opened.
    has_array: bool,
    /// The maximum size of the frame, in bytes.
    frame_limit: usize,
    document: std::marker::PhantomData<fn() -> T>,
}

/// What a document has besides the elements of its large array.
#[derive(Debug)]
pub struct Rest<T> {
    /// The document without the elements.
    pub document: T,
    /// Whether the array was there, with or without elements. A missing one and `null` are not.
    pub has_array: bool,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Outside of the array.
    Around,
    /// After the opening bracket.
    First,
    /// After an element.
    Behind,
    /// After a comma.
    Next,
    /// Inside an element, with its offset.
    Inside(Element, u64),
}

/// How to find the end of an element.
#[derive(Clone, Copy, Debug)]
struct Element {
    /// The brackets of the element; 0 for an element without.
    open: u8,
    close: u8,
    depth: usize,
    text: bool,
    escaped: bool,
}

/// The path to the array.
#[derive(Debug, Default)]
struct Around {
    depth: usize,
    /// The number of open containers that are steps of the path.
    on_path: usize,
    text: bool,
    escaped: bool,
    /// The last string, as it is spelt.
    key: Vec<u8>,
    /// The next value is the next step.
    due: bool,
    /// The last byte was white space outside of strings.
    is_blank: bool,
}

impl<T: LargeArray> Default for Splitter<T> {
    fn default() -> Self {
        Self {
            around: Around::default(),
            place: Place::Around,
            carry: Vec::new(),
            frame: Vec::new(),
            cuts: Vec::new(),
            before: 0,
            elements: 0,
            has_array: false,
            frame_limit: usize::MAX,
            document: std::marker::PhantomData,
        }
    }
}

impl<T: LargeArray> Splitter<T> {
    /// A splitter that uses at most `frame_limit` bytes for what is outside of the array, so that its memory does not
    /// depend on the size of the document.
    pub fn bounded(frame_limit: usize) -> Self {
        Self { frame_limit, ..Self::default() }
    }

    /// Takes the next chunk. Passes each element that it completes to `take`.
    pub fn feed(&mut self, chunk: &[u8], mut take: impl FnMut(T::Element)) -> JsonResult<()> {
        let mut at = 0;
        while at < chunk.len() {
            at = match self.place {
                Place::Around => self.around(chunk, at),
                Place::Inside(element, start) => self.inside(element, start, chunk, at, &mut take)?,
                Place::First | Place::Behind | Place::Next => self.between(chunk, at)?,
            };
        }
        self.before += chunk.len() as u64;
        if self.frame.len() > self.frame_limit {
            let message = format!("more than {} bytes outside of the array", self.frame_limit);
            return Err(JsonError::new(JsonErrorKind::Data, 0, message).moved(|_| self.before));
        }
        Ok(())
    }

    /// The rest of the document, after the last chunk. Passes each element that is still in it to `take`.
    pub fn finish(self, take: impl FnMut(T::Element)) -> JsonResult<Rest<T>> {
        if let Place::Inside(_, start) = self.place {
            return Err(self.unfinished(start));
        }
        if !matches!(self.place, Place::Around) {
            let error = JsonError::new(JsonErrorKind::Truncated, 0, "unexpected end of input").moved(|_| self.before);
            return Err(self.in_array(error));
        }
        let mut document: T = super::decode(&self.frame).map_err(|error| {
            error.moved(|offset| {
                let cuts = self.cuts.iter().filter(|(at, _)| (*at as u64) <= offset);
                offset + cuts.map(|(_, bytes)| bytes).sum::<u64>()
            })
        })?;
        let mut has_array = self.has_array;
        match document.elements_mut() {
            Some(left) if self.elements == 0 => {
                has_array |= !left.is_empty();
                std::mem::take(left).into_iter().for_each(take);
            }
            Some(left) if left.is_empty() => {}
            None if self.elements == 0 => {}
            // The frame and the elements disagree about where the array is.
            _ => {
                let error = JsonError::new(JsonErrorKind::Data, 0, "the array occurs more than once");
                return Err(T::PATH.iter().rev().fold(error, |error, key| error.in_key(key)));
            }
        }
        Ok(Rest { document, has_array })
    }

    fn around(&mut self, chunk: &[u8], from: usize) -> usize {
        let mut start = from;
        for (at, byte) in chunk.iter().enumerate().skip(from) {
            // White space is kept once: a server may send any amount of it.
            if self.around.is_blank && matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                self.frame.extend_from_slice(&chunk[start..at]);
                self.skip_blank();
                start = at + 1;
                continue;
            }
            if self.around.enters(*byte, T::PATH) {
                self.frame.extend_from_slice(&chunk[start..=at]);
                self.cuts.push((self.frame.len(), 0));
                (self.place, self.has_array) = (Place::First, true);
                return at + 1;
            }
        }
        self.frame.extend_from_slice(&chunk[start..]);
        chunk.len()
    }

    /// Cuts one byte out of the frame here.
    fn skip_blank(&mut self) {
        match self.cuts.last_mut() {
            Some((at, bytes)) if *at == self.frame.len() => *bytes += 1,
            _ => self.cuts.push((self.frame.len(), 1)),
        }
    }

    /// The text ends inside an element, or the element is too large: the first error in it.
    fn unfinished(&self, start: u64) -> JsonError {
        let mut json = Json::new(&self.carry);
        let error = match T::Element::deserialize(&mut json) {
            Err(error) => error.moved(|offset| offset + start),
            Ok(_) => JsonError::new(JsonErrorKind::Truncated, self.carry.len(), "unexpected end of input")
                .moved(|offset| offset + start),
        };
        self.in_array(error)
    }

    /// Commas, white space, and the end of the array.
    fn between(&mut self, chunk: &[u8], from: usize) -> JsonResult<usize> {
        let blank = chunk[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r')).count();
        self.cut(blank);
        let at = from + blank;
        match (chunk.get(at), self.place) {
            (None, _) => {}
            (Some(b']'), Place::First | Place::Behind) => self.place = Place::Around,
            (Some(b','), Place::Behind) => {
                self.cut(1);
                self.place = Place::Next;
                return Ok(at + 1);
            }
            (Some(b',' | b']' | b'}' | b':'), _) | (_, Place::Behind) => {
                let message = if matches!(self.place, Place::Behind) {
                    "expected a comma or the end of the array"
                } else {
                    "expected a value"
                };
                let error = JsonError::new(JsonErrorKind::Syntax, at, message).moved(|offset| offset + self.before);
                return Err(self.in_array(error));
            }
            (Some(first), _) => self.place = Place::Inside(Element::starting(*first), self.before + at as u64),
        }
        Ok(at)
    }

    fn inside(
        &mut self,
        mut element: Element,
        start: u64,
        chunk: &[u8],
        from: usize,
        take: &mut impl FnMut(T::Element),
    ) -> JsonResult<usize> {
        let Some(length) = element.end(&chunk[from..]) else {
            self.carry.extend_from_slice(&chunk[from..]);
            if self.carry.len() > ELEMENT_LIMIT {
                // The usual reason is an extra bracket, which has its own place.
                let error = self.unfinished(start);
                if error.kind() != JsonErrorKind::Truncated {
                    return Err(error);
                }
                let error =
                    JsonError::new(JsonErrorKind::Data, 0, format!("an element of more than {ELEMENT_LIMIT} bytes"));
                return Err(self.in_array(error.moved(|_| start)));
            }
            self.cut(chunk.len() - from);
            self.place = Place::Inside(element, start);
            return Ok(chunk.len());
        };
        self.cut(length);
        let mut text = &chunk[from..from + length];
        if !self.carry.is_empty() {
            self.carry.extend_from_slice(text);
            text = &self.carry;
        }
        let mut json = Json::new(text);
        let value = T::Element::deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        match value {
            Ok(value) => take(value),
            Err(error) => return Err(self.in_array(error.moved(|offset| offset + start))),
        }
        self.carry.clear();
        self.elements += 1;
        self.place = Place::Behind;
        Ok(from + length)
    }

    /// Cuts out of the array, which is the end of the frame now.
    fn cut(&mut self, bytes: usize) {
        if let Some((_, cut)) = self.cuts.last_mut() {
            *cut += bytes as u64;
        }
    }

    /// Adds the path of the next element.
    fn in_array(&self, error: JsonError) -> JsonError {
        T::PATH.iter().rev().fold(error.in_element(self.elements), |error, key| error.in_key(key))
    }
}

impl Around {
    /// Takes one byte. Returns whether it opens the array.
    fn enters(&mut self, byte: u8, path: &[&str]) -> bool {
        if self.text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.text = false;
                    return false;
                }
                _ => {}
            }
            // No step is longer, however it is spelt.
            if self.key.len() <= LONGEST_KEY {
                self.key.push(byte);
            }
            return false;
        }
        let due = std::mem::take(&mut self.due);
        self.is_blank = false;
        match byte {
            b'"' => {
                self.text = true;
                self.key.clear();
            }
            b':' => {
                let step = self.on_path.checked_sub(1).and_then(|step| path.get(step));
                self.due = self.on_path == self.depth && step.is_some_and(|step| is_spelt(&self.key, step));
            }
            b'[' if due && self.depth == path.len() => {
                self.depth += 1;
                return true;
            }
            b'{' if due && self.depth < path.len() || self.depth == 0 => {
                self.depth += 1;
                self.on_path = self.depth;
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.on_path = self.on_path.min(self.depth);
            }
            b' ' | b'\n' | b'\t' | b'\r' => (self.due, self.is_blank) = (due, true),
            _ => {}
        }
        false
    }
}

/// Whether the content of a JSON string is a spelling of `text`.
fn is_spelt(content: &[u8], text: &str) -> bool {
    if !content.contains(&b'\\') {
        return content == text.as_bytes();
    }
    let token = [b"\"", content, b"\""].concat();
    serde_json::from_slice::<String>(&token).is_ok_and(|decoded| decoded == text)
}

impl Element {
    fn starting(first: u8) -> Self {
        let (open, close) = match first {
            b'{' => (b'{', b'}'),
            b'[' => (b'[', b']'),
            _ => (0, 0),
        };
        Self { open, close, depth: 0, text: false, escaped: false }
    }

    /// Where the element ends in a text that starts or continues it; `None` if it does not end.
    fn end(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        if std::mem::take(&mut self.escaped) {
            at += 1;
        }
        loop {
            let rest = text.get(at..)?;
            if self.text {
                at += memchr2(b'"', b'\\', rest)? + 1;
                if text[at - 1] == b'\\' {
                    self.escaped = at == text.len();
                    at += 1;
                    continue;
                }
                self.text = false;
                if self.depth == 0 && self.open == 0 {
                    return Some(at);
                }
            } else if self.open == 0 {
                let end = rest
                    .iter()
                    .position(|byte| matches!(byte, b'"' | b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r'))?;
                at += end;
                if text[at] != b'"' || at > 0 {
                    return Some(at);
                }
                self.text = true;
                at += 1;
            } else {
                at += memchr3(b'"', self.open, self.close, rest)? + 1;
                match text[at - 1] {
                    b'"' => self.text = true,
                    byte if byte == self.open => self.depth += 1,
                    _ if self.depth == 1 => return Some(at),
                    _ => self.depth -= 1,
                }
            }
        }
    }
}
