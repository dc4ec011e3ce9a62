//! The local server itself, with the client and with requests by hand.

mod admin;
mod assets;
mod behaviour;
mod connections;
mod dashboard;
mod files;
mod program;
mod report;
mod restarts;
mod search;
mod undocumented_behaviour;
mod uploads;
mod urls;
mod v2;
mod v2_rules;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::multipart;
use serde_json::Value;
use twelvelabs::{RequestOptions, TwelveLabs, embed::tasks::TasksClient};
use twelvelabs_local::{LocalServer, LocalServerBuilder};

use crate::support::{KEY, TINY, plain_http, without_tls};

const SOON: Duration = Duration::from_millis(5);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A server, and a client that does not retry.
async fn started(builder: LocalServerBuilder) -> (LocalServer, TasksClient) {
    let server = builder.start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_max_retries(0);
    (server, client.build().expect("a client").embed().tasks())
}

/// Sends a GET request. Returns status, headers and body.
async fn get(url: &str) -> (u16, http::HeaderMap, String) {
    let request = plain_http().get(url).header("x-api-key", KEY);
    let response = request.send().await.expect("a response");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.expect("a body"))
}

/// A form with a small video and this file name.
fn form(name: &str) -> multipart::Form {
    let video = std::fs::read(TINY).expect("the clip");
    let part = multipart::Part::bytes(video).file_name(name.to_owned());
    multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part)
}

/// Sends a create request. Returns the status, and the body if it is JSON.
async fn create(base_url: &str, form: multipart::Form) -> reqwest::Result<(u16, Value)> {
    let request = plain_http().post(format!("{base_url}/embed/tasks")).header("x-api-key", KEY);
    let response = request.multipart(form).send().await?;
    let status = response.status().as_u16();
    let body = response.text().await?;
    Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
}

/// The program, which is killed when dropped.
struct Program {
    child: Child,
    base_url: String,
    /// The output until it was ready.
    output: Vec<String>,
    rest: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Program {
    fn start(listen: &str, data: Option<&Path>, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-server"));
        command.args(["--listen", listen]).args(more).stdout(Stdio::piped());
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        let mut child = command.spawn().expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut output = Vec::new();
        while !output.iter().any(|line: &String| line.starts_with("speed: ")) {
            match lines.next() {
                Some(line) => output.push(line.expect("text")),
                None => panic!("the program ended: {output:?}"),
            }
        }
        let found = output.iter().find_map(|line| line.strip_prefix("export TWELVELABS_BASE_URL="));
        let base_url = found.expect("the base URL").to_owned();
        // Reads the output, so that the program is not blocked.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Self { child, base_url, output, rest: Some(rest) }
    }

    fn address(&self) -> String {
        self.base_url.trim_start_matches("http://").trim_end_matches("/v1.3").to_owned()
    }

    /// Sends SIGKILL: nothing is cleaned up.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Sends a signal. Returns the exit code, and the output since it was ready.
    #[cfg(unix)]
    fn signal(mut self, name: &str) -> (Option<i32>, Vec<String>) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let status = self.child.wait().expect("gone");
        let rest = self.rest.take().expect("read once").join().expect("read");
        (status.code(), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
