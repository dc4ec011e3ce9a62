//! A table in Postgres, with the extension pgvector.

use postgres::{Client, Transaction};
use serde::Serialize;

use super::{Sink, SinkResult, ledger_is_missing};
use crate::{
    error::PipelineError,
    escape::escape_control,
    job::VectorSpace,
    row::{FailureRow, VectorRow},
};

/// What the name of the table of failures ends in.
const FAILURES: &str = "_failures";
/// Longest name of a table in bytes: Postgres keeps 63.
const LONGEST_NAME: usize = 63 - FAILURES.len();
/// The number of rows of a statement.
const ROWS: usize = 500;

/// A table in Postgres with the extension [pgvector](https://github.com/pgvector/pgvector), and a second one for
/// failures, `NAME_failures`.
///
/// The columns are the fields of [`VectorRow`], with `vector` of a type such as `vector(512)`, and `batch`. The key is
/// `batch` and `id`, of which `id` alone is unique, too. An index for searches is up to the caller, for example
/// `CREATE INDEX ON NAME USING hnsw (vector vector_cosine_ops)`. Each batch is one transaction. The comment of the table
/// has the model, the dimension and the ledger.
///
/// ```no_run
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use postgres::{Client, NoTls};
/// use twelvelabs_pipeline::PgvectorTable;
///
/// let sink = PgvectorTable::new(Client::connect("host=/var/run/postgresql user=me dbname=videos", NoTls)?, "vectors");
/// # Ok(()) }
/// ```
///
/// In async code, connect in `tokio::task::spawn_blocking`.
pub struct PgvectorTable {
    /// `None` when it is dropped.
    client: Option<Client>,
    name: String,
}

impl std::fmt::Debug for PgvectorTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgvectorTable").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PgvectorTable {
    /// A table with this name in the schema of the connection, which is created if necessary. The name has 1–54 bytes;
    /// it is put in quotes.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client: Some(client), name: name.into() }
    }

    fn transaction(&mut self) -> Result<Transaction<'_>, PipelineError> {
        let message = "cannot use the connection to Postgres";
        let client = self.client.as_mut().ok_or_else(|| PipelineError::storage(message, "it is closed"))?;
        client.transaction().map_err(|error| PipelineError::storage(message, error))
    }

    /// The name of a table in quotes.
    fn quoted(&self, suffix: &str) -> String {
        format!("\"{}{suffix}\"", self.name.replace('"', "\"\""))
    }
}

impl Drop for PgvectorTable {
    /// Closing a connection blocks, which panics on a thread of an asynchronous runtime.
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = std::thread::spawn(move || drop(client)).join();
        }
    }
}

impl Sink for PgvectorTable {
    fn open(&mut self, space: &VectorSpace, ledger: &str) -> SinkResult {
        let (table, failures, shown) = (self.quoted(""), self.quoted(FAILURES), escape_control(&self.name));
        if self.name.is_empty() || self.name.len() > LONGEST_NAME || self.name.contains('\0') {
            let message = format!("the name of a table must have 1 to {LONGEST_NAME} bytes (got {shown:?})");
            return Err(PipelineError::usage(message).into());
        }
        let mut transaction = self.transaction()?;
        let sql = "SELECT obj_description(class, 'pg_class') FROM to_regclass($1) AS class WHERE class IS NOT NULL";
        if let Some(found) = transaction.query_opt(sql, &[&table])? {
            return check(&shown, found.get(0), space, ledger);
        }
        let comment = serde_json::json!({ "version": 1, "space": space, "ledger": ledger }).to_string();
        transaction.batch_execute(&format!(
            "CREATE EXTENSION IF NOT EXISTS vector;
            CREATE TABLE {table} (
                batch bigint NOT NULL, id text NOT NULL, source text NOT NULL, content_hash text NOT NULL,
                task text NOT NULL, asset text NOT NULL, model text NOT NULL, dimension bigint NOT NULL,
                option text, scope text, start_sec double precision, end_sec double precision,
                start_page bigint, end_page bigint, quadrant text, chunk_index bigint,
                vector vector({dimension}) NOT NULL, PRIMARY KEY (batch, id));
            COMMENT ON TABLE {table} IS '{comment}';
            CREATE TABLE {failures} (
                source text NOT NULL, content_hash text, status text NOT NULL, code text, reason text NOT NULL,
                retryable boolean NOT NULL, task text);",
            dimension = space.dimension,
            comment = comment.replace('\'', "''"),
        ))?;
        Ok(transaction.commit()?)
    }

    fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult {
        #[derive(Serialize)]
        struct Columns<'r> {
            batch: u64,
            #[serde(flatten)]
            row: &'r VectorRow,
        }
        let table = self.quoted("");
        let mut transaction = self.transaction()?;
        transaction.execute(&format!("DELETE FROM {table} WHERE batch = $1"), &[&batch.cast_signed()])?;
        for rows in rows.chunks(ROWS) {
            insert(&mut transaction, &table, rows.iter().map(|row| Columns { batch, row }))?;
        }
        Ok(transaction.commit()?)
    }

    fn write_failures(&mut self, rows: &[FailureRow]) -> SinkResult {
        let table = self.quoted(FAILURES);
        let mut transaction = self.transaction()?;
        transaction.execute(&format!("DELETE FROM {table}"), &[])?;
        for rows in rows.chunks(ROWS) {
            insert(&mut transaction, &table, rows.iter())?;
        }
        Ok(transaction.commit()?)
    }

    fn commit(&mut self) -> SinkResult {
        Ok(())
    }
}

/// Checks the comment of a table that exists.
fn check(table: &str, comment: Option<&str>, space: &VectorSpace, ledger: &str) -> SinkResult {
    let known: serde_json::Value = serde_json::from_str(comment.unwrap_or_default()).unwrap_or_default();
    if known["version"] != 1 {
        let message = format!("the table {table} is not one that this version of the pipeline has created");
        return Err(PipelineError::usage(message).into());
    }
    // The first batch of another ledger would replace the first one of the table.
    if known["ledger"] != ledger {
        return Err(ledger_is_missing(table).into());
    }
    if known["space"] != serde_json::json!(space) {
        let message = format!(
            "the table {table} has vectors of {} with {} dimensions, and this run of {} with {} dimensions",
            known["space"]["model"].as_str().map(escape_control).unwrap_or_default(),
            known["space"]["dimension"],
            space.model,
            space.dimension
        );
        return Err(PipelineError::usage(message).into());
    }
    Ok(())
}

/// Inserts rows, whose fields are columns of the table. A row that a batch has twice is inserted once.
fn insert<T: Serialize>(transaction: &mut Transaction<'_>, table: &str, rows: impl Iterator<Item = T>) -> SinkResult {
    let json = serde_json::to_string(&rows.collect::<Vec<_>>())?;
    let sql = format!(
        "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::text::json) ON CONFLICT DO NOTHING"
    );
    transaction.execute(&sql, &[&without_zeros(&json)])?;
    Ok(())
}

/// JSON without the character NUL, which texts of Postgres cannot have.
fn without_zeros(json: &str) -> String {
    // A pair of backslashes is a backslash of a text, and not the start of an escape sequence.
    let parts: Vec<String> = json.split(r"\\").map(|part| part.replace(r"\u0000", r"\ufffd")).collect();
    parts.join(r"\\")
}

#[cfg(test)]
mod tests {
    use super::without_zeros;

    #[test]
    fn zeros_are_replaced_and_backslashes_are_kept() {
        for (text, expected) in
            [("a\0b", "a\u{fffd}b"), (r"\u0000", r"\u0000"), ("\\\0\\\\\0", "\\\u{fffd}\\\\\u{fffd}")]
        {
            let json = serde_json::to_string(text).expect("JSON");
            let found: String = serde_json::from_str(&without_zeros(&json)).expect("JSON");
            assert_eq!(found, expected);
        }
    }
}
