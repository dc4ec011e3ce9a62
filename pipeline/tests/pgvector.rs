//! A table in a real Postgres, whose URL is in `PGVECTOR_URL`: `pipeline/tests/pgvector.sh` starts one. Skipped without
//! it.

use std::{path::Path, time::Duration};

use postgres::{Client, NoTls};
use twelvelabs::TwelveLabs;
use twelvelabs_local::LocalServer;
use twelvelabs_pipeline::{FailureRow, ItemSource, PgvectorTable, Pipeline, Sink, VectorRow, VectorSpace};

fn connect() -> Option<Client> {
    let Ok(url) = std::env::var("PGVECTOR_URL") else {
        eprintln!("skipped: PGVECTOR_URL is not set");
        return None;
    };
    Some(Client::connect(&url, NoTls).expect("connected"))
}

/// A name that needs quotes, of a table that is not there.
fn fresh(client: &mut Client, name: &str) -> String {
    let name = format!("the \"{name}\"");
    let quoted = name.replace('"', "\"\"");
    let sql = format!("DROP TABLE IF EXISTS \"{quoted}\"; DROP TABLE IF EXISTS \"{quoted}_failures\"");
    client.batch_execute(&sql).expect("dropped");
    name
}

fn row(id: &str, vector: [f32; 2]) -> VectorRow {
    let mut row = VectorRow::new(id, vector.to_vec());
    row.source = "it's; \u{0}DROP \\".into();
    row.model = "m".into();
    row.option = Some("visual".into());
    row.start_sec = Some(0.5);
    row.chunk_index = Some(3);
    row
}

#[test]
fn batches_replace_themselves_and_other_vectors_and_ledgers_are_refused() {
    let (Some(mut client), Some(own)) = (connect(), connect()) else { return };
    let name = fresh(&mut client, "batches");
    let space = VectorSpace::new("m", 2);
    let mut sink = PgvectorTable::new(own, &name);
    sink.open(&space, "ledger").expect("opened");
    sink.open(&space, "ledger").expect("resumed");
    let mut refused = |space: &VectorSpace, ledger| sink.open(space, ledger).expect_err("refused").to_string();
    let error = refused(&space, "another");
    assert!(error.contains("its ledger is missing"), "{error}");
    let error = refused(&VectorSpace::new("m", 3), "ledger");
    assert!(error.ends_with("has vectors of m with 2 dimensions, and this run of m with 3 dimensions"), "{error}");
    sink.write_batch(1, &[row("a", [1.0, 0.25]), row("b", [f32::MIN_POSITIVE, -3.5e30])]).expect("written");
    // Again, with a row less, and one that is there twice.
    sink.write_batch(1, &[row("b", [0.5, -0.5]), row("b", [0.5, -0.5])]).expect("written");
    // The same vector of another job.
    sink.write_batch(2, &[row("b", [0.5, -0.5]), row("c", [0.0, 1.0])]).expect("written");
    let quoted = name.replace('"', "\"\"");
    let sql = format!(
        "SELECT id, batch, vector::text, source, start_sec, chunk_index, scope FROM \"{quoted}\" \
         ORDER BY vector <=> '[1,-1]', batch"
    );
    let rows = client.query(&sql, &[]).expect("read");
    let found: Vec<(&str, i64, &str)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(found, [("b", 1, "[0.5,-0.5]"), ("b", 2, "[0.5,-0.5]"), ("c", 2, "[0,1]")]);
    assert_eq!(rows[0].get::<_, &str>(3), "it's; \u{fffd}DROP \\");
    assert_eq!((rows[0].get(4), rows[0].get(5), rows[0].get(6)), (Some(0.5), Some(3_i64), None::<String>));
    sink.write_batch(2, &[]).expect("removed");
    assert_eq!(client.query(&sql, &[]).expect("read").len(), 1, "the row of the other job is left");
    let failure = |reason: &str| FailureRow::new("s", "refused", reason);
    for reasons in [&["x", "y"][..], &["z"]] {
        sink.write_failures(&reasons.iter().map(|reason| failure(reason)).collect::<Vec<_>>()).expect("written");
    }
    let reasons = client.query(&format!("SELECT reason FROM \"{quoted}_failures\""), &[]).expect("read");
    assert_eq!(reasons.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["z"]);
    client.batch_execute(&format!("COMMENT ON TABLE \"{quoted}\" IS 'mine'")).expect("changed");
    let error = sink.open(&space, "ledger").expect_err("another table").to_string();
    assert!(error.contains("is not one that this version of the pipeline has created"), "{error}");
    let error = PgvectorTable::new(client, "x".repeat(55)).open(&space, "l").expect_err("too long").to_string();
    assert!(error.contains("1 to 54 bytes"), "{error}");
}

/// Calls `read` on a thread where it may block.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(read).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_fills_the_table_and_another_one_adds_nothing() {
    let Some(name) = blocking(|| connect().map(|mut client| fresh(&mut client, "run"))).await else { return };
    let server = LocalServer::builder().processing_time(Duration::ZERO).start().await.expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media");
    std::fs::copy(media.join("tiny.mp4"), folder.path().join("a.mp4")).expect("copied");
    std::fs::copy(media.join("silent.mp4"), folder.path().join("b.mp4")).expect("copied");
    let quoted = name.replace('"', "\"\"");
    let sql = format!("SELECT count(*), count(DISTINCT source), min(vector_dims(vector)) FROM \"{quoted}\"");
    for _ in 0..2 {
        let own = blocking(connect).await.expect("connected");
        let client = TwelveLabs::builder().api_key("k").base_url(server.base_url()).no_proxy();
        let client = client.build().expect("a client");
        let summary = Pipeline::builder(client, folder.path().join("ledger"), PgvectorTable::new(own, &name))
            .source(ItemSource::Path(folder.path().into()))
            .with_poll_interval(Duration::from_millis(20))
            .with_batch_delay(Duration::from_millis(20))
            .build()
            .expect("valid settings")
            .run()
            .await
            .expect("a run");
        assert_eq!((summary.stored, summary.failed), (2, 0));
        let sql = sql.clone();
        let rows = blocking(move || {
            let row = connect().expect("connected").query_one(&sql, &[]).expect("read");
            (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i32>(2))
        });
        assert_eq!(rows.await, (summary.vectors.cast_signed(), 2, 512));
    }
}
