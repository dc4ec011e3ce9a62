#!/usr/bin/env bash
# Prints the section of CHANGELOG.md for a version: .github/notes.sh 0.2.0
# Fails if Cargo.toml has another version, or the changelog no entry.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?usage: .github/notes.sh VERSION}
if ! grep -qx "version = \"$version\"" Cargo.toml; then
    echo "Cargo.toml does not have the version $version" >&2
    exit 1
fi
notes=$(awk -v heading="## $version (" 'index($0, "## ") == 1 { inside = index($0, heading) == 1; next } inside' CHANGELOG.md)
if ! grep -q '^- ' <<<"$notes"; then
    echo "CHANGELOG.md has no entry for $version" >&2
    exit 1
fi
printf '%s\n' "$notes"
