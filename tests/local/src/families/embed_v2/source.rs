//! Where the file of an input comes from: a URL, base64, or an asset.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::StatusCode;
use twelvelabs_api::types::{ErrorCode, MediaSourceRequest};

use crate::{
    error_response::ErrorResponse,
    families::assets::AssetFile,
    state::ServerState,
    upload::{FileRule, Upload, UploadWriter},
};

/// A file of a request.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) upload: Upload,
    pub(super) url: Option<String>,
    pub(super) filename: Option<String>,
}

/// Limits of a file, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizeLimits {
    /// What the file is, such as `image`.
    pub(super) kind: &'static str,
    /// In base64, before encoding.
    pub(super) inline: u64,
    /// By URL or as an asset.
    pub(super) other: u64,
    /// Status of the response to a file that is larger.
    pub(super) too_large: StatusCode,
}

impl SourceFile {
    /// Receives the file that a parameter names.
    pub(super) async fn receive(
        state: &Arc<ServerState>,
        parameter: &str,
        source: &MediaSourceRequest,
        limits: SizeLimits,
    ) -> Result<Self, ErrorResponse> {
        let MediaSourceRequest { url, base64_string, asset_id, .. } = source;
        let folder = state.families.embed_v2.folder();
        let rule = |field: &str, limit| (format!("{parameter}.{field}"), limit);
        let too_large = Some((limits.too_large, ErrorCode::ParameterInvalid));
        match (url, base64_string, asset_id) {
            (Some(url), None, None) => {
                let (parameter, limit) = rule("url", limits.other);
                let rule = FileRule { parameter: &parameter, kind: limits.kind, limit: Some(limit), too_large };
                let upload = state.fetcher.fetch_file(url, folder, &rule).await?;
                Ok(Self { upload, url: Some(url.clone()), filename: None })
            }
            (None, Some(text), None) => {
                let (parameter, limit) = rule("base64_string", limits.inline);
                let invalid = |_| ErrorResponse::invalid(&parameter, "should be base64, without a prefix");
                let bytes = BASE64_STANDARD.decode(text).map_err(invalid)?;
                let rule = FileRule { parameter: &parameter, kind: limits.kind, limit: Some(limit), too_large };
                if bytes.len() as u64 > limit {
                    return Err(rule.too_large(limit, bytes.len() as u64));
                }
                Ok(Self { upload: UploadWriter::write_all(folder, &bytes).await?, url: None, filename: None })
            }
            (None, None, Some(id)) => {
                let (parameter, limit) = rule("asset_id", limits.other);
                let (path, filename) = match state.families.asset_file(id.as_ref()) {
                    AssetFile::Ready { path, filename } => (path, filename),
                    AssetFile::Unknown => {
                        return Err(ErrorResponse::invalid(
                            &parameter,
                            format!("should be the id of an asset (got {id})"),
                        ));
                    }
                    AssetFile::NotReady => {
                        return Err(ErrorResponse::invalid(&parameter, "should be the id of an asset that is ready"));
                    }
                    AssetFile::Missing => {
                        return Err(ErrorResponse::invalid(
                            &parameter,
                            "should be the id of an asset with a file; this one was added to the local server without one",
                        ));
                    }
                };
                let own = folder.clone();
                let linked = tokio::task::spawn_blocking(move || own.link_upload(&path)).await;
                let upload = linked.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
                if upload.size > limit {
                    let rule = FileRule { parameter: &parameter, kind: limits.kind, limit: Some(limit), too_large };
                    return Err(rule.too_large(limit, upload.size));
                }
                Ok(Self { upload, url: None, filename })
            }
            (None, None, None) => Err(ErrorResponse::missing(parameter)),
            _ => Err(ErrorResponse::invalid(parameter, "should have exactly one of url, base64_string and asset_id")),
        }
    }

    /// The whole file.
    pub(super) async fn bytes(&self) -> Result<Vec<u8>, ErrorResponse> {
        tokio::fs::read(&self.upload.path).await.map_err(ErrorResponse::internal)
    }
}
