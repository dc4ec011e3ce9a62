//! Forms: `multipart/form-data`.

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use serde::{Deserialize, Serialize};

/// A field of a form, without the bytes of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// The name of the file, if the field is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// The size of the content in bytes.
    pub size: u64,
    /// The content, if it is valid UTF-8 and not a file that was read elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Reads a whole form.
pub(crate) fn read(boundary: String, body: &[u8]) -> Result<Vec<FormField>, String> {
    let body = Bytes::copy_from_slice(body);
    let mut multipart = multer::Multipart::new(stream::iter([Ok::<_, std::io::Error>(body)]), boundary);
    let fields = async {
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            let (name, file_name) = (field.name().unwrap_or_default().to_owned(), field.file_name().map(str::to_owned));
            let content = field.bytes().await?;
            let text = std::str::from_utf8(&content).ok().map(str::to_owned);
            fields.push(FormField { name, file_name, size: content.len() as u64, text });
        }
        Ok::<_, multer::Error>(fields)
    };
    // The whole body is in memory, so the future is ready at once.
    match fields.now_or_never() {
        Some(fields) => fields.map_err(|error| error.to_string()),
        None => Err("unexpected end of the form".into()),
    }
}
