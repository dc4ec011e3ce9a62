//! `list`: assets, page by page or one by one.

use twelvelabs_api::{
    operations::ASSETS_LIST,
    options::AssetsListOptions,
    params::assets_list as rules,
    runtime::{Operation, Param},
    types::{Asset, AssetId, AssetType, AssetsListResponse, PageInfo},
};

use crate::{
    core::{
        Core,
        options::CallOptions,
        pages::{Pages, Paging},
        request::{Request, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`AssetsClient::list`](super::AssetsClient::list).
///
/// `GET /assets`. Entries are whole assets, as [`retrieve`](super::AssetsClient::retrieve) returns them. Without
/// filters, they are all assets of the account.
#[derive(Clone, Debug, Default)]
pub struct ListAssets {
    ids: Vec<AssetId>,
    types: Vec<AssetType>,
    filename: Option<String>,
    paging: Paging,
}

/// Filters and paging.
impl<M> Request<ListAssets, M> {
    /// Only assets with these ids. Default: all.
    pub fn asset_ids(mut self, ids: impl IntoIterator<Item = AssetId>) -> Self {
        self.verb.ids = ids.into_iter().collect();
        self
    }

    /// Only assets of these types: `image`, `video`, `audio`, `document`. Default: all.
    pub fn asset_types(mut self, types: impl IntoIterator<Item = AssetType>) -> Self {
        self.verb.types = types.into_iter().collect();
        self
    }

    /// Only assets whose file name contains this text, ignoring case. Default: all.
    ///
    /// The name is the one that the upload has set, by default that of the file.
    pub fn filename(mut self, text: impl Into<String>) -> Self {
        self.verb.filename = Some(text.into());
        self
    }
}

impl Verb for ListAssets {
    type Output = AssetsListResponse;

    const OPERATION: &'static Operation = &ASSETS_LIST;
    const METHOD: &'static str = "assets.list";

    async fn check(&self, checks: &mut Checks) {
        self.paging.check::<Self>(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<AssetsListResponse>> {
        let request = |api: &twelvelabs_api::Client| {
            let ids = (!self.ids.is_empty()).then_some(&self.ids);
            let types = (!self.types.is_empty()).then_some(&self.types);
            api.assets_list_request(AssetsListOptions {
                asset_ids: ids,
                asset_types: types,
                filename: self.filename.as_deref(),
                page: self.paging.page,
                page_limit: self.paging.page_limit,
            })
        };
        core.list::<Self>(Self::OPERATION, options, request).await
    }
}

impl Pages for ListAssets {
    type Item = Asset;
    type Key = AssetId;

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }

    fn page_info(page: &AssetsListResponse) -> Option<&PageInfo> {
        page.page_info.as_ref()
    }

    fn items(page: &mut AssetsListResponse) -> &mut Vec<Asset> {
        &mut page.data
    }

    fn key(item: &Asset) -> AssetId {
        item.id.clone()
    }
}
