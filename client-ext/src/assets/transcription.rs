//! `retrieve_transcription`: the speech in an asset as text.

use twelvelabs_api::{
    operations::ASSETS_RETRIEVE_TRANSCRIPTION,
    options::AssetsRetrieveTranscriptionOptions,
    runtime::Operation,
    types::{AssetId, AssetTranscriptionInclude, AssetTranscriptionResponse},
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::Id,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    error::Result,
};

/// The operation of [`AssetsClient::retrieve_transcription`](super::AssetsClient::retrieve_transcription).
///
/// `GET /assets/{asset_id}/transcription`. Times are in seconds from the start of the file. There is no wait for it:
/// call it again until its status is neither `pending` nor `processing`. Hours of speech, word by word, are some
/// megabytes; the response may have up to 1 GiB.
#[derive(Clone, Debug)]
pub struct RetrieveTranscription {
    pub(super) id: Id<AssetId>,
    pub(super) include: Vec<AssetTranscriptionInclude>,
}

impl<M> Request<RetrieveTranscription, M> {
    /// The units to return: `words`, `sentences`, `utterances`. Default: words.
    ///
    /// Each unit that is not requested is empty in the response.
    pub fn include(mut self, units: impl IntoIterator<Item = AssetTranscriptionInclude>) -> Self {
        self.verb.include = units.into_iter().collect();
        self
    }
}

impl Verb for RetrieveTranscription {
    type Output = AssetTranscriptionResponse;

    const OPERATION: &'static Operation = &ASSETS_RETRIEVE_TRANSCRIPTION;
    const METHOD: &'static str = "assets.retrieve_transcription";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<AssetTranscriptionResponse>> {
        let include = (!self.include.is_empty()).then_some(&self.include);
        let make = |api: &twelvelabs_api::Client, id: &AssetId| {
            api.assets_retrieve_transcription_request(id, AssetsRetrieveTranscriptionOptions { include })
        };
        // Hours of speech, word by word, are some megabytes.
        let options = options.with_large_response();
        core.call_about(&self.id, Self::OPERATION, &options, make, |body| read_whole(body, core.key())).await
    }
}
