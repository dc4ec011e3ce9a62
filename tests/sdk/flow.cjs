// The embed flows of the official JavaScript SDK against the local platform. `run.sh` starts both.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { TwelveLabs, TwelvelabsApi, TwelvelabsApiError } = require("twelvelabs-js");

const { LOCAL_URL, LIMITED_URL, LOCAL_KEY } = process.env;
const MEDIA = path.join(__dirname, "..", "media");
const UNKNOWN = "0123456789abcdef01234567";
const modelName = "marengo3.0";
const QUICK = { sleepInterval: 0.05 };
const ONCE = { maxRetries: 0 };

function sdk(apiKey, base) {
    // There is no other way to tell this SDK the address.
    process.env.TWELVELABS_BASE_URL = base;
    return new TwelveLabs({ apiKey });
}
const client = (apiKey = LOCAL_KEY, base = LOCAL_URL) => sdk(apiKey, base).embed.tasks;
const { assets, multipartUpload } = sdk(LOCAL_KEY, LOCAL_URL);
const tasks = client();

/** Calls an admin endpoint. */
async function admin(what, body, method) {
    const answer = await fetch(`${LOCAL_URL.replace(/\/v1\.3$/, "")}/_local/${what}`, { method, body });
    assert.ok(answer.ok, `${what}: ${answer.status}`);
    return answer.text();
}
const fault = (text) => admin("faults", text, "POST");
const violations = async () => JSON.parse(await admin("report"));

const cases = [];
/** A case; `breaks` says that it sends what breaks the contract on purpose. */
const test = (name, run, breaks = false) => cases.push({ name, run, breaks });

const media = (name) => fs.createReadStream(path.join(MEDIA, name));
const make = async (fields = {}, name = "tiny.mp4") =>
    (await tasks.create({ modelName, videoFile: media(name), ...fields }, ONCE)).id;

async function ready(fields) {
    const id = await make(fields, "four_shots.mp4");
    assert.equal((await tasks.waitForDone(id, QUICK)).status, "ready");
    return tasks.retrieve(id);
}

const options = (result) => new Set((result.videoEmbedding.segments ?? []).map((segment) => segment.embeddingOption));
const spans = (result, option = "visual", scope = "clip") =>
    result.videoEmbedding.segments
        .filter((segment) => segment.embeddingOption === option && segment.embeddingScope === scope)
        .map((segment) => [segment.startOffsetSec, segment.endOffsetSec]);

/** The call must be refused like this; returns the error. */
async function refused(call, status, code, words = []) {
    let got;
    try {
        got = await call();
    } catch (error) {
        assert.equal(error.statusCode, status, error);
        assert.ok(error instanceof TwelvelabsApiError, error);
        assert.equal(error instanceof TwelvelabsApi.BadRequestError, status === 400);
        if (code) assert.equal(error.body.code, code);
        for (const word of words) assert.ok(error.body.message.includes(word), `${word}: ${error.body.message}`);
        return error;
    }
    return assert.fail(`not refused: ${JSON.stringify(got)}`);
}
const bad = (name, fields, words, breaks = false) =>
    test(name, () => refused(() => make(fields), 400, "parameter_invalid", words), breaks);

const collect = async (pages) => {
    const all = [];
    for await (const item of pages) all.push(item);
    return all;
};

const videos = http.createServer((request, response) => {
    const file = path.join(MEDIA, path.basename(request.url));
    if (request.url === "/") response.writeHead(200, { "content-type": "text/html" }).end("<p>a page");
    else if (fs.existsSync(file)) fs.createReadStream(file).pipe(response.writeHead(200, { "content-type": "video/mp4" }));
    else response.writeHead(404).end();
});
const at = (name) => `http://127.0.0.1:${videos.address().port}/${name}`;

