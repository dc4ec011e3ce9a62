//! The requests of `/assets`, as snapshots.

use insta::assert_snapshot;
use twelvelabs::assets::AssetType;

use crate::support::{ID, json, only_request, scripted_client, show};

#[tokio::test]
async fn list_with_every_filter() {
    let (server, client) = scripted_client([json(200, "assets_list_200")]).await;
    let list = client
        .assets()
        .list()
        .asset_ids([ID.parse().expect("an id")])
        .asset_types([AssetType::Video, "new one".into()])
        .filename("talk & more")
        .page(2)
        .page_limit(50);
    list.send().await.expect("listed");
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn retrieve() {
    let (server, client) = scripted_client([json(200, "assets_retrieve_200")]).await;
    client.assets().retrieve(ID).send().await.expect("retrieved");
    assert_snapshot!(show(&only_request(&server).await));
}
