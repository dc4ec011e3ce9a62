//! Wrong requests.

use http::Request;
use twelvelabs_contract::Contract;

use crate::{File, GOOD, ID, KEY, Text, assert_rows, encode, form, get, raw, validate, with};

/// What is wrong, the request, and what the validator says.
type Row = (&'static str, Request<String>, &'static str);

fn path(tail: &str) -> String {
    format!("/v1.3/embed/tasks/{tail}")
}

fn list(query: &str) -> Request<String> {
    get(&format!("/v1.3/embed/tasks?{query}"))
}

fn retrieve(query: &str) -> Request<String> {
    get(&format!("/v1.3/embed/tasks/{ID}?{query}"))
}

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let url = "https://example.com/v.mp4";
    let model = Text("model_name", "marengo3.0");
    vec![
        // Sources.
        ("no video at all", form(&[model]), "/body/video_file: or video_url is required"),
        ("the video in a field of another name", form(&[model, File("file", "v.mp4", "x")]),
            "/body/file: is not a field that the document defines\n/body/video_file: or video_url is required"),
        ("the URL in the field of the file", form(&[model, Text("video_file", url)]), "/body/video_file: must be a file with a file name"),
        ("the content of the file without a file name", form(&[model, Text("video_file", "bytes")]), "/body/video_file: must be a file with a file name"),
        ("an empty file", form(&[model, File("video_file", "v.mp4", "")]), "/body/video_file: must have 1 to 2147483648 bytes (got 0)"),
        ("two files", form(&[model, File("video_file", "v.mp4", "x"), File("video_file", "w.mp4", "x")]), "/body/video_file: must be present only once"),
        ("two URLs", with(&[Text("video_url", url)]), "/body/video_url: must be present only once"),
        ("a path as the URL", form(&[model, Text("video_url", "/videos/v.mp4")]),
            "/body/video_url: must be a valid uri (got \"/videos/v.mp4\")\n/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"/videos/v.mp4\")"),
        ("a URL without a scheme", form(&[model, Text("video_url", "example.com/v.mp4")]),
            "/body/video_url: must be a valid uri (got \"example.com/v.mp4\")\n/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"example.com/v.mp4\")"),
        ("the URL of a file on disk", form(&[model, Text("video_url", "file:///v.mp4")]),
            "/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"file:///v.mp4\")"),
        ("an FTP URL", form(&[model, Text("video_url", "ftp://example.com/v.mp4")]),
            "/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"ftp://example.com/v.mp4\")"),
        ("a bucket instead of a URL", form(&[model, Text("video_url", "s3://bucket/v.mp4")]),
            "/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"s3://bucket/v.mp4\")"),
        ("a URL without a host", form(&[model, Text("video_url", "https:///v.mp4")]),
            "/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"https:///v.mp4\")"),
        ("an empty URL", form(&[model, Text("video_url", "")]),
            "/body/video_url: must be a valid uri (got \"\")\n/body/video_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"\")"),
        ("a URL with a space", form(&[model, Text("video_url", "https://example.com/my video.mp4")]),
            "/body/video_url: must be a valid uri (got \"https://example.com/my video.mp4\")"),
        ("the URL as a file", form(&[model, File("video_url", "url.txt", url)]), "/body/video_url: must not be a file"),
        // Models.
        ("no model", form(&[Text("video_url", url)]), "/body/model_name: is missing"),
        ("a model that does not exist", form(&[Text("model_name", "marengo3"), GOOD[1]]), "/body/model_name: must be one of \"marengo3.0\", \"marengo3.5\" (got \"marengo3\")"),
        ("a model in other letters", form(&[Text("model_name", "Marengo3.0"), GOOD[1]]), "/body/model_name: must be one of \"marengo3.0\", \"marengo3.5\" (got \"Marengo3.0\")"),
        ("a retired model", form(&[Text("model_name", "Marengo-retrieval-2.7"), GOOD[1]]), "/body/model_name: must be one of \"marengo3.0\", \"marengo3.5\" (got \"Marengo-retrieval-2.7\")"),
        ("an empty model", form(&[Text("model_name", ""), GOOD[1]]), "/body/model_name: must not be empty"),
        ("a model with a space behind it", form(&[Text("model_name", "marengo3.0 "), GOOD[1]]), "/body/model_name: must be a single value (got \"marengo3.0 \")"),
        ("a model in quotes", form(&[Text("model_name", "\"marengo3.0\""), GOOD[1]]), "/body/model_name: must be a single value (got \"\\\"marengo3.0\\\"\")"),
        ("the model as a file", form(&[File("model_name", "model.txt", "marengo3.0"), GOOD[1]]), "/body/model_name: must not be a file"),
        ("two models", with(&[model]), "/body/model_name: must be present only once"),
        ("the model under the name of the index API", form(&[Text("engine_id", "marengo3.0"), GOOD[1]]),
            "/body/engine_id: is not a field that the document defines\n/body/model_name: is missing"),
        // Scopes.
        ("a scope that does not exist", with(&[Text("video_embedding_scope", "frame")]), "/body/video_embedding_scope: must be one of \"clip\", \"video\", \"asset\", \"local\", \"page\", \"chunk\" (got \"frame\")"),
        ("a scope of API v2", with(&[Text("video_embedding_scope", "asset")]), "/body/video_embedding_scope: must not be asset or local or page or chunk (got asset)"),
        ("scopes joined with commas", with(&[Text("video_embedding_scope", "clip,video")]), "/body/video_embedding_scope: must be a single value (got \"clip,video\")"),
        ("scopes as JSON", with(&[Text("video_embedding_scope", "[\"clip\"]")]), "/body/video_embedding_scope: must be a single value (got \"[\\\"clip\\\"]\")"),
        ("an empty scope", with(&[Text("video_embedding_scope", "")]), "/body/video_embedding_scope: must not be empty"),
        ("a scope in upper case", with(&[Text("video_embedding_scope", "CLIP")]), "/body/video_embedding_scope: must be one of \"clip\", \"video\", \"asset\", \"local\", \"page\", \"chunk\" (got \"CLIP\")"),
        ("the second of two scopes is wrong", with(&[Text("video_embedding_scope", "clip"), Text("video_embedding_scope", "vidoe")]),
            "/body/video_embedding_scope: must be one of \"clip\", \"video\", \"asset\", \"local\", \"page\", \"chunk\" (got \"vidoe\")"),
        ("the plural name that the docs of the Python SDK use", with(&[Text("video_embedding_scopes", "clip")]), "/body/video_embedding_scopes: is not a field that the document defines"),
        ("the name with brackets", with(&[Text("video_embedding_scope[]", "clip")]), "/body/video_embedding_scope[]: is not a field that the document defines"),
        // Ranges.
        ("a start without an end", with(&[Text("video_start_offset_sec", "0")]), "/body/video_end_offset_sec: is required when video_start_offset_sec is set"),
        ("an end without a start", with(&[Text("video_end_offset_sec", "9")]), "/body/video_start_offset_sec: is required when video_end_offset_sec is set"),
        ("an end before the start", with(&[Text("video_start_offset_sec", "9"), Text("video_end_offset_sec", "3")]),
            "/body/video_end_offset_sec: must be greater than video_start_offset_sec, which is 9 (got 3)"),
        ("an end at the start", with(&[Text("video_start_offset_sec", "9"), Text("video_end_offset_sec", "9.0")]),
            "/body/video_end_offset_sec: must be greater than video_start_offset_sec, which is 9 (got 9)"),
        ("a negative start", with(&[Text("video_start_offset_sec", "-1"), Text("video_end_offset_sec", "9")]), "/body/video_start_offset_sec: must be at least 0 (got -1)"),
        ("an end of zero", with(&[Text("video_start_offset_sec", "0"), Text("video_end_offset_sec", "0")]),
            "/body/video_end_offset_sec: must be greater than 0 (got 0)\n/body/video_end_offset_sec: must be greater than video_start_offset_sec, which is 0 (got 0)"),
        ("a clip that is longer than the range", with(&[Text("video_start_offset_sec", "2"), Text("video_end_offset_sec", "6"), Text("video_clip_length", "5")]),
            "/body/video_clip_length: must be no longer than the range from video_start_offset_sec to video_end_offset_sec, which is 4 (got 5)"),
        ("a clip that is too short", with(&[Text("video_clip_length", "1.9")]), "/body/video_clip_length: must be at least 2 (got 1.9)"),
        ("a clip that is too long", with(&[Text("video_clip_length", "11")]), "/body/video_clip_length: must be at most 10 (got 11)"),
        ("a clip length with a unit", with(&[Text("video_clip_length", "6s")]), "/body/video_clip_length: must be a number (got \"6s\")"),
        ("a clip length with a decimal comma", with(&[Text("video_clip_length", "6,5")]), "/body/video_clip_length: must be a number (got \"6,5\")"),
        ("a clip length with spaces", with(&[Text("video_clip_length", " 6 ")]), "/body/video_clip_length: must be a number (got \" 6 \")"),
        ("a clip length that is not a number", with(&[Text("video_clip_length", "NaN")]), "/body/video_clip_length: must be a number (got \"NaN\")"),
        ("an infinite clip length", with(&[Text("video_clip_length", "inf")]), "/body/video_clip_length: must be a number (got \"inf\")"),
        ("an empty clip length", with(&[Text("video_clip_length", "")]), "/body/video_clip_length: must be a number (got \"\")"),
        ("None as a text", with(&[Text("video_clip_length", "None")]), "/body/video_clip_length: must be a number (got \"None\")"),
        ("two clip lengths", with(&[Text("video_clip_length", "5"), Text("video_clip_length", "6")]), "/body/video_clip_length: must be present only once"),
        ("a field of API v2", with(&[Text("input_type", "video")]), "/body/input_type: is not a field that the document defines"),
        ("a field without a name", with(&[Text("", "x")]), "/body/: is not a field that the document defines"),
        // Bodies and headers.
        ("a create request without a body", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY)], ""), "/body: is missing"),
        ("JSON instead of a form", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), ("content-type", "application/json")], "{}"),
            "/header/content-type: must be multipart/form-data (got \"application/json\")"),
        ("an urlencoded form", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), ("content-type", "application/x-www-form-urlencoded")], "model_name=marengo3.0"),
            "/header/content-type: must be multipart/form-data (got \"application/x-www-form-urlencoded\")"),
        ("a form without its media type", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY)], &encode(GOOD)), "/header/content-type: must be multipart/form-data (got \"\")"),
        ("a form of another kind", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), ("content-type", "multipart/mixed; boundary=b")], &encode(GOOD)),
            "/header/content-type: must be multipart/form-data (got \"multipart/mixed; boundary=b\")"),
        ("a form without parts", form(&[]), "/body/model_name: is missing\n/body/video_file: or video_url is required"),
        ("a form without a boundary", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), ("content-type", "multipart/form-data")], "--b--\r\n"),
            "/header/content-type: has no boundary (got \"multipart/form-data\")"),
        ("a form that ends early", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), FORM], "--b\r\nbroken"), "/body: is not a valid form: incomplete multipart stream"),
        ("a form with another boundary than its header", raw("POST", "/v1.3/embed/tasks", &[("x-api-key", KEY), FORM], "--c--\r\n"), "/body: is not a valid form: incomplete multipart stream"),
        ("no key", raw("GET", "/v1.3/embed/tasks", &[], ""), "/header/x-api-key: is missing"),
        ("an empty key", raw("GET", "/v1.3/embed/tasks", &[("x-api-key", "")], ""), "/header/x-api-key: must not be empty"),
        ("the key as a bearer token", raw("GET", "/v1.3/embed/tasks", &[("authorization", "Bearer tlk_0123456789")], ""), "/header/x-api-key: is missing"),
        ("the word Bearer in front of the key", raw("GET", "/v1.3/embed/tasks", &[("x-api-key", "Bearer tlk_0123456789")], ""), "/header/x-api-key: must be printable ASCII without spaces"),
        ("two keys", raw("GET", "/v1.3/embed/tasks", &[("x-api-key", KEY), ("x-api-key", KEY)], ""), "/header/x-api-key: must be present only once"),
        ("the key in the query", raw("GET", "/v1.3/embed/tasks?api_key=tlk", &[], ""),
            "/query/api_key: is not a parameter that the document defines\n/header/x-api-key: is missing"),
        ("a body in a read request", raw("GET", "/v1.3/embed/tasks", &[("x-api-key", KEY)], "{}"), "/body: must be empty"),
        // Paths.
        ("a malformed id", get(&path("task-1")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"task-1\")"),
        ("an id that is one digit short", get(&path("663da73b31cdd0c1f638a8e/status")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"663da73b31cdd0c1f638a8e\")"),
        ("an id that is a UUID", get(&path("0b5f3e1c-5a0e-4e39-9f63-000000000000")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"0b5f3e1c-5a0e-4e39-9f63-000000000000\")"),
        ("None as an id", get(&path("None/status")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"None\")"),
        ("an empty id", get(&path("/status")), "/path/task_id: must not be empty"),
        ("an id with a slash", get(&path("a/b/status")), "the document defines no operation GET /v1.3/embed/tasks/a/b/status"),
        ("an id with an encoded slash", get(&path("a%2Fb/status")), "/path/task_id: must be one segment of a path (got \"a/b\")"),
        ("an id that leads up", get(&path("%2E%2E/status")), "/path/task_id: must be one segment of a path (got \"..\")"),
        ("an id with a space", get(&path("663da73b31cdd0c1f638a8e6%20")), "/path/task_id: must be a single value (got \"663da73b31cdd0c1f638a8e6 \")"),
        ("an id in braces", get(&path("%7Btask_id%7D")), "/path/task_id: must be a single value (got \"{task_id}\")"),
        ("a path that is not UTF-8", get(&path("%FF")), "/path: must be percent-encoded UTF-8\n/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"\u{fffd}\")"),
        ("a slash at the end", get("/v1.3/embed/tasks/"), "/path/task_id: must not be empty"),
        ("a slash behind the status", get(&path(&format!("{ID}/status/"))), "the document defines no operation GET /v1.3/embed/tasks/663da73b31cdd0c1f638a8e6/status/"),
        ("two slashes", get("/v1.3//embed/tasks"), "the document defines no operation GET /v1.3//embed/tasks"),
        ("a path in upper case", get("/v1.3/Embed/tasks"), "the document defines no operation GET /v1.3/Embed/tasks"),
        ("an id that is one digit too long", get(&path("663da73b31cdd0c1f638a8e66")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"663da73b31cdd0c1f638a8e66\")"),
        ("two ids", get(&path(&format!("{ID},{ID}"))), "/path/task_id: must be a single value (got \"663da73b31cdd0c1f638a8e6,663da73b31cdd0c1f638a8e6\")"),
        ("an id with a line break", get(&path(&format!("{ID}%0A"))), "/path/task_id: must be a single value (got \"663da73b31cdd0c1f638a8e6\\n\")"),
        ("an id that was encoded twice", get(&path("%2536%2536")), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"%36%36\")"),
        ("the path of another version", get("/v1.2/embed/tasks"), "the document defines no operation GET /v1.2/embed/tasks"),
        ("the singular of the path", get("/v1.3/embed/task"), "the document defines no operation GET /v1.3/embed/task"),
        ("a method that does not exist", raw("DELETE", &path(ID), &[("x-api-key", KEY)], ""), "the document defines no operation DELETE /v1.3/embed/tasks/663da73b31cdd0c1f638a8e6"),
        ("only the headers", raw("HEAD", "/v1.3/embed/tasks", &[("x-api-key", KEY)], ""), "the document defines no operation HEAD /v1.3/embed/tasks"),
        ("a create request as PUT", raw("PUT", "/v1.3/embed/tasks", &[("x-api-key", KEY)], ""), "the document defines no operation PUT /v1.3/embed/tasks"),
        ("a read request as POST", raw("POST", &path(ID), &[("x-api-key", KEY)], ""), "the document defines no operation POST /v1.3/embed/tasks/663da73b31cdd0c1f638a8e6"),
        // Queries.
        ("an option that does not exist", retrieve("embedding_option=visuals"), "/query/embedding_option: must be one of \"visual\", \"audio\", \"transcription\", \"visual-text\", \"fused\", \"text\" (got \"visuals\")"),
        ("options joined with commas", retrieve("embedding_option=visual,audio"), "/query/embedding_option: must be a single value (got \"visual,audio\")"),
        ("options as JSON", retrieve("embedding_option=%5B%22visual%22%5D"), "/query/embedding_option: must be a single value (got \"[\\\"visual\\\"]\")"),
        ("an empty option", retrieve("embedding_option="), "/query/embedding_option: must not be empty"),
        ("the option with brackets", retrieve("embedding_option[]=visual"), "/query/embedding_option[]: is not a parameter that the document defines"),
        ("the option of a status request", get(&path(&format!("{ID}/status?embedding_option=visual"))), "/query/embedding_option: is not a parameter that the document defines"),
        ("page zero", list("page=0"), "/query/page: must be at least 1 (got 0)"),
        ("a negative page", list("page=-1"), "/query/page: must be at least 1 (got -1)"),
        ("a page that is not whole", list("page=1.5"), "/query/page: must be an integer (got \"1.5\")"),
        ("a page limit above the maximum", list("page_limit=51"), "/query/page_limit: must be at most 50 (got 51)"),
        ("a parameter in upper case", list("Page=1"), "/query/Page: is not a parameter that the document defines"),
        ("a parameter with a space", list("page%20=1"), "/query/page : is not a parameter that the document defines"),
        ("an empty page", list("page="), "/query/page: must be an integer (got \"\")"),
        ("a page in words", list("page=first"), "/query/page: must be an integer (got \"first\")"),
        ("a page beyond 64 bits", list("page=9223372036854775808"), "/query/page: must be an integer (got \"9223372036854775808\")"),
        ("a page limit of zero", list("page_limit=0"), "/query/page_limit: must be at least 1 (got 0)"),
        ("the page limit of the Python SDK in camel case", list("pageLimit=10"), "/query/pageLimit: is not a parameter that the document defines"),
        ("an offset instead of a page", list("offset=10"), "/query/offset: is not a parameter that the document defines"),
        ("two pages", list("page=1&page=2"), "/query/page: must be present only once"),
        ("the page size under another name", list("limit=10"), "/query/limit: is not a parameter that the document defines"),
        ("a status that does not exist", list("status=done"), "/query/status: must be one of \"processing\", \"ready\", \"failed\" (got \"done\")"),
        ("statuses joined with commas", list("status=ready,failed"), "/query/status: must be a single value (got \"ready,failed\")"),
        ("an empty status", list("status="), "/query/status: must not be empty"),
        ("a time without a date", list("started_at=12:00:00Z"), "/query/started_at: must be a valid date-time (got \"12:00:00Z\")"),
        ("a date without a time", list("started_at=2026-01-01"), "/query/started_at: must be a valid date-time (got \"2026-01-01\")"),
        ("a time without a zone", list("ended_at=2026-01-01T00:00:00"), "/query/ended_at: must be a valid date-time (got \"2026-01-01T00:00:00\")"),
        ("a time whose plus was not encoded", list("ended_at=2026-01-01T00:00:00+01:00"), "/query/ended_at: must be a valid date-time (got \"2026-01-01T00:00:00 01:00\")"),
        ("a day that does not exist", list("started_at=2026-02-30T00:00:00Z"), "/query/started_at: must be a valid date-time (got \"2026-02-30T00:00:00Z\")"),
        ("an hour that does not exist", list("started_at=2026-01-01T25:00:00Z"), "/query/started_at: must be a valid date-time (got \"2026-01-01T25:00:00Z\")"),
        ("an empty time", list("ended_at="), "/query/ended_at: must be a valid date-time (got \"\")"),
        ("two times", list("ended_at=2026-01-01T00:00:00Z&ended_at=2026-01-02T00:00:00Z"), "/query/ended_at: must be present only once"),
        ("a Unix time", list("started_at=1767225600"), "/query/started_at: must be a valid date-time (got \"1767225600\")"),
        ("a query that is not UTF-8", list("status=%FF"), "/query: must be percent-encoded UTF-8\n/query/status: must be one of \"processing\", \"ready\", \"failed\" (got \"\u{fffd}\")"),
        ("a query with a percent sign", list("status=100%"), "/query: has an invalid percent-encoding\n/query/status: must be one of \"processing\", \"ready\", \"failed\" (got \"100%\")"),
        ("an asset type that does not exist", get("/v1.3/assets?asset_types=film"), "/query/asset_types: must be one of \"image\", \"video\", \"audio\", \"document\" (got \"film\")"),
        ("asset ids joined with commas", get(&format!("/v1.3/assets?asset_ids={ID},{ID}")), "/query/asset_ids: must be a single value (got \"663da73b31cdd0c1f638a8e6,663da73b31cdd0c1f638a8e6\")"),
    ]
}

#[test]
fn wrong_requests_are_refused_for_the_right_reason() {
    let rows = rows();
    println!("{} wrong requests", rows.len());
    assert!(rows.len() >= 73, "{}", rows.len());
    let contract = Contract::embedded();
    assert_rows(rows.iter().map(|(what, request, reason)| (*what, validate(contract, request), *reason)));
}

/// Only what is not listed is tolerated: a value of an open set is still one value.
#[test]
fn unlisted_values_can_be_allowed() {
    let contract = Contract::embedded().clone().with_unlisted_values(true);
    let valid = [
        form(&[Text("model_name", "marengo4.0"), GOOD[1]]),
        with(&[Text("video_embedding_scope", "frame")]),
        get("/v1.3/embed/tasks/task-1/status"),
        list("status=queued"),
    ];
    for request in valid {
        assert_eq!(validate(&contract, &request), "valid", "{request:?}");
        assert_ne!(validate(Contract::embedded(), &request), "valid", "{request:?}");
    }
    for request in [
        form(&[Text("model_name", ""), GOOD[1]]),
        with(&[Text("video_embedding_scope", "clip,video")]),
        with(&[Text("video_embedding_scope", "[\"clip\"]")]),
        get("/v1.3/embed/tasks/a%2Fb/status"),
        list("status="),
    ] {
        assert_ne!(validate(&contract, &request), "valid", "{request:?}");
    }
}