test("create from a file, status, wait with a callback, retrieve everything", async () => {
    const id = await make({ videoEmbeddingScope: ["clip", "video"] }, "four_shots.mp4");
    assert.equal(id.length, 24);
    const first = await tasks.status(id);
    assert.deepEqual([first.id, first.status, first.modelName], [id, "processing", modelName]);
    const seen = [];
    const done = await tasks.waitForDone(id, { ...QUICK, callback: (task) => void seen.push(task.status) });
    assert.ok(done.status === "ready" && seen[0] === "processing" && seen.at(-1) === "ready", `${seen}`);
    const result = await tasks.retrieve(id);
    const known = result.videoEmbedding.metadata;
    assert.deepEqual([known.inputFilename, known.videoClipLength], ["four_shots.mp4", 6]);
    assert.deepEqual(known.videoEmbeddingScope, ["clip", "video"]);
    assert.ok(Math.abs(known.duration - 14) < 0.1 && result.createdAt <= result.updatedAt);
    assert.deepEqual(options(result), new Set(["visual", "audio", "transcription"]));
    assert.ok(result.videoEmbedding.segments.every((segment) => segment.float.length === 512));
    for (const option of ["visual", "audio", "transcription"]) {
        assert.deepEqual(spans(result, option).map(([start]) => start), [0, 6, 12]);
        assert.equal(spans(result, option, "video").length, 1);
    }
});

test("retrieve some options", async () => {
    const { id } = await ready();
    for (const wanted of ["audio", ["visual"], ["visual", "transcription"]]) {
        const got = await tasks.retrieve(id, { embeddingOption: wanted });
        assert.deepEqual(options(got), new Set([wanted].flat()));
    }
    const silent = await make({}, "silent.mp4");
    await tasks.waitForDone(silent, QUICK);
    assert.deepEqual(options(await tasks.retrieve(silent)), new Set(["visual"]));
    assert.equal(options(await tasks.retrieve(silent, { embeddingOption: ["audio"] })).size, 0);
});

test("offsets and clip length; a last piece under two seconds is dropped", async () => {
    const result = await ready({ videoStartOffsetSec: 1, videoEndOffsetSec: 12, videoClipLength: 5 });
    assert.deepEqual(spans(result), [[1, 6], [6, 11]]);
});

test("create from a URL", async () => {
    const { id } = await tasks.create({ modelName, videoUrl: at("tiny.mp4") });
    const done = await tasks.waitForDone(id, QUICK);
    assert.equal(done.status, "ready");
    assert.equal(done.videoEmbedding.metadata.inputUrl, at("tiny.mp4"));
    assert.equal(done.videoEmbedding.metadata.inputFilename, undefined);
});

test("with a file and a URL, the URL is used", async () => {
    const known = (await tasks.status(await make({ videoUrl: at("silent.mp4") }))).videoEmbedding.metadata;
    assert.equal(known.inputUrl, at("silent.mp4"));
});

test("list: newest first, pages, filters", async () => {
    const before = Date.now() - 1000;
    const made = [];
    for (let count = 0; count < 5; count++) made.push(await make());
    for (const id of made) await tasks.waitForDone(id, QUICK);
    const listed = await collect(await tasks.list({ pageLimit: 2, startedAt: new Date(before).toISOString() }));
    const ids = listed.map((task) => task.id);
    assert.deepEqual(ids.slice(0, 5), made.toReversed());
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(listed.every((task) => task.videoEmbedding.metadata.duration > 0));
    assert.equal((await tasks.list({ pageLimit: 3 })).data.length, 3);
    assert.equal((await collect(await tasks.list({ endedAt: "2020-01-01T00:00:00Z" }))).length, 0);
    await fault("job=fails");
    const failing = await make();
    await tasks.waitForDone(failing, QUICK);
    const has = async (status) => (await collect(await tasks.list({ status }))).some((task) => task.id === failing);
    assert.deepEqual([await has("failed"), await has("ready")], [true, false]);
    assert.equal((await tasks.list({ page: 9999 })).data.length, 0);
});

test("createBulk returns the created tasks", async () => {
    const given = [{ videoFile: media("tiny.mp4"), videoEmbeddingScope: ["clip"] }, { videoClipLength: 11 }];
    given.push({ videoUrl: at("tiny.mp4"), videoStartOffsetSec: 0, videoEndOffsetSec: 4 });
    const made = await tasks.createBulk({ modelName, videos: given });
    assert.equal(new Set(made.map((task) => task.id)).size, 2);
    for (const task of made) assert.equal((await tasks.waitForDone(task.id, QUICK)).status, "ready");
}, true);

