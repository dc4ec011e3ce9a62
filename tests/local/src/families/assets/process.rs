//! What happens to the file of an asset: it gets its place, and the server finds out what it is.

use std::{path::Path, sync::Arc};

use twelvelabs_api::types::{AssetType, TechnicalMetadata};

use super::{AssetContent, AssetItem, file_type};
use crate::{
    clock::later,
    media::Media,
    processing::{self, Failure},
    speed::Speed,
    state::ServerState,
    store::Folder,
};

/// Processes an asset in the background, if it has a file.
pub(super) fn start(state: &Arc<ServerState>, asset: Arc<AssetItem>) {
    if asset.content.has_file {
        let speed = state.speed;
        let compute = move |folder: &Folder, asset: &AssetItem| process(folder, asset, speed);
        processing::start_with(&state.jobs, &state.families.assets.store, asset, compute);
    }
}

fn process(
    folder: &Folder,
    asset: &AssetItem,
    speed: Speed,
) -> Result<impl FnOnce(&mut AssetItem) + Send + use<>, Failure> {
    let upload = asset.upload.as_deref().unwrap_or_default();
    folder.keep_upload(upload, &asset.id)?;
    let (technical, duration) = technical_metadata(&folder.result(&asset.id), &asset.content)?;
    let time = speed.processing_time(duration.unwrap_or_default());
    let received_at = asset.content.received_at.unwrap_or(asset.created_at);
    Ok(move |asset: &mut AssetItem| {
        asset.due_at = asset.due_at.max(later(received_at, time));
        asset.content.duration = duration;
        asset.content.technical_metadata = Some(Box::new(technical));
    })
}

/// The facts about a file, and its duration in seconds.
fn technical_metadata(path: &Path, content: &AssetContent) -> Result<(TechnicalMetadata, Option<f64>), Failure> {
    let mut facts = TechnicalMetadata::new();
    facts.file_size_bytes = i64::try_from(content.size).ok();
    facts.file_mime_type = Some(content.file_type.clone());
    match file_type::kind(&content.file_type) {
        AssetType::Video => {}
        // Formats that the server cannot read are not wrong.
        AssetType::Audio => {
            facts.has_audio = Some(true);
            facts.audio_duration_seconds = Media::probe_audio(path)?.ok().map(|media| media.duration);
            let duration = facts.audio_duration_seconds;
            return Ok((facts, duration));
        }
        _ => return Ok((facts, None)),
    }
    let media = Media::probe(path)?.map_err(|reason| Failure(reason.to_string()))?;
    facts.video_width = Some(media.width.into());
    facts.video_height = Some(media.height.into());
    facts.video_duration_seconds = Some(media.duration);
    facts.has_audio = Some(media.has_audio());
    facts.total_video_streams = Some(1);
    facts.total_audio_streams = Some(media.has_audio().into());
    Ok((facts, Some(media.duration)))
}
