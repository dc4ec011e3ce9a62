mod sources;

use std::collections::HashSet;

use tempfile::TempDir;

use super::{jobs::JobRecord, *};
use crate::{
    job::{FileKind, ItemSettings, Origin, Stamp},
    object_url::ObjectUrl,
    steps::{Found, Outcome, State},
};

fn parameters() -> Vec<Parameter> {
    vec![("model", "marengo3.5".into()), ("clips", String::new())]
}

fn open(folder: &TempDir) -> Result<Arc<Ledger>, String> {
    Ledger::open(&folder.path().join("l.sqlite"), &parameters()).map_err(|error| text(folder, &error))
}

fn text(folder: &TempDir, error: &PipelineError) -> String {
    error.to_string().replace(&folder.path().display().to_string(), "")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn stamp(modified_ns: i64) -> Stamp {
    Stamp { size: 1, modified_ns, e_tag: None }
}

fn add(ledger: &Ledger, id: &str) {
    let content = format!("content of {id}");
    let file = CheckedFile { stamp: stamp(2), content, seconds: Some(4.0), refusal: None };
    let job = NewJob { id: id.into(), kind: FileKind::Video, extension: "mp4".into(), file };
    let origin = Origin::File(format!("{id}.mp4").into());
    ledger.add(&[(origin, ItemSettings::default(), Planned::Job(job))]).expect("added");
}

/// Records a change alone.
pub(crate) fn change(ledger: &Ledger, id: &str, outcome: Outcome, due_ms: i64) -> Result<State, PipelineError> {
    let mut waiting = ledger.enqueue(vec![Change { job: id.into(), outcome, due_ms }]);
    ledger.record_waiting();
    waiting.remove(0).try_recv().expect("recorded")
}

fn record(ledger: &Ledger, id: &str, outcomes: impl IntoIterator<Item = Outcome>) -> State {
    let mut state = None;
    for outcome in outcomes {
        state = Some(change(ledger, id, outcome, 0).expect("recorded"));
    }
    state.expect("an outcome")
}

/// Adds a job, and leads it to `Ready`.
fn ready(ledger: &Ledger, id: &str) {
    add(ledger, id);
    lead_to_ready(ledger, id);
}

fn lead_to_ready(ledger: &Ledger, id: &str) {
    let outcomes = [
        Outcome::UploadStarted,
        Outcome::UploadDone { asset: format!("asset of {id}") },
        Outcome::Intended,
        Outcome::Created { task: format!("task of {id}") },
        Outcome::Ready,
    ];
    record(ledger, id, outcomes);
}

fn ids(jobs: &[JobRecord]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}

#[tokio::test]
async fn changes_that_are_recorded_together_succeed_and_fail_alone() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    ["a", "b", "c"].iter().for_each(|id| add(&ledger, id));
    let change = |job: &str, outcome| Change { job: job.into(), outcome, due_ms: 0 };
    let mut early = ledger.enqueue(vec![change("a", Outcome::UploadStarted)]);
    let (failed, uploaded) = (Outcome::Stored, Outcome::UploadDone { asset: "x".into() });
    let changes = vec![change("b", failed), change("c", Outcome::UploadStarted), change("c", uploaded)];
    let states = ledger.record(changes).await;
    assert_eq!(early.remove(0).try_recv().expect("recorded by another").expect("valid"), State::Uploading);
    let error = states[0].as_ref().expect_err("not ready").to_string();
    assert!(error.starts_with("the ledger is wrong about the job b"), "{error}");
    assert_eq!(states[1].as_ref().expect("valid"), &State::Uploading);
    assert_eq!(states[2].as_ref().expect("valid"), &State::Uploaded { asset: "x".into() });
    let states = ["a", "b", "c"].map(|id| ledger.expect_job(id).expect("known").state.name());
    assert_eq!(states, ["uploading", "planned", "uploaded"]);
    let counted = ledger.counts().expect("counted");
    assert_eq!(counted.values().sum::<u64>(), 3);
    assert_eq!(counted["uploaded"], 1);
}

