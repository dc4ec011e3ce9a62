//! Bodies without a connection.

use std::future::poll_fn;

use super::*;
use crate::runtime::Multipart;

#[test]
fn chunks_grow_on_a_fast_connection_and_shrink_on_a_slow_one() {
    let (mut chunks, mut now) = (ChunkSize::default(), Instant::now());
    let mut after = |pause: Duration| {
        now += pause;
        chunks.passed(now);
        chunks.size
    };
    let fast: Vec<_> = (0..6).map(|_| after(Duration::from_millis(1)) / 1024).collect();
    assert_eq!(fast, [16, 32, 64, 128, 256, 256]);
    // 256 KiB at 10 KiB/s.
    assert_eq!(after(Duration::from_millis(25_600)), SMALLEST_CHUNK);
    assert_eq!(after(Duration::from_millis(400)), SMALLEST_CHUNK);
    assert_eq!(after(Duration::from_millis(100)), SMALLEST_CHUNK);
    assert_eq!(after(Duration::from_millis(49)), 2 * SMALLEST_CHUNK);
    assert_eq!(after(Duration::from_secs(1 << 40)), SMALLEST_CHUNK);
}

#[tokio::test]
async fn no_chunk_is_larger_than_a_write_and_progress_ends_with_the_last_one() {
    let progress = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&progress);
    let total = 10 * WRITE + 7;
    let part = FilePart::bytes("a.mp4", vec![7; total]);
    let part = part.with_progress(move |now| log.lock().expect("sane").push((now.sent as usize, now.total as usize)));
    let mut form = Multipart::<()>::default();
    form.file("f", &part).await.expect("opens");
    let (_, mut body) = form.finished();
    let mut sent = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        let chunk = chunk.expect("reads");
        assert!(chunk.len() <= WRITE, "{}", chunk.len());
        if chunk.iter().all(|byte| *byte == 7) {
            sent.push((sent.last().map_or(0, |(sent, _)| *sent) + chunk.len(), total));
        }
    }
    assert_eq!(*progress.lock().expect("sane"), sent);
    assert_eq!(sent.last(), Some(&(total, total)));
}

#[tokio::test]
async fn an_empty_file_reports_its_end() {
    let reports = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&reports);
    let part = FilePart::bytes("a.mp4", Vec::new());
    let part = part.with_progress(move |now| log.lock().expect("sane").push((now.sent, now.total)));
    let mut form = Multipart::<()>::default();
    form.file("f", &part).await.expect("opens");
    let (_, mut body) = form.finished();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        chunk.expect("reads");
    }
    assert_eq!(*reports.lock().expect("sane"), [(0, 0)]);
}

#[test]
fn a_rejection_has_twice_the_time_that_it_took_to_connect() {
    let ms = Duration::from_millis;
    let holds = [10, 100, 300, 600, 30_000].map(|connected| hold_after(ms(200), ms(connected)).as_millis());
    assert_eq!(holds, [200, 200, 600, 1000, 1000]);
    assert_eq!(hold_after(ms(1500), ms(600)), ms(1500));
}

#[tokio::test]
async fn a_chunk_is_written_when_the_connection_releases_it() {
    let written = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&written);
    let mut form = Multipart::<()>::default();
    form.file("f", &FilePart::bytes("a.mp4", &b"video"[..])).await.expect("opens");
    let mut body = form.finished().1.with_written(move |last| log.lock().expect("sane").push(last));
    let mut held = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        held.push(chunk.expect("reads"));
    }
    assert!(written.lock().expect("sane").is_empty());
    let count = held.len();
    held.drain(..);
    let expected: Vec<_> = (1..=count).map(|number| number == count).collect();
    assert_eq!(*written.lock().expect("sane"), expected);
}

#[tokio::test]
async fn a_file_alone_has_no_form_around_it_and_its_last_chunk_is_known() {
    let bytes: Vec<u8> = (0..100_000u32).map(|index| b'a' + (index % 26) as u8).collect();
    let ends = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&ends);
    let part = FilePart::reader("a.mp4", 100_000, std::io::Cursor::new(bytes.clone()));
    let alone = UploadBody::file(&part).await.expect("opens");
    let mut alone = alone.with_written(move |is_last| log.lock().expect("sane").push(is_last));
    let mut sent = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut alone).poll_next(context)).await {
        sent.extend_from_slice(&chunk.expect("reads"));
    }
    assert!(sent == bytes);
    let ends = ends.lock().expect("sane");
    assert!(ends.len() > 1 && ends.last() == Some(&true), "{ends:?}");
    assert_eq!(ends.iter().filter(|is_last| **is_last).count(), 1, "{ends:?}");
}

#[tokio::test]
async fn bytes_are_sent_in_chunks_of_which_the_last_one_is_known() {
    for length in [0, 1, SMALLEST_CHUNK, SMALLEST_CHUNK + 1, 10 * WRITE, 10 * WRITE + 7] {
        let bytes: Bytes = (0..length).map(|index| (index % 251) as u8).collect();
        let passed = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&passed);
        let body = UploadBody::from(bytes.clone());
        let mut body = body.with_passed(move |last| log.lock().expect("sane").push(last));
        assert_eq!(body.length(), length as u64);
        let mut sent = Vec::new();
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let chunk = chunk.expect("memory");
            assert!(chunk.len() <= WRITE, "{}", chunk.len());
            sent.extend_from_slice(&chunk);
        }
        assert!(sent == bytes, "{length} bytes");
        let passed = passed.lock().expect("sane");
        assert_eq!(passed.iter().filter(|last| **last).count(), usize::from(length > 0), "{length} bytes");
        assert!(passed.last().is_none_or(|last| *last), "{length} bytes");
    }
}
