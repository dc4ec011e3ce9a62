"""The embed flows of the official Python SDK against the local platform. `run.sh` starts both."""

import asyncio
import base64
import functools
import http.server
import json
import os
import shutil
import tempfile
import threading
import time
import traceback
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
from twelvelabs import AsyncTwelveLabs, TwelveLabs
from twelvelabs.core.api_error import ApiError
from twelvelabs.errors import BadRequestError
from twelvelabs.wrapper.multipart_upload_client_wrapper import UploadError

BASE, LIMITED, KEY = (os.environ[name] for name in ("LOCAL_URL", "LIMITED_URL", "LOCAL_KEY"))
MEDIA = Path(__file__).parent.parent / "media"
MODEL = "marengo3.0"
UNKNOWN = "0123456789abcdef01234567"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


videos = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=MEDIA))
threading.Thread(target=videos.serve_forever, daemon=True).start()
VIDEOS = f"http://127.0.0.1:{videos.server_port}"


def client(key=KEY, base=BASE):
    # The SDK takes the address of the surroundings over that of the caller.
    os.environ["TWELVELABS_BASE_URL"] = base
    return TwelveLabs(api_key=key)


def admin(path, body=None, method=None):
    """Calls an admin endpoint."""
    request = urllib.request.Request(f"{BASE.removesuffix('/v1.3')}/_local/{path}", body and body.encode(), method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read().decode()


def fault(text):
    admin("faults", text, "POST")


def violations():
    report = json.loads(admin("report"))
    return report["invalid_count"], report["invalid"]


CASES = []


def case(name, breaks=False):
    """A case, and whether it sends what breaks the contract on purpose."""

    def add(function):
        CASES.append((name, breaks, function))
        return function

    return add


def media(name):
    return (name, (MEDIA / name).read_bytes(), "video/mp4")


def make(name="tiny.mp4", **fields):
    return tasks.create(model_name=MODEL, video_file=media(name), **fields).id


def ready(**fields):
    task_id = make("four_shots.mp4", **fields)
    assert tasks.wait_for_done(task_id, sleep_interval=0.05).status == "ready"
    return tasks.retrieve(task_id)


def spans(segments, option="visual", scope="clip"):
    return [
        (segment.start_offset_sec, segment.end_offset_sec)
        for segment in segments
        if (segment.embedding_option, segment.embedding_scope) == (option, scope)
    ]


def refused(call, status, code=None, words=()):
    """The call must be refused like this; returns the error."""
    try:
        got = call()
    except ApiError as error:
        assert error.status_code == status, error
        assert isinstance(error, BadRequestError) == (status == 400), type(error)
        assert code is None or error.body["code"] == code, error
        for word in words:
            assert word in error.body["message"], error
        return error
    raise AssertionError(f"not refused: {got}")


def bad(name, rule, words, breaks, code="parameter_invalid", **fields):
    case(name, breaks)(lambda: refused(lambda: make(**fields), 400, code, words and (*words, rule)))


tasks = client().embed.tasks


@case("create from a file, status, wait with a callback, retrieve everything")
def _():
    task_id = make("four_shots.mp4", video_embedding_scope=["clip", "video"])
    assert len(task_id) == 24
    first = tasks.status(task_id)
    assert (first.id, first.status, first.model_name) == (task_id, "processing", MODEL)
    seen = []
    done = tasks.wait_for_done(task_id, sleep_interval=0.05, callback=lambda task: seen.append(task.status))
    assert done.status == "ready" and seen[-1] == "ready" and seen[0] == "processing", seen
    result = tasks.retrieve(task_id)
    known = result.video_embedding.metadata
    assert (known.input_filename, known.video_clip_length) == ("four_shots.mp4", 6)
    assert known.video_embedding_scope == ["clip", "video"] and abs(known.duration - 14) < 0.1
    assert result.created_at <= result.updated_at
    segments = result.video_embedding.segments
    assert {segment.embedding_option for segment in segments} == {"visual", "audio", "transcription"}
    assert all(len(segment.float_) == 512 for segment in segments)
    for option in ("visual", "audio", "transcription"):
        # The last piece has two seconds or more, so it is there.
        starts = [start for start, _ in spans(segments, option)]
        assert starts == [0, 6, 12] and len(spans(segments, option, "video")) == 1, starts


@case("retrieve some options")
def _():
    task_id = ready().id
    for wanted in ("audio", ["visual"], ["visual", "transcription"]):
        got = tasks.retrieve(task_id, embedding_option=wanted).video_embedding.segments
        assert {s.embedding_option for s in got} == {wanted} if isinstance(wanted, str) else set(wanted), wanted
    silent = make("silent.mp4")
    tasks.wait_for_done(silent, sleep_interval=0.05)
    assert {s.embedding_option for s in tasks.retrieve(silent).video_embedding.segments} == {"visual"}
    assert not tasks.retrieve(silent, embedding_option=["audio"]).video_embedding.segments


@case("offsets and clip length; a last piece under two seconds is dropped")
def _():
    result = ready(video_start_offset_sec=1, video_end_offset_sec=12, video_clip_length=5)
    assert spans(result.video_embedding.segments) == [(1, 6), (6, 11)]


@case("create from a URL")
def _():
    url = f"{VIDEOS}/tiny.mp4"
    task_id = tasks.create(model_name=MODEL, video_url=url).id
    done = tasks.wait_for_done(task_id, sleep_interval=0.05)
    known = done.video_embedding.metadata
    assert done.status == "ready" and known.input_url == url and known.input_filename is None


@case("with a file and a URL, the URL is used")
def _():
    known = tasks.status(make(video_url=f"{VIDEOS}/silent.mp4")).video_embedding.metadata
    assert known.input_url.endswith("silent.mp4") and abs(known.duration - 5) < 0.1


@case("a URL of None, sent as an empty field", breaks=True)
def _():
    assert tasks.status(make(video_url=None)).video_embedding.metadata.input_filename == "tiny.mp4"


@case("list: newest first, pages, filters")
def _():
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    made = [make() for _ in range(5)]
    for task_id in made:
        tasks.wait_for_done(task_id, sleep_interval=0.05)
    stamp = lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = list(tasks.list(page_limit=2, started_at=stamp(before)))
    ids = [task.id for task in listed]
    assert ids[:5] == made[::-1] and len(ids) == len(set(ids)), ids
    assert all(task.status == "ready" and task.video_embedding.metadata.duration for task in listed[:5])
    pages = [[task.id for task in page.items] for page in tasks.list(page_limit=3).iter_pages()]
    assert pages[0] == made[:1:-1] and all(len(page) == 3 for page in pages[:-2]), pages
    assert not list(tasks.list(ended_at="2020-01-01T00:00:00Z"))
    assert not list(tasks.list(started_at=stamp(before + timedelta(days=1))))
    fault("job=fails")
    failing = make()
    tasks.wait_for_done(failing, sleep_interval=0.05)
    assert failing in [task.id for task in tasks.list(status="failed")]
    assert failing not in [task.id for task in tasks.list(status="ready")]
    assert tasks.list(page=9999).items == []


@case("create_bulk returns the created tasks", breaks=True)
def _():
    given = [{"video_file": media("tiny.mp4"), "video_embedding_scope": ["clip"]}, {"video_clip_length": 11}]
    given.append({"video_url": f"{VIDEOS}/tiny.mp4", "video_start_offset_sec": 0, "video_end_offset_sec": 4})
    made = tasks.create_bulk(model_name=MODEL, videos=given)
    assert len({task.id for task in made}) == 2
    assert all(tasks.wait_for_done(task.id, sleep_interval=0.05).status == "ready" for task in made)


NEW_MODEL = "marengo3.5"


def inline(name):
    """A file as the media source of version 2."""
    return {"base64_string": base64.b64encode((MEDIA / name).read_bytes()).decode()}


@case("version 2: text, an image, audio and a video at once")
def _():
    v2 = client().embed.v_2
    text = v2.create(input_type="text", model_name=MODEL, text={"input_text": "an orange box"})
    image = v2.create(input_type="image", model_name=MODEL, image={"media_source": inline("box.png")})
    for response in text, image:
        assert len(response.data) == 1 and len(response.data[0].embedding) == 512
    assert image.metadata.input_type == "image" and text.metadata is None
    audio = v2.create(input_type="audio", model_name=MODEL, audio={"media_source": inline("tone.wav")})
    assert {(item.embedding_option, item.embedding_scope) for item in audio.data} == {
        (option, scope) for option in ("audio", "transcription") for scope in ("clip", "asset")
    }
    video = {"media_source": {"url": f"{VIDEOS}/silent.mp4"}, "embedding_scope": ["clip"]}
    video["segmentation"] = {"strategy": "fixed", "fixed": {"duration_sec": 3}}
    response = v2.create(input_type="video", model_name=MODEL, video=video)
    assert [(item.start_sec, item.end_sec) for item in response.data] == [(0, 3), (3, 5)]
    assert response.metadata.clip_length == 3 and response.metadata.input_url.endswith("silent.mp4")


@case("version 2: several files at once with Marengo 3.5")
def _():
    source = {"name": "box", "media_type": "image", **inline("box.png")}
    response = client().embed.v_2.create(
        input_type="multi_input",
        model_name=NEW_MODEL,
        embedding_dimension=128,
        multi_input={"input_text": "as <@box>", "media_sources": [source]},
    )
    assert len(response.data[0].embedding) == 128 and response.metadata.embedding_dimension == 128
    assert set(response.usage.input_tokens) == {"image", "text"} and not response.usage.truncated


@case("version 2: tasks of a video, audio, a document and an image")
def _():
    v2 = client().embed.v_2.tasks
    fixed = {"temporal": {"strategy": "fixed", "fixed": {"duration_sec": 10}}}
    inputs = {
        "video": {"media_source": inline("four_shots.mp4"), "segmentation": fixed},
        "audio": {"media_source": {"base64_string": longer("tone.wav")}},
        "document": {"media_source": inline("notes.md")},
        "image": {"media_source": inline("box.png")},
    }
    for kind, value in inputs.items():
        task = v2.create(input_type=kind, model_name=NEW_MODEL, **{kind: value})
        assert task.status == "processing", task
        while (done := v2.retrieve(task.id)).status == "processing":
            time.sleep(0.05)
        assert done.status == "ready" and done.metadata.input_type == kind and done.usage, done
        shown = [(item.embedding_option, item.embedding_scope) for item in done.data]
        if kind == "video":
            both = [("visual", "clip"), ("audio", "clip")]
            assert shown == [*both, *both, ("visual", "asset"), ("audio", "asset")], shown
        assert kind not in ("document", "image") or len(shown) == 1, shown
        listed = next(entry for entry in v2.list() if entry.id == task.id)
        assert getattr(listed, f"{kind}_embedding") is not None, listed


def longer(name):
    """The sound three times, in base64: a task takes four seconds or more."""
    data = (MEDIA / name).read_bytes()
    sound = data[44:] * 3
    header = data[:4] + (36 + len(sound)).to_bytes(4, "little") + data[8:40] + len(sound).to_bytes(4, "little")
    return base64.b64encode(header + sound).decode()


@case("version 2: refused requests", breaks=True)
def _():
    v2 = client().embed.v_2
    source = {"media_source": inline("silent.mp4")}
    calls = [
        lambda: v2.create(input_type="text", model_name=NEW_MODEL, text={"input_text": "a"}),
        lambda: v2.create(input_type="video", model_name=MODEL, video={**source, "start_sec": 3, "end_sec": 1}),
        lambda: v2.tasks.create(input_type="video", model_name="marengo9", video=source),
        lambda: v2.tasks.create(input_type="document", model_name=MODEL, document={"media_source": inline("notes.md")}),
    ]
    for call in calls:
        try:
            raise AssertionError(call())
        except ApiError as error:
            body = error.body if isinstance(error.body, dict) else error.body.dict()
            assert error.status_code == 400 and body["error"]["code"].startswith("parameter_"), error
    try:
        raise AssertionError(v2.tasks.retrieve(UNKNOWN))
    except ApiError as error:
        body = error.body if isinstance(error.body, dict) else error.body.dict()
        assert error.status_code == 404 and body["error"]["code"] == "resource_not_exist", error


@case("version 1: a text, an image and audio at once")
def _():
    response = client().embed.create(
        model_name=MODEL,
        text="an orange box",
        image_file=("box.png", (MEDIA / "box.png").read_bytes(), "image/png"),
        audio_file=("tone.wav", (MEDIA / "tone.wav").read_bytes(), "audio/wav"),
    )
    assert len(response.text_embedding.segments[0].float_) == 512
    assert response.image_embedding.metadata.input_filename == "box.png"
    assert [(part.start_offset_sec, part.end_offset_sec) for part in response.audio_embedding.segments] == [(0, 3)]


@case("the asynchronous client")
def _():
    async def flow():
        own = AsyncTwelveLabs(api_key=KEY).embed.tasks
        task = await own.create(model_name=MODEL, video_file=media("tiny.mp4"))
        done = await own.wait_for_done(task.id, sleep_interval=0.05)
        result = await own.retrieve(task.id, embedding_option=["visual"])
        listed = [entry.id async for entry in await own.list(page_limit=50)]
        return done.status, len(result.video_embedding.segments), task.id in listed

    assert asyncio.run(flow()) == ("ready", 1, True)


for length in (1, 11):
    bad(f"a clip of {length} s", "2-10 seconds", ["video_clip_length"], True, video_clip_length=length)
bad("a clip longer than the range", "fit", ["video_clip_length"], False, video_clip_length=6)
bad("a clip length that is no number", "number", ["video_clip_length"], True, video_clip_length="long")
end, start = "video_end_offset_sec", "video_start_offset_sec"
bad("an end before its start", "greater", [end], True, **{start: 3, end: 1})
bad("an end alone", "required", [start], True, **{end: 3})
bad("a start alone", "required", [end], True, **{start: 1})
bad("a start below zero", start, [start], True, **{start: -1, end: 3})
bad("an end beyond the video", "duration", [end], False, **{start: 0, end: 9})
bad("an unknown scope", "scope", ["video_embedding_scope"], True, video_embedding_scope=["frame"])


@case("an unknown model", breaks=True)
def _():
    call = lambda: tasks.create(model_name="marengo1.0", video_file=media("tiny.mp4"))
    refused(call, 400, "parameter_invalid", ["model_name"])


@case("neither a file nor a URL", breaks=True)
def _():
    refused(lambda: tasks.create(model_name=MODEL), 400, "parameter_not_provided", ["video_file", "video_url"])


@case("URLs without a video", breaks=True)
def _():
    for url in (f"{VIDEOS}/", f"{VIDEOS}/none.mp4", "ftp://127.0.0.1/v.mp4", "http://video.invalid/v.mp4"):
        refused(lambda: tasks.create(model_name=MODEL, video_url=url), 400, "parameter_invalid", ["video_url"])


@case("invalid videos are rejected with a reason")
def _():
    def sent(data):
        return lambda: tasks.create(model_name=MODEL, video_file=("v.mp4", data))

    refused(lambda: make("too_small.mp4"), 400, "video_resolution_too_low", ["320x180"])
    refused(lambda: make("cut.mp4"), 400, "video_file_broken")
    refused(sent(b"no video at all"), 400, "video_file_broken")
    tiny = bytearray((MEDIA / "tiny.mp4").read_bytes())
    for box, code in (SHORT, "video_duration_too_short"), (LONG, "video_duration_too_long"):
        refused(sent(retimed(tiny, box)), 400, code, ["duration"])


def retimed(data, factor):
    """The clip with the ticks of its track longer or shorter: the header says how many there are in a second."""
    data, at = bytearray(data), data.find(b"mdhd") + 16
    scale = int.from_bytes(data[at : at + 4], "big")
    data[at : at + 4] = max(1, int(scale / factor)).to_bytes(4, "big")
    return bytes(data)


SHORT, LONG = 0.5, 16_384


@case("a malformed id", breaks=True)
def _():
    for call in (tasks.status, tasks.retrieve):
        refused(lambda: call("short"), 400, "parameter_invalid", ["task_id"])


@case("an unknown id")
def _():
    for call in (tasks.status, tasks.retrieve):
        refused(lambda: call(UNKNOWN), 404, "resource_not_exist", [UNKNOWN])


@case("list: invalid values", breaks=True)
def _():
    for wrong in ({"page": 0}, {"page_limit": 51}, {"page_limit": 0}, {"started_at": "yesterday"}, {"ended_at": "x"}):
        refused(lambda: tasks.list(**wrong), 400, "parameter_invalid", wrong)


@case("an unknown embedding option", breaks=True)
def _():
    task_id = make()
    refused(lambda: tasks.retrieve(task_id, embedding_option=["smell"]), 400, "parameter_invalid", ["embedding_option"])


@case("a wrong key")
def _():
    own = client("wrong").embed.tasks
    create = lambda: own.create(model_name=MODEL, video_file=media("four_shots.mp4"))
    for call in (own.list, lambda: own.status(UNKNOWN), lambda: own.retrieve(UNKNOWN), create):
        refused(call, 401, "api_key_invalid")


@case("an empty key", breaks=True)
def _():
    # The SDK rejects an empty key.
    none = {"additional_headers": {"x-api-key": ""}}
    refused(lambda: tasks.list(request_options=none), 401, "api_key_invalid")
    refused(lambda: tasks.status(UNKNOWN, request_options=none), 401, "api_key_invalid")


@case("429 by the rate limit, with its headers")
def _():
    own = client(base=LIMITED).embed.tasks
    client()
    own.create(model_name=MODEL, video_file=media("tiny.mp4"))
    error = refused(lambda: own.create(model_name=MODEL, video_file=media("tiny.mp4")), 429, "too_many_requests")
    headers = {name.lower(): value for name, value in error.headers.items()}
    assert 0 < int(headers["retry-after"]) <= 60, headers
    assert headers["x-ratelimit-request-remaining"] == "0" and headers["x-ratelimit-request-limit"] == "1", headers
    assert own.list().items, "reading is not limited"


@case("429 and 5xx as faults, and retries that succeed")
def _():
    task_id = make()
    for status in (429, 500, 502, 503):
        fault(f"status={status} operation=embed_tasks_status retry_after=1s")
        error = refused(lambda: tasks.status(task_id), status)
        assert {name.lower(): value for name, value in error.headers.items()}["retry-after"] == "1"
    fault("status=503 operation=embed_tasks_status retry_after=1s")
    # So the SDK counts: three are one.
    assert tasks.status(task_id, request_options={"max_retries": 3}).id == task_id
    fault("status=500 operation=embed_tasks_create")
    refused(make, 500)


@case("truncated responses, connections that are reset")
def _():
    task_id = make()
    for kind in ("truncate", "reset"):
        fault(f"{kind} operation=embed_tasks_status")
        try:
            raise AssertionError(tasks.status(task_id))
        except httpx.TransportError:
            assert tasks.status(task_id).id == task_id


@case("wait_for_done gets past a 503 and a reset, and returns a failed task")
def _():
    task_id = make("four_shots.mp4")
    faults = ["status=503 operation=embed_tasks_status", "reset operation=embed_tasks_status"]
    done = tasks.wait_for_done(task_id, sleep_interval=0.05, callback=lambda _: faults and fault(faults.pop()))
    assert done.status == "ready" and not faults
    fault("job=fails")
    assert tasks.wait_for_done(make(), sleep_interval=0.05).status == "failed"


@case("an unknown status")
def _():
    fault("job=paused")
    assert tasks.status(make()).status == "paused"


def asset_when_done(asset_id):
    while (asset := client().assets.retrieve(asset_id)).status == "processing":
        time.sleep(0.05)
    return asset


@case("assets: create, wait, list, metadata, transcription, delete")
def _():
    assets = client().assets
    metadata = '{"topic": "rust"}'
    made = assets.create(method="direct", file=media("four_shots.mp4"), filename="Talk.mp4", user_metadata=metadata)
    assert (made.status, made.method, made.filename) == ("processing", "direct", "Talk.mp4"), made
    asset = asset_when_done(made.id)
    assert asset.status == "ready" and abs(asset.duration - 14) < 0.1, asset
    assert asset.technical_metadata.video_width and asset.user_metadata == {"topic": "rust"}, asset
    by_url = assets.create(method="url", url=f"{VIDEOS}/tiny.mp4")
    assert asset_when_done(by_url.id).filename == "tiny.mp4"
    note = assets.create(method="direct", file=("notes.md", b"# Notes", "text/markdown"))
    listed = [entry.id for entry in assets.list(page_limit=2, asset_types=["video"])]
    assert listed[:2] == [by_url.id, made.id] and note.id not in listed, listed
    assert [entry.id for entry in assets.list(asset_ids=[made.id, note.id], filename="TALK")] == [made.id]
    assets.update_user_metadata(made.id, user_metadata={"year": 2026, "topic": None})
    assert assets.retrieve(made.id).user_metadata == {"year": 2026}
    assets.replace_user_metadata(made.id, user_metadata={"tags": ["a", "b"]})
    assert assets.retrieve(made.id).user_metadata == {"tags": ["a", "b"]}
    assets.delete_user_metadata(made.id)
    assert assets.retrieve(made.id).user_metadata is None
    assert assets.retrieve_transcription(made.id).status == "ready"
    assets.delete(made.id)
    refused(lambda: assets.retrieve(made.id), 404, "resource_not_exist")


@case("assets: broken files and invalid requests", breaks=True)
def _():
    assets = client().assets
    broken = asset_when_done(assets.create(method="direct", file=("a.mp4", b"no video")).id)
    assert broken.status == "failed" and broken.error.message, broken
    refused(lambda: assets.create(method="direct", file=("a.exe", b"x")), 400, "parameter_invalid", ["file"])
    refused(lambda: assets.create(method="url"), 400, "parameter_not_provided", ["url"])
    refused(lambda: assets.list(page_limit=51), 400, "parameter_invalid", ["page_limit"])


def upload(name="four_shots.mp4", **options):
    """Uploads a copy of a file: the SDK puts a folder with copies of the parts beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(MEDIA / name, folder)
        return client().multipart_upload.upload_file(path, **options)


@case("an upload in parts")
def _():
    seen = []
    result = upload(batch_size=3, max_workers=2, progress_callback=lambda progress: seen.append(progress.percentage))
    assert seen[-1] == 100 and len(seen) > 1, seen
    asset = asset_when_done(result.asset_id)
    with urllib.request.urlopen(result.asset_url, timeout=10) as response:
        assert response.read() == (MEDIA / "four_shots.mp4").read_bytes()
    assert (asset.status, asset.method, asset.filename) == ("ready", "multipart", "four_shots.mp4"), asset


@case("an upload in parts, step by step")
def _():
    uploads = client().multipart_upload
    data = (MEDIA / "tiny.mp4").read_bytes()
    made = uploads.create(filename="tiny.mp4", type="video", total_size=len(data))
    assert made.total_chunks == 1 and made.upload_id in [entry.upload_id for entry in uploads.list_incomplete_uploads()]
    urls = uploads.get_additional_presigned_urls(made.upload_id, start=1, count=1).upload_urls
    put = httpx.put(urls[0].url, content=data, headers=made.upload_headers)
    proof = put.headers["etag"].strip('"')
    chunk = {"chunk_index": 1, "proof": proof, "proof_type": "etag", "chunk_size": len(data)}
    assert uploads.report_chunk_batch(made.upload_id, completed_chunks=[chunk]).asset_id == made.asset_id
    assert uploads.wait_for_upload_completion(made.upload_id, sleep_interval=0.05).completed_chunks == 1
    assert asset_when_done(made.asset_id).status == "ready"


@case("an upload in parts gets past a 503, and not past a lost response")
def _():
    fault("status=503 operation=storage")
    assert upload(retry_delay=0.01).asset_id
    # The SDK sends the part again to the same URL, which is used.
    fault("reset operation=storage")
    try:
        raise AssertionError(upload(retry_delay=0.01, max_retries=1))
    except UploadError:
        pass


@case("a task that is older than seven days is gone")
def _():
    task_id = make()
    admin("clock", "8d", "POST")
    refused(lambda: tasks.status(task_id), 404, "resource_not_exist")


def main():
    failed = 0
    for name, breaks, function in CASES:
        before, started = violations()[0], time.monotonic()
        try:
            function()
            count, all_of_them = violations()
            assert (count > before) == breaks, all_of_them[before:] or "the request should be invalid"
            print(f"ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:
            failed += 1
            line = traceback.extract_tb(error.__traceback__)[-1].lineno
            print(f"FAILED  {name}: line {line}: {type(error).__name__}: {error}", flush=True)
        finally:
            admin("faults", method="DELETE")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed


raise SystemExit(1 if main() else 0)