#[test]
fn a_second_process_newer_versions_and_other_parameters_are_refused_with_both_values() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    assert!(ledger.is_new);
    let held = open(&folder).expect_err("held");
    assert_eq!(held, "another run of this process has the ledger /l.sqlite: wait for it, or stop it");
    drop(ledger);
    assert!(!open(&folder).expect("opened again").is_new);
    let path = folder.path().join("l.sqlite");
    let other = vec![("model", "marengo3.0".into()), ("clips", String::new())];
    let error = Ledger::open(&path, &other).expect_err("other model");
    assert_eq!(
        text(&folder, &error),
        "the ledger /l.sqlite was written with model marengo3.5, and this run has marengo3.0: use the same value, or another output"
    );
    let other = vec![("model", "marengo3.5".into()), ("clips", "fixed:6".into())];
    let error = text(&folder, &Ledger::open(&path, &other).expect_err("other clips"));
    assert!(error.contains("with clips the default, and this run has fixed:6"), "{error}");
    Connection::open(&path).and_then(|own| own.pragma_update(None, "user_version", 99)).expect("changed");
    let error = open(&folder).expect_err("newer");
    assert_eq!(error, "the ledger /l.sqlite has version 99, and this program reads version 4 only");
}

#[test]
fn a_damaged_ledger_is_refused_and_an_empty_one_is_new() {
    let folder = folder();
    let path = folder.path().join("l.sqlite");
    let ledger = open(&folder).expect("opened");
    for number in 0..200 {
        add(&ledger, &format!("job {number}"));
    }
    drop(ledger);
    let refused = || {
        let error = Ledger::open(&path, &parameters()).expect_err("damaged");
        assert_eq!(error.kind(), PipelineErrorKind::Storage, "{error}");
        assert!(text(&folder, &error).starts_with("the ledger /l.sqlite is damaged: restore it"), "{error}");
    };
    let whole = std::fs::read(&path).expect("read");
    // Pages in the middle are zeroed, as by a disk.
    let mut zeroed = whole.clone();
    let middle = zeroed.len() / 2 / 4096 * 4096;
    zeroed[middle..middle + 8192].fill(0);
    std::fs::write(&path, &zeroed).expect("written");
    refused();
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    refused();
    std::fs::write(&path, "no database, but a text that is long enough to be looked at".repeat(20)).expect("written");
    refused();
    std::fs::write(&path, "").expect("written");
    assert!(open(&folder).expect("opened").is_new);
    std::fs::write(&path, &whole).expect("written");
    assert!(!open(&folder).expect("opened").is_new);
}

#[test]
fn a_new_ledger_can_be_discarded_and_one_of_an_earlier_run_stays() {
    let folder = folder();
    let names = || std::fs::read_dir(folder.path()).expect("listed").count();
    open(&folder).expect("opened").discard_if_new();
    assert_eq!(names(), 1, "the lock");
    drop(open(&folder).expect("opened"));
    open(&folder).expect("opened").discard_if_new();
    assert!(!open(&folder).expect("opened").is_new);
}

#[test]
fn a_ledger_keeps_its_identity_also_if_it_was_killed_before_its_parameters_were_recorded() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let id = ledger.id().expect("read");
    assert_eq!(id.len(), 32);
    ledger.connection().execute("DELETE FROM parameters", []).expect("deleted");
    drop(ledger);
    let ledger = open(&folder).expect("opened");
    assert_eq!(ledger.id().expect("read"), id);
    assert_eq!(ledger.parameters().expect("read").len(), parameters().len());
    ledger.discard_if_new();
    let ledger = open(&folder).expect("opened");
    assert_eq!(ledger.id().expect("read"), id, "it is not new");
    let other = Ledger::open(&folder.path().join("other.sqlite"), &parameters()).expect("opened");
    assert_ne!(other.id().expect("read"), id);
}

/// As it is for a moment in a child process that another thread has started.
#[test]
fn a_lock_ends_with_its_ledger_also_if_its_file_is_still_open() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let inherited = ledger._lock.as_ref().and_then(|lock| lock.0.try_clone().ok()).expect("the lock");
    drop(ledger);
    open(&folder).expect("opened again");
    drop(inherited);
}

