//! The program: what it says, and how it ends.

use std::process::Command;

use super::{Program, create, form, get};

#[tokio::test]
async fn it_says_what_an_sdk_needs_and_stops_when_asked() {
    for name in ["INT", "TERM"] {
        let program = Program::start("127.0.0.1:0", None, &["--key", "secret-key", "--key", "tlk_0123456789SECRET"]);
        let said = program.said.join("\n");
        assert!(said.contains("NOT Marengo's") && said.contains("export TWELVE_LABS_API_KEY=secret-key"), "{said}");
        let (status, _) = create(&program.base_url, form("a.mp4")).await.expect("created");
        assert_eq!(status, 200);
        get(&format!("{}/embed/tasks?colour=red", program.base_url)).await;
        let (code, lines) = program.signal(name);
        assert_eq!(code, Some(0));
        let log = lines.join("\n");
        assert!(log.contains("POST /v1.3/embed/tasks 200") && log.contains("/query/colour"), "{log}");
        assert!(log.contains("stopped after 2 requests, 1 violations"), "{log}");
        assert!(!log.contains("SECRET"), "{log}");
    }
}

#[test]
fn it_refuses_what_cannot_be_meant() {
    let cases = [
        (&["--listen", "0.0.0.0:0"][..], "other machines may reach"),
        (&["--listen", "[::]:0"], "other machines may reach"),
        (&["--speed", "fast"], "instant"),
        (&["--fault", "status=9"], "no status"),
        (&["--choose", "nothing"], "exclusive-bounds"),
        (&["--rate-limit", "much"], "free"),
        (&["--key", ""], "empty"),
        (&["--video-urls", "moon"], "loopback, public or any"),
        (&["--mood", "good"], "mood"),
    ];
    for (arguments, reason) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_local-server")).args(arguments).output().expect("run");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains(reason), "{arguments:?}: {told}");
    }
}
