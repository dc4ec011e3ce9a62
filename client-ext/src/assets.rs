//! Assets: uploaded media files, `client.assets()`.

mod cleanup;
mod create;
mod delete;
mod job;
mod list;
mod retrieve;
mod transcription;
mod upload;
mod user_metadata;

use std::{marker::PhantomData, path::PathBuf};

use twelvelabs_api::params::assets_retrieve::ASSET_ID;

pub(crate) use self::cleanup::Uploaded;
pub use self::{
    cleanup::AssetCleanup,
    create::{AssetSettings, CreateAsset, HasAssetSettings},
    delete::DeleteAsset,
    job::AssetJob,
    list::ListAssets,
    retrieve::RetrieveAsset,
    transcription::RetrieveTranscription,
    upload::UploadAsset,
    user_metadata::{DeleteUserMetadata, ReplaceUserMetadata, UpdateUserMetadata},
};
pub use twelvelabs_api::types::{
    Asset, AssetError, AssetHls, AssetHlsStatus, AssetId, AssetMethod, AssetSource, AssetSourceDetails,
    AssetSourceProvider, AssetSourceType, AssetStatus, AssetThumbnail, AssetThumbnailStatus, AssetTranscriptionEntry,
    AssetTranscriptionError, AssetTranscriptionInclude, AssetTranscriptionResponse, AssetTranscriptionStatus,
    AssetTranscriptionUtterance, AssetType, AssetsListResponse, AudioStream, TechnicalMetadata, UserMetadata,
    VideoStream,
};

use crate::{
    core::{Core, id::IntoId, mode::Async, request::Request},
    upload::{FileSource, RangeSource},
    wait::{WaitAll, WaitForDone},
};

/// Assets. Cheap to clone.
///
/// An asset is a file on the server. Version 2 of the [embedding API](crate::embed::v2) and other parts of the platform
/// refer to it by its id. Tasks of version 1 take files and URLs only. An asset stays until it is
/// [deleted](Self::delete). Create calls have a rate limit of their own.
#[derive(Clone, Debug)]
pub struct AssetsClient<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> AssetsClient<M> {
    /// The assets of a client.
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Uploads a file in one request, or names the URL of one, and starts to process it.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::FileSource;
    ///
    /// let assets = client.assets();
    /// let asset = assets.create(FileSource::path("talk.mp4")).user_metadata([("language", "en")]).await?;
    /// let ready = assets.wait_until_ready(&asset.id).await?;
    /// println!("{:?} s", ready.duration);
    /// # Ok(()) }
    /// ```
    ///
    /// The source may be a video, an audio file, an image or a document (PDF, text, Markdown). A URL may be that of an
    /// HLS playlist of recorded video. A file may have up to 200 MiB, an image up to 32 MiB. By URL, video and audio
    /// may have up to 4 GB, documents up to 512 MB.
    ///
    /// # Errors
    ///
    /// See [`Request`]. The call is retried only if the failed attempt cannot have created an asset. If
    /// [`is_outcome_unknown`](crate::Error::is_outcome_unknown) is true, an asset may exist although its id never
    /// arrived: look for its file name with [`list`](Self::list).
    ///
    /// # Cancellation
    ///
    /// Dropping the future aborts the upload. If the last byte had been sent, an asset may exist.
    pub fn create(&self, source: impl Into<FileSource>) -> Request<CreateAsset, M> {
        Request::new(&self.core, CreateAsset::new(source.into().0))
    }