#[cfg(unix)]
#[test]
fn other_users_cannot_read_a_ledger() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    for name in ["l.sqlite", "l.sqlite-wal"] {
        let mode = folder.path().join(name).metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_that_was_deleted_or_replaced_is_not_written_to() {
    let folder = folder();
    let (path, aside) = (folder.path().join("l.sqlite"), folder.path().join("aside"));
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    let record = || change(&ledger, "a", Outcome::UploadStarted, 0);
    std::fs::rename(&path, &aside).expect("moved");
    for content in [None, Some("")] {
        if let Some(content) = content {
            std::fs::write(&path, content).expect("written");
        }
        let error = record().expect_err("gone");
        assert_eq!(error.kind(), PipelineErrorKind::Storage, "{error}");
        assert!(error.to_string().contains("was deleted or replaced while it was in use: put it back"), "{error}");
    }
    std::fs::rename(&aside, &path).expect("moved back");
    record().expect("recorded");
}

#[test]
fn a_job_survives_in_every_state() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    ready(&ledger, "a");
    add(&ledger, "b");
    record(&ledger, "b", [Outcome::UploadStarted, Outcome::Failed { reason: "r".into(), retryable: true }]);
    drop(ledger);
    let ledger = open(&folder).expect("opened");
    let state = |id: &str| ledger.job(id).expect("read").expect("a job").state;
    assert_eq!(state("a"), State::Ready { asset: "asset of a".into(), task: "task of a".into() });
    assert_eq!(state("b"), State::Failed { asset: None, reason: "r".into(), retryable: true });
    assert!(ledger.knows_task("task of a").expect("read") && !ledger.knows_task("other").expect("read"));
    assert_eq!(ledger.failures().expect("read").len(), 1);
    // The same file again changes nothing.
    add(&ledger, "a");
    assert_eq!(state("a").name(), "ready");
    assert_eq!(ledger.retry(false, false).expect("retried"), 1);
    assert_eq!(state("b"), State::Planned);
}

#[test]
fn an_outcome_that_cannot_be_is_an_error_that_changes_nothing() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    let error = change(&ledger, "a", Outcome::Ready, 0).expect_err("an invalid transition").to_string();
    assert_eq!(error, "the ledger is wrong about the job a: Ready cannot follow Planned");
    assert_eq!(ledger.job("a").expect("read").expect("a job").state, State::Planned);
}

#[test]
fn due_jobs_are_those_that_are_not_busy_and_not_postponed() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    for id in ["a", "b", "c"] {
        add(&ledger, id);
    }
    let due = |busy: &[&str]| {
        let busy: HashSet<String> = busy.iter().map(|&id| id.into()).collect();
        let jobs = ledger.due("planned", &busy, 2).expect("read");
        ids(&jobs).join(" ")
    };
    assert_eq!(due(&[]), "a b");
    assert_eq!(due(&["a"]), "b c");
    let later = now_ms() + 3_600_000;
    assert_eq!(ledger.postpone("b", later, Some("an error")).expect("postponed"), 1);
    assert_eq!(due(&["a"]), "c");
    record(&ledger, "a", [Outcome::UploadStarted]);
    record(&ledger, "c", [Outcome::UploadStarted]);
    assert_eq!(ledger.next_due(&["planned"], 0).expect("read"), Some(later));
    assert_eq!(ledger.next_due(&["planned"], later).expect("read"), None);
}

