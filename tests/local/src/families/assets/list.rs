//! `GET /assets`.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::Value;
use twelvelabs_api::{
    params::assets_list as params,
    types::{AssetType, AssetsListResponse},
};

use super::{AssetItem, Shared, file_type, response};
use crate::{
    error_response::ErrorResponse,
    query::{self, Paging},
};

pub(super) async fn list(State(state): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    let mut paging = Paging::new(&params::PAGE, &params::PAGE_LIMIT);
    let (mut ids, mut types, mut filename) = (Vec::new(), Vec::new(), String::new());
    for (name, value) in query::pairs(query.as_deref()) {
        match name.as_str() {
            name if paging.set(&state, name, &value)? => {}
            name if name == params::ASSET_IDS.name => ids.push(value),
            name if name == params::ASSET_TYPES.name => {
                if !AssetType::KNOWN.contains(&value.as_str()) {
                    let rule = format!("should be one of {}", AssetType::KNOWN.join(", "));
                    return Err(ErrorResponse::invalid(name, rule));
                }
                types.push(value);
            }
            name if name == params::FILENAME.name => filename = value.to_lowercase(),
            other => return Err(ErrorResponse::unknown(other)),
        }
    }
    let matches = |item: &AssetItem| {
        let kind = file_type::kind(&item.content.file_type);
        (ids.is_empty() || ids.contains(&item.id))
            && (types.is_empty() || types.iter().any(|wanted| wanted == kind.as_str()))
            && item.content.filename.to_lowercase().contains(&filename)
    };
    let (skip, take) = paging.range();
    let (total, page) = state.families.assets.page(matches, skip, take);
    let mut list = AssetsListResponse::new();
    list.page_info = Some(paging.info(&state, total)?);
    list.data = page.iter().map(|item| response(item)).collect::<Result<_, _>>()?;
    query::list_body(list).map(Json)
}
