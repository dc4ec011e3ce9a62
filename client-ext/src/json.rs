//! The JSON decoder: texts to values, whole or while they arrive. It knows nothing of HTTP or of an API family.
//!
//! It accepts what serde_json accepts, except for numbers that are not finite. Beyond serde_json, it decodes vectors
//! fast and rounds them once, its errors have a byte offset and a path, and the elements of one large array can be
//! decoded one by one ([`split`]).

mod access;
mod error;
mod number;
mod split;

use std::borrow::Cow;

use memchr::memchr2;
use serde::{
    de::{DeserializeOwned, Deserializer, Visitor, value::BorrowedStrDeserializer},
    forward_to_deserialize_any,
};

use access::{Elements, Members, Tagged};
pub use error::{JsonError, JsonErrorKind};
pub use split::{Rest, Splitter};

/// The maximum depth, as in serde_json, because decoding takes stack.
const DEEPEST: usize = 127;

type JsonResult<T> = std::result::Result<T, JsonError>;

/// Decodes a whole text.
pub fn decode<T: DeserializeOwned>(text: &[u8]) -> JsonResult<T> {
    let mut json = Json::new(text);
    let value = T::deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Whether a text is one complete JSON value.
#[cfg(any(test, feature = "__internals"))]
pub fn is_complete(text: &[u8]) -> bool {
    let mut json = Json::new(text);
    json.skip().and_then(|()| json.end()).is_ok()
}

/// A text and the position in it.
struct Json<'de> {
    text: &'de [u8],
    /// The next byte to read.
    at: usize,
    /// The number of objects and arrays that are open.
    depth: usize,
}

impl<'de> Json<'de> {
    fn new(text: &'de [u8]) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// The next byte that is not white space. Does not consume it.
    #[inline]
    fn peek(&mut self) -> JsonResult<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(self.truncated()),
            }
        }
    }

    /// Consumes the next byte, which must be `wanted`.
    fn expect(&mut self, wanted: u8) -> JsonResult<()> {
        if self.peek()? != wanted {
            return Err(self.unexpected(&format!("expected `{}`", char::from(wanted))));
        }
        self.at += 1;
        Ok(())
    }

    /// Checks that only white space follows.
    fn end(&mut self) -> JsonResult<()> {
        match self.peek() {
            Ok(_) => Err(self.unexpected("trailing characters")),
            Err(_) => Ok(()),
        }
    }

    /// The text ends before the value does.
    #[cold]
    fn truncated(&self) -> JsonError {
        JsonError::new(JsonErrorKind::Truncated, self.text.len(), "unexpected end of input")
    }

    /// The next byte is wrong.
    #[cold]
    fn unexpected(&self, message: &str) -> JsonError {
        self.error_at(self.at, message)
    }

    /// A syntax error at this byte; behind the last one, the text is truncated.
    #[cold]
    fn error_at(&self, at: usize, message: &str) -> JsonError {
        if at >= self.text.len() {
            return self.truncated();
        }
        JsonError::new(JsonErrorKind::Syntax, at, message)
    }

    /// Counts an object or array that begins. The caller counts down at its end.
    fn enter(&mut self) -> JsonResult<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.unexpected("recursion limit exceeded"));
        }
        Ok(())
    }

    /// Consumes `true`, `false` or `null`.
    fn literal(&mut self, word: &'static str) -> JsonResult<()> {
        let found =
            self.text[self.at..].iter().zip(word.as_bytes()).take_while(|(found, wanted)| found == wanted).count();
        if found < word.len() {
            return Err(self.error_at(self.at + found, &format!("expected `{word}`")));
        }
        self.at += found;
        Ok(())
    }

    /// The next number as text, and whether it is an integer.
    fn number(&mut self) -> JsonResult<(&'de str, bool)> {
        let rest = &self.text[self.at..];
        let (length, integer) =
            number::token(rest).map_err(|wrong| self.error_at(self.at + wrong, "invalid number"))?;
        self.at += length;
        // Digits, signs and exponents are ASCII.
        Ok((std::str::from_utf8(&rest[..length]).unwrap_or_default(), integer))
    }

    /// The next number, if there is one. Out of the range of `f32` it is an infinity, as in a conversion through `f64`.
    #[cold]
    fn slow_f32(&mut self) -> JsonResult<Option<f32>> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            return Ok(None);
        }
        if let Some((number, length)) = number::fast_f32(&self.text[self.at..]) {
            self.at += length;
            return Ok(Some(number));
        }
        let (token, _) = self.number()?;
        Ok(Some(token.parse().unwrap_or(f32::INFINITY)))
    }

    /// The next number, as the type that fits it best: an integer of 64 bits, or else an `f64`. `-0` is an `f64`, which
    /// keeps its sign.
    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> JsonResult<V::Value> {
        let start = self.at;
        let (token, integer) = self.number()?;
        if integer && token != "-0" {
            if let Ok(number) = token.parse() {
                return visitor.visit_u64(number);
            }
            if let Ok(number) = token.parse() {
                return visitor.visit_i64(number);
            }
        }
        let number = token.parse().unwrap_or(f64::INFINITY);
        if number.is_infinite() {
            return Err(self.error_at(start, "number out of range"));
        }
        visitor.visit_f64(number)
    }

    /// Skips the string that starts here. Returns whether it has escapes.
    fn skip_string(&mut self) -> JsonResult<bool> {
        self.at += 1;
        let mut escapes = false;
        loop {
            let rest = &self.text[self.at..];
            let length = memchr2(b'"', b'\\', rest);
            let plain = &rest[..length.unwrap_or(rest.len())];
            if let Some(control) = plain.iter().position(|byte| *byte < b' ') {
                return Err(self.error_at(self.at + control, "control character in string"));
            }
            let Some(length) = length else { return Err(self.truncated()) };
            self.at += length + 1;
            if rest[length] == b'"' {
                return Ok(escapes);
            }
            escapes = true;
            let wrong = match self.text.get(self.at) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => None,
                Some(b'u') => {
                    let digits =
                        self.text[self.at + 1..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
                    self.at += digits;
                    (digits < 4).then_some(self.at + 1)
                }
                _ => Some(self.at),
            };
            if let Some(wrong) = wrong {
                return Err(self.error_at(wrong, "invalid escape"));
            }
            self.at += 1;
        }
    }

    /// The string that starts here. It is borrowed unless it has escapes.
    fn string(&mut self) -> JsonResult<Cow<'de, str>> {
        let start = self.at;
        let escapes = self.skip_string()?;
        let token = &self.text[start..self.at];
        if escapes {
            // serde_json decodes escapes, surrogate pairs included.
            return serde_json::from_slice(token)
                .map(Cow::Owned)
                .map_err(|error| self.error_at(start + error.column().saturating_sub(1), "invalid string"));
        }
        let content = &token[1..token.len() - 1];
        std::str::from_utf8(content)
            .map(Cow::Borrowed)
            .map_err(|error| self.error_at(start + 1 + error.valid_up_to(), "invalid UTF-8"))
    }

    /// The next key and its colon.
    fn key(&mut self) -> JsonResult<Cow<'de, str>> {
        if self.peek()? != b'"' {
            return Err(self.unexpected("expected a key"));
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Skips a value of any kind and depth.
    fn skip(&mut self) -> JsonResult<()> {
        let mut open = Vec::new();
        loop {
            match self.peek()? {
                start @ (b'{' | b'[') => {
                    self.at += 1;
                    // In ASCII a closing bracket is two after its opening one.
                    let close = start + 2;
                    if self.peek()? == close {
                        self.at += 1;
                    } else {
                        self.skip_key(close)?;
                        open.push(close);
                        continue;
                    }
                }
                b'"' => _ = self.skip_string()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                b'-' | b'0'..=b'9' => _ = self.number()?,
                _ => return Err(self.unexpected("expected a value")),
            }
            loop {
                let Some(close) = open.last().copied() else { return Ok(()) };
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        self.skip_key(close)?;
                        break;
                    }
                    byte if byte == close => {
                        self.at += 1;
                        open.pop();
                    }
                    _ => return Err(self.unexpected("expected a comma or the end")),
                }
            }
        }
    }

    /// Skips a key and its colon, if the container that ends with `close` is an object.
    fn skip_key(&mut self, close: u8) -> JsonResult<()> {
        if close != b'}' {
            return Ok(());
        }
        if self.peek()? != b'"' {
            return Err(self.unexpected("expected a key"));
        }
        self.skip_string()?;
        self.expect(b':')
    }
}

