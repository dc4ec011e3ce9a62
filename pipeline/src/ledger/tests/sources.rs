//! Tests of what a run was given.

use super::*;

#[test]
fn what_no_source_stands_for_is_no_failure_unless_it_may_cost_money() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let path = |name: &str| folder.path().join(name);
    let source = |name: &str, planned: Planned| {
        ledger.add(&[(Origin::File(path(name)), ItemSettings::default(), planned)]).expect("added");
    };
    let refused = || Planned::Refused { content: None, code: None, reason: "r".into(), retryable: false };
    let job = |id: &str| {
        let file = CheckedFile { stamp: stamp(2), content: id.into(), seconds: None, refusal: None };
        Planned::Job(NewJob { id: id.into(), kind: FileKind::Video, extension: "mp4".into(), file })
    };
    let fail = |id: &str| record(&ledger, id, [Outcome::Failed { reason: "r".into(), retryable: true }]);
    for name in ["refused", "failed", "changed", "planned"] {
        std::fs::write(path(name), "x").expect("written");
    }
    source("refused", refused());
    source("elsewhere/refused", refused());
    ["failed", "changed", "uncertain", "planned"].iter().for_each(|name| source(name, job(name)));
    ["failed", "changed"].iter().for_each(|name| drop(fail(name)));
    let outcomes = [
        Outcome::UploadStarted,
        Outcome::UploadDone { asset: "x".into() },
        Outcome::Intended,
        Outcome::Looked(Found::Unclear("two".into())),
    ];
    record(&ledger, "uncertain", outcomes);
    let failures = || {
        let (refused, _) = ledger.source_counts().expect("read");
        let counts = ledger.counts_for_sources().expect("read");
        let count = |state| counts.get(state).copied().unwrap_or_default();
        let listed = ledger.failures().expect("read").len() as u64;
        assert_eq!(listed, refused + count("failed") + count("uncertain"));
        (refused, count("failed"), count("uncertain"))
    };
    assert_eq!(failures(), (2, 2, 1));
    // The folder of the second one is deleted, too.
    ledger.forget_failures(&HashSet::new()).expect("forgotten");
    assert_eq!(failures(), (1, 2, 1));
    source("changed", job("new"));
    assert_eq!(failures(), (1, 1, 1));
    ["refused", "failed", "planned"].iter().for_each(|name| std::fs::remove_file(path(name)).expect("removed"));
    ledger.forget_failures(&HashSet::new()).expect("forgotten");
    assert_eq!(failures(), (0, 0, 1));
    assert_eq!(ledger.retry(true, false).expect("retried"), 0);
    fail("planned");
    assert_eq!(failures(), (0, 1, 1), "it is known only now that it cannot be read");
    // The file is there again.
    source("other name", job("failed"));
    assert_eq!((failures(), ledger.retry(false, false).expect("retried")), ((0, 2, 1), 2));
}

#[test]
fn a_file_that_is_relative_to_another_folder_is_not_forgotten() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let count = || ledger.failures().expect("read").len();
    for place in ["videos of another folder/a.mp4", "deleted.mp4", "src/deleted.mp4"] {
        let refused = Planned::Refused { content: None, code: None, reason: "r".into(), retryable: false };
        ledger.add(&[(Origin::File(place.into()), ItemSettings::default(), refused)]).expect("added");
    }
    ledger.forget_failures(&HashSet::new()).expect("forgotten");
    assert_eq!(count(), 3, "nothing tells that the current folder is the same");
    let stamp = Stamp::of_file(Path::new("Cargo.toml")).expect("a file");
    let file = CheckedFile { stamp, content: "c".into(), seconds: None, refusal: None };
    ledger.remember(&Origin::File("Cargo.toml".into()), &file).expect("remembered");
    ledger.forget_failures(&HashSet::new()).expect("forgotten");
    let left = ledger.failures().expect("read");
    assert_eq!(left.iter().map(|row| row.source.as_str()).collect::<Vec<_>>(), ["videos of another folder/a.mp4"]);
}

