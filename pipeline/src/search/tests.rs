use tempfile::TempDir;

use super::*;
use crate::{
    job::VectorSpace,
    row::VectorRow,
    sink::{Sink, TableFolder, TableFormat},
};

pub(super) fn row(content: &str, option: &str, start: f64, vector: [f32; 2]) -> VectorRow {
    VectorRow {
        source: format!("{content}.mp4"),
        content_hash: content.into(),
        model: "marengo3.5".into(),
        dimension: 2,
        option: Some(option.into()),
        scope: Some("clip".into()),
        start_sec: Some(start),
        end_sec: Some(start + 2.0),
        vector: vector.to_vec(),
        ..VectorRow::default()
    }
}

fn whole(content: &str, vector: [f32; 2]) -> VectorRow {
    let row = row(content, "visual", 0.0, vector);
    VectorRow { scope: Some("asset".into()), start_sec: None, end_sec: None, ..row }
}

/// A table with these batches.
pub(super) fn write(batches: &[Vec<VectorRow>]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sink = TableFolder::new(folder.path(), TableFormat::JsonLines);
    let space = VectorSpace::new("marengo3.5", 2);
    sink.open(&space, "ledger").expect("opened");
    for (number, rows) in (1..).zip(batches) {
        sink.write_batch(number, rows).expect("written");
    }
    folder
}

/// The whole files `a` and `c` have one vector each, and only `c` has no others.
fn folder() -> TempDir {
    write(&[
        vec![whole("a", [1.0, 0.1]), row("a", "visual", 0.0, [1.0, 0.0]), row("a", "audio", 0.0, [0.0, 1.0])],
        vec![row("a", "visual", 2.0, [0.8, 0.6]), row("a", "audio", 2.0, [1.0, 0.0])],
        vec![row("b", "visual", 0.0, [0.0, 1.0]), whole("c", [-1.0, 0.0])],
    ])
}

fn open(folder: &TempDir, conditions: &[&str]) -> Result<VectorTable, PipelineError> {
    let conditions: Vec<RowCondition> = conditions.iter().map(|text| text.parse().expect(text)).collect();
    VectorTable::open(folder.path(), &conditions)
}

/// Searches with the vectors in the files, and with those in memory.
fn search(table: VectorTable, settings: &SearchSettings) -> Vec<String> {
    let query = Embedding::try_from(vec![1.0, 0.0]).expect("finite");
    let from_files = table.search(&query, settings).expect("found");
    let table = table.load().expect("loaded");
    assert_eq!(table.search(&query, settings).expect("found"), from_files);
    from_files.into_iter().map(|hit| format!("{} {}", hit.source, hit.range())).collect()
}

#[test]
fn the_ranks_of_the_options_are_fused_to_one_row_per_clip() {
    let folder = folder();
    let found = |weights: &[(&str, f64)], top| {
        let weights = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        search(open(&folder, &[]).expect("a table"), &SearchSettings { weights, top })
    };
    // Ranks: visual a0, a2, b0, c; audio a2, a0.
    let all = found(&[], 10);
    assert_eq!(all.len(), 4, "the vector of the whole file a is left out: {all:?}");
    assert_eq!(all[2..], ["b.mp4 0.0\u{2013}2.0 s", "c.mp4 "]);
    assert_eq!(found(&[("audio", 0.0)], 10)[0], "a.mp4 0.0\u{2013}2.0 s");
    assert_eq!(found(&[("audio", 2.0)], 1), ["a.mp4 2.0\u{2013}4.0 s"]);
}

#[test]
fn the_end_of_a_file_is_that_of_its_last_range_in_any_batch() {
    let table = open(&folder(), &["end<=2"]).expect("a table");
    let ends = ["a", "b", "c", "d"].map(|content| table.last_end(content));
    assert_eq!(ends, [Some(4.0), Some(2.0), None, None]);
}

#[test]
fn files_are_searched_as_one_table() {
    // The nearest rows are at the starts of the files.
    let angle = |at: usize| at as f32 / 300.0;
    let file = |number: usize| {
        let row = |at: usize| row(&format!("{}", number * 300 + at), "visual", 0.0, [angle(at).cos(), angle(at).sin()]);
        (0..300).map(row).collect::<Vec<_>>()
    };
    let folder = write(&[file(0), file(1), file(2)]);
    let found = search(open(&folder, &[]).expect("a table"), &SearchSettings { top: 5, ..SearchSettings::default() });
    let expected = [0, 300, 600, 1, 301].map(|content| format!("{content}.mp4 0.0\u{2013}2.0 s"));
    assert_eq!(found, expected);
}

#[test]
fn rows_are_filtered_by_all_conditions() {
    let folder = folder();
    let count =
        |conditions: &[&str]| search(open(&folder, conditions).expect("a table"), &SearchSettings::default()).len();
    assert_eq!(count(&["scope=asset"]), 2);
    assert_eq!(count(&["scope=asset,clip"]), 5, "with the whole file a");
    assert_eq!(count(&["scope!=asset"]), 3);
    assert_eq!(count(&["source=*b.*"]), 1);
    assert_eq!(count(&["source=a.*", "start>=2"]), 1);
    assert_eq!(count(&["source=a.*", "option=audio", "end<=2"]), 1);
    assert_eq!(count(&["kind=image"]), 0);
    for (condition, message) in [
        ("option=visual,smell", "option must be one of audio, visual (got \"smell\")"),
        ("scope=clip,scene", "scope must be one of asset, clip (got \"scene\")"),
    ] {
        let error = open(&folder, &[condition]).expect_err("refused");
        assert_eq!(error.to_string(), format!("the filter {condition} is wrong: {message}"));
        assert_eq!(error.kind(), crate::PipelineErrorKind::Usage);
    }
}

