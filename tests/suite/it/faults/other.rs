//! The operations besides those of version 1 tasks, one of each kind: what they do, and what the server responds.

use serde_json::Value;
use twelvelabs::{
    FileSource, ModelName, Result, TwelveLabs,
    embed::v2::{MediaSource, TextInput, VideoInput},
    multipart_upload::{CompletedChunk, CompletedChunkProofType, CreateAssetUploadRequestType},
    raw::Effect,
};

use crate::support::{ID, body};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    V1Embed,
    V2Embed,
    V2Create,
    V2Retrieve,
    V2List,
    AssetCreate,
    AssetRetrieve,
    AssetList,
    AssetDelete,
    MetadataUpdate,
    Transcription,
    UploadCreate,
    UploadStatus,
    UploadUrls,
    UploadReport,
    UploadList,
}

const VIDEO: &str = "https://example.com/v.mp4";
const UPLOAD: &str = "0123abcd-upload";

impl Other {
    pub(super) const ALL: [Self; 16] = [
        Self::V1Embed,
        Self::V2Embed,
        Self::V2Create,
        Self::V2Retrieve,
        Self::V2List,
        Self::AssetCreate,
        Self::AssetRetrieve,
        Self::AssetList,
        Self::AssetDelete,
        Self::MetadataUpdate,
        Self::Transcription,
        Self::UploadCreate,
        Self::UploadStatus,
        Self::UploadUrls,
        Self::UploadReport,
        Self::UploadList,
    ];

    /// What the operation does on the server.
    pub(super) fn effect(self) -> Effect {
        match self {
            Self::V1Embed | Self::V2Embed => Effect::Compute,
            Self::V2Create | Self::AssetCreate | Self::UploadCreate => Effect::Create,
            Self::MetadataUpdate | Self::UploadReport => Effect::Update,
            Self::AssetDelete => Effect::Delete,
            _ => Effect::Read,
        }
    }

    /// The JSON of a valid response; `None` if it has no body.
    pub(super) fn body(self) -> Option<Value> {
        let recorded = match self {
            Self::V1Embed => "embed_create_200",
            Self::V2Embed => "embed_v2_create_200",
            Self::V2Create => "embed_v2_tasks_create_202",
            Self::V2Retrieve => "embed_v2_tasks_retrieve_200_ready",
            Self::V2List => "embed_v2_tasks_list_200",
            Self::AssetCreate => "assets_create_201",
            Self::AssetRetrieve => "assets_retrieve_200",
            Self::AssetList => "assets_list_200",
            Self::AssetDelete | Self::MetadataUpdate => return None,
            Self::Transcription => "assets_retrieve_transcription_200",
            Self::UploadCreate => "multipart_upload_create_201",
            Self::UploadStatus => "multipart_upload_get_status_200",
            Self::UploadUrls => "multipart_upload_get_additional_presigned_urls_200",
            Self::UploadReport => "multipart_upload_report_chunk_batch_200",
            Self::UploadList => "multipart_upload_list_incomplete_uploads_200",
        };
        Some(body(recorded))
    }

    /// The field of a response that names what was requested.
    pub(super) fn id_field(self) -> Option<&'static str> {
        match self {
            Self::V2Retrieve | Self::AssetRetrieve => Some("_id"),
            Self::UploadStatus | Self::UploadUrls => Some("upload_id"),
            _ => None,
        }
    }

    pub(super) async fn call(self, client: &TwelveLabs) -> Result<()> {
        let (embed, assets, uploads) = (client.embed(), client.assets(), client.multipart_upload());
        let model = ModelName::Marengo30;
        match self {
            Self::V1Embed => embed.create(model).text("a").await.map(drop),
            Self::V2Embed => embed.v2().create(model, TextInput::new("a")).await.map(drop),
            Self::V2Create => {
                embed.v2().tasks().create(model, VideoInput::new(MediaSource::url(VIDEO))).await.map(drop)
            }
            Self::V2Retrieve => embed.v2().tasks().retrieve(ID).await.map(drop),
            Self::V2List => embed.v2().tasks().list().await.map(drop),
            Self::AssetCreate => assets.create(FileSource::url(VIDEO)).await.map(drop),
            Self::AssetRetrieve => assets.retrieve(ID).await.map(drop),
            Self::AssetList => assets.list().await.map(drop),
            Self::AssetDelete => assets.delete(ID).await,
            Self::MetadataUpdate => assets.update_user_metadata(ID, [("a", 1)]).await,
            Self::Transcription => assets.retrieve_transcription(ID).await.map(drop),
            Self::UploadCreate => {
                let kind = CreateAssetUploadRequestType::Video;
                uploads.create("talk.mp4", kind, 6_452_913).await.map(drop)
            }
            Self::UploadStatus => uploads.get_status(UPLOAD).await.map(drop),
            Self::UploadUrls => uploads.get_additional_presigned_urls(UPLOAD, 2, 1).await.map(drop),
            Self::UploadReport => {
                let part = CompletedChunk::new(1, "e-1".to_owned(), CompletedChunkProofType::Etag, 5_242_880);
                uploads.report_chunk_batch(UPLOAD, [part]).await.map(drop)
            }
            Self::UploadList => uploads.list_incomplete_uploads().await.map(drop),
        }
    }
}
