//! The form of a create request.

use std::sync::Arc;

use axum::{body::Body, extract::Request};
use http::StatusCode;
use twelvelabs_api::{
    params::embed_tasks_create as fields,
    types::{EmbeddingScope, ErrorCode},
};

use crate::{
    error_response::ErrorResponse,
    form::FormReader,
    state::ServerState,
    undocumented_behaviour::UndocumentedBehaviour,
    upload::{FileRule, Upload},
};

/// The rules for the video.
pub(super) const VIDEO: FileRule<'static> = FileRule {
    parameter: fields::VIDEO_FILE.name,
    kind: "video",
    limit: fields::VIDEO_FILE.max_length,
    too_large: Some((StatusCode::BAD_REQUEST, ErrorCode::VideoFilesizeTooLarge)),
};

/// The fields as sent.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) model_name: Option<String>,
    /// The file and its name.
    pub(super) file: Option<(Upload, String)>,
    pub(super) url: Option<String>,
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) clip_length: Option<f64>,
    pub(super) scopes: Vec<EmbeddingScope>,
}

/// Reads the form to its end, or to the first error.
pub(super) async fn read(state: &Arc<ServerState>, request: Request<Body>) -> Result<Form, ErrorResponse> {
    let mut reader = FormReader::new(request)?;
    let form = read_fields(state, &mut reader).await;
    reader.drain().await;
    form
}

async fn read_fields(state: &Arc<ServerState>, reader: &mut FormReader) -> Result<Form, ErrorResponse> {
    let mut form = Form::default();
    while let Some(part) = reader.next().await? {
        let name = part.name.clone();
        let repeated = if name == fields::VIDEO_FILE.name {
            let folder = state.families.embed_tasks.store.folder();
            form.file.replace(part.save_file(folder, &VIDEO).await?).is_some()
        } else {
            form.set(state, &name, part.text().await?)?
        };
        if repeated {
            return Err(ErrorResponse::invalid(&name, "should be given once"));
        }
    }
    Ok(form)
}

impl Form {
    /// Sets a text field. Returns whether it was set before.
    fn set(&mut self, state: &ServerState, name: &str, text: String) -> Result<bool, ErrorResponse> {
        let number = || text.trim().parse::<f64>().map_err(|_| ErrorResponse::invalid(name, "should be a number"));
        let repeated = match name {
            name if name == fields::MODEL_NAME.name => self.model_name.replace(text).is_some(),
            // The official Python SDK sends an empty URL for None.
            name if name == fields::VIDEO_URL.name && text.is_empty() => {
                if state.has_behaviour(UndocumentedBehaviour::EmptyUrlRefused) {
                    return Err(ErrorResponse::invalid(name, "should be a URL"));
                }
                false
            }
            name if name == fields::VIDEO_URL.name => self.url.replace(text).is_some(),
            name if name == fields::VIDEO_START_OFFSET_SEC.name => self.start.replace(number()?).is_some(),
            name if name == fields::VIDEO_END_OFFSET_SEC.name => self.end.replace(number()?).is_some(),
            name if name == fields::VIDEO_CLIP_LENGTH.name => self.clip_length.replace(number()?).is_some(),
            name if name == fields::VIDEO_EMBEDDING_SCOPE.name => {
                if !EmbeddingScope::KNOWN.contains(&text.as_str()) {
                    let rule = format!("should be one of {}", EmbeddingScope::KNOWN.join(", "));
                    return Err(ErrorResponse::invalid(name, rule));
                }
                let scope = EmbeddingScope::from(text);
                // A scope may be repeated.
                if !self.scopes.contains(&scope) {
                    self.scopes.push(scope);
                }
                false
            }
            other => return Err(ErrorResponse::unknown(other)),
        };
        Ok(repeated)
    }
}
