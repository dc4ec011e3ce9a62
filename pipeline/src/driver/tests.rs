use tempfile::TempDir;
use twelvelabs::TwelveLabs;

use super::*;
use crate::{
    calls::Interrupt,
    event::Reporter,
    job::{FileKind, ItemSettings, Origin, Stamp, VectorSpace},
    ledger::{CheckedFile, Ledger, NewJob, Planned, tests::change},
    row::{FailureRow, VectorRow},
    sink::{SharedSink, Sink, SinkResult},
    steps::Outcome,
};

struct NoTable;

impl Sink for NoTable {
    fn open(&mut self, _: &VectorSpace, _: &str) -> SinkResult {
        Ok(())
    }

    fn write_batch(&mut self, _: u64, _: &[VectorRow]) -> SinkResult {
        Ok(())
    }

    fn write_failures(&mut self, _: &[FailureRow]) -> SinkResult {
        Ok(())
    }

    fn commit(&mut self) -> SinkResult {
        Ok(())
    }
}

/// A loop over a ledger with one job that is ready, which makes no call.
fn loop_with_a_result(folder: &TempDir) -> Loop {
    let ledger = Ledger::open(&folder.path().join("ledger"), &[]).expect("opened");
    let file = CheckedFile { stamp: Stamp::default(), content: "c".into(), seconds: Some(4.0), refusal: None };
    let job = NewJob { id: "a".into(), kind: FileKind::Video, extension: "mp4".into(), file };
    let origin = Origin::File("a.mp4".into());
    ledger.add(&[(origin, ItemSettings::default(), Planned::Job(job))]).expect("added");
    for outcome in [
        Outcome::UploadStarted,
        Outcome::UploadDone { asset: "x".into() },
        Outcome::Intended,
        Outcome::Created { task: "t".into() },
        Outcome::Ready,
    ] {
        change(&ledger, "a", outcome, 0).expect("recorded");
    }
    let client = TwelveLabs::builder().api_key("none").base_url("http://127.0.0.1:9").no_proxy();
    let space = VectorSpace::new("marengo3.5", 512);
    let settings = DriverSettings {
        concurrency: 1,
        poll_interval: Duration::from_secs(5),
        create_limit: Duration::from_secs(120),
        batch_delay: Duration::from_secs(10),
        backoff: Duration::from_secs(1),
        outage_limit: Duration::from_secs(900),
        keep_assets: false,
        most_seconds: None,
        until: None,
    };
    let (sink, events) = (SharedSink::new(Box::new(NoTable), ledger.blocking()), Reporter::default());
    let interrupt = Interrupt::new();
    let interrupted = interrupt.subscribe();
    let client = client.build().expect("a client");
    let shared = Shared::new(client, ledger, space, settings, events, sink, interrupt);
    Loop::new(Arc::new(shared), interrupted)
}

/// Otherwise the loop would start a batch without results again and again.
#[tokio::test]
async fn a_result_that_is_postponed_is_not_waited_for_by_looking() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut own = loop_with_a_result(&folder);
    let ledger = Arc::clone(&own.shared.ledger);
    let counts = ledger.counts().expect("counted");
    own.start_batch(&counts).expect("started");
    assert!(own.storing && own.running.len() == 1, "nothing else is to be done");
    let mut own = loop_of(own);
    let hour = 3_600_000;
    let due = now_ms() + hour;
    ledger.postpone("a", due, Some("an error")).expect("postponed");
    own.start_batch(&counts).expect("not started");
    assert!(!own.storing && own.running.is_empty());
    let time = own.batch_time(&counts).expect("read").expect("a time");
    assert!(time > Instant::now() + Duration::from_secs(1800), "the batch is due at once");
    assert!(!own.is_over(&counts).expect("read"));
    let wake = own.wake_time(&counts, now_ms()).expect("read");
    assert!(wake > Instant::now() + Duration::from_secs(30), "the loop does not sleep");
}

/// Others of the batch are waited for while something is going on.
#[tokio::test]
async fn a_result_waits_for_others_of_its_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut own = loop_with_a_result(&folder);
    let mut counts = own.shared.ledger.counts().expect("counted");
    counts.insert("created".into(), 1);
    own.start_batch(&counts).expect("not started");
    assert!(!own.storing && own.ready_since.is_some());
    counts.insert("ready".into(), BATCH as u64);
    own.start_batch(&counts).expect("started");
    assert!(own.storing);
}

/// Tasks of small files are ready soon, and a run that only waits for them should end soon.
#[tokio::test(start_paused = true)]
async fn tasks_are_polled_sooner_when_nothing_else_is_left_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut own = loop_with_a_result(&folder);
    let counts = own.shared.ledger.counts().expect("counted");
    let interval = own.shared.settings.poll_interval;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        own.running.push(Box::pin(async { Ok(Ended::Round(Polled::Tasks)) }));
        own.wait(&counts, now_ms()).await.expect("waited");
        pauses.push(pause(&own));
    }
    assert!(pauses[0] < interval / 10 && pauses[7] == interval && pauses.is_sorted(), "{pauses:?}");

    // A step ends while another one runs, and then the last one.
    own.running.push(Box::pin(std::future::pending()));
    own.running.push(Box::pin(async { Ok(Ended::Step("b".into())) }));
    own.wait(&counts, now_ms()).await.expect("waited");
    assert_eq!(pause(&own), interval);
    own.running.clear();
    own.running.push(Box::pin(async { Ok(Ended::Step("c".into())) }));
    own.wait(&counts, now_ms()).await.expect("waited");
    assert_eq!(pause(&own), pauses[0]);
}

/// Assets of small files are ready soon, and the create calls of their tasks wait for that.
#[tokio::test(start_paused = true)]
async fn assets_are_polled_soon_after_the_first_upload_and_not_after_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut own = loop_with_a_result(&folder);
    let mut counts = own.shared.ledger.counts().expect("counted");
    let pause = |own: &Loop| own.assets.next().expect("no round is running") - Instant::now();
    for _ in 0..8 {
        own.running.push(Box::pin(async { Ok(Ended::Round(Polled::Assets)) }));
        own.wait(&counts, now_ms()).await.expect("waited");
    }
    assert_eq!(pause(&own), own.shared.settings.poll_interval);
    // Another upload is running.
    own.running.push(Box::pin(std::future::pending()));
    own.running.push(Box::pin(async { Ok(Ended::Upload("b".into())) }));
    own.wait(&counts, now_ms()).await.expect("waited");
    assert!(pause(&own) < own.shared.settings.poll_interval / 10, "{:?}", pause(&own));
    for _ in 0..8 {
        own.assets.end();
    }
    counts.insert("processing".into(), 1);
    own.running.push(Box::pin(async { Ok(Ended::Upload("c".into())) }));
    own.wait(&counts, now_ms()).await.expect("waited");
    assert_eq!(pause(&own), own.shared.settings.poll_interval);
}

/// How long it is until the tasks are polled.
fn pause(own: &Loop) -> Duration {
    own.tasks.next().expect("no round is running") - Instant::now()
}

/// The loop before it has started anything.
fn loop_of(own: Loop) -> Loop {
    Loop::new(own.shared, own.interrupted)
}