for (const videoClipLength of [1, 11]) {
    bad(`a clip of ${videoClipLength} s`, { videoClipLength }, ["video_clip_length", "2-10 seconds"], true);
}
bad("a clip longer than the range", { videoClipLength: 6 }, ["video_clip_length", "fit"]);
const end = "video_end_offset_sec";
const start = "video_start_offset_sec";
bad("an end before its start", { videoStartOffsetSec: 3, videoEndOffsetSec: 1 }, [end, "greater"], true);
bad("an end alone", { videoEndOffsetSec: 3 }, [start, "required"], true);
bad("a start alone", { videoStartOffsetSec: 1 }, [end, "required"], true);
bad("a start below zero", { videoStartOffsetSec: -1, videoEndOffsetSec: 3 }, [start], true);
bad("an end beyond the video", { videoStartOffsetSec: 0, videoEndOffsetSec: 9 }, [end, "duration"]);

test("an unknown model", () =>
    refused(() => tasks.create({ modelName: "marengo1.0", videoFile: media("tiny.mp4") }), 400, "parameter_invalid", [
        "model_name",
    ]), true);

test("neither a file nor a URL", () =>
    refused(() => tasks.create({ modelName }), 400, "parameter_not_provided", ["video_file", "video_url"]), true);

test("URLs without a video", async () => {
    for (const videoUrl of [at(""), at("none.mp4"), "ftp://127.0.0.1/v.mp4", "http://video.invalid/v.mp4"]) {
        await refused(() => tasks.create({ modelName, videoUrl }), 400, "parameter_invalid", ["video_url"]);
    }
}, true);

/** The clip with fewer or more ticks in a second than its header says. */
function retimed(factor) {
    const data = fs.readFileSync(path.join(MEDIA, "tiny.mp4"));
    const place = data.indexOf("mdhd") + 16;
    data.writeUInt32BE(Math.max(1, Math.trunc(data.readUInt32BE(place) / factor)), place);
    return new File([data], "v.mp4");
}

test("invalid videos are rejected with a reason", async () => {
    const sent = (videoFile) => () => tasks.create({ modelName, videoFile }, ONCE);
    await refused(() => make({}, "too_small.mp4"), 400, "video_resolution_too_low", ["320x180"]);
    await refused(() => make({}, "cut.mp4"), 400, "video_file_broken");
    await refused(sent(new File(["no video at all"], "v.mp4")), 400, "video_file_broken");
    await refused(sent(retimed(0.5)), 400, "video_duration_too_short", ["duration"]);
    await refused(sent(retimed(16_384)), 400, "video_duration_too_long", ["duration"]);
});

const reads = [(id) => tasks.status(id), (id) => tasks.retrieve(id)];
test("a malformed id", async () => {
    for (const read of reads) await refused(() => read("a/b c"), 400, "parameter_invalid", ["task_id"]);
}, true);
test("an unknown id", async () => {
    for (const read of reads) await refused(() => read(UNKNOWN), 404, "resource_not_exist", [UNKNOWN]);
});

test("list: invalid values", async () => {
    const wrong = { page: [{ page: 0 }], page_limit: [{ pageLimit: 51 }, { pageLimit: 0 }], started_at: [{ startedAt: "x" }] };
    for (const [name, queries] of Object.entries({ ...wrong, ended_at: [{ endedAt: "yesterday" }] })) {
        for (const query of queries) await refused(() => tasks.list(query), 400, "parameter_invalid", [name]);
    }
}, true);

test("a wrong key", async () => {
    const own = client("wrong");
    await refused(() => own.list(), 401, "api_key_invalid");
    await refused(() => own.status(UNKNOWN), 401, "api_key_invalid");
    await refused(() => own.retrieve(UNKNOWN), 401, "api_key_invalid");
    await refused(() => own.create({ modelName, videoFile: media("four_shots.mp4") }), 401, "api_key_invalid");
});

test("an empty key", async () => {
    // The SDK rejects an empty key.
    const none = { headers: { "x-api-key": "" } };
    await refused(() => tasks.list({}, none), 401, "api_key_invalid");
    await refused(() => tasks.status(UNKNOWN, none), 401, "api_key_invalid");
}, true);

