#!/usr/bin/env bash
# Runs the tests of the sink for pgvector against a Postgres of its own from PyPI, which listens on a socket in a temporary folder. Not part of `.ci/run`, which
# would compile a client of Postgres for it. Skipped if the package is not available.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/pgvector
mkdir -p target
if ! command -v python3 >/dev/null || ! { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; } ||
    ! "$venv/bin/pip" install --quiet --disable-pip-version-check pgserver==0.1.4 2>target/pgvector.log; then
    echo "skipped: pgserver cannot be installed"
    exit 0
fi
tests=(cargo test -p twelvelabs-pipeline --features pgvector --test pgvector)
"${tests[@]}" --no-run
"$venv/bin/python" - "${tests[@]}" <<'PYTHON'
import os
import subprocess
import sys
import tempfile

import pgserver

with tempfile.TemporaryDirectory() as folder, pgserver.get_server(folder) as server:
    server.psql("CREATE EXTENSION IF NOT EXISTS vector")
    os.environ["PGVECTOR_URL"] = server.get_uri()
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
PYTHON
