use tempfile::TempDir;

use super::*;

const LEDGER: &str = "the ledger";

fn space() -> VectorSpace {
    VectorSpace::new("marengo3.5", 2)
}

fn rows() -> Vec<VectorRow> {
    let row = |id: &str, vector: [f32; 2]| VectorRow {
        id: id.into(),
        source: "../../etc/\"odd\n\u{1b}.mp4".into(),
        content_hash: "c".into(),
        task: "t".into(),
        asset: "a".into(),
        model: "marengo3.5".into(),
        dimension: 2,
        option: Some("visual".into()),
        scope: Some("clip".into()),
        start_sec: Some(0.1),
        end_sec: Some(2.0),
        vector: vector.to_vec(),
        ..VectorRow::default()
    };
    let page = VectorRow {
        option: None,
        start_sec: None,
        end_sec: None,
        start_page: Some(1),
        end_page: Some(2),
        quadrant: Some("top_left".into()),
        chunk_index: Some(0),
        ..row("3", [-0.0, f32::MIN_POSITIVE])
    };
    vec![row("1", [1.0, 0.1]), row("2", [0.25, -3.5e30]), page]
}

fn formats() -> Vec<TableFormat> {
    vec![
        #[cfg(feature = "parquet")]
        TableFormat::Parquet,
        TableFormat::JsonLines,
    ]
}

const COLUMNS: [&str; 15] = [
    "id",
    "source",
    "content_hash",
    "task",
    "asset",
    "model",
    "dimension",
    "option",
    "scope",
    "start_sec",
    "end_sec",
    "start_page",
    "end_page",
    "quadrant",
    "chunk_index",
];

fn read_all(folder: &TempDir, format: TableFormat) -> Vec<VectorRow> {
    let mut all = Vec::new();
    for file in row_files(folder.path()).expect("listed") {
        let mut vectors = Vec::new();
        let mut each = |values: &[f32]| {
            vectors.extend(values.chunks(2).map(<[f32]>::to_vec));
            Ok(())
        };
        read_vectors(&file, format, 2, &mut each).expect("read");
        let rows = read_rows(&file, format, &COLUMNS).expect("read");
        all.extend(rows.into_iter().zip(vectors).map(|(row, vector)| VectorRow { vector, ..row }));
    }
    all
}

#[test]
fn rows_are_read_as_they_were_written() {
    for format in formats() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sink = TableFolder::new(folder.path(), format);
        sink.open(&space(), LEDGER).expect("opened");
        sink.write_batch(1, &rows()).expect("written");
        sink.write_batch(2, &rows()[..1]).expect("written");
        // Again, as after a crash.
        sink.write_batch(2, &rows()[1..]).expect("written");
        let all = read_all(&folder, format);
        assert_eq!(all, [rows(), rows()[1..].to_vec()].concat(), "{format:?}");
        assert!(all[2].vector[0].is_sign_negative(), "bits are kept");
        let files = row_files(folder.path()).expect("listed");
        let heads = read_rows(&files[0], format, &["content_hash", "model", "scope"]).expect("read");
        assert!(heads.iter().all(|row| row.content_hash == "c" && row.scope.as_deref() == Some("clip")));
        sink.write_batch(1, &[]).expect("removed");
        sink.write_batch(1, &[]).expect("removed already");
        assert_eq!(read_all(&folder, format), rows()[1..]);
        sink.write_failures(&[]).expect("written");
        sink.commit().expect("committed");
    }
}

#[test]
fn a_table_of_other_vectors_or_without_its_ledger_is_not_appended_to() {
    let format = TableFormat::JsonLines;
    let folder = tempfile::tempdir().expect("a folder");
    let open = |space: &VectorSpace, format, ledger| {
        let opened = TableFolder::new(folder.path(), format).open(space, ledger);
        opened.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "T"))
    };
    open(&space(), format, LEDGER).expect("opened");
    let other = VectorSpace::new("marengo3.0", 512);
    assert_eq!(
        open(&other, format, LEDGER).expect_err("other vectors"),
        "the table T has vectors of marengo3.5 with 2 dimensions as jsonl, and this run of marengo3.0 with 512 dimensions as jsonl"
    );
    // Also without rows: tasks of an earlier run may exist.
    let error = open(&space(), format, "another").expect_err("no ledger");
    assert!(error.starts_with("the table T is that of an earlier run, and its ledger is missing: restore"), "{error}");
    open(&space(), format, LEDGER).expect("resumed");
    // The ledger says that rows are stored, and there are none.
    std::fs::remove_dir(folder.path().join(ROWS)).expect("removed");
    let error = open(&space(), format, LEDGER).expect_err("no rows");
    assert!(error.starts_with("the table T has lost its folder rows: restore it, or use"), "{error}");
    std::fs::create_dir(folder.path().join(ROWS)).expect("restored");
    open(&space(), format, LEDGER).expect("resumed");
    std::fs::write(folder.path().join(DESCRIPTION), "{\"version\": 9}").expect("written");
    let error = open(&space(), format, LEDGER).expect_err("newer");
    assert_eq!(error, "T/table.json has version 9, and this program reads version 2 only");
    std::fs::write(folder.path().join(DESCRIPTION), "{").expect("written");
    assert!(open(&space(), format, LEDGER).expect_err("damaged").starts_with("T/table.json is damaged"));
}

#[test]
fn unfinished_files_are_no_rows_and_are_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sink = TableFolder::new(folder.path(), TableFormat::JsonLines);
    sink.open(&space(), LEDGER).expect("opened");
    let unfinished = folder.path().join(ROWS).join(format!("{UNFINISHED}000001.jsonl"));
    std::fs::write(&unfinished, "{\"id\":").expect("written");
    assert!(row_files(folder.path()).expect("listed").is_empty());
    sink.open(&space(), LEDGER).expect("opened again");
    assert!(!unfinished.exists());
}

#[test]
fn a_process_that_opens_a_shared_table_leaves_the_unfinished_files_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let mut table = TableFolder::shared(folder.path(), TableFormat::JsonLines);
        table.open(&space(), LEDGER).expect("opened");
        table
    };
    let (mut first, unfinished) = (open(), folder.path().join(ROWS).join(".unfinished-0-000001.jsonl"));
    std::fs::write(&unfinished, "half").expect("written");
    let mut second = open();
    assert!(unfinished.exists());
    // The same batch of both: the same rows, once.
    assert!(!first.has_batch(1));
    first.write_batch(1, &rows()).expect("written");
    assert!(second.has_batch(1) && !second.has_batch(2));
    second.write_batch(1, &rows()).expect("written");
    assert_eq!(read_all(&folder, TableFormat::JsonLines), rows());
    assert_ne!(first.writer, second.writer);
    let old = std::time::SystemTime::now() - ABANDONED - Duration::from_secs(60);
    let file = File::options().write(true).open(&unfinished).expect("opened");
    file.set_modified(old).expect("its time is set");
    open();
    assert!(!unfinished.exists());
}