    /// Uploads a file of any size: up to 200 MB in one request, larger ones in parts, which are sent at the same time.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// let upload = client.assets().upload("talk.mp4").with_journal("talk.mp4.journal").with_wait_until_ready(true);
    /// let asset = upload.with_progress(|now| eprintln!("{} of {} bytes", now.sent, now.total)).await?;
    /// println!("{} is {}", asset.id, asset.status);
    /// # Ok(()) }
    /// ```
    ///
    /// Each part is read from its place in the file while it is sent: there is no copy on disk, and memory does not
    /// grow with the file. Parts go to URLs of a storage host, without the API key. Finished parts are reported ten at
    /// a time; with the last one, the server starts to process the asset. In parts, audio and video may have up to
    /// 10 GiB; documents are not possible.
    ///
    /// # Errors
    ///
    /// Those of [`create`](Self::create) for a file in one request. For parts, the error names the part and its bytes,
    /// and [`resource_id`](crate::Error::resource_id) is the asset. [`InvalidInput`](crate::ErrorKind::InvalidInput) if
    /// the file cannot be read, changes during the upload, or is not the one of the [journal](Request::with_journal).
    ///
    /// # Cancellation
    ///
    /// Dropping the future stops the upload. With a journal, an upload in parts can be resumed; without one, it expires
    /// after 24 hours. [`with_timeout`](crate::RequestOptions::with_timeout) limits each request, not the upload.
    pub fn upload(&self, path: impl Into<PathBuf>) -> Request<UploadAsset, M> {
        Request::new(&self.core, UploadAsset::new(path.into()))
    }

    /// Uploads a file that has no path, such as an object of a storage service: as [`upload`](Self::upload), in one
    /// request or in parts, each of which is read from its place while it is sent.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs, bytes: Vec<u8>) -> twelvelabs::Result<()> {
    /// use std::io::Cursor;
    /// use twelvelabs::upload::RangeSource;
    ///
    /// let source = RangeSource::new("talk.mp4", bytes.len() as u64, move |range| {
    ///     Cursor::new(bytes[range.start as usize..range.end as usize].to_vec())
    /// });
    /// let asset = client.assets().upload_from(source).with_wait_until_ready(true).await?;
    /// # let _ = asset; Ok(()) }
    /// ```
    ///
    /// The source must return the same bytes until the upload has ended. A journal knows only its size: before an
    /// upload is resumed, the parts that were sent are read again and compared.
    ///
    /// # Errors
    ///
    /// Those of [`upload`](Self::upload).
    pub fn upload_from(&self, source: RangeSource) -> Request<UploadAsset, M> {
        Request::new(&self.core, UploadAsset::of_ranges(source))
    }

    /// Returns a list of assets to delete later, such as those that are uploaded for one embedding.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// let cleanup = client.assets().cleanup();
    /// let asset = client.assets().upload("talk.mp4").with_cleanup(&cleanup).with_wait_until_ready(true).await?;
    /// // … embed the asset …
    /// cleanup.delete().await?;
    /// # let _ = asset; Ok(()) }
    /// ```
    ///
    /// Nothing is deleted before [`delete`](AssetCleanup::delete) is called, since a task may still read the asset. If
    /// the list is dropped before, it logs a warning with the ids of the assets that are left.
    pub fn cleanup(&self) -> AssetCleanup<M> {
        AssetCleanup::new(&self.core)
    }

    /// Lists assets, newest first: one page, [all pages](Request::pages), or [all assets](Request::items).
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut assets = client.assets().list().filename("talk").items();
    /// while let Some(asset) = assets.try_next().await? {
    ///     println!("{} is {}", asset.id, asset.status);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// A page has up to 50 assets, 10 by default. Assets that are created while the pages are read move the others:
    /// [`items`](Request::items) returns each asset once, and one that was created meanwhile may be missing.
    ///
    /// # Errors
    ///
    /// See [`Request`]. A list that does not end is a [`Decode`](crate::ErrorKind::Decode) error.
    pub fn list(&self) -> Request<ListAssets, M> {
        Request::new(&self.core, ListAssets::default())
    }

