//! Uploads that end before their time, and are resumed from their journal.

use std::{fs::File, path::Path, time::SystemTime};

use twelvelabs::{ErrorKind, assets::UploadAsset};

use super::{
    file,
    platform::{Fault, Platform},
};

type Upload = twelvelabs::Request<UploadAsset>;

fn upload(platform: &Platform, path: &Path) -> Upload {
    let journal = path.with_extension("journal");
    platform.client().assets().upload(path).with_direct_limit(0).with_concurrency(2).with_journal(journal)
}

/// Runs an upload until the servers have seen this, and drops it then, as the end of the process would.
async fn kill(platform: &Platform, upload: Upload, when: impl Fn(&super::platform::Seen) -> bool) {
    tokio::select! {
        outcome = upload.send() => panic!("it has ended: {outcome:?}"),
        () = platform.until(when) => {}
    }
}

/// Replaces a file, with this time of its last modification.
fn write(path: &Path, content: &[u8], modified: SystemTime) {
    std::fs::write(path, content).expect("written");
    File::options().write(true).open(path).expect("a file").set_modified(modified).expect("set");
}

#[tokio::test]
async fn a_killed_upload_is_resumed_and_no_reported_part_is_sent_twice() {
    let (_folder, path, content) = file("talk.mp4", 25_000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(13, [Fault::Hang]);
    kill(&platform, upload(&platform, &path), |seen| seen.reported.len() == 20).await;
    upload(&platform, &path).await.expect("resumed");
    assert!(platform.file() == content, "byte-identical");
    let seen = platform.seen();
    assert_eq!((seen.reported.len(), seen.resent.as_slice()), (25, &[][..]));
    assert_eq!(seen.calls.iter().filter(|call| call.starts_with("create")).count(), 1, "{:?}", seen.calls);
}

#[tokio::test]
async fn parts_whose_report_was_lost_are_reported_again_and_not_sent_again() {
    let (_folder, path, content) = file("talk.mp4", 3000);
    let platform = Platform::start(content.len(), 1000).await;
    // The server records the parts, and the process ends before its response.
    platform.seen().report_faults.push_back(0);
    kill(&platform, upload(&platform, &path), |seen| seen.reported.len() == 3).await;
    upload(&platform, &path).await.expect("resumed");
    let seen = platform.seen();
    assert_eq!((seen.duplicates, seen.sent.values().sum::<usize>()), (3, 3));
}

#[tokio::test]
async fn an_upload_that_is_killed_ten_times_is_whole_in_the_end() {
    let (_folder, path, content) = file("talk.mp4", 120_000);
    let platform = Platform::start(content.len(), 1000).await;
    for round in 1..=10 {
        let before = platform.seen().reported.len();
        kill(&platform, upload(&platform, &path), |seen| seen.reported.len() > before).await;
        assert!(platform.seen().reported.len() < 120, "round {round}");
    }
    upload(&platform, &path).await.expect("resumed");
    assert!(platform.file() == content, "byte-identical");
    let seen = platform.seen();
    assert_eq!((seen.reported.len(), seen.resent.as_slice()), (120, &[][..]));
}

#[tokio::test]
async fn a_part_that_the_server_has_lost_is_reported_again() {
    // Also if its status does not tell how many parts it has.
    for hides_count in [false, true] {
        let (_folder, path, content) = file("talk.mp4", 3000);
        let platform = Platform::start(content.len(), 1000).await;
        platform.seen().forgotten = 1;
        platform.seen().hides_count = hides_count;
        for _ in 0..2 {
            let error = upload(&platform, &path).await.expect_err("a part is missing");
            assert!(error.to_string().contains("the server has recorded 2 of 3 parts"), "{error}");
        }
        let seen = platform.seen();
        assert_eq!((seen.duplicates, seen.sent.values().sum::<usize>()), (3, 3));
    }
}

#[tokio::test]
async fn a_part_that_the_server_could_not_take_is_sent_again() {
    let (_folder, path, content) = file("talk.mp4", 3000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.seen().failed = Some(2);
    let error = upload(&platform, &path).await.expect_err("a part has failed");
    assert!(error.to_string().contains("the server has recorded 2 of 3 parts"), "{error}");
    upload(&platform, &path).await.expect("resumed");
    assert!(platform.file() == content, "byte-identical");
    let seen = platform.seen();
    assert_eq!((seen.sent.values().copied().collect::<Vec<_>>(), seen.duplicates), (vec![1, 2, 1], 1));
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_an_error_before_anything_is_created() {
    let (folder, path, content) = file("talk.mp4", 3000);
    let platform = Platform::start(content.len(), 1000).await;
    let folder_name = format!("{}/talk.journal/", folder.path().display());
    for journal in [folder.path().join("missing").join("talk.journal"), folder_name.into(), "".into()] {
        let error = upload(&platform, &path).with_journal(journal).await.expect_err("refused");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("journal")), "{error}");
    }
    assert!(platform.seen().calls.is_empty(), "{:?}", platform.seen().calls);
}

#[tokio::test]
async fn an_upload_that_failed_is_resumed_with_all_parts_that_were_sent() {
    let (_folder, path, content) = file("talk.mp4", 5000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(5, [Fault::Status(413)]);
    let error = upload(&platform, &path).with_concurrency(1).await.expect_err("fails");
    assert_eq!(error.status(), Some(413));
    assert!(platform.seen().reported.is_empty(), "a small batch");
    upload(&platform, &path).await.expect("resumed");
    assert!(platform.file() == content, "byte-identical");
    assert_eq!(platform.seen().sent.values().collect::<Vec<_>>(), [&1; 5]);
}

#[tokio::test]
async fn a_finished_upload_is_not_repeated() {
    let (_folder, path, content) = file("talk.mp4", 2500);
    let platform = Platform::start(content.len(), 1000).await;
    let first = upload(&platform, &path).await.expect("uploaded");
    platform.seen().calls.clear();
    assert_eq!(upload(&platform, &path).await.expect("found").id, first.id);
    assert_eq!(platform.seen().calls, ["retrieve the asset"]);
    // In one request, too.
    let (_folder, path, _) = file("small.mp4", 10);
    let direct = || upload(&platform, &path).with_direct_limit(1000);
    direct().await.expect("uploaded");
    direct().await.expect("found");
    assert_eq!(platform.seen().direct, 1);
}

#[tokio::test]
async fn a_finished_upload_is_of_the_content_that_was_uploaded() {
    for limit in [0, 10_000] {
        let (_folder, path, mut content) = file("talk.mp4", 2500);
        let platform = Platform::start(content.len(), 1000).await;
        let upload = || upload(&platform, &path).with_direct_limit(limit);
        upload().await.expect("uploaded");
        // Of the same size and time.
        let modified = path.metadata().expect("a file").modified().expect("a time");
        content[1500] ^= 1;
        write(&path, &content, modified);
        let error = upload().await.expect_err("another content");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("file")));
        assert!(error.to_string().contains("must have the content that was uploaded"), "{error}");
        content[1500] ^= 1;
        write(&path, &content, modified);
        upload().await.expect("found");
    }
}