/// As of a manifest that was corrected.
#[test]
fn what_is_given_anew_is_refused_anew_or_not() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let origin = Origin::File("a.mp4".into());
    let settings = ItemSettings { end_sec: Some(999.0), ..ItemSettings::default() };
    let refused = Planned::Refused { content: None, code: None, reason: "r".into(), retryable: false };
    ledger.add(&[(origin.clone(), settings, refused)]).expect("added");
    ledger.forget_failures(&HashSet::from([Origin::File("b.mp4".into())])).expect("forgotten");
    assert_eq!(ledger.failures().expect("read").len(), 1);
    ledger.forget_failures(&HashSet::from([origin])).expect("forgotten");
    assert_eq!(ledger.failures().expect("read").len(), 0);
}

/// Its task is found by the name of its asset.
#[test]
fn an_asset_keeps_the_extension_that_is_in_its_name() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let add = |extension: &str| {
        let file = CheckedFile { stamp: stamp(2), content: "c".into(), seconds: None, refusal: None };
        let job = NewJob { id: "a".into(), kind: FileKind::Video, extension: extension.into(), file };
        let origin = Origin::File(format!("a.{extension}").into());
        ledger.add(&[(origin, ItemSettings::default(), Planned::Job(job))]).expect("added");
        ledger.expect_job("a").expect("read").extension.clone()
    };
    assert_eq!([add("mp4"), add("mov")], ["mp4", "mov"]);
    record(&ledger, "a", [Outcome::UploadStarted, Outcome::UploadSent { asset: "x".into() }]);
    assert_eq!(add("mkv"), "mov");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_kept() {
    use std::os::unix::ffi::OsStringExt as _;
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    let path = PathBuf::from(std::ffi::OsString::from_vec(b"odd\xff\n.mp4".to_vec()));
    let file = CheckedFile { stamp: stamp(2), content: "c".into(), seconds: None, refusal: None };
    let job = NewJob { id: "a".into(), kind: FileKind::Video, extension: "mp4".into(), file: file.clone() };
    let origin = Origin::File(path.clone());
    ledger.add(&[(origin.clone(), ItemSettings::default(), Planned::Job(job))]).expect("added");
    let job = ledger.job("a").expect("read").expect("a job");
    assert_eq!((&job.origin, job.asset_name().as_str()), (&origin, "twelvelabs-pipeline-a.mp4"));
    assert_eq!(ledger.checked_file(&origin, &stamp(2)).expect("read"), Some(file));
    assert_eq!(ledger.checked_file(&origin, &stamp(3)).expect("read"), None);
}

#[test]
fn a_job_whose_content_is_in_an_object_too_has_the_place_of_the_last_one() {
    let folder = folder();
    let ledger = open(&folder).expect("opened");
    add(&ledger, "a");
    let object = Origin::Object(ObjectUrl::of_ledger("s3://bucket/a?b.mp4".into()));
    let tagged = Stamp { e_tag: Some("tag".into()), ..stamp(5) };
    let file = CheckedFile { stamp: tagged.clone(), content: "content of a".into(), seconds: None, refusal: None };
    let job = NewJob { id: "a".into(), kind: FileKind::Video, extension: "mp4".into(), file: file.clone() };
    ledger.add(&[(object.clone(), ItemSettings::default(), Planned::Job(job))]).expect("added");
    let job = ledger.job("a").expect("read").expect("a job");
    assert_eq!((job.origin.public().as_str(), &job.stamp()), ("s3://bucket/a?b.mp4", &tagged));
    assert_eq!(job.origin, object);
    assert_eq!(ledger.source_counts().expect("read"), (0, 1), "one of them is repeated");
    assert_eq!(ledger.checked_file(&object, &tagged).expect("read"), Some(file));
    for other in [stamp(5), Stamp { e_tag: Some("other".into()), ..stamp(5) }] {
        assert_eq!(ledger.checked_file(&object, &other).expect("read"), None, "{other:?}");
    }
}
