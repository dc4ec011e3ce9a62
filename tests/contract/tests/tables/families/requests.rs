//! Wrong requests.

use http::Request;
use serde_json::{Value, json};
use twelvelabs_contract::Contract;

use super::{M30, M35, document, embed, file, input, media, merged, multi, task, video};
use crate::{File, ID, KEY, Part, Text, assert_rows, form_to, get, json_to, raw, validate};

/// What is wrong, the request, and what the validator says.
type Row = (&'static str, Request<String>, &'static str);

/// Creates a task for a video from this source.
fn source(source: &Value) -> Request<String> {
    task(&input(M30, "video", &json!({ "media_source": source })))
}

/// Creates a task with this text as its body.
fn json_text(text: &str) -> Request<String> {
    raw("POST", "/v1.3/embed-v2/tasks", &[("x-api-key", KEY), ("content-type", "application/json")], text)
}

fn chunk(extra: Value) -> Request<String> {
    let chunk = json!({ "chunk_index": 1, "proof": "a", "proof_type": "etag", "chunk_size": 5 });
    json_to("POST", "/v1.3/assets/multipart-uploads/u", &json!({ "completed_chunks": [merged(chunk, &extra)] }))
}

fn upload(extra: Value) -> Request<String> {
    let upload = json!({ "filename": "a.mp4", "type": "video", "total_size": 5 });
    json_to("POST", "/v1.3/assets/multipart-uploads", &merged(upload, &extra))
}

