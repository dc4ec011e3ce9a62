//! `GET /assets/{asset_id}/transcription`. **There is no speech recognition**: the transcription of a file with sound
//! is empty.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use serde_json::{Value, json};
use twelvelabs_api::{
    params::assets_retrieve_transcription as params,
    types::{AssetTranscriptionInclude, AssetType, ErrorCode},
};

use super::{Shared, file_type, find};
use crate::{error_response::ErrorResponse, query, store::Status};

pub(super) async fn retrieve(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ErrorResponse> {
    let asset = find(&state, &id)?;
    let mut units = Vec::new();
    for (name, value) in query::pairs(query.as_deref()) {
        if name != params::INCLUDE.name {
            return Err(ErrorResponse::unknown(&name));
        }
        for unit in value.split(',') {
            if !AssetTranscriptionInclude::KNOWN.contains(&unit) {
                let rule = format!("should be one of {}", AssetTranscriptionInclude::KNOWN.join(", "));
                return Err(ErrorResponse::invalid(&name, rule));
            }
            units.push(unit.to_owned());
        }
    }
    if units.is_empty() {
        units.push(AssetTranscriptionInclude::Words.as_str().to_owned());
    }
    let content = &asset.content;
    let facts = content.technical_metadata.as_deref();
    let has_sound = match file_type::kind(&content.file_type) {
        AssetType::Audio => true,
        AssetType::Video => facts.is_none_or(|facts| facts.has_audio != Some(false)),
        _ => false,
    };
    if !has_sound {
        let message = format!("The asset with id {id} has no transcription: it has no sound");
        return Err(ErrorResponse::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, message));
    }
    let mut body = json!({ "status": asset.status.as_str() });
    match &asset.status {
        Status::Ready => units.into_iter().for_each(|unit| body[unit] = json!([])),
        Status::Failed => body["error"] = json!({ "message": asset.failure().unwrap_or_default() }),
        _ => {}
    }
    Ok(Json(body))
}