    /// Retrieves an asset: its status and what the server knows of the file.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// let asset = client.assets().retrieve("663da73b31cdd0c1f638a8e6").await?;
    /// println!("{}: {:?} bytes, {:?} s", asset.status, asset.size, asset.duration);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn retrieve(&self, id: impl IntoId<AssetId>) -> Request<RetrieveAsset, M> {
        Request::new(&self.core, RetrieveAsset { id: id.into_id(&ASSET_ID) })
    }

    /// Deletes an asset for good. An asset that indexes refer to is a 409, unless [`force`](Request::force) is set.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// match client.assets().delete("663da73b31cdd0c1f638a8e6").await {
    ///     Err(error) if error.is_not_found() => println!("it was deleted before"),
    ///     deleted => deleted?,
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)), except after an attempt
    /// whose response was lost: then that attempt has deleted the asset.
    pub fn delete(&self, id: impl IntoId<AssetId>) -> Request<DeleteAsset, M> {
        Request::new(&self.core, DeleteAsset { id: id.into_id(&ASSET_ID), force: None })
    }

    /// Merges metadata into that of an asset. A `null` removes a name; an empty string or list is ignored by the
    /// server.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use serde_json::{Value, json};
    ///
    /// let changes = [("speakers", json!(["Ada", "Grace"])), ("draft", Value::Null)];
    /// client.assets().update_user_metadata("663da73b31cdd0c1f638a8e6", changes).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`InvalidInput`](crate::ErrorKind::InvalidInput) for values of other types than strings,
    /// numbers, booleans and lists of strings, and for integers of more than 53 bits. An unknown id is a
    /// 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn update_user_metadata<N: Into<String>, V: Into<serde_json::Value>>(
        &self,
        id: impl IntoId<AssetId>,
        metadata: impl IntoIterator<Item = (N, V)>,
    ) -> Request<UpdateUserMetadata, M> {
        let (id, metadata) = (id.into_id(&ASSET_ID), user_metadata::collect(metadata));
        Request::new(&self.core, UpdateUserMetadata { id, metadata })
    }

    /// Replaces all metadata of an asset: names that are not in `metadata` are removed.
    ///
    /// # Errors
    ///
    /// Those of [`update_user_metadata`](Self::update_user_metadata), and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for `null`.
    pub fn replace_user_metadata<N: Into<String>, V: Into<serde_json::Value>>(
        &self,
        id: impl IntoId<AssetId>,
        metadata: impl IntoIterator<Item = (N, V)>,
    ) -> Request<ReplaceUserMetadata, M> {
        let (id, metadata) = (id.into_id(&ASSET_ID), user_metadata::collect(metadata));
        Request::new(&self.core, ReplaceUserMetadata { id, metadata })
    }

    /// Deletes all metadata of an asset. The asset itself stays.
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn delete_user_metadata(&self, id: impl IntoId<AssetId>) -> Request<DeleteUserMetadata, M> {
        Request::new(&self.core, DeleteUserMetadata { id: id.into_id(&ASSET_ID) })
    }

    /// Retrieves the transcription of the speech in an asset.
    ///
    /// The server computes it after the upload; until then, the status is `pending` or `processing`. An asset can be
    /// `ready` without it, so [`wait_for_done`](Self::wait_for_done) does not wait for it.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::assets::AssetTranscriptionInclude;
    ///
    /// let units = [AssetTranscriptionInclude::Sentences];
    /// let transcription = client.assets().retrieve_transcription("663da73b31cdd0c1f638a8e6").include(units).await?;
    /// println!("{}: {:?}", transcription.status, transcription.sentences);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. A 404 if the asset or its transcription does not exist.
    pub fn retrieve_transcription(&self, id: impl IntoId<AssetId>) -> Request<RetrieveTranscription, M> {
        Request::new(&self.core, RetrieveTranscription { id: id.into_id(&ASSET_ID), include: Vec::new() })
    }

    /// Waits until an asset is `ready`: the same as [`wait_for_done`](Self::wait_for_done).
    pub fn wait_until_ready(&self, id: impl IntoId<AssetId>) -> WaitForDone<AssetJob, M> {
        self.wait_for_done(id)
    }

    /// Waits until an asset is `ready`; see [`WaitForDone`].
    ///
    /// An asset needs seconds to minutes, by its length. Each poll is one [`retrieve`](Self::retrieve).
    ///
    /// # Errors
    ///
    /// Those of [`WaitForDone`]; [`JobFailed`](crate::ErrorKind::JobFailed), with the server's reason, if the file
    /// cannot be processed.
    pub fn wait_for_done(&self, id: impl IntoId<AssetId>) -> WaitForDone<AssetJob, M> {
        WaitForDone::new(&self.core, id)
    }

    /// Waits until all of these assets are `ready`, at one request rate; see [`WaitAll`].
    pub fn wait_all<I>(&self, ids: I) -> WaitAll<AssetJob, M>
    where
        I: IntoIterator<Item: IntoId<AssetId>>,
    {
        WaitAll::of_ids(&self.core, ids)
    }
}
