#!/usr/bin/env bash
# Runs the official SDKs, and schemathesis with the OpenAPI document, against the local server. Everything stays on loopback. Parts whose
# tools or packages are not available are skipped, with a message. With --install, only installs the packages.
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON_SDK=1.3.6 JS_SDK=1.3.4 SCHEMATHESIS=4.32.5

root=$PWD/target
work=$root/sdk
mkdir -p "$work"

venv() { # venv NAME PACKAGE: in its own folder, which is kept
    [ -x "$work/$1/bin/python" ] || python3 -m venv "$work/$1" || return
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check "$2" 2>"$work/$1.pip.log"
}
install_python() { venv python "twelvelabs==$PYTHON_SDK"; }
install_js() { npm install --prefix "$work/js" --silent --no-audit --no-fund "twelvelabs-js@$JS_SDK" >"$work/npm.log" 2>&1; }
install_schemathesis() { venv schemathesis "schemathesis==$SCHEMATHESIS"; }
if [ "${1:-}" = --install ]; then
    for install in install_python install_js install_schemathesis; do "$install" || true; done
    exit
fi

# The program, with the feature `decode`.
program=${LOCAL_SERVER:-${CARGO_TARGET_DIR:-$root}/debug/twelvelabs-local}
[ -n "${LOCAL_SERVER:-}" ] || cargo build --quiet -p twelvelabs-local --features decode
key=sdk-test-key
failed=0
running=()

stop() {
    for pid in "${running[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" || true
    done
    running=()
}
trap stop EXIT

# start NAME OPTIONS…: sets `url`.
start() {
    local log=$work/$1.log
    shift
    # Videos from loopback addresses only.
    "$program" --listen 127.0.0.1:0 --key "$key" --url-policy loopback "$@" >"$log" &
    running+=($!)
    for _ in $(seq 200); do
        url=$(sed -n 's/^export TWELVELABS_BASE_URL=//p' "$log")
        [ -n "$url" ] && return
        sleep 0.05
    done
    echo "the server does not start: $log" >&2
    exit 1
}

# alone COMMAND…: without proxies, which only the package clients use.
alone() { NO_PROXY='*' no_proxy='*' LOCAL_URL=$main LIMITED_URL=$limited LOCAL_KEY=$key "$@"; }

both() {
    start "$1" --speed 20x --part-size 65536
    main=$url
    start "$1-limited" --rate-limit 1
    limited=$url
}

# All packages are installed at once, while the first flows already run.
command -v python3 >/dev/null && { install_schemathesis & schemathesis=$!; }
command -v npm >/dev/null && { install_js & npm=$!; }

echo "-- Python: twelvelabs $PYTHON_SDK"
if ! command -v python3 >/dev/null; then
    echo "skipped: there is no python3"
elif ! install_python; then
    echo "skipped: the package is not available, see $work/python.pip.log"
else
    both python
    alone "$work/python/bin/python" tests/sdk/flow.py || failed=1
    stop
fi

echo "-- JavaScript: twelvelabs-js $JS_SDK"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: there is no node, or no npm"
elif ! wait "$npm"; then
    echo "skipped: the package is not available, see $work/npm.log"
else
    both js
    NODE_PATH=$work/js/node_modules alone node tests/sdk/flow.cjs || failed=1
    stop
fi

echo "-- schemathesis $SCHEMATHESIS with those operations of the OpenAPI document that the local server has"
if ! command -v python3 >/dev/null; then
    echo "skipped: there is no python3"
elif ! wait "$schemathesis"; then
    echo "skipped: the package is not available, see $work/schemathesis.pip.log"
else
    start schemathesis
    main=$url limited=
    python3 -u -m http.server --bind 127.0.0.1 --directory tests/media 0 >"$work/videos.log" 2>&1 &
    running+=($!)
    until videos=$(sed -n 's/^Serving.* port \([0-9]*\) .*/\1/p' "$work/videos.log") && [ -n "$videos" ]; do
        kill -0 "${running[1]}"
        sleep 0.05
    done
    alone "$work/schemathesis/bin/python" tests/sdk/seed.py "http://127.0.0.1:$videos" "$work"
    alone "$work/schemathesis/bin/schemathesis" --config-file tests/sdk/schemathesis.toml run tests/contract/src/openapi.json \
        --url "$main" -H "x-api-key: $key" --max-examples 50 --generation-deterministic \
        --include-operation-id-regex '^(embed_|assets_|multipart_upload_)' \
        --phases examples,coverage,fuzzing --no-color --warnings off || failed=1
    stop
    # The server validates its own responses too.
    if grep -a "invalid response " "$work/schemathesis.log"; then failed=1; fi
fi
exit $failed
