//! Runs of the library.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use twelvelabs::TwelveLabs;
use twelvelabs_local::{Fault, LocalServer, UndocumentedBehaviour};
use twelvelabs_pipeline::{Event, Interrupt, ItemSource, PipelineErrorKind, VectorRow};

use crate::support::{
    CREATE, Kept, Run as _, advance_for_ever, assert_rows, folder, pipeline, pipeline_of, pipeline_without_sources,
    server, tasks_by_name, write_videos,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_content_is_embedded_once_and_a_second_run_embeds_nothing() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    let videos = folder.path().join("videos");
    write_videos(&videos, ["a.mp4", "b.mp4", "c.mp4"]);
    std::fs::create_dir(videos.join("copies")).expect("a folder");
    std::fs::copy(videos.join("a.mp4"), videos.join("copies/other name.mp4")).expect("copied");
    std::fs::write(videos.join("broken.mp4"), "no video").expect("written");
    let states = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&states);
    let run = pipeline(&server, folder.path(), &sink).on_event(move |event| {
        if let Event::Job { state, source, .. } = event
            && std::path::Path::new(source).ends_with("b.mp4")
        {
            own.lock().expect("no panic").push(*state);
        }
    });
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.repeated, summary.refused, summary.unfinished), (3, 1, 1, 0));
    assert_eq!((summary.failed, summary.uncertain, summary.interrupted), (0, 0, false));
    assert_rows(&sink, 3);
    assert_eq!(summary.vectors, sink.rows().len() as u64);
    assert!(sink.rows().iter().all(|row| row.model == "marengo3.5" && row.vector.len() == 512));
    let failures = sink.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].status.as_str(), failures[0].code.as_deref()), ("refused", Some("video_file_broken")));
    let expected = ["uploading", "processing", "uploaded", "intent", "created", "ready", "stored", "cleaned"];
    assert_eq!(*states.lock().expect("no panic"), expected);
    assert_eq!(server.asset_count(), 0, "assets are left");
    let tasks = tasks_by_name(&server).await;
    assert_eq!(tasks.values().sum::<usize>(), 3);

    // A file that is new, and one that was moved.
    std::fs::rename(videos.join("c.mp4"), videos.join("copies/c.mp4")).expect("renamed");
    std::fs::copy(crate::support::media("tiny.mp4"), videos.join("d.mp4")).expect("copied");
    let before = server.report().request_count;
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.unfinished), (4, 0));
    assert_rows(&sink, 4);
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 4);
    assert!(server.report().request_count > before);
    let before = server.report().request_count;
    pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!(server.report().request_count, before, "a run with nothing to do makes no call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_create_response_was_lost_is_found_and_not_created_again() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]);
    // One response is lost, one request does not arrive, and one is refused.
    server.inject(Fault::reset().operation(CREATE).times(1));
    server.inject(Fault::drop_request().operation(CREATE).times(1));
    server.inject(Fault::status(503).operation(CREATE).times(1));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.uncertain), (4, 0, 0));
    assert_rows(&sink, 4);
    let tasks = tasks_by_name(&server).await;
    assert_eq!(tasks.len(), 4, "{tasks:?}");
    assert!(tasks.values().all(|count| *count == 1), "a task was created twice: {tasks:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_may_exist_is_uncertain_and_is_not_created_again() {
    // A task in progress does not say which file it has.
    let builder = LocalServer::builder().behaviour(UndocumentedBehaviour::MetadataWhenDone);
    let server = builder.processing_time(Duration::from_secs(3600)).manual_clock().start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    server.inject(Fault::reset().operation(CREATE).times(1));
    let advancing = async {
        // Assets have a processing time too.
        while server.asset_count() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.advance(Duration::from_secs(3600)).await;
    };
    let (summary, ()) = tokio::join!(pipeline(&server, folder.path(), &sink).run(), advancing);
    let summary = summary.expect("a run");
    assert_eq!((summary.stored, summary.uncertain), (0, 1));
    let failures = sink.failures();
    assert_eq!(failures[0].status, "uncertain");
    assert!(failures[0].reason.contains("the list does not say whether"), "{}", failures[0].reason);
    // Neither does another run.
    let summary = pipeline(&server, folder.path(), &sink).with_retry_failed(true).run().await.expect("a run");
    assert_eq!(summary.uncertain, 1);
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_fails_is_a_failure_and_can_be_retried() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4"]);
    server.inject(Fault::job_fails().operation(CREATE).times(1));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (1, 1));
    assert_rows(&sink, 1);
    assert!(sink.failures()[0].reason.contains("failed"), "{:?}", sink.failures());
    assert_eq!(server.asset_count(), 0, "the asset of the failed task is left");
    let summary = pipeline(&server, folder.path(), &sink).with_retry_failed(true).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (2, 0));
    assert_rows(&sink, 2);
    assert!(sink.failures().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_file_is_uploaded_while_assets_are_processed() {
    let server = LocalServer::builder().processing_time(Duration::from_secs(3600)).manual_clock();
    let server = server.start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4"]);
    let advancing = async {
        // The clock stands still, so that no asset is ready before.
        while server.asset_count() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        advance_for_ever(&server, Duration::from_secs(600)).await
    };
    let run = pipeline(&server, folder.path(), &sink).with_concurrency(1).run();
    let run = tokio::time::timeout(Duration::from_secs(300), run);
    let summary = tokio::select! {
        summary = run => summary.expect("no file waits for another").expect("a run"),
        () = advancing => unreachable!(),
    };
    assert_eq!((summary.stored, summary.unfinished), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assets_and_tasks_are_polled_one_by_one_if_the_lists_are_refused() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), (0..25).map(|number| format!("{number}.mp4")));
    for list in ["assets_list", "embed_v2_tasks_list"] {
        server.inject(Fault::status(400).operation(list).times(0));
    }
    let delayed = Arc::new(Mutex::new(BTreeSet::new()));
    let own = Arc::clone(&delayed);
    let run = pipeline(&server, folder.path(), &sink).on_event(move |event| {
        if let Event::Delayed { source, .. } = event {
            own.lock().expect("no panic").insert(source.clone());
        }
    });
    let run = tokio::time::timeout(Duration::from_secs(300), run.run());
    let summary = run.await.expect("it does not wait for the lists").expect("a run");
    assert_eq!((summary.stored, summary.failed), (25, 0));
    let delayed = delayed.lock().expect("no panic");
    assert!(delayed.contains("the list of assets") && delayed.contains("the list of tasks"), "{delayed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interruption_does_not_wait_for_a_list() {
    let server = LocalServer::builder().processing_time(Duration::from_secs(3600)).manual_clock();
    let server = server.start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    server.inject(Fault::delay(Duration::from_secs(3600)).operation("assets_list").times(0));
    let interrupt = Interrupt::new();
    let run = pipeline(&server, folder.path(), &sink).with_interrupt(interrupt.clone()).run();
    let interrupting = async {
        while server.report().request_count < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        interrupt.interrupt();
    };
    let both = async { tokio::join!(run, interrupting).0 };
    let summary = tokio::time::timeout(Duration::from_secs(300), both).await.expect("it ends").expect("a run");
    assert!(summary.interrupted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_limit_no_file_is_uploaded_beyond_it() {
    let server = LocalServer::builder().processing_time(Duration::from_secs(3600)).manual_clock();
    let server = server.start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), (0..40).map(|number| format!("{number}.mp4")));
    let run = pipeline(&server, folder.path(), &sink).with_max_seconds(3.0).run();
    let summary = run.await.expect("a run");
    assert_eq!((summary.stored, summary.limit.is_some()), (0, true));
    assert_eq!(server.report().request_count, 0, "the first video has 4 s");
    // One asset fails, and another file takes its place.
    server.inject(Fault::job_fails().operation("assets_create").times(1));
    let uploads = Arc::new(Mutex::new(0));
    let own = Arc::clone(&uploads);
    let run = pipeline(&server, folder.path(), &sink).with_max_seconds(9.0).on_event(move |event| {
        if matches!(event, Event::Job { state: "uploading", .. }) {
            *own.lock().expect("no panic") += 1;
        }
    });
    let summary = tokio::select! {
        summary = run.run() => summary.expect("a run"),
        () = advance_for_ever(&server, Duration::from_secs(600)) => unreachable!(),
    };
    assert_eq!((summary.stored, summary.failed, summary.limit.is_some()), (2, 1, true), "two videos of 4 s");
    assert_eq!((*uploads.lock().expect("no panic"), server.asset_count()), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asset_that_fails_is_deleted_and_the_file_uploaded_again_by_another_run() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4"]);
    server.inject(Fault::job_fails().operation("assets_create").times(1));
    let summary = pipeline(&server, folder.path(), &sink).with_assets_kept(true).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (1, 1));
    let reason = &sink.failures()[0].reason;
    assert!(reason.contains("the asset failed"), "{reason}");
    assert_eq!(server.asset_count(), 1, "the asset that failed is left");
    let run = pipeline(&server, folder.path(), &sink).with_assets_kept(true).with_retry_failed(true);
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (2, 0));
    assert_eq!(server.asset_count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transient_errors_of_every_call_are_survived() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4"]);
    for operation in ["assets_create", "assets_list", "embed_v2_tasks_list", "embed_v2_tasks_retrieve", "assets_delete"]
    {
        server.inject(Fault::status(503).operation(operation).times(4));
        server.inject(Fault::reset().operation(operation).times(1));
    }
    server.inject(Fault::status(429).operation(CREATE).times(1).retry_after(Duration::from_secs(1)));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.uncertain), (2, 0, 0), "{:?}", sink.failures());
    assert_rows(&sink, 2);
    assert_eq!(tasks_by_name(&server).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_stops_the_create_calls_and_a_run_without_it_goes_on() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4"]);
    let summary = pipeline(&server, folder.path(), &sink).with_max_seconds(9.0).run().await.expect("a run");
    assert_eq!((summary.stored, summary.unfinished), (2, 1), "two videos of 4 s");
    assert_eq!(summary.limit.as_deref(), Some("the limit of minutes or cost is reached"));
    let now = std::time::SystemTime::now();
    let summary = pipeline(&server, folder.path(), &sink).with_end_time(now).run().await.expect("a run");
    assert_eq!((summary.stored, summary.limit.as_deref()), (2, Some("the time limit is reached")));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.unfinished, summary.limit), (3, 0, None));
    assert_rows(&sink, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_stops_the_run_and_fails_no_item() {
    let server = LocalServer::builder().key("another").start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    let error = pipeline(&server, folder.path(), &sink).run().await.expect_err("refused");
    assert_eq!(error.kind(), PipelineErrorKind::Key, "{error}");
    assert!(!error.to_string().contains("test-key"));
    let status = twelvelabs_pipeline::LedgerStatus::read(&folder.path().join("ledger.sqlite")).expect("a ledger");
    assert!(!status.jobs.contains_key("failed"), "{:?}", status.jobs);
}

/// A server that responds to every request with this status and a page. Returns its base URL.
fn proxy(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut length = 0;
                for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap_or(0);
                    }
                }
                let _ = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink());
                let page = "<html>Sign in to the network</html>";
                let head = format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\nconnection: close");
                let response = format!("{head}\r\ncontent-length: {}\r\n\r\n{page}", page.len());
                let _ = reader.get_mut().write_all(response.as_bytes());
            });
        }
    });
    format!("http://{address}/v1.3")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_proxy_stops_the_run_and_fails_no_item() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4"]);
    for status in [401, 403, 404, 511] {
        let client = TwelveLabs::builder().api_key("test-key").base_url(proxy(status)).no_proxy();
        let run = pipeline_of(client.build().expect("a client"), folder.path(), &sink).run().await;
        let error = run.expect_err("refused");
        assert_eq!(error.kind(), PipelineErrorKind::Platform, "{error}");
        assert!(error.to_string().contains("Sign in to the network"), "{error}");
    }
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_cannot_be_reached_ends_the_run() {
    let server = server().await;
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    server.inject(Fault::drop_request().operation("assets_create").times(0));
    let run = pipeline(&server, folder.path(), &sink).with_outage_limit(Duration::from_millis(500));
    let error = run.run().await.expect_err("unreachable");
    assert_eq!(error.kind(), PipelineErrorKind::Platform, "{error}");
    server.clear_faults();
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_has_settings_for_each_item() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    let manifest = folder.path().join("list.csv");
    let items = [
        "source,options,scopes,start,end",
        "videos/a.mp4,visual,clip,,2",
        "videos/a.mp4,visual,,,",
        "none.mp4,,,,",
        "videos/a.mp4,,,9,",
        "videos/a.mp4,,,,9",
    ]
    .join("\n");
    std::fs::write(&manifest, items).expect("written");
    let run = pipeline(&server, folder.path(), &sink).source(ItemSource::Manifest(manifest));
    let summary = run.run().await.expect("a run");
    // The same file with and without settings.
    assert_eq!((summary.stored, summary.refused, summary.repeated, summary.failed), (3, 3, 0, 0));
    let rows = sink.rows();
    let range = |row: &VectorRow| format!("{:?} {:?} {:?} {:?}", row.option, row.scope, row.start_sec, row.end_sec);
    let ranges: BTreeSet<_> = rows.iter().map(range).collect();
    let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
    assert!(ranges.len() < rows.len(), "the settings do not overlap");
    assert_eq!(ids.len(), rows.len(), "rows of different jobs have the same identifier");
    let short: Vec<_> = sink.rows().into_iter().filter(|row| row.end_sec == Some(2.0)).collect();
    assert!(!short.is_empty() && short.iter().all(|row| row.option.as_deref() == Some("visual")));
    let failures = sink.failures();
    let is_retryable: Vec<_> = failures.iter().map(|row| (row.code.as_deref(), row.retryable)).collect();
    assert!(is_retryable.contains(&(None, true)), "the file may be there next time: {failures:?}");
    // Four seconds.
    let beyond = is_retryable.iter().filter(|row| **row == (Some("parameter_invalid"), false));
    assert_eq!(beyond.count(), 2, "{failures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_that_were_not_retrieved_in_time_are_failures_and_not_paid_for_again() {
    let server = LocalServer::builder().manual_clock().processing_time(Duration::ZERO).start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    let interrupt = Interrupt::new();
    let run = pipeline(&server, folder.path(), &sink).with_interrupt(interrupt.clone());
    let run = run.on_event(move |event| {
        if matches!(event, Event::Job { state: "created", .. }) {
            interrupt.interrupt();
        }
    });
    assert!(run.run().await.expect("a run").interrupted);
    server.advance(Duration::from_secs(8 * 24 * 3600)).await;
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (0, 1));
    assert!(sink.failures()[0].reason.contains("not retrieved within seven days"), "{:?}", sink.failures());
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!(summary.failed, 1, "it is retried only on demand");
    assert!(tasks_by_name(&server).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videos_by_url_are_embedded_and_rows_do_not_have_the_secrets_of_the_url() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("served"), ["a.mp4", "b.mp4"]);
    let files = crate::support::serve_files(&folder.path().join("served")).await;
    let url = |name: &str| ItemSource::of_argument(format!("http://user:pass@{files}/{name}?token=SECRET#x"));
    let run = || {
        let run = ["a.mp4", "b.mp4", "none.mp4"].map(url).into_iter();
        run.fold(pipeline_without_sources(&server, folder.path(), &sink), twelvelabs_pipeline::PipelineBuilder::source)
    };
    let summary = run().run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.uncertain), (2, 1, 0), "{:?}", sink.failures());
    assert_rows(&sink, 2);
    let rows = sink.rows();
    assert!(rows.iter().all(|row| row.content_hash.starts_with("url-")));
    let sources: BTreeSet<_> = rows.iter().map(|row| row.source.clone()).collect();
    assert_eq!(sources, ["a.mp4", "b.mp4"].map(|name| format!("http://{files}/{name}")).into());
    let failure = format!("{:?}", sink.failures());
    assert!(failure.contains("none.mp4") && !failure.contains("SECRET") && !failure.contains("pass"), "{failure}");
    // The same URLs again.
    let summary = run().run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (2, 1));
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 2);
}