#[test]
fn other_spaces_and_unknown_options_are_errors() {
    let table = open(&folder(), &[]).expect("a table").load().expect("loaded");
    let search = |query: Vec<f32>, settings: &SearchSettings| {
        let query = Embedding::try_from(query).expect("finite");
        table.search(&query, settings).expect_err("refused").to_string()
    };
    let error = search(vec![1.0], &SearchSettings::default());
    assert_eq!(error, "vectors of different dimensions cannot be compared: 1 and 2");
    let weights = SearchSettings { weights: [("smell".to_owned(), 1.0)].into(), ..SearchSettings::default() };
    assert_eq!(search(vec![1.0, 0.0], &weights), "weight must be of one of audio, visual (got \"smell\")");
}

#[test]
fn a_file_of_another_space_or_without_its_vectors_is_an_error() {
    let other = VectorRow { model: "marengo3.0".into(), ..row("b", "visual", 0.0, [1.0, 0.0]) };
    let error = open(&write(&[vec![other]]), &[]).expect_err("mixed").to_string();
    assert!(
        error.contains("has vectors of marengo3.0 with 2 dimensions, and the table of marengo3.5 with 2"),
        "{error}"
    );
    let short = VectorRow { vector: vec![1.0], ..row("b", "visual", 0.0, [1.0, 0.0]) };
    let folder = write(&[vec![row("a", "visual", 0.0, [1.0, 0.0])], vec![short]]);
    let table = open(&folder, &[]).expect("the heads are as they should be");
    let query = Embedding::try_from(vec![1.0, 0.0]).expect("finite");
    let error = table.search(&query, &SearchSettings::default()).expect_err("damaged");
    assert_eq!(error.kind(), crate::PipelineErrorKind::Storage);
    assert!(error.to_string().ends_with("cannot be read: 1 numbers for 1 vectors"), "{error}");
    // A run may have replaced it meanwhile.
    std::fs::remove_dir_all(folder.path()).expect("removed");
    assert_eq!(table.load().expect_err("gone").kind(), crate::PipelineErrorKind::Storage);
}

#[test]
fn settings_that_find_nothing_are_errors() {
    let error = |conditions: &[&str], settings: SearchSettings| {
        let error = open(&folder(), conditions).expect("a table").has_rows(&settings).expect_err("refused");
        assert_eq!(error.kind(), crate::PipelineErrorKind::Usage);
        error.to_string()
    };
    let weights = |weights: &[(&str, f64)]| SearchSettings {
        weights: weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect(),
        ..SearchSettings::default()
    };
    assert_eq!(error(&[], SearchSettings { top: 0, ..SearchSettings::default() }), "top must be at least 1 (got 0)");
    let none = error(&[], weights(&[("audio", 0.0), ("visual", 0.0)]));
    assert_eq!(none, "the weight of one of audio, visual must be greater than 0 (got 0 for each)");
    let none = error(&["option=audio"], weights(&[("audio", 0.0)]));
    assert_eq!(none, "the weight of one of audio must be greater than 0 (got 0 for each)");
}

#[test]
fn whether_a_row_is_searched_is_known_without_a_query() {
    let folder = folder();
    let has_rows = |conditions: &[&str], settings: &SearchSettings| {
        let table = open(&folder, conditions).expect("a table");
        let has_rows = table.has_rows(settings).expect("read");
        assert_eq!(table.load().expect("loaded").has_rows(settings).expect("read"), has_rows);
        has_rows
    };
    let all = SearchSettings::default();
    assert!(has_rows(&[], &all) && has_rows(&["source=b.*"], &all) && has_rows(&["scope=asset", "source=a.*"], &all));
    assert!(!has_rows(&["source=d.*"], &all) && !has_rows(&["start>=2", "end<=2"], &all));
    let visual = SearchSettings { weights: [("audio".to_owned(), 0.0)].into(), ..SearchSettings::default() };
    assert!(has_rows(&["start>=2"], &visual) && !has_rows(&["option=audio,visual", "source=a.*", "start>=9"], &visual));
    let audio = SearchSettings { weights: [("visual".to_owned(), 0.0)].into(), ..SearchSettings::default() };
    assert!(has_rows(&["source=a.*"], &audio) && !has_rows(&["source=b.*"], &audio), "b has no audio");
}

#[test]
fn an_empty_table_takes_any_scope_option_and_weight_and_has_no_rows() {
    let folder = write(&[]);
    let settings = SearchSettings { weights: [("visual".to_owned(), 2.0)].into(), ..SearchSettings::default() };
    for condition in ["scope=clip", "option=visual", "source=a.*"] {
        let table = open(&folder, &[condition]).expect(condition);
        assert!(!table.has_rows(&settings).expect("read"));
        assert_eq!(search(table, &settings), [""; 0]);
    }
}
