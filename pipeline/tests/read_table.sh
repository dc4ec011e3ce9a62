#!/usr/bin/env bash
# Reads a table that `twelvelabs embed` has written with DuckDB, in a virtual environment below target/. Skipped if Python or the package is not
# available.
set -euo pipefail
table=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
venv=target/read-table
if ! command -v python3 >/dev/null || ! { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; } ||
    ! "$venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 2>target/read-table.log; then
    echo "skipped: DuckDB is not available"
    exit 0
fi
"$venv/bin/python" - "$table" <<'PYTHON'
import sys
import duckdb

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
PYTHON
