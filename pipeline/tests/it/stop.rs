//! Runs that stop before everything is done, and what the next run does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use twelvelabs_local::{Fault, LocalServer};
use twelvelabs_pipeline::{
    Event, FailureRow, Interrupt, ItemSource, Pipeline, PipelineErrorKind, Sink, SinkResult, TableFolder, TableFormat,
    VectorRow, VectorSpace,
};

use crate::support::{
    CREATE, Kept, Run as _, advance_for_ever, assert_rows, client, folder, pipeline, server, tasks_by_name,
    write_videos,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_loses_nothing() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4"]);
    let interrupt = Interrupt::new();
    let run = pipeline(&server, folder.path(), &sink).with_concurrency(1).with_interrupt(interrupt.clone());
    // After the first task.
    let run = run.on_event(move |event| {
        if matches!(event, Event::Job { state: "created", .. }) {
            interrupt.interrupt();
        }
    });
    let summary = run.run().await.expect("a run");
    assert!(summary.interrupted);
    assert_eq!((summary.stored, summary.unfinished), (0, 3));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.interrupted), (3, false));
    assert_rows(&sink, 3);
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_checks_no_more_files() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4"]);
    let interrupt = Interrupt::new();
    interrupt.interrupt();
    let summary = pipeline(&server, folder.path(), &sink).with_interrupt(interrupt).run().await.expect("a run");
    assert_eq!((summary.unfinished, summary.interrupted), (0, true));
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.interrupted), (3, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_does_not_wait_for_the_platform() {
    // The clock stands still, so that an asset is never ready.
    let second = Duration::from_secs(1);
    let server = LocalServer::builder().processing_time(second).manual_clock().start().await.expect("a server");
    let (folder, sink) = (folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    let interrupt = Interrupt::new();
    let run = pipeline(&server, folder.path(), &sink).with_interrupt(interrupt.clone());
    let uploaded = async {
        while server.asset_count() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        interrupt.interrupt();
    };
    let (summary, ()) = tokio::join!(run.run(), uploaded);
    let summary = summary.expect("a run");
    assert_eq!((summary.unfinished, summary.interrupted), (1, true));
    tokio::select! {
        summary = pipeline(&server, folder.path(), &sink).run() => assert_eq!(summary.expect("a run").stored, 1),
        () = advance_for_ever(&server, second) => {}
    }
    assert_rows(&sink, 1);
    assert_eq!(server.asset_count(), 0, "it was uploaded again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_cannot_be_written_stops_the_run_and_the_batch_is_written_again() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4", "c.mp4"]);
    *sink.broken.lock().expect("no panic") = 1;
    let error = pipeline(&server, folder.path(), &sink).run().await.expect_err("a full disk");
    assert_eq!(error.kind(), PipelineErrorKind::Storage);
    let text = "the table cannot be written; what the ledger has recorded is safe, and another run goes on from there: the disk is full";
    assert_eq!(error.to_string(), text);
    assert!(!sink.rows().is_empty(), "some rows are there nevertheless");
    let summary = pipeline(&server, folder.path(), &sink).run().await.expect("a run");
    assert_eq!((summary.stored, summary.failed), (3, 0));
    assert_rows(&sink, 3);
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 3);
}

/// A sink whose first batch is refused the key of the run while it is written, and which is slow.
struct Slow {
    server: Arc<LocalServer>,
    has_ended: Arc<AtomicBool>,
}

impl Sink for Slow {
    fn open(&mut self, _: &VectorSpace, _: &str) -> SinkResult {
        Ok(())
    }

