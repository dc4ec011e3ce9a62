#!/usr/bin/env bash
# Compares a published OpenAPI document with ours and opens a pull request with the report if they differ.
#
#   .github/upstream.sh FILE|URL             as the workflow runs it; needs git, curl and gh
#   .github/upstream.sh --dry-run FILE|URL   prints the report and the commands instead; changes nothing
set -euo pipefail
cd "$(dirname "$0")/.."

dry=
if [ "${1:-}" = --dry-run ]; then
    dry=1
    shift
fi
source=${1:?usage: .github/upstream.sh [--dry-run] FILE|URL}
# The command to run; a test sets it to the built program.
read -ra xtask <<<"${XTASK:-cargo xtask}"

run() {
    if [ -n "$dry" ]; then printf 'would run: %s\n' "$*"; else "$@"; fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $source in
    http://* | https://*) curl --fail --silent --show-error --location --output "$work/document" "$source" ;;
    *) cp "$source" "$work/document" ;;
esac

"${xtask[@]}" generate --check
status=0
"${xtask[@]}" drift --upstream "$work/document" --format markdown >"$work/drift.md" || status=$?
case $status in
    0) echo "no differences"; exit 0 ;;
    1) ;;
    *) cat "$work/drift.md"; exit "$status" ;;
esac

# Whether the generator can read all of the new document.
if "${xtask[@]}" generate --lenient --spec "$work/document" --out "$work/crate" >/dev/null 2>"$work/lost.txt"; then
    generated="The generator reads the document: $(tail -n 1 "$work/lost.txt")."
else
    generated="**The generator cannot read the document:** $(tail -n 1 "$work/lost.txt")"
fi
{
    printf '%s\n\n' "The published OpenAPI document differs from \`spec/\`. CONTRIBUTING.md, \"The API changed\", has the steps." "$generated"
    # A description has at most 65,536 characters.
    head -c 60000 "$work/drift.md"
} >"$work/report.md"

branch=upstream-$(sha256sum <"$work/document" | cut -c 1-12)
if [ -z "$dry" ] && git ls-remote --exit-code origin "$branch" >/dev/null; then
    echo "$branch exists: this document is already reported"
    exit 0
fi
if [ -n "$dry" ]; then
    cat "$work/report.md"
else
    cp "$work/report.md" spec/upstream-drift.md
fi
run git switch --create "$branch"
run git add spec/upstream-drift.md
run git -c user.name=upstream -c user.email=upstream@localhost commit --message "Report the differences from the published document"
run git push origin "$branch"
run gh pr create --head "$branch" --title "The published OpenAPI document changed" --body-file "$work/report.md"
