//! Responses without the fields that the official SDKs treat as optional, and integers in other spellings.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    let g = "response";
    let segments = |members: &str| {
        json(&format!(
            r#"{{"_id":"{ID}","status":"ready","video_embedding":{{"segments":[{{"float":[1,2]{members}}}]}}}}"#
        ))
    };
    for op in [Op::Retrieve, Op::Matrix, Op::Segments] {
        t.add(g, "a segment with its vector only", op, vec![segments("")], ok(1));
        let null = r#","start_offset_sec":null,"end_offset_sec":null,"embedding_scope":null,"embedding_option":null"#;
        t.add(g, "a segment whose labels are null", op, vec![segments(null)], ok(1));
        let whole = r#","start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip""#;
        t.add(g, "a segment whose offsets are integers", op, vec![segments(whole)], ok(1));
        for video in ["", "null", "{}", r#"{"segments":null}"#, r#"{"segments":[]}"#] {
            let video = if video.is_empty() { String::new() } else { format!(r#","video_embedding":{video}"#) };
            let body = json(&format!(r#"{{"_id":"{ID}","status":"ready"{video}}}"#));
            // A list that is empty is not a missing one.
            let expect = if video.contains("[]") {
                ok(1)
            } else {
                fails(K::Decode, 1).says("no vectors: the task is ready, but the response has none")
            };
            t.add(g, format!("a ready task without vectors: `{video}`"), op, vec![body], expect);
        }
        for status in ["", r#","status":null"#] {
            let body = format!(r#"{{"_id":"{ID}"{status},"video_embedding":{{"segments":[{{"float":[1]}}]}}}}"#);
            t.add(g, format!("vectors without a status: `{status}`"), op, vec![json(&body)], ok(1));
            let body = format!(r#"{{"_id":"{ID}"{status}}}"#);
            let expect = fails(K::NotReady, 1).says("(status: none)");
            t.add(g, format!("neither vectors nor a status: `{status}`"), op, vec![json(&body)], expect);
        }
    }
    let one = r#"[{"_id":"a","status":"ready"}]"#;
    for (name, info) in [
        ("no page_info", ""),
        ("a page_info that is null", r#","page_info":null"#),
        ("an empty page_info", r#","page_info":{}"#),
        ("a page_info of nulls", r#","page_info":{"page":null,"total_page":null,"limit_per_page":null}"#),
    ] {
        let body = json(&format!(r#"{{"data":{one}{info}}}"#));
        let empty = json(&format!(r#"{{"data":[]{info}}}"#));
        t.add(g, name, Op::List, vec![body.clone()], ok(1));
        for op in [Op::Items, Op::Pages] {
            t.add(g, format!("{name}, then an empty page"), op, vec![body.clone(), empty.clone()], ok(2));
            t.add(g, format!("{name}, the same page again and again"), op, vec![body.clone()], ok(2));
        }
    }
    let written = r#","page_info":{"page":1.0,"total_page":1e0,"limit_per_page":10.0,"total_results":1.00}"#;
    let broken = r#","page_info":{"page":1.5,"total_page":1}"#;
    for op in [Op::List, Op::Items, Op::Pages] {
        let body = |info: &str| json(&format!(r#"{{"data":{one}{info}}}"#));
        t.add(g, "integers that are written like 1.0", op, vec![body(written)], ok(1));
        t.add(g, "an integer with a fraction", op, vec![body(broken)], fails(K::Decode, 1).says("page_info.page"));
    }
}