#[test]
fn failed_attempts_of_a_create_call_count_until_there_is_a_task() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    record(&ledger, "a", [Outcome::UploadStarted]);
    assert_eq!(ledger.postpone("a", 0, Some("of the upload")).expect("postponed"), 1);
    record(&ledger, "a", [Outcome::UploadDone { asset: "x".into() }]);
    let attempts = || ledger.expect_job("a").expect("read").attempts;
    assert_eq!(attempts(), 0, "another step");
    for before in 0..2 {
        record(&ledger, "a", [Outcome::Intended, Outcome::Unknown]);
        assert_eq!(ledger.postpone("a", 0, Some("lost")).expect("postponed"), 2 * before + 1);
        ledger.postpone("a", 0, None).expect("postponed");
        assert_eq!(ledger.expect_job("a").expect("read").reason.as_deref(), Some("lost"), "the list failed meanwhile");
        record(&ledger, "a", [Outcome::Looked(Found::None), Outcome::Intended, Outcome::NotSent]);
        assert_eq!(ledger.postpone("a", 0, Some("refused")).expect("postponed"), 2 * before + 2);
    }
    ledger.retry(false, false).expect("retried");
    assert_eq!(attempts(), 0, "another run");
    record(&ledger, "a", [Outcome::Intended]);
    ledger.postpone("a", 0, Some("lost")).expect("postponed");
    let state = record(&ledger, "a", [Outcome::Looked(Found::One("t".into()))]);
    assert_eq!((state.name(), state.reason(), attempts()), ("created", None, 0));
}

#[test]
fn moves_of_a_job_may_be_counted_in_any_order() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    let counts = || ledger.counts().expect("read").into_iter().collect::<Vec<_>>();
    assert_eq!(counts(), [("planned".to_owned(), 1)]);
    ledger.moved(&[("created", "ready")]);
    ledger.moved(&[("intent", "created")]);
    ledger.moved(&[("planned", "intent")]);
    assert_eq!(counts(), [("ready".to_owned(), 1)]);
}

#[test]
fn a_batch_that_was_interrupted_has_the_same_jobs_again() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    for id in ["a", "b"] {
        ready(&ledger, id);
    }
    let next = |ledger: &Ledger| {
        let (batch, jobs) = ledger.next_batch(64, 1e9).expect("read").expect("a batch");
        (batch, ids(&jobs).join(" "))
    };
    assert_eq!(next(&ledger), (1, "a b".to_owned()));
    drop(ledger);
    let ledger = open(&folder).expect("opened");
    ready(&ledger, "c");
    assert_eq!(next(&ledger), (1, "a b".to_owned()), "c waits, although it is ready");
    // Its result cannot be retrieved now.
    ledger.postpone("a", 0, Some("an error")).expect("postponed");
    ledger.record_stored(&[("b".into(), 7)]).expect("stored");
    assert_eq!(next(&ledger), (2, "a c".to_owned()));
    ledger.record_stored(&[("a".into(), 1), ("c".into(), 2)]).expect("stored");
    assert_eq!(ledger.next_batch(64, 1e9).expect("read").map(|(batch, _)| batch), None);
    let (jobs, vectors, seconds) = ledger.stored().expect("read");
    assert_eq!((jobs, vectors, seconds), (3, 10, 12.0));
}

/// As a dry run does.
#[test]
fn the_seconds_of_a_range_are_counted_and_not_those_of_its_file() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let range = ItemSettings { start_sec: Some(2.0), end_sec: Some(6.0), ..ItemSettings::default() };
    for (id, settings) in [("a", ItemSettings::default()), ("b", range.clone()), ("c", range)] {
        let file = CheckedFile { stamp: stamp(2), content: id.into(), seconds: Some(64.0), refusal: None };
        let job = NewJob { id: id.into(), kind: FileKind::Video, extension: "mp4".into(), file };
        let origin = Origin::File(format!("{id}.mp4").into());
        ledger.add(&[(origin, settings, Planned::Job(job))]).expect("added");
        lead_to_ready(&ledger, id);
        ledger.record_stored(&[(id.into(), 5)]).expect("stored");
    }
    assert_eq!(ledger.stored().expect("read"), (3, 15, 72.0));
}

#[test]
fn a_batch_has_bounded_media() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    for id in ["a", "b", "c"] {
        ready(&ledger, id);
    }
    let (_, jobs) = ledger.next_batch(64, 9.0).expect("read").expect("a batch");
    assert_eq!(ids(&jobs), ["a", "b"], "4 s each");
    // One that is too long is alone.
    ledger.record_stored(&[("a".into(), 1), ("b".into(), 1)]).expect("stored");
    let (_, jobs) = ledger.next_batch(64, 1.0).expect("read").expect("a batch");
    assert_eq!(ids(&jobs), ["c"]);
}

