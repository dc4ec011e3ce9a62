//! The requests of `/assets/multipart-uploads`, as snapshots.

use insta::assert_snapshot;
use twelvelabs::{
    ErrorKind,
    multipart_upload::{CompletedChunk, CompletedChunkProofType, CreateAssetUploadRequestType},
};
use wiremock::ResponseTemplate;

use crate::support::{body, json, only_request, scripted_client, show};

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

#[tokio::test]
async fn a_part_without_a_proof_is_not_reported() {
    let (server, client) = scripted_client([json(200, "multipart_upload_report_chunk_batch_200")]).await;
    let chunk = CompletedChunk::new(3, String::new(), CompletedChunkProofType::Etag, 5);
    let error = client.multipart_upload().report_chunk_batch(UPLOAD, [chunk]).await.expect_err("refused");
    assert_eq!(error.parameter(), Some("completed_chunks"));
    assert!(error.to_string().contains("must have a proof that is not empty (got index 3)"), "{error}");
    assert!(server.received_requests().await.expect("recorded").is_empty());
}

#[tokio::test]
async fn a_response_about_another_upload_is_an_error() {
    let other = ["multipart_upload_get_status_200", "multipart_upload_get_additional_presigned_urls_200"];
    let other = other.map(|name| {
        let mut body = body(name);
        body["upload_id"] = "another".into();
        ResponseTemplate::new(200).set_body_json(body)
    });
    let (_server, client) = scripted_client(other).await;
    let uploads = client.multipart_upload();
    let status = uploads.get_status(UPLOAD).await.map(drop);
    let urls = uploads.get_additional_presigned_urls(UPLOAD, 2, 1).await.map(drop);
    for error in [status.expect_err("another"), urls.expect_err("another")] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("requested \"0123abcd-upload\", received \"another\""), "{error}");
    }
}