    fn write_batch(&mut self, _: u64, _: &[VectorRow]) -> SinkResult {
        let before = self.server.report().request_count;
        self.server.inject(Fault::status(401).times(0));
        // A request that was counted before may be refused too. Then none follows.
        for _ in 0..400 {
            if self.server.report().request_count > before {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Time for the run to end without this thread.
        std::thread::sleep(Duration::from_millis(300));
        self.has_ended.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn write_failures(&mut self, _: &[FailureRow]) -> SinkResult {
        Ok(())
    }

    fn commit(&mut self) -> SinkResult {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_with_an_error_has_ended_its_threads_and_another_one_can_follow_at_once() {
    let (server, folder) = (Arc::new(server().await), folder());
    write_videos(&folder.path().join("videos"), ["a.mp4", "b.mp4"]);
    let has_ended = Arc::new(AtomicBool::new(false));
    let run = || {
        let sink = Slow { server: Arc::clone(&server), has_ended: Arc::clone(&has_ended) };
        Pipeline::builder(client(&server), folder.path().join("ledger.sqlite"), sink)
            .source(ItemSource::Path(folder.path().join("videos")))
            .with_poll_interval(Duration::from_millis(20))
            .with_batch_delay(Duration::ZERO)
            .with_concurrency(1)
    };
    // The second task is never done, so that the run goes on while the result of the first one is stored.
    let (own, is_first) = (Arc::clone(&server), AtomicBool::new(true));
    let first = run().on_event(move |event| {
        if matches!(event, Event::Job { state: "created", .. }) && is_first.swap(false, Ordering::SeqCst) {
            own.inject(Fault::job_stalls().operation(CREATE));
        }
    });
    let error = first.run().await.expect_err("refused");
    assert!(has_ended.load(Ordering::SeqCst), "a thread still writes");
    assert_eq!(error.kind(), PipelineErrorKind::Key, "{error}");
    let error = run().run().await.expect_err("refused");
    assert_eq!(error.kind(), PipelineErrorKind::Key, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_without_sources_does_not_replace_the_rows_of_another_one() {
    let (server, folder) = (server().await, folder());
    let (table, ledger) = (folder.path().join("t"), folder.path().join("ledger.sqlite"));
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    let sink = || TableFolder::new(&table, TableFormat::JsonLines);
    let of_table = || {
        let run = Pipeline::builder(client(&server), &ledger, sink());
        run.with_poll_interval(Duration::from_millis(20)).with_batch_delay(Duration::ZERO)
    };
    // One without anything to do goes on when there is something.
    of_table().run().await.expect("a run");
    let videos = ItemSource::Path(folder.path().join("videos"));
    assert_eq!(of_table().source(videos.clone()).run().await.expect("a run").stored, 1);
    let rows = std::fs::read(table.join("rows/000001.jsonl")).expect("rows");
    // As a run leaves it that was killed before its first source was recorded.
    let other = folder.path().join("other.sqlite");
    let kept = Pipeline::builder(client(&server), &other, Kept::default());
    kept.run().await.expect("a run");
    std::fs::rename(&other, &ledger).expect("replaced");
    write_videos(&folder.path().join("videos"), ["b.mp4", "c.mp4"]);
    let error = of_table().source(videos).run().await.expect_err("another ledger");
    assert_eq!(error.kind(), PipelineErrorKind::Usage, "{error}");
    assert!(error.to_string().contains("its ledger is missing"), "{error}");
    assert_eq!(std::fs::read(table.join("rows/000001.jsonl")).expect("rows"), rows);
    assert_eq!(tasks_by_name(&server).await.len(), 1, "it was paid for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_ahead_does_not_hide_a_task() {
    let (server, folder, sink) = (server().await, folder(), Kept::default());
    write_videos(&folder.path().join("videos"), ["a.mp4"]);
    server.inject(Fault::reset().operation(CREATE).times(1));
    let (path, intents) = (folder.path().join("ledger.sqlite"), AtomicUsize::new(0));
    let run = pipeline(&server, folder.path(), &sink).with_create_limit(Duration::from_millis(500));
    let run = run.on_event(move |event| {
        // The second one says that the outcome of the create call is unknown.
        if matches!(event, Event::Job { state: "intent", .. }) && intents.fetch_add(1, Ordering::SeqCst) == 1 {
            let ledger = rusqlite::Connection::open(&path).expect("a ledger");
            let changed = ledger.execute("UPDATE jobs SET intent_ms = intent_ms + 3600000", []);
            assert_eq!(changed, Ok(1));
        }
    });
    let summary = run.run().await.expect("a run");
    assert_eq!((summary.stored, summary.uncertain), (1, 0));
    assert_eq!(tasks_by_name(&server).await.values().sum::<usize>(), 1, "it was created twice");
}
