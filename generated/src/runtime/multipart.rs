//! `multipart/form-data` bodies of known length.

use std::{fmt, marker::PhantomData};

use reqwest::header::CONTENT_TYPE;

use super::{
    file_part::{FilePart, SourceError},
    upload_body::UploadBody,
};

/// The form `F` as a `multipart/form-data` body of known length. It can be sent once.
pub struct Multipart<F> {
    boundary: String,
    body: UploadBody,
    form: PhantomData<fn() -> F>,
}

impl<F> fmt::Debug for Multipart<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("length", &self.body.length()).finish_non_exhaustive()
    }
}

impl<F> Default for Multipart<F> {
    fn default() -> Self {
        Self { boundary: boundary(), body: UploadBody::empty(), form: PhantomData }
    }
}

impl<F> Multipart<F> {
    /// Adds a text field.
    pub fn text(&mut self, name: &str, value: &str) {
        let head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", self.boundary, escape(name));
        self.body.push_bytes(head + value + "\r\n");
    }

    /// Opens a file and adds it.
    pub async fn file(&mut self, name: &str, part: &FilePart) -> Result<(), SourceError> {
        let boundary = &self.boundary;
        self.body.push_bytes(format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            escape(name),
            escape(&part.file_name),
            escape(part.media_type.as_deref().unwrap_or("application/octet-stream")),
        ));
        self.body.push_file(part).await?;
        self.body.push_bytes("\r\n");
        Ok(())
    }

    /// Changes how the body is sent.
    #[must_use]
    pub fn map_body(self, change: impl FnOnce(UploadBody) -> UploadBody) -> Self {
        Self { body: change(self.body), ..self }
    }

    /// Adds the form to a request, with `Content-Type` and `Content-Length`.
    pub fn put_on(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let (boundary, body) = self.finished();
        body.put_on(request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")))
    }

    /// The boundary and the whole body.
    pub(super) fn finished(mut self) -> (String, UploadBody) {
        self.body.push_bytes(format!("--{}--\r\n", self.boundary));
        (self.boundary, self.body)
    }
}

/// Escapes a name as in the "multipart/form-data encoding algorithm" of the HTML standard, and all other characters that
/// servers refuse in a header.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '\t' => escaped.push(character),
            '"' | '\0'..='\x1f' | '\x7f' => escaped.push_str(&format!("%{:02X}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Returns a random boundary of 128 bits, from the seeded hasher of the standard library.
fn boundary() -> String {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(std::time::SystemTime::now());
    format!("----twelvelabs-{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, io, pin::Pin};

    use futures_core::Stream as _;

    use super::*;

    async fn collect(form: Multipart<()>) -> io::Result<String> {
        let (_, mut body) = form.finished();
        let (announced, mut out) = (body.length(), Vec::new());
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            out.extend_from_slice(&chunk?);
        }
        assert_eq!(out.len() as u64, announced);
        Ok(String::from_utf8(out).expect("text"))
    }

    async fn upload(length: u64, content: &'static [u8]) -> io::Result<String> {
        let mut form = Multipart::default();
        form.file("f", &FilePart::reader("a.mp4", length, content)).await.expect("opens");
        collect(form).await
    }

    #[tokio::test]
    async fn a_form_is_encoded_as_multipart() {
        let mut form = Multipart::default();
        form.text("model", "m");
        form.file("f", &FilePart::bytes("a.mp4", &b"video"[..])).await.expect("opens");
        let boundary = form.boundary.clone();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.mp4\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nvideo\r\n--B--\r\n";
        assert_eq!(collect(form).await.expect("reads"), expected.replace('B', &boundary));
    }

    #[tokio::test]
    async fn a_source_of_another_length_than_announced_is_an_error() {
        assert!(upload(5, b"video").await.is_ok());
        let short = upload(6, b"video").await.expect_err("too short").to_string();
        assert_eq!(short, "\"a.mp4\" ended after 5 of 6 bytes");
        let long = upload(4, b"video").await.expect_err("too long").to_string();
        assert_eq!(long, "\"a.mp4\" has more than the 4 bytes that were announced");
    }

    #[tokio::test]
    async fn a_reader_can_be_sent_once() {
        let part = FilePart::reader("a.mp4", 5, &b"video"[..]);
        // An attempt that reads nothing leaves the reader to the next one.
        let mut unread = Multipart::<()>::default();
        unread.file("f", &part).await.expect("opens");
        let mut read = Multipart::<()>::default();
        read.file("f", &part).await.expect("opens");
        assert!(part.is_unread());
        collect(read).await.expect("reads");
        assert!(!part.is_unread());
        collect(unread).await.expect_err("used up");
        let again = Multipart::<()>::default().file("f", &part).await.expect_err("used up").to_string();
        assert_eq!(again, "the reader of \"a.mp4\" was used up by an earlier attempt");
    }

    #[tokio::test]
    async fn file_names_are_escaped() {
        let mut form = Multipart::default();
        form.file("f", &FilePart::bytes("a\"b\r\nX: y\\%41é\t\x01\x7f.mp4", &b""[..])).await.expect("opens");
        let text = collect(form).await.expect("reads");
        assert!(text.contains("filename=\"a%22b%0D%0AX: y\\%41é\t%01%7F.mp4\"\r\n"), "{text}");
    }
}
