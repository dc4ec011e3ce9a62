#!/usr/bin/env bash
# Runs the tests of sources in object storage against an S3 server from PyPI (moto), which listens on loopback. Not part of `.ci/run`, which would compile the crate
# `object_store` for it. Skipped if the package is not available.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/moto
mkdir -p target
if ! command -v python3 >/dev/null || ! { [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; } ||
    ! "$venv/bin/pip" install --quiet --disable-pip-version-check 'moto[s3,server]==5.2.5' 2>target/moto.log; then
    echo "skipped: moto cannot be installed"
    exit 0
fi
# The units too, which need no server, but the feature.
tests=(cargo test -p twelvelabs-pipeline --features object_store --lib --test it object)
"${tests[@]}" --no-run
"$venv/bin/python" - "${tests[@]}" <<'PYTHON'
import logging
import os
import subprocess
import sys
import tempfile

from moto.server import ThreadedMotoServer

# The tests count requests.
log = tempfile.NamedTemporaryFile(suffix=".log")
requests = logging.getLogger("werkzeug")
requests.setLevel(logging.INFO)
requests.addHandler(logging.FileHandler(log.name))
requests.propagate = False
os.environ.update(
    AWS_ACCESS_KEY_ID="AKIDOFTHETESTS",
    AWS_SECRET_ACCESS_KEY="secret-of-the-tests",
    AWS_REGION="us-east-1",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    NO_PROXY="*",
    no_proxy="*",
)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
os.environ.update(AWS_ENDPOINT_URL=url, AWS_ALLOW_HTTP="true", S3_TEST_LOG=log.name)
import boto3

boto3.client("s3", endpoint_url=url).create_bucket(Bucket="videos")
code = subprocess.run(sys.argv[1:]).returncode
server.stop()
sys.exit(code)
PYTHON
