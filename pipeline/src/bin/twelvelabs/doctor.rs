//! `doctor`: key, connection and tools.

use std::process::{Command, Stdio};

use crate::{
    args::Common,
    connection::Connection,
    exit::{Exit, Failure, Outcome},
    output,
};

pub(crate) async fn run(common: &Common) -> Outcome {
    let line = |name: &str, is_good: bool, text: &str| match common.json {
        true => output::json(&serde_json::json!({ "check": name, "ok": is_good, "result": text })),
        false => output::line(&format!("{:<4} {name:<12} {text}", if is_good { "ok" } else { "--" })),
    };
    let has_ffprobe =
        Command::new("ffprobe").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    let text = match has_ffprobe {
        true => "installed: all containers can be checked",
        false => "not installed: FLV, ASF, Ogg and MPEG-PS files are refused by the check",
    };
    line("ffprobe", has_ffprobe, text);
    let connection = match Connection::open(common, None).await {
        Ok(connection) => connection,
        Err(Failure { exit, message }) => {
            line("key", false, &message);
            return Ok(exit);
        }
    };
    line("key", true, &format!("from {}", connection.key_from));
    match connection.client.embed().v2().tasks().list().page_limit(1).send_with_response().await {
        Ok(response) => {
            line("connection", true, &format!("{} responds, and accepts the key", connection.server_name));
            if let (Some(limit), Some(left)) = (response.request_limit().limit, response.request_limit().remaining) {
                line("rate limit", true, &format!("{left} of {limit} requests are left"));
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            let failure = Failure::from(error);
            line("connection", false, &failure.message);
            Ok(failure.exit)
        }
    }
}
