//! `list`: assets, page by page or one by one.

use twelvelabs_api::{
    operations::ASSETS_LIST,
    options::AssetsListOptions,
    params::assets_list as rules,
    runtime::{Operation, Param},
    types::{Asset, AssetId, AssetType, AssetsListResponse},
};

use crate::{
    core::{
        Core,
        decode::read_page,
        options::CallOptions,
        request::{Pages, Paging, Request, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`AssetsClient::list`](super::AssetsClient::list).
#[derive(Clone, Debug, Default)]
pub struct ListAssets {
    ids: Vec<AssetId>,
    types: Vec<AssetType>,
    filename: Option<String>,
    paging: Paging,
}

/// Filters and paging.
impl Request<ListAssets> {
    /// Only assets with these ids.
    pub fn asset_ids(mut self, ids: impl IntoIterator<Item = AssetId>) -> Self {
        self.verb.ids = ids.into_iter().collect();
        self
    }

    /// Only assets of these types.
    pub fn asset_types(mut self, types: impl IntoIterator<Item = AssetType>) -> Self {
        self.verb.types = types.into_iter().collect();
        self
    }

    /// Only assets whose file name contains this text, ignoring case.
    pub fn filename(mut self, text: impl Into<String>) -> Self {
        self.verb.filename = Some(text.into());
        self
    }
}

impl Verb for ListAssets {
    type Output = AssetsListResponse;

    const OPERATION: &'static Operation = &ASSETS_LIST;
    const METHOD: &'static str = "assets.list";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<AssetsListResponse>> {
        let mut checks = Checks::new(options.validate);
        self.paging.check::<Self>(&mut checks);
        checks.finish()?;
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
        let is_blank = |page: &AssetsListResponse| page.data.is_empty() && page.page_info.is_none();
        core.call_and_read(&ASSETS_LIST, options, request, |body| read_page(body, core.key(), is_blank)).await
    }
}

impl Pages for ListAssets {
    type Item = Asset;
    type Key = AssetId;

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }

    fn total_pages(page: &AssetsListResponse) -> Option<u64> {
        page.page_info.as_ref()?.total_page
    }

    fn items(page: &AssetsListResponse) -> &[Asset] {
        &page.data
    }

    fn into_items(page: AssetsListResponse) -> Vec<Asset> {
        page.data
    }

    fn key(item: &Asset) -> AssetId {
        item.id.clone()
    }
}
