//! The reports of the command, for people who change their code.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};
use xtask::{document::Document, drift::client_call, reference::follow};

use super::file;

/// Standard output and exit code of the command for our document and a changed copy of it.
fn run(change: impl FnOnce(&mut Value), arguments: &[&str]) -> (String, Option<i32>) {
    let mut root = Document::read(&file("../spec/openapi.yaml")).expect("our document").root;
    change(&mut root);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("other.json");
    std::fs::write(&path, root.to_string()).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["drift", "--base"])
        .arg(file("../spec/openapi.yaml"))
        .arg("--upstream")
        .arg(&path)
        .args(arguments)
        .output()
        .expect("xtask");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

/// The report about changes of all classes.
fn report(arguments: &[&str]) -> (String, Option<i32>) {
    let change = |root: &mut Value| {
        let schemas = &mut root["components"]["schemas"];
        schemas["TaskStatus"]["x-extensible-enum"].as_array_mut().expect("a list").push(json!("queued"));
        schemas["VideoSegment"]["properties"]["start_offset_sec"]["type"] = json!("string");
        limit_pages(root);
        let list = &mut root["paths"]["/embed/tasks"]["get"];
        list["description"] = json!("Other words.");
        list["responses"]["418"] = json!({ "description": "a | b" });
        root["components"]["securitySchemes"]["apiKey"]["name"] = json!("authorization");
        root["servers"][0]["url"] = json!("https://other.example/v1.3");
        root["paths"].as_object_mut().expect("paths").shift_remove("/embed/tasks/{task_id}/status");
    };
    // Other families have the same types.
    run(change, &[&["--only", "/embed/tasks"], arguments].concat())
}

/// Lowers the limit of the page size of one operation.
fn limit_pages(root: &mut Value) {
    let whole = root.clone();
    let parameters = root["paths"]["/embed/tasks"]["get"]["parameters"].as_array_mut().expect("a list");
    for parameter in parameters {
        let mut own = follow(&whole, parameter).expect("a parameter").clone();
        if own["name"] == "page_limit" {
            own["schema"]["maximum"] = json!(40);
            *parameter = own;
        }
    }
}

#[test]
fn the_text_report_says_what_to_change_in_code() {
    let (text, code) = report(&[]);
    assert_eq!(code, Some(1));
    assert_snapshot!(text);
}

#[test]
fn the_markdown_report_has_a_table_per_class() {
    assert_snapshot!(report(&["--format", "markdown"]).0);
}

#[test]
fn any_text_fits_into_a_cell_of_the_markdown_report() {
    let change = |root: &mut Value| {
        let values = &mut root["components"]["schemas"]["TaskStatus"]["x-extensible-enum"];
        values.as_array_mut().expect("a list").push(json!("a|`b``<c>\n"));
    };
    let (text, _) = run(change, &["--only", "/embed/tasks", "--format", "markdown"]);
    assert!(text.contains(r#"| values | `absent` | ``` "a\|`b``<c>\n" ``` |"#), "{text}");
}

#[test]
fn the_json_report_has_every_change() {
    let (text, _) = report(&["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let changes = report["changes"].as_array().expect("a list");
    let breaking: Vec<_> = changes.iter().filter(|change| change["class"] == "breaking").collect();
    assert!(breaking.len() > 3 && breaking.len() < changes.len(), "{text}");
    assert!(breaking.iter().all(|change| change["code"].is_string()), "{text}");
}

#[test]
fn fail_on_breaking_tolerates_additive_changes() {
    let additive = |root: &mut Value| root["paths"]["/embed/tasks"]["get"]["deprecated"] = json!(true);
    assert_eq!(run(additive, &[]).1, Some(1));
    assert_eq!(run(additive, &["--fail-on", "breaking"]).1, Some(0));
    assert_eq!(report(&["--fail-on", "breaking"]).1, Some(1));
    assert_eq!(run(|_| {}, &[]).1, Some(0));
    assert_eq!(run(|root| root["paths"] = json!({}), &[]).1, Some(2));
}

#[test]
fn the_call_of_an_operation_has_the_words_of_its_id() {
    assert_eq!(client_call("embed_v2_tasks_list"), "embed().v2().tasks().list()");
    assert_eq!(client_call("assets_update_user_metadata"), "assets().update_user_metadata()");
    let mut code = String::new();
    let mut folders = vec![file("../client-ext/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => code += &std::fs::read_to_string(path).expect("Rust code"),
            }
        }
    }
    let root = Document::read(&file("../spec/openapi.yaml")).expect("our document").root;
    let items = root["paths"].as_object().expect("paths").values().filter_map(|item| item.as_object());
    let ids = items.flat_map(|item| item.values()).filter_map(|operation| operation["operationId"].as_str());
    // Some operations have no call of their own yet.
    for id in ids.filter(|id| code.contains(&format!(".{id}_request("))) {
        for name in client_call(id).trim_end_matches("()").split("().") {
            assert!(code.contains(&format!("pub fn {name}")), "the client has no method {name} for {id}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_script_of_the_workflow_reports_a_changed_document() {
    let mut root = Document::read(&file("../spec/openapi.yaml")).expect("our document").root;
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("other.json");
    let script = |root: &Value| {
        std::fs::write(&path, root.to_string()).expect("a file");
        let output = Command::new("bash")
            .arg(file("../.github/upstream.sh"))
            .arg("--dry-run")
            .arg(&path)
            .env("XTASK", env!("CARGO_BIN_EXE_xtask"))
            .output()
            .expect("bash");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    // The accepted differences from the published document do not exist in our own, which is a difference.
    limit_pages(&mut root);
    let text = script(&root);
    for part in [
        "| `GET /embed/tasks` | `query.page_limit` | maximum | `50` | `40` |",
        "would run: git push",
        "would run: gh pr create",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}
