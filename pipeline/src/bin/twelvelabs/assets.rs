//! `assets`: those that this program has uploaded.

use futures_util::TryStreamExt;
use twelvelabs::assets::Asset;
use twelvelabs_pipeline::{ASSET_PREFIX, escape_control};

use crate::{
    args::{Assets, AssetsVerb},
    connection::Connection,
    exit::{Exit, Outcome},
    output,
};

pub(crate) async fn run(arguments: Assets) -> Outcome {
    let common = &arguments.common;
    let connection = Connection::of_table(common, arguments.table.as_deref()).await?;
    let assets = connection.client.assets();
    let list: Vec<Asset> = assets.list().filename(ASSET_PREFIX).page_limit(50).items().try_collect().await?;
    // The server finds the text anywhere in a name.
    let has_prefix = |asset: &Asset| asset.filename.as_ref().is_some_and(|name| name.starts_with(ASSET_PREFIX));
    let own: Vec<Asset> = list.into_iter().filter(has_prefix).collect();
    let deletes = matches!(arguments.verb, Some(AssetsVerb::Clean { yes: true }));
    if common.json {
        own.iter().for_each(output::json);
    } else {
        let row = |asset: &Asset| {
            let size = asset.size.map(|size| size.to_string()).unwrap_or_default();
            vec![
                asset.id.to_string(),
                asset.status.to_string(),
                size,
                escape_control(asset.filename.as_deref().unwrap_or_default()),
            ]
        };
        output::table(&["asset", "status", "bytes", "name"], &own.iter().map(row).collect::<Vec<_>>());
    }
    if deletes {
        let cleanup = assets.cleanup();
        own.iter().for_each(|asset| cleanup.add(&asset.id));
        cleanup.delete().await?;
        output::note(&format!("{} assets deleted", own.len()));
    } else if arguments.verb.is_some() && !own.is_empty() {
        output::note("Nothing was deleted: add --yes to delete them");
    }
    Ok(Exit::Done)
}
