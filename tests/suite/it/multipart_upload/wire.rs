//! The requests of `/assets/multipart-uploads`, as snapshots.

use insta::assert_snapshot;
use twelvelabs::multipart_upload::{CompletedChunk, CompletedChunkProofType, CreateAssetUploadRequestType};

use crate::support::{json, only_request, scripted_client, show};

const UPLOAD: &str = "0123abcd-upload";

#[tokio::test]
async fn create() {
    let (server, client) = scripted_client([json(201, "multipart_upload_create_201")]).await;
    let create = client
        .multipart_upload()
        .create("talk.mp4", CreateAssetUploadRequestType::Video, 6_452_913)
        .enable_hls(true)
        .enable_thumbnail(false)
        .user_metadata([("take", 3)]);
    assert_eq!(create.await.expect("created").total_chunks, 2);
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn list_incomplete_uploads() {
    let (server, client) = scripted_client([json(200, "multipart_upload_list_incomplete_uploads_200")]).await;
    let list = client.multipart_upload().list_incomplete_uploads().page(2).page_limit(50);
    assert_eq!(list.await.expect("listed").data.len(), 1);
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn get_status() {
    let (server, client) = scripted_client([json(200, "multipart_upload_get_status_200")]).await;
    let status = client.multipart_upload().get_status(UPLOAD).page(1).page_limit(50).await.expect("read");
    assert_eq!((status.status.as_str(), status.uploaded_chunks.len()), ("active", 2));
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn report_chunk_batch() {
    let (server, client) = scripted_client([json(200, "multipart_upload_report_chunk_batch_200")]).await;
    let chunk = |index, size| CompletedChunk::new(index, format!("e-{index}"), CompletedChunkProofType::Etag, size);
    let report = client.multipart_upload().report_chunk_batch(UPLOAD, [chunk(2, 1_210_033), chunk(1, 5_242_880)]);
    assert_eq!(report.await.expect("reported").total_completed, Some(2));
    assert_snapshot!(show(&only_request(&server).await));
}

#[tokio::test]
async fn get_additional_presigned_urls() {
    let (server, client) = scripted_client([json(200, "multipart_upload_get_additional_presigned_urls_200")]).await;
    let urls = client.multipart_upload().get_additional_presigned_urls(UPLOAD, 2, 1).await.expect("new URLs");
    assert_eq!(urls.upload_urls[0].chunk_index, 2);
    assert_snapshot!(show(&only_request(&server).await));
}