test("429 by the rate limit, with its headers", async () => {
    const own = client(LOCAL_KEY, LIMITED_URL);
    const create = () => own.create({ modelName, videoFile: media("tiny.mp4") }, ONCE);
    await create();
    const { headers } = (await refused(create, 429, "too_many_requests")).rawResponse;
    const wait = Number(headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 60, `${wait}`);
    assert.equal(headers.get("x-ratelimit-request-limit"), "1");
    assert.equal(headers.get("x-ratelimit-request-remaining"), "0");
    assert.equal((await own.list()).data.length, 1);
});

test("429 and 5xx as faults, and retries that succeed", async () => {
    const id = await make();
    for (const status of [429, 500, 502, 503]) {
        await fault(`status=${status} operation=embed_tasks_status retry_after=1s`);
        const error = await refused(() => tasks.status(id, ONCE), status);
        assert.equal(error.rawResponse.headers.get("retry-after"), "1");
    }
    await fault("status=503 operation=embed_tasks_status");
    assert.equal((await tasks.status(id, { maxRetries: 1 })).id, id);
    await fault("status=500 operation=embed_tasks_create");
    await refused(() => make(), 500);
});

test("connections that are reset", async () => {
    const id = await make();
    await fault("reset operation=embed_tasks_status");
    await assert.rejects(() => tasks.status(id), (error) => error.statusCode === undefined);
    assert.equal((await tasks.status(id)).id, id);
});

test("waitForDone gets past a reset, and returns a failed task", async () => {
    const id = await make({}, "four_shots.mp4");
    const faults = ["reset operation=embed_tasks_status"];
    const callback = async () => void (faults.length && (await fault(faults.pop())));
    assert.equal((await tasks.waitForDone(id, { ...QUICK, callback })).status, "ready");
    assert.equal(faults.length, 0);
    await fault("job=fails");
    assert.equal((await tasks.waitForDone(await make(), QUICK)).status, "failed");
});

const newModel = "marengo3.5";
/** A file as the media source of version 2. */
const inline = (name) => ({ base64String: fs.readFileSync(path.join(MEDIA, name)).toString("base64") });
const v2 = () => {
    process.env.TWELVELABS_BASE_URL = LOCAL_URL;
    return new TwelveLabs({ apiKey: LOCAL_KEY }).embed.v2;
};

test("version 2: text, an image and a video at once", async () => {
    const text = await v2().create({ inputType: "text", modelName, text: { inputText: "an orange box" } });
    assert.equal(text.data[0].embedding.length, 512);
    const image = await v2().create({ inputType: "image", modelName, image: { mediaSource: inline("box.png") } });
    assert.equal(image.data.length, 1);
    const segmentation = { strategy: "fixed", fixed: { durationSec: 3 } };
    const video = { mediaSource: { url: at("silent.mp4") }, segmentation, embeddingScope: ["clip"] };
    const clips = await v2().create({ inputType: "video", modelName, video });
    assert.deepEqual(clips.data.map((item) => [item.startSec, item.endSec]), [[0, 3], [3, 5]]);
});

test("version 2: tasks of a video and a document", async () => {
    const temporal = { strategy: "fixed", fixed: { durationSec: 10 } };
    const inputs = {
        video: { mediaSource: inline("four_shots.mp4"), segmentation: { temporal } },
        document: { mediaSource: inline("notes.md") },
    };
    for (const [inputType, input] of Object.entries(inputs)) {
        const { id } = await v2().tasks.create({ inputType, modelName: newModel, [inputType]: input });
        let done = await v2().tasks.retrieve(id);
        for (; done.status === "processing"; done = await v2().tasks.retrieve(id)) {
            await new Promise((wake) => setTimeout(wake, 50));
        }
        assert.equal(done.status, "ready");
        assert.equal(done.data.length, inputType === "video" ? 6 : 1);
        const ids = (await collect(await v2().tasks.list())).map((task) => task.id);
        assert.ok(ids.includes(id));
    }
});

