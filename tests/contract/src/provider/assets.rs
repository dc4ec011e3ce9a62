//! The cases of `/assets`.

use twelvelabs_api::{
    operations::{ASSETS_LIST as LIST, ASSETS_RETRIEVE as RETRIEVE},
    params::assets_list,
};

use super::{Run, UNKNOWN_ID};

/// Number of requests, which read only.
pub(super) const READS: u64 = 4;

impl Run<'_> {
    /// The first asset of the list is retrieved. Without assets, that case is left out.
    pub(super) async fn assets_reads(&mut self) {
        let list = self.request(&LIST, "");
        let page = self.case("a page of assets", &LIST, 200, list).await;
        let limit = assets_list::PAGE_LIMIT;
        let list = self.request(&LIST, "").query(&[(limit.name, limit.maximum.unwrap_or_default() + 1.0)]);
        self.case("a page limit of assets above the maximum", &LIST, 400, list).await;
        let unknown = self.request(&RETRIEVE, UNKNOWN_ID);
        self.case("an unknown asset", &RETRIEVE, 404, unknown).await;
        let first = page.as_ref().and_then(|page| page["data"][0]["_id"].as_str());
        if let Some(id) = first {
            let known = self.request(&RETRIEVE, id);
            self.case("an asset of the list", &RETRIEVE, 200, known).await;
        }
    }
}
