//! Assets as clients see them.

use twelvelabs_api::types::{
    Asset, AssetError, AssetHls, AssetHlsStatus, AssetId, AssetStatus, AssetThumbnail, AssetThumbnailStatus, AssetType,
    UserMetadata,
};

use super::{AssetItem, file_type};
use crate::error_response::ErrorResponse;

/// The asset as clients see it. HLS streams and thumbnails are not made: their status is `error` when the asset is
/// done.
pub(super) fn response(item: &AssetItem) -> Result<Asset, ErrorResponse> {
    let id = AssetId::try_from(item.id.clone()).map_err(ErrorResponse::internal)?;
    let mut asset = Asset::new(id, AssetStatus::from(item.status.as_str().to_owned()));
    let content = &item.content;
    let kind = file_type::kind(&content.file_type);
    asset.method = Some(content.method.clone());
    asset.filename = Some(content.filename.clone());
    asset.file_type = Some(content.file_type.clone());
    asset.created_at = Some(item.created_at);
    if !content.user_metadata.is_empty() {
        asset.user_metadata = Some(UserMetadata(content.user_metadata.clone()));
    }
    let is_done = item.status.is_final();
    if content.enable_hls && matches!(kind, AssetType::Video | AssetType::Audio) {
        let mut hls = AssetHls::new();
        hls.status = Some(if is_done { AssetHlsStatus::Error } else { AssetHlsStatus::Processing });
        asset.hls = Some(hls);
    }
    if content.enable_thumbnail && !content.file_type.starts_with("text/") {
        let mut thumbnail = AssetThumbnail::new();
        thumbnail.status = Some(if is_done { AssetThumbnailStatus::Error } else { AssetThumbnailStatus::Processing });
        asset.thumbnail = Some(thumbnail);
    }
    if asset.status == AssetStatus::Ready {
        asset.size = i64::try_from(content.size).ok();
        asset.duration = content.duration;
        asset.technical_metadata = content.technical_metadata.as_deref().cloned();
    }
    asset.error = item.failure().map(|reason| AssetError::new(reason.to_owned()));
    Ok(asset)
}