test(
    "version 2: refused requests",
    async () => {
        const document = { mediaSource: inline("notes.md") };
        const calls = [
            [400, () => v2().create({ inputType: "text", modelName: newModel, text: { inputText: "a" } }, ONCE)],
            [400, () => v2().tasks.create({ inputType: "document", modelName, document }, ONCE)],
            [404, () => v2().tasks.retrieve(UNKNOWN, ONCE)],
        ];
        for (const [status, call] of calls) {
            await assert.rejects(call, (error) => error.statusCode === status && Boolean(error.body.error.code));
        }
    },
    true,
);

test("an unknown status", async () => {
    await fault("job=paused");
    assert.equal((await tasks.status(await make())).status, "paused");
});

async function assetWhenDone(id) {
    for (;;) {
        const asset = await assets.retrieve(id);
        if (asset.status !== "processing") return asset;
        await new Promise((done) => setTimeout(done, 50));
    }
}

test("assets: create, wait, list, metadata, transcription, delete", async () => {
    const fields = { method: "direct", filename: "Talk.mp4", userMetadata: JSON.stringify({ topic: "rust" }) };
    const made = await assets.create({ ...fields, file: media("four_shots.mp4") }, ONCE);
    assert.deepEqual([made.status, made.method, made.filename], ["processing", "direct", "Talk.mp4"]);
    const asset = await assetWhenDone(made.id);
    assert.ok(asset.status === "ready" && Math.abs(asset.duration - 14) < 0.1, JSON.stringify(asset));
    assert.ok(asset.technicalMetadata.videoWidth > 0);
    const byUrl = await assets.create({ method: "url", url: at("tiny.mp4") }, ONCE);
    assert.equal((await assetWhenDone(byUrl.id)).filename, "tiny.mp4");
    const listed = await collect(await assets.list({ pageLimit: 2, assetTypes: ["video"] }));
    assert.deepEqual(listed.slice(0, 2).map((entry) => entry.id), [byUrl.id, made.id]);
    await assets.updateUserMetadata(made.id, { userMetadata: { year: 2026 } });
    assert.deepEqual((await assets.retrieve(made.id)).userMetadata, { topic: "rust", year: 2026 });
    await assets.deleteUserMetadata(made.id);
    assert.equal((await assets.retrieve(made.id)).userMetadata, undefined);
    assert.equal((await assets.retrieveTranscription(made.id)).status, "ready");
    await assets.delete(made.id);
    await refused(() => assets.retrieve(made.id), 404, "resource_not_exist");
});

/** Uploads without the lines that this SDK writes. */
async function upload(options) {
    const { log } = console;
    console.log = () => {};
    try {
        return await multipartUpload.uploadFile(path.join(MEDIA, "four_shots.mp4"), options);
    } finally {
        console.log = log;
    }
}

test("an upload in parts", async () => {
    const seen = [];
    const result = await upload({ batchSize: 3, progressCallback: (progress) => void seen.push(progress.percentage) });
    assert.ok(seen.length > 1 && seen.at(-1) === 100, `${seen}`);
    const asset = await assetWhenDone(result.assetId);
    const sent = Buffer.from(await (await fetch(result.assetUrl)).arrayBuffer());
    assert.ok(sent.equals(fs.readFileSync(path.join(MEDIA, "four_shots.mp4"))));
    assert.deepEqual([asset.status, asset.method, asset.filename], ["ready", "multipart", "four_shots.mp4"]);
});

test("an upload in parts gets past a 503", async () => {
    await fault("status=503 operation=storage");
    assert.ok((await upload({ retryDelay: 0.01 })).assetId);
});

test("a task that is older than seven days is gone", async () => {
    const id = await make();
    await admin("clock", "8d", "POST");
    await refused(() => tasks.status(id), 404, "resource_not_exist");
});

async function main() {
    await new Promise((listening) => videos.listen(0, "127.0.0.1", listening));
    let failed = 0;
    for (const { name, run, breaks } of cases) {
        const [{ invalid_count: count }, started] = [await violations(), Date.now()];
        try {
            await run();
            const after = await violations();
            const why = after.invalid.slice(count).join("\n") || "the request should be invalid";
            assert.equal(after.invalid_count > count, breaks, why);
            console.log(`ok      ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
        } catch (error) {
            failed += 1;
            console.log(`FAILED  ${name}: ${error.message}`);
        }
        await admin("faults", undefined, "DELETE");
    }
    console.log(`${cases.length - failed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
}

main();
