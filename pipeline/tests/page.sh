#!/usr/bin/env bash
# Shows a page of results, with names of files that are HTML, in headless Chromium, and checks what the browser makes of it. Keeps a picture of it as
# target/page.png. Skipped if Chromium is not installed.
#
#     pipeline/tests/page.sh target/debug/twelvelabs
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/../.."
if ! command -v chromium >/dev/null; then
    echo "skipped: chromium is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/videos"
# In a name of a file, everything but a slash can be.
cp tests/media/four_shots.mp4 "$work/videos/\"><img src=x onerror=top.document.title='run'>.mp4"
cp tests/media/silent.mp4 "$work/videos/<script>top.document.title='run'<.mp4"
cp tests/media/box.png "$work/videos/'onload='top.document.title=1' a & b #?%41.png"
cp tests/media/vp9.webm "$work/videos/no picture.webm"
"$program" embed "$work/videos" --local --format jsonl --out "$work/table" 2>"$work/log" >&2 || { cat "$work/log"; exit 1; }
query='<b>dark</b> "blue" & green'
"$program" search "$query" --in "$work/table" --local --top 12 --html "$work/page.html" >/dev/null 2>&1

# The page in a frame of one that may run scripts, and that looks into it.
cat >"$work/outer.html" <<'HTML'
<!doctype html>
<meta charset="utf-8">
<title>outer</title>
<iframe id="frame" src="page.html" width="1000" height="900"></iframe>
<pre id="result">not loaded</pre>
<script>
const frame = document.getElementById("frame")
frame.onload = () => {
    const page = frame.contentDocument
    const pictures = [...page.images]
    const wrong = []
    const check = (holds, what) => holds || wrong.push(what)
    const results = page.querySelectorAll("ol > li").length
    check(results === 7, `${results} results`)
    check(pictures.length > 4, `${pictures.length} pictures`)
    check(pictures.every(one => one.complete && one.naturalWidth > 100 && one.src.startsWith("data:image/png;base64,")), "a picture is not shown")
    check(page.querySelectorAll(".none").length > 0, "no file without a picture")
    check(page.querySelectorAll("script, iframe, object, embed, form, link, base, video, audio, b").length === 0, "an element too many")
    check(frame.contentWindow.performance.getEntriesByType("resource").length === 0, "something was loaded")
    check(page.querySelector("h1").textContent === '<b>dark</b> "blue" & green', page.querySelector("h1").textContent)
    const names = [...page.querySelectorAll("h2 a")].map(link => link.textContent)
    check(names.includes(`"><img src=x onerror=top.document.title='run'>.mp4`), `names: ${names}`)
    const links = [...page.querySelectorAll("a")].map(link => decodeURIComponent(new URL(link.href).pathname))
    check(links.some(path => path.endsWith(`/videos/'onload='top.document.title=1' a & b #?%41.png`)), `links: ${links}`)
    check(document.title === "outer", "a name was run")
    const bars = [...page.querySelectorAll(".timeline span:not(.other)")]
    check(bars.length > 4 && bars.every(bar => bar.getBoundingClientRect().width >= 3), "the bars have no width")
    check([...page.querySelectorAll("tr")].every(row => row.getBoundingClientRect().height < 40), "a score is broken into lines")
    check(page.documentElement.scrollWidth <= page.documentElement.clientWidth, "the page is too wide")
    document.getElementById("result").textContent = wrong.length ? `wrong: ${wrong.join("; ")}` : `${results} results, ${pictures.length} pictures`
}
</script>
HTML
browser() {
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$work/profile" --allow-file-access-from-files "$@" 2>>"$work/chromium.log"
}
browser --virtual-time-budget=10000 --dump-dom "file://$work/outer.html" >"$work/dom.html"
result=$(sed -n 's/.*<pre id="result">//; T; s/<\/pre>.*//; p' "$work/dom.html")
echo "Chromium shows ${result:-nothing}"
case $result in
    '' | not* | wrong*) cat "$work/chromium.log"; exit 1 ;;
esac
mkdir -p target
browser --hide-scrollbars --window-size=1200,1400 --screenshot=target/page.png "file://$work/page.html" >/dev/null
[ -s target/page.png ]
