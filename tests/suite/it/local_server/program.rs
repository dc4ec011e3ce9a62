//! The program: its output, its options and its end.

use std::process::Command;

#[cfg(unix)]
use super::{Program, create, form, get};

#[cfg(unix)]
#[tokio::test]
async fn it_prints_the_settings_of_sdks_and_stops_on_signals() {
    for name in ["INT", "TERM"] {
        let program = Program::start("127.0.0.1:0", None, &["--key", "secret-key", "--key", "tlk_0123456789SECRET"]);
        let output = program.output.join("\n");
        assert!(
            output.contains("NOT those of Marengo") && output.contains("export TWELVE_LABS_API_KEY=secret-key"),
            "{output}"
        );
        let (status, _) = create(&program.base_url, form("a.mp4")).await.expect("created");
        assert_eq!(status, 200);
        get(&format!("{}/embed/tasks?colour=red", program.base_url)).await;
        let (code, lines) = program.signal(name);
        assert_eq!(code, Some(0));
        let log = lines.join("\n");
        assert!(log.contains("POST /v1.3/embed/tasks 200") && log.contains("/query/colour"), "{log}");
        assert!(log.contains("stopped after 2 requests, 1 invalid requests or responses"), "{log}");
        assert!(!log.contains("SECRET"), "{log}");
    }
}

#[test]
fn invalid_options_are_refused() {
    let cases = [
        (&["--listen", "0.0.0.0:0"][..], "other hosts can reach"),
        (&["--listen", "[::]:0"], "other hosts can reach"),
        (&["--speed", "fast"], "instant"),
        (&["--fault", "status=9"], "invalid status"),
        (&["--behaviour", "nothing"], "exclusive-bounds"),
        (&["--rate-limit", "much"], "free"),
        (&["--key", ""], "empty"),
        (&["--url-policy", "moon"], "loopback, public or any"),
        (&["--mood", "good"], "mood"),
    ];
    for (arguments, reason) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_local-server")).args(arguments).output().expect("run");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains(reason), "{arguments:?}: {told}");
    }
}
