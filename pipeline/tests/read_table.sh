#!/usr/bin/env bash
# Reads a table that `twelvelabs embed` has written with DuckDB, pyarrow, pandas, polars and Lance, in a virtual environment below target/.
# Without an argument, only installs them. Skipped if Python or a package is not available.
set -euo pipefail
table=${1:+$(cd "$1" && pwd)}
cd "$(dirname "$0")/../.."
venv=target/read-table
packages=(duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1 polars==2.1.0 pylance==14.0.2)
mkdir -p target
if ! command -v python3 >/dev/null || ! { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; } ||
    ! "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" 2>target/read-table.log; then
    echo "skipped: ${packages[*]} cannot be installed"
    exit 0
fi
[ -n "$table" ] || exit 0
"$venv/bin/python" - "$table" <<'PYTHON'
import sys
import tempfile

import duckdb
import lance
import pandas
import polars
import pyarrow
import pyarrow.parquet

table = sys.argv[1]
rows = f"read_parquet('{table}/rows/*.parquet')"
count, ids, models, shortest, longest = duckdb.sql(
    f"select count(*), count(distinct id), count(distinct model), min(len(vector)), max(len(vector)) from {rows}"
).fetchall()[0]
assert count > 100 and ids == count and models == 1 and shortest == longest == 512, (count, ids, models, shortest, longest)
nearest = duckdb.sql(
    f"""with rows as (select source, start_sec, vector::float[512] as vector from {rows} where option = 'visual' and scope = 'clip')
    select b.source, array_cosine_similarity(a.vector, b.vector) as cosine from rows a, rows b
    where a.source like '%/shots.mp4' and a.start_sec = 0 and b.source <> a.source order by cosine desc limit 1"""
).fetchall()[0]
assert nearest[1] > 0.9, nearest
failures = duckdb.sql(f"select code from read_parquet('{table}/failures.parquet')").fetchall()
assert ("video_resolution_too_low",) in failures, failures
print(f"DuckDB reads {count} rows and {len(failures)} failures; nearest to the start of shots.mp4 is {nearest[0]}, {nearest[1]:.3f}")

arrow = pyarrow.parquet.read_table(f"{table}/rows")
vectors = arrow.schema.field("vector").type
assert arrow.num_rows == count and pyarrow.types.is_fixed_size_list(vectors), vectors
assert vectors.list_size == 512 and vectors.value_type == pyarrow.float32(), vectors
types = {field.name: (str(field.type), field.nullable) for field in arrow.schema}
assert types["id"] == ("string", False) and types["start_sec"] == ("double", True) and types["end_page"] == ("int64", True), types
failures = pyarrow.parquet.read_table(f"{table}/failures.parquet").schema
assert failures.field("retryable").type == pyarrow.bool_() and failures.field("code").nullable, failures
print(f"pyarrow reads the vectors as {vectors}")

frame = pandas.read_parquet(f"{table}/rows")
assert len(frame) == count and frame["vector"].map(len).eq(512).all() and frame["start_sec"].dtype == "float64"
print(f"pandas reads {len(frame)} rows")

for engine in [polars.read_parquet(f"{table}/rows/*.parquet"), polars.scan_parquet(f"{table}/rows/*.parquet").collect()]:
    assert len(engine) == count and engine.schema["vector"] == polars.Array(polars.Float32, 512), engine.schema
print(f"polars reads the vectors as {engine.schema['vector']}")

with tempfile.TemporaryDirectory() as folder:
    dataset = lance.write_dataset(arrow, f"{folder}/rows.lance")
    query = arrow.slice(0, 1).column("vector")[0].as_py()
    found = dataset.to_table(nearest={"column": "vector", "q": query, "k": 1}, columns=["id", "_distance"]).to_pylist()
    assert found[0]["_distance"] < 1e-6, found
    print(f"Lance finds the row {found[0]['id'][:8]} among {dataset.count_rows()}")
PYTHON
