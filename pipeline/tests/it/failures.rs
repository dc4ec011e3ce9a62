//! Items that fail, and until when they are failures.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use twelvelabs_local::Fault;
use twelvelabs_pipeline::{Event, LedgerStatus};

use crate::support::{CREATE, Kept, Run as _, folder, pipeline, server, tasks_by_name, write_videos};

/// As if a gateway hid what the server does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_call_that_always_fails_is_reported_and_its_job_fails_after_five_attempts() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    server.inject(Fault::status(502).operation(CREATE).times(0));
    let reports = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&reports);
    let run = pipeline(&server, folder.path(), &sink).with_create_limit(Duration::from_secs(1));
    let run = run.on_event(move |event| {
        if let Event::Delayed { source, reason, .. } = event {
            own.lock().expect("no panic").push(format!("{source}: {reason}"));
        }
    });
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.uncertain), (0, 1, 0));
    let failures = sink.failures();
    assert!(failures[0].reason.starts_with("5 attempts failed: "), "{failures:?}");
    assert!(failures[0].reason.contains("502") && failures[0].retryable, "{failures:?}");
    let reports = reports.lock().expect("no panic").clone();
    assert!(reports.len() >= 4 && reports.iter().all(|text| text.contains("a.mp4: ")), "{reports:?}");
    assert!(reports.iter().all(|text| text.contains("502")), "{reports:?}");
    assert_eq!(server.asset_count(), 0, "the asset is left");
    server.clear_faults();
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (1, 0));
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_changed_or_deleted_are_no_failures_any_more() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    let videos = folder.path().join("videos");
    write_videos(&videos, ["changed.mp4", "deleted.mp4"]);
    std::fs::write(videos.join("broken.mp4"), "no video").expect("written");
    // They fail after they were checked, for good.
    server.inject(Fault::job_fails().operation(CREATE).times(2));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.refused), (0, 2, 1));
    // A dry run counts what the run would do.
    for (all, jobs) in [(false, 0), (true, 2)] {
        let run = pipeline(&server, folder.path(), &sink).with_retry_failed(all).build().expect("valid");
        let estimate = run.estimate().await.expect("an estimate");
        assert_eq!((estimate.jobs, estimate.refused.len()), (jobs, 3 - jobs as usize), "{:?}", estimate.refused);
    }
    std::fs::copy(crate::support::media("tiny.mp4"), videos.join("changed.mp4")).expect("changed");
    ["deleted.mp4", "broken.mp4"].iter().for_each(|name| std::fs::remove_file(videos.join(name)).expect("removed"));
    let run = pipeline(&server, folder.path(), &sink).with_retry_failed(true);
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed, summary.refused), (1, 0, 0));
    assert!(sink.failures().is_empty(), "{:?}", sink.failures());
    let status = LedgerStatus::read(&folder.path().join("ledger.sqlite")).expect("a ledger");
    assert!(status.failures.is_empty() && !status.jobs.contains_key("failed"), "{:?}", status.jobs);
    assert_eq!(tasks_by_name(&server).await.len(), 3);
}