#[rustfmt::skip]
fn embed_v2() -> Vec<Row> {
    let url = json!({ "url": "https://example.com/a" });
    let spread = |body: Value, extra: Value| merged(body, &extra);
    let metadata = |start: u32, end: u32| json!([{ "start": start, "end": end, "text": "a" }]);
    vec![
        // Types and models.
        ("an input type that does not exist", task(&json!({ "model_name": M30, "input_type": "vidoe", "video": media(json!({})) })), "/body/input_type: must be one of \"text\", \"image\", \"text_image\", \"audio\", \"video\", \"document\", \"multi_input\" (got \"vidoe\")"),
        ("a model that does not exist", video("marengo-3.5", json!({})), "/body/model_name: must be one of \"marengo3.0\", \"marengo3.5\" (got \"marengo-3.5\")"),
        ("no model", task(&json!({ "input_type": "video", "video": media(json!({})) })), "/body/model_name: is missing"),
        ("no input type", task(&json!({ "model_name": M30, "video": media(json!({})) })), "/body/input_type: is missing"),
        ("the input of another type", task(&json!({ "model_name": M30, "input_type": "audio", "video": media(json!({})) })), "/body/audio: is required when input_type is audio"),
        ("an input that is null", task(&json!({ "model_name": M30, "input_type": "video", "video": null })), "/body/video: must be of type object (got null)\n/body/video: is required when input_type is video"),
        ("a text as a task", task(&input(M30, "text", &json!({ "input_text": "a" }))), "/body/input_type: must not be text or text_image or multi_input (got text)\n/body/text: is not a property that the document defines"),
        ("a document without a task", embed(&input(M35, "document", &media(json!({})))), "/body/input_type: must not be document (got document)\n/body/document: is not a property that the document defines"),
        ("a video without a task with Marengo 3.5", embed(&input(M35, "video", &media(json!({})))), "/body/video: must not be set when model_name is marengo3.5"),
        ("a document with Marengo 3.0", task(&input(M30, "document", &media(json!({})))), "/body/document: must not be set when model_name is marengo3.0"),
        ("an image as a task with Marengo 3.0", task(&input(M30, "image", &media(json!({})))), "/body/image: must not be set when model_name is marengo3.0"),
        ("a form instead of JSON", form_to("/v1.3/embed-v2/tasks", &[Text("model_name", M30)]), "/header/content-type: must be application/json (got \"multipart/form-data; boundary=b\")"),
        ("a model that is null", task(&json!({ "model_name": null, "input_type": "video", "video": media(json!({})) })), "/body/model_name: must be of type string (got null)"),
        ("several models", task(&json!({ "model_name": [M30], "input_type": "video", "video": media(json!({})) })), "/body/model_name: must be of type string (got [\"marengo3.0\"])"),
        ("an input type in upper case", task(&json!({ "model_name": M30, "input_type": "Video", "video": media(json!({})) })), "/body/input_type: must be one of \"text\", \"image\", \"text_image\", \"audio\", \"video\", \"document\", \"multi_input\" (got \"Video\")"),
        ("a body that is null", task(&Value::Null), "/body: must be of type object (got null)"),
        ("a list of tasks", task(&json!([])), "/body: must be of type object (got [])"),
        ("a text with JSON", task(&json!("{}")), "/body: must be of type object (got \"{}\")"),
        ("a model that is there twice", json_text(&format!(r#"{{"model_name":"{M35}","model_name":"{M30}","input_type":"video","video":{{"media_source":{{"asset_id":"{ID}"}}}}}}"#)), "/body/model_name: must be present only once"),
        ("a source that is there twice", json_text(&format!(r#"{{"model_name":"{M30}","input_type":"video","video":{{"media_source":{{"asset_id":"{ID}","asset_id":"{ID}"}}}}}}"#)), "/body/video/media_source/asset_id: must be present only once"),
        ("a body that ends early", json_text(r#"{"model_name":"#), "/body: is not JSON: EOF while parsing a value at line 1 column 14"),
        ("a comma behind the last member", json_text(r#"{"model_name":"marengo3.0",}"#), "/body: is not JSON: trailing comma at line 1 column 28"),
        ("JSON without its media type", raw("POST", "/v1.3/embed-v2/tasks", &[("x-api-key", KEY)], "{}"), "/header/content-type: must be application/json (got \"\")"),
        ("JSON as text", raw("POST", "/v1.3/embed-v2/tasks", &[("x-api-key", KEY), ("content-type", "text/plain")], "{}"), "/header/content-type: must be application/json (got \"text/plain\")"),
        // Sources.
        ("no media source", task(&input(M30, "video", &json!({}))), "/body/video/media_source: is missing"),
        ("a URL beside the media source", task(&input(M30, "video", &url)), "/body/video/media_source: is missing\n/body/video/url: is not a property that the document defines"),
        ("an empty source", source(&json!({})), "/body/video/media_source/url: or base64_string or asset_id is required"),
        ("two sources", source(&spread(url.clone(), json!({ "asset_id": ID }))), "/body/video/media_source/asset_id: must not be set together with url"),
        ("three sources", source(&spread(url.clone(), json!({ "asset_id": ID, "base64_string": "AAAA" }))), "/body/video/media_source/base64_string: must not be set together with url\n/body/video/media_source/asset_id: must not be set together with url"),
        ("a bucket instead of a URL", source(&json!({ "url": "s3://bucket/a.mp4" })), "/body/video/media_source/url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"s3://bucket/a.mp4\")"),
        ("a path instead of a URL", source(&json!({ "url": "/a.mp4" })), "/body/video/media_source/url: must be a valid uri (got \"/a.mp4\")\n/body/video/media_source/url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"/a.mp4\")"),
        ("an asset id that is malformed", source(&json!({ "asset_id": "asset-1" })), "/body/video/media_source/asset_id: must match ^[0-9A-Fa-f]{24}$ (got \"asset-1\")"),
        ("an asset id with a slash", source(&json!({ "asset_id": format!("{ID}/x") })), "/body/video/media_source/asset_id: must be a single value (got \"663da73b31cdd0c1f638a8e6/x\")"),
        ("an empty URL", source(&json!({ "url": "" })), "/body/video/media_source/url: must be a valid uri (got \"\")\n/body/video/media_source/url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"\")"),
        ("a URL that is null", source(&json!({ "url": null })), "/body/video/media_source/url: must be of type string (got null)\n/body/video/media_source/url: or base64_string or asset_id is required"),
        ("an asset id as a number", source(&json!({ "asset_id": 7 })), "/body/video/media_source/asset_id: must be of type string (got 7)"),
        ("an empty asset id", source(&json!({ "asset_id": "" })), "/body/video/media_source/asset_id: must not be empty"),
        ("a source that is a list", source(&json!([])), "/body/video/media_source: must be of type object (got [])"),
        ("an empty Base64 text", source(&json!({ "base64_string": "" })), "/body/video/media_source/base64_string: must not be empty"),
        ("another name of the Base64 text", source(&json!({ "base64": "AAAA" })), "/body/video/media_source/url: or base64_string or asset_id is required\n/body/video/media_source/base64: is not a property that the document defines"),
        ("a source that is a text", source(&json!("https://example.com/a")), "/body/video/media_source: must be of type object (got \"https://example.com/a\")"),
        // Audio and video.
        ("an option that does not exist", video(M30, json!({ "embedding_option": ["visuals"] })), "/body/video/embedding_option: must be visual or audio or transcription when model_name is marengo3.0 (got visuals)\n/body/video/embedding_option/0: must be one of \"visual\", \"audio\", \"transcription\", \"visual-text\", \"fused\", \"text\" (got \"visuals\")"),
        ("an option of Marengo 3.0", video(M35, json!({ "embedding_option": ["visual", "transcription"] })), "/body/video/embedding_option: must be visual or audio when model_name is marengo3.5 (got transcription)"),
        ("an option of video for audio", task(&input(M30, "audio", &media(json!({ "embedding_option": ["visual"] })))), "/body/audio/embedding_option: must be audio or transcription when model_name is marengo3.0 (got visual)"),
        ("an option that is no list", video(M30, json!({ "embedding_option": "visual" })), "/body/video/embedding_option: must be of type array (got \"visual\")"),
        ("options joined with a comma", video(M30, json!({ "embedding_option": ["visual,audio"] })), "/body/video/embedding_option: must be visual or audio or transcription when model_name is marengo3.0 (got visual,audio)\n/body/video/embedding_option/0: must be a single value (got \"visual,audio\")"),
        ("a scope of version 1", video(M30, json!({ "embedding_scope": ["clip", "video"] })), "/body/video/embedding_scope: must be clip or asset when model_name is marengo3.0 (got video)"),
        ("a scope of Marengo 3.5", video(M30, json!({ "embedding_scope": ["local"] })), "/body/video/embedding_scope: must be clip or asset when model_name is marengo3.0 (got local)"),
        ("a scope of documents", video(M35, json!({ "embedding_scope": ["page"] })), "/body/video/embedding_scope: must be clip or local or asset when model_name is marengo3.5 (got page)"),
        ("an end before the start", video(M30, json!({ "start_sec": 9, "end_sec": 3 })), "/body/video/end_sec: must be greater than start_sec, which is 9 (got 3)"),
        ("a negative start", video(M30, json!({ "start_sec": -1 })), "/body/video/start_sec: must be at least 0 (got -1)"),
        ("an end of zero", video(M30, json!({ "end_sec": 0 })), "/body/video/end_sec: must be greater than 0 (got 0)"),
        ("a start as a text", video(M30, json!({ "start_sec": "1" })), "/body/video/start_sec: must be of type number (got \"1\")"),
        ("the names of version 1", video(M30, json!({ "start_offset_sec": 1 })), "/body/video/start_offset_sec: is not a property that the document defines"),
        ("a fused vector of one option", video(M30, json!({ "embedding_option": ["visual"], "embedding_type": ["fused_embedding"] })), "/body/video/embedding_option: must have at least 2 items when embedding_type is set (got 1)"),
        ("a type that does not exist", video(M30, json!({ "embedding_type": ["fused"] })), "/body/video/embedding_type/0: must be one of \"separate_embedding\", \"fused_embedding\" (got \"fused\")"),
        ("a fused vector without metadata with Marengo 3.5", video(M35, json!({ "embedding_type": ["fused_embedding"] })), "/body/video/time_based_metadata: is required when model_name is marengo3.5 and video.embedding_type is fused_embedding"),
        ("metadata without a fused vector", video(M35, json!({ "embedding_type": ["separate_embedding"], "time_based_metadata": metadata(1, 2) })), "/body/video/embedding_type: must include fused_embedding when time_based_metadata is set"),
        ("metadata without a type", video(M35, json!({ "time_based_metadata": metadata(1, 2) })), "/body/video/embedding_type: is required when time_based_metadata is set"),
        ("metadata that ends before it starts", video(M35, json!({ "embedding_type": ["fused_embedding"], "time_based_metadata": metadata(2, 1) })), "/body/video/time_based_metadata/0/end: must not be less than start, which is 2 (got 1)"),
        ("metadata without a text", video(M35, json!({ "embedding_type": ["fused_embedding"], "time_based_metadata": [{ "start": 0, "end": 1 }] })), "/body/video/time_based_metadata/0/text: is missing"),
        ("metadata with Marengo 3.0", video(M30, json!({ "embedding_type": ["fused_embedding"], "time_based_metadata": metadata(1, 2) })), "/body/video/time_based_metadata: must not be set when model_name is marengo3.0"),
        ("metadata without a task", embed(&input(M30, "video", &media(json!({ "time_based_metadata": metadata(1, 2) })))), "/body/video/time_based_metadata: is not a property that the document defines"),
        // Segmentation.
        ("the segmentation of Marengo 3.0 for 3.5", video(M35, json!({ "segmentation": { "strategy": "fixed", "fixed": { "duration_sec": 6 } } })), "/body/video/segmentation/strategy: must not be set when model_name is marengo3.5"),
        ("the segmentation of Marengo 3.5 for 3.0", video(M30, json!({ "segmentation": { "temporal": { "strategy": "fixed", "fixed": { "duration_sec": 6 } } } })), "/body/video/segmentation/temporal: must not be set when model_name is marengo3.0"),
        ("the segmentation of Marengo 3.5 without a task", embed(&input(M30, "video", &media(json!({ "segmentation": { "temporal": { "strategy": "fixed", "fixed": { "duration_sec": 6 } } } })))), "/body/video/segmentation: does not match exactly one of the alternatives"),
        ("a segmentation without a strategy", video(M30, json!({ "segmentation": { "fixed": { "duration_sec": 6 } } })), "/body/video/segmentation: does not match exactly one of the alternatives"),
        ("a strategy without its object", video(M30, json!({ "segmentation": { "strategy": "fixed" } })), "/body/video/segmentation: does not match exactly one of the alternatives"),
        ("a strategy with the object of the other", video(M30, json!({ "segmentation": { "strategy": "fixed", "dynamic": { "min_duration_sec": 4 } } })), "/body/video/segmentation: does not match exactly one of the alternatives"),
        ("a strategy that does not exist", video(M30, json!({ "segmentation": { "strategy": "equal", "fixed": { "duration_sec": 6 } } })), "/body/video/segmentation: does not match exactly one of the alternatives"),
        ("clips that are too long", video(M30, json!({ "segmentation": { "strategy": "fixed", "fixed": { "duration_sec": 11 } } })), "/body/video/segmentation/fixed/duration_sec: must be at most 10 (got 11)"),
        ("clips of a fraction of seconds", video(M30, json!({ "segmentation": { "strategy": "fixed", "fixed": { "duration_sec": 2.5 } } })), "/body/video/segmentation/fixed/duration_sec: must be of type integer (got 2.5)"),
        ("dynamic clips of audio with Marengo 3.0", embed(&input(M30, "audio", &media(json!({ "segmentation": { "strategy": "dynamic", "dynamic": { "min_duration_sec": 4 } } })))), "/body/audio/segmentation/fixed: is missing\n/body/audio/segmentation/strategy: must be one of \"fixed\" (got \"dynamic\")\n/body/audio/segmentation/dynamic: is not a property that the document defines"),
        // Options of Marengo 3.5.
        ("a dimension with Marengo 3.0", task(&spread(input(M30, "video", &media(json!({}))), json!({ "embedding_dimension": 512 }))), "/body/embedding_dimension: must not be set when model_name is marengo3.0"),
        ("a dimension that is too large", task(&spread(input(M35, "video", &media(json!({}))), json!({ "embedding_dimension": 1024 }))), "/body/embedding_dimension: must be at most 512 (got 1024)"),
        ("a dimension as a text", task(&spread(input(M35, "video", &media(json!({}))), json!({ "embedding_dimension": "512" }))), "/body/embedding_dimension: must be of type integer (got \"512\")"),
        ("another name of the dimension", task(&spread(input(M35, "video", &media(json!({}))), json!({ "dimension": 512 }))), "/body/dimension: is not a property that the document defines"),
        ("truncation with Marengo 3.0", embed(&spread(input(M30, "text", &json!({ "input_text": "a" })), json!({ "auto_truncate": true }))), "/body/auto_truncate: must not be set when model_name is marengo3.0"),
        ("uncertainty of the default scopes", task(&spread(input(M35, "video", &media(json!({}))), json!({ "embedding_uncertainty": true }))), "/body/video/embedding_scope: is required when embedding_uncertainty is true and video is set"),
        ("uncertainty of a whole file", task(&spread(input(M35, "audio", &media(json!({ "embedding_scope": ["clip", "asset"] }))), json!({ "embedding_uncertainty": true }))), "/body/audio/embedding_scope: must not be asset when embedding_uncertainty is true (got asset)"),
        ("uncertainty of a PDF file", task(&spread(input(M35, "document", &media(json!({ "embedding_option": ["visual"], "embedding_scope": ["local"] }))), json!({ "embedding_uncertainty": true }))), "/body/document/segmentation/sequential: is required when document is set and embedding_uncertainty is true\n/body/document/embedding_option: must not be visual when embedding_uncertainty is true (got visual)"),
        ("uncertainty of a document without chunks", task(&spread(input(M35, "document", &media(json!({ "embedding_scope": ["local"] }))), json!({ "embedding_uncertainty": true }))), "/body/document/segmentation/sequential: is required when document is set and embedding_uncertainty is true"),
        ("uncertainty of a text with files", embed(&spread(input(M35, "multi_input", &json!({ "input_text": "a", "media_sources": [file("image")] })), json!({ "embedding_uncertainty": true }))), "/body/multi_input/media_sources: must not be set together with multi_input.input_text when embedding_uncertainty is true"),
        // Documents and images.
        ("an option of videos for a document", document(json!({ "embedding_option": ["audio"] })), "/body/document/embedding_option: must be visual or text when model_name is marengo3.5 (got audio)"),
        ("a document without any division", document(json!({ "segmentation": {} })), "/body/document/segmentation/spatial: or sequential is required"),
        ("a document with two divisions", document(json!({ "embedding_option": ["text"], "embedding_scope": ["local"], "segmentation": { "spatial": {}, "sequential": { "strategy": "sentence", "max_sentences": 3 } } })), "/body/document/embedding_option: must include visual when segmentation.spatial is set\n/body/document/segmentation/sequential: must not be set together with spatial"),
        ("chunks that overlap completely", document(json!({ "embedding_scope": ["local"], "segmentation": { "sequential": { "strategy": "sentence", "max_sentences": 3, "overlap_sentences": 3 } } })), "/body/document/segmentation/sequential/max_sentences: must be greater than overlap_sentences, which is 3 (got 3)"),
        ("chunks without their length", document(json!({ "embedding_option": ["text"], "embedding_scope": ["local"] })), "/body/document/segmentation/sequential: is required when embedding_option is text and embedding_scope is local"),
        ("chunks of a whole document", document(json!({ "embedding_scope": ["asset"], "segmentation": { "sequential": { "strategy": "sentence", "max_sentences": 3 } } })), "/body/document/embedding_scope: must include local when segmentation.sequential is set"),
        ("pages of a text", document(json!({ "embedding_option": ["text"], "embedding_scope": ["asset"], "segmentation": { "spatial": { "strategy": "quadrants" } } })), "/body/document/embedding_option: must include visual when segmentation.spatial is set\n/body/document/embedding_scope: must include local when segmentation.spatial is set"),
        ("both options without a scope", document(json!({ "embedding_option": ["visual", "text"] })), "/body/document/embedding_scope: is required when embedding_option has visual and text"),
        ("a fused vector of a document", document(json!({ "embedding_type": ["fused_embedding"] })), "/body/document/embedding_type: must not be fused_embedding (got fused_embedding)"),
        ("clips of an image", task(&input(M35, "image", &media(json!({ "embedding_scope": ["clip"] })))), "/body/image/embedding_scope: must be asset when model_name is marengo3.5 (got clip)"),
        // Several inputs.
        ("no inputs", multi(M35, &json!({})), "/body/multi_input/input_text: or media_sources is required"),
        ("an empty list of files", multi(M35, &json!({ "media_sources": [] })), "/body/multi_input/media_sources: must not be empty when input_text is not set"),
        ("an empty text", multi(M35, &json!({ "input_text": "" })), "/body/multi_input/input_text: must not be empty"),
        ("eleven files", multi(M35, &json!({ "media_sources": vec![file("image"); 11] })), "/body/multi_input/media_sources: must have at most 10 items (got 11)"),
        ("a type of files that does not exist", multi(M35, &json!({ "media_sources": [file("img")] })), "/body/multi_input/media_sources/0/media_type: must be one of \"image\", \"video\", \"audio\", \"document\" (got \"img\")"),
        ("no type of a file", multi(M35, &json!({ "media_sources": [{ "url": "https://example.com/a" }] })), "/body/multi_input/media_sources/0/media_type: is missing"),
        ("files of different types without a text", multi(M35, &json!({ "media_sources": [file("image"), file("audio")] })), "/body/multi_input/input_text: is required when media_sources[].media_type has different values"),
        ("two documents", multi(M35, &json!({ "media_sources": [file("document"), file("document")] })), "/body/multi_input/media_sources: must have at most 1 item when media_sources[].media_type is only document (got 2)"),
        ("a document with a text", multi(M35, &json!({ "input_text": "a", "media_sources": [file("document")] })), "/body/multi_input/input_text: must not be set when media_sources[].media_type is only document"),
        ("a video with Marengo 3.0", multi(M30, &json!({ "media_sources": [file("image"), file("video")], "input_text": "a" })), "/body/multi_input/media_sources/1/media_type: must be image when model_name is marengo3.0 (got video)"),
        ("a media source inside of a file", multi(M35, &json!({ "media_sources": [{ "media_type": "image", "media_source": { "url": "https://example.com/a" } }] })), "/body/multi_input/media_sources/0/url: or base64_string or asset_id is required\n/body/multi_input/media_sources/0/media_source: is not a property that the document defines"),
        ("a file with two sources", multi(M35, &json!({ "media_sources": [merged(file("image"), &json!({ "asset_id": ID }))] })), "/body/multi_input/media_sources/0/asset_id: must not be set together with url"),
        ("an empty text without files", embed(&input(M30, "text", &json!({ "input_text": "" }))), "/body/text/input_text: must not be empty"),
        ("a text as a text", embed(&input(M30, "text", &json!("a"))), "/body/text: must be of type object (got \"a\")"),
        ("a text and an image without a text", embed(&input(M30, "text_image", &media(json!({})))), "/body/text_image/input_text: is missing"),
        // Lists.
        ("a page of tasks that is too large", get("/v1.3/embed-v2/tasks?page_limit=51"), "/query/page_limit: must be at most 50 (got 51)"),
        ("a task id that is malformed", get("/v1.3/embed-v2/tasks/1"), "/path/task_id: must match ^[0-9A-Fa-f]{24}$ (got \"1\")"),
        ("the status of version 1", get(&format!("/v1.3/embed-v2/tasks/{ID}/status")), "the document defines no operation GET /v1.3/embed-v2/tasks/663da73b31cdd0c1f638a8e6/status"),
        ("an option in the query", get(&format!("/v1.3/embed-v2/tasks/{ID}?embedding_option=visual")), "/query/embedding_option: is not a parameter that the document defines"),
    ]
}

#[rustfmt::skip]
fn others() -> Vec<Row> {
    let model = Text("model_name", M30);
    let embed = |parts: &[Part<'_>]| form_to("/v1.3/embed", &[&[model], parts].concat());
    let asset = |parts: &[Part<'_>]| form_to("/v1.3/assets", parts);
    let metadata = |body: Value| json_to("PATCH", &format!("/v1.3/assets/{ID}/user-metadata"), &body);
    let urls = |body: Value| json_to("POST", "/v1.3/assets/multipart-uploads/u/presigned-urls", &body);
    let url = "https://example.com/a.png";
    vec![
        // Embeddings without a task.
        ("nothing to embed", embed(&[]), "/body/text: or image_url or image_file or audio_url or audio_file is required"),
        ("an image twice", embed(&[Text("image_url", url), File("image_file", "a.png", "x")]), "/body/image_file: must not be set together with image_url"),
        ("a sound twice", embed(&[Text("audio_url", url), File("audio_file", "a.mp3", "x")]), "/body/audio_file: must not be set together with audio_url"),
        ("a start without a sound", embed(&[Text("text", "a"), Text("audio_start_offset_sec", "1")]), "/body/audio_url: or audio_file is required when audio_start_offset_sec is set"),
        ("a negative start of a sound", embed(&[Text("audio_url", url), Text("audio_start_offset_sec", "-1")]), "/body/audio_start_offset_sec: must be at least 0 (got -1)"),
        ("an empty text", embed(&[Text("text", "")]), "/body/text: must not be empty"),
        ("an image that is a text", embed(&[Text("image_file", "x")]), "/body/image_file: must be a file with a file name"),
        ("an image from a bucket", embed(&[Text("image_url", "gs://bucket/a.png")]), "/body/image_url: must match ^[Hh][Tt][Tt][Pp][Ss]?://[^/?#] (got \"gs://bucket/a.png\")"),
        ("a video", embed(&[Text("video_url", url)]), "/body/video_url: is not a field that the document defines\n/body/text: or image_url or image_file or audio_url or audio_file is required"),
        ("truncation of an older version", embed(&[Text("text", "a"), Text("text_truncate", "end")]), "/body/text_truncate: is not a field that the document defines"),
        ("JSON instead of a form", json_to("POST", "/v1.3/embed", &json!({ "model_name": M30, "text": "a" })), "/header/content-type: must be multipart/form-data (got \"application/json\")"),
        // Assets.
        ("no method", asset(&[File("file", "a.mp4", "x")]), "/body/method: is missing"),
        ("a method that does not exist", asset(&[Text("method", "upload"), File("file", "a.mp4", "x")]), "/body/method: must be one of \"direct\", \"url\" (got \"upload\")"),
        ("no file", asset(&[Text("method", "direct")]), "/body/file: is required when method is direct"),
        ("a URL instead of a file", asset(&[Text("method", "direct"), Text("url", url)]), "/body/file: is required when method is direct"),
        ("a file instead of a URL", asset(&[Text("method", "url"), File("file", "a.mp4", "x")]), "/body/url: is required when method is url"),
        ("a boolean as Python writes it", asset(&[Text("method", "url"), Text("url", url), Text("enable_hls", "True")]), "/body/enable_hls: must be true or false (got \"True\")"),
        ("an empty boolean", asset(&[Text("method", "url"), Text("url", url), Text("enable_hls", "")]), "/body/enable_hls: must be true or false (got \"\")"),
        ("a number instead of a boolean", asset(&[Text("method", "url"), Text("url", url), Text("enable_hls", "1")]), "/body/enable_hls: must be true or false (got \"1\")"),
        ("metadata that is no JSON", asset(&[Text("method", "url"), Text("url", url), Text("user_metadata", "a=b")]), "/body/user_metadata: must match ^ *[{] (got \"a=b\")"),
        ("a type of assets that does not exist", get("/v1.3/assets?asset_types=videos"), "/query/asset_types: must be one of \"image\", \"video\", \"audio\", \"document\" (got \"videos\")"),
        ("a page of assets that is too large", get("/v1.3/assets?page_limit=100"), "/query/page_limit: must be at most 50 (got 100)"),
        ("a unit of transcriptions that does not exist", get(&format!("/v1.3/assets/{ID}/transcription?include=word")), "/query/include: must be one of \"words\", \"sentences\", \"utterances\" (got \"word\")"),
        ("metadata without its name", metadata(json!({ "a": "b" })), "/body/user_metadata: is missing\n/body/a: is not a property that the document defines"),
        ("metadata as a text", metadata(json!({ "user_metadata": "{}" })), "/body/user_metadata: must be of type object (got \"{}\")"),
        ("metadata with the wrong method", json_to("POST", &format!("/v1.3/assets/{ID}/user-metadata"), &json!({})), "the document defines no operation POST /v1.3/assets/663da73b31cdd0c1f638a8e6/user-metadata"),
        ("an asset id that is malformed", json_to("PUT", "/v1.3/assets/a/user-metadata", &json!({ "user_metadata": {} })), "/path/asset_id: must match ^[0-9A-Fa-f]{24}$ (got \"a\")"),
        // Uploads in parts.
        ("an upload of a document", upload(json!({ "type": "document" })), "/body/type: must be one of \"video\", \"audio\", \"image\" (got \"document\")"),
        ("an upload without bytes", upload(json!({ "total_size": 0 })), "/body/total_size: must be at least 1 (got 0)"),
        ("an upload that is too large", upload(json!({ "total_size": 10_737_418_241_u64 })), "/body/total_size: must be at most 10737418240 (got 10737418241)"),
        ("an image that is too large", upload(json!({ "type": "image", "total_size": 33_554_433 })), "/body/total_size: must be at most 33554432 when type is image (got 33554433)"),
        ("a size as a text", upload(json!({ "total_size": "5" })), "/body/total_size: must be of type integer (got \"5\")"),
        ("an upload without a name", upload(json!({ "filename": "" })), "/body/filename: must not be empty"),
        ("metadata of an upload as a text", upload(json!({ "user_metadata": "{}" })), "/body/user_metadata: must be of type object (got \"{}\")"),
        ("too many URLs", urls(json!({ "start": 1, "count": 51 })), "/body/count: must be at most 50 (got 51)"),
        ("a part of number zero", urls(json!({ "start": 0, "count": 1 })), "/body/start: must be at least 1 (got 0)"),
        ("a report without parts", json_to("POST", "/v1.3/assets/multipart-uploads/u", &json!({})), "/body/completed_chunks: is missing"),
        ("a proof of another type", chunk(json!({ "proof_type": "md5" })), "/body/completed_chunks/0/proof_type: must be one of \"etag\" (got \"md5\")"),
        ("an empty proof", chunk(json!({ "proof": "" })), "/body/completed_chunks/0/proof: must not be empty"),
        ("a reported part of number zero", chunk(json!({ "chunk_index": 0 })), "/body/completed_chunks/0/chunk_index: must be at least 1 (got 0)"),
        ("the name that status responses use", chunk(json!({ "index": 1 })), "/body/completed_chunks/0/index: is not a property that the document defines"),
    ]
}

#[test]
fn wrong_requests_of_other_families_are_refused_for_the_right_reason() {
    let rows = [embed_v2(), others()].concat();
    println!("{} wrong requests", rows.len());
    assert_rows(rows.iter().map(|(what, request, reason)| (*what, validate(Contract::embedded(), request), *reason)));
}