#[tokio::test]
async fn a_file_that_has_changed_is_not_resumed() {
    let (_folder, path, content) = file("talk.mp4", 25_000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(13, [Fault::Hang]);
    kill(&platform, upload(&platform, &path), |seen| seen.reported.len() == 20).await;
    let (sent, modified) =
        (platform.seen().headers.len(), path.metadata().expect("a file").modified().expect("a time"));
    let write = |content: &[u8], modified| write(&path, content, modified);
    let refused = async || {
        let error = upload(&platform, &path).await.expect_err("changed");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("file")));
        error.to_string()
    };
    let mut other = content.clone();
    other[2500] ^= 1;
    write(&other, modified);
    let text = refused().await;
    assert!(text.contains("must have the content that was uploaded as part 3"), "{text}");
    assert!(text.contains("bytes 2000 to 3000)"), "{text}");
    write(&content[1..], modified);
    assert!(refused().await.contains("must not have changed since the upload began (25000 bytes)"));
    write(&content, modified + std::time::Duration::from_secs(1));
    assert!(refused().await.contains("must not have changed since the upload began (modified 2"));
    assert_eq!(platform.seen().headers.len(), sent, "nothing was sent");
    write(&content, modified);
    upload(&platform, &path).await.expect("resumed");
    assert!(platform.file() == content);
}

#[tokio::test]
async fn an_upload_that_the_server_has_ended_is_not_resumed() {
    let (_folder, path, content) = file("talk.mp4", 25_000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(13, [Fault::Hang]);
    kill(&platform, upload(&platform, &path), |seen| seen.reported.len() == 20).await;
    for status in ["expired", "failed"] {
        platform.seen().status = status;
        let error = upload(&platform, &path).await.expect_err("ended");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("journal")));
        assert!(error.to_string().contains(status) && error.to_string().contains("talk.journal"), "{error}");
    }
    for (status, is_gone) in [("gone", true), ("proxy", false)] {
        platform.seen().status = status;
        let error = upload(&platform, &path).await.expect_err("404");
        assert_eq!(error.status(), Some(404));
        assert_eq!(error.to_string().contains("does not exist any more: delete the journal"), is_gone, "{error}");
    }
    let sent = platform.seen().headers.len();
    platform.seen().status = "completed";
    upload(&platform, &path).await.expect("another process has finished it");
    assert_eq!(platform.seen().headers.len(), sent);
    std::fs::write(&path, "changed").expect("written");
    let error = upload(&platform, &path).await.expect_err("another file");
    assert_eq!(error.parameter(), Some("file"), "a finished upload is of a file, too");
    std::fs::write(path.with_extension("journal"), "video").expect("written");
    let error = upload(&platform, &path).await.expect_err("no journal");
    assert_eq!(error.parameter(), Some("journal"));
}