impl<'de> Deserializer<'de> for &mut Json<'de> {
    type Error = JsonError;

    // An error of the visitor, such as a wrong type, has no position: it gets that of the start of the value.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> JsonResult<V::Value> {
        let first = self.peek()?;
        let start = self.at;
        let outcome = match first {
            b'{' => {
                self.enter()?;
                self.at += 1;
                let value = visitor.visit_map(Members::new(self)).map_err(|error| error.at(start))?;
                self.depth -= 1;
                self.expect(b'}')?;
                Ok(value)
            }
            b'[' => {
                self.enter()?;
                self.at += 1;
                let value = visitor.visit_seq(Elements::new(self)).map_err(|error| error.at(start))?;
                self.depth -= 1;
                self.expect(b']')?;
                Ok(value)
            }
            b'"' => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            b't' => self.literal("true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.literal("false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.literal("null").and_then(|()| visitor.visit_unit()),
            b'-' | b'0'..=b'9' => self.visit_number(visitor),
            _ => Err(self.unexpected("expected a value")),
        };
        outcome.map_err(|error| error.at(start))
    }

    // The numbers of vectors, which are most of a response: digits go to an `f32` without an `f64` between, so that
    // they are rounded once.
    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> JsonResult<V::Value> {
        let (number, length) = match number::fast_f32(&self.text[self.at..]) {
            Some(fast) => fast,
            None => match self.slow_f32()? {
                Some(number) => (number, 0),
                None => return self.deserialize_any(visitor),
            },
        };
        self.at += length;
        visitor.visit_f32(number)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> JsonResult<V::Value> {
        if self.peek()? == b'n' {
            self.literal("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> JsonResult<V::Value> {
        self.peek()?;
        let start = self.at;
        visitor.visit_newtype_struct(self).map_err(|error| error.at(start))
    }

    // As serde_json does: a text is a variant without a value, an object with one member a variant with one.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> JsonResult<V::Value> {
        let first = self.peek()?;
        let start = self.at;
        let outcome = match first {
            b'"' => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_enum(BorrowedStrDeserializer::<JsonError>::new(text)),
                Cow::Owned(text) => visitor.visit_enum(serde::de::IntoDeserializer::into_deserializer(text)),
            },
            b'{' => {
                self.enter()?;
                self.at += 1;
                let value = visitor.visit_enum(Tagged(self)).map_err(|error| error.at(start))?;
                self.depth -= 1;
                self.expect(b'}')?;
                Ok(value)
            }
            _ => return self.deserialize_any(visitor),
        };
        outcome.map_err(|error| error.at(start))
    }

    // Without the stack: what is ignored may be deeper than `DEEPEST`.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> JsonResult<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

#[cfg(test)]
mod tests;