#[test]
fn a_task_is_looked_for_after_the_whole_wait_if_the_clock_was_set_back() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    record(&ledger, "a", [Outcome::UploadStarted, Outcome::UploadDone { asset: "x".into() }]);
    let (before, wait, year) = (now_ms(), 5_000, 31_536_000_000);
    change(&ledger, "a", Outcome::Intended, before + wait).expect("recorded");
    let due = || ledger.next_due(&["intent"], 0).expect("read").expect("a time");
    ledger.retry(false, false).expect("retried");
    assert_eq!(due(), before + wait, "the clock is right");
    let sql = "UPDATE jobs SET intent_ms = ?1, due_ms = ?1 + 5000";
    ledger.connection().execute(sql, [before + year]).expect("changed");
    ledger.retry(false, false).expect("retried");
    assert!((before + wait..=now_ms() + wait).contains(&due()), "{}", due());
}

#[test]
fn an_uncertain_job_is_created_again_only_by_decision() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    let outcomes = [
        Outcome::UploadStarted,
        Outcome::UploadDone { asset: "x".into() },
        Outcome::Intended,
        Outcome::Unknown,
        Outcome::Looked(Found::Unclear("two".into())),
    ];
    record(&ledger, "a", outcomes);
    assert_eq!(ledger.retry(true, false).expect("retried"), 0);
    assert_eq!(ledger.retry(false, true).expect("retried"), 1);
    assert_eq!(ledger.job("a").expect("read").expect("a job").state, State::Uploaded { asset: "x".into() });
}

#[test]
fn counts_follow_every_change() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let counts = |ledger: &Ledger| {
        let counts = ledger.counts().expect("counted");
        let shown: Vec<String> =
            counts.iter().filter(|(_, count)| **count > 0).map(|(state, count)| format!("{state} {count}")).collect();
        shown.join(", ")
    };
    assert_eq!(counts(&ledger), "");
    for id in ["a", "b"] {
        ready(&ledger, id);
    }
    assert_eq!(counts(&ledger), "ready 2");
    ledger.record_stored(&[("a".into(), 1)]).expect("stored");
    record(&ledger, "b", [Outcome::Failed { reason: "r".into(), retryable: true }]);
    assert_eq!(counts(&ledger), "failed 1, stored 1");
    ledger.retry(false, false).expect("retried");
    record(&ledger, "a", [Outcome::Cleaned]);
    assert_eq!(counts(&ledger), "cleaned 1, uploaded 1");
    change(&ledger, "a", Outcome::Ready, 0).expect_err("an invalid transition");
    assert_eq!(counts(&ledger), counts(&Ledger::open_to_read(&ledger.path).expect("opened")));
}

/// With an index, the plan of a query has no sort and no scan.
#[test]
fn the_queries_of_the_loop_use_an_index() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let connection = ledger.connection();
    for sql in [
        "SELECT * FROM jobs WHERE state = 'planned' AND due_ms <= 5 ORDER BY due_ms, number LIMIT 4",
        "SELECT * FROM jobs WHERE state = 'failed' AND asset IS NOT NULL AND due_ms <= 5 ORDER BY due_ms, number LIMIT 4",
        "SELECT MIN(due_ms) FROM jobs WHERE state = 'planned' AND due_ms > 5",
        "SELECT MIN(due_ms) FROM jobs WHERE state = 'failed' AND asset IS NOT NULL AND due_ms > 5",
        "SELECT COALESCE(MAX(batch), 0) + 1 FROM jobs",
    ] {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid");
        let plan: rusqlite::Result<Vec<String>> =
            statement.query_map([], |row| row.get(3)).and_then(|rows| rows.collect());
        let plan = plan.expect("a plan").join("; ");
        assert!(plan.contains("INDEX") && !plan.contains("B-TREE") && !plan.starts_with("SCAN jobs;"), "{sql}: {plan}");
    }
}
