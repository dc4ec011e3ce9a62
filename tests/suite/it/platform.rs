//! The local platform itself, by the real client and by hand.

mod browser;
mod choices;
mod operator;
mod program;
mod restarts;
mod stories;
mod urls;
mod verdict;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::multipart;
use serde_json::Value;
use twelvelabs::{RequestOptions, TwelveLabs, embed::tasks::TasksClient};
use twelvelabs_local::{LocalPlatform, LocalPlatformBuilder};

use crate::support::KEY;

/// Four seconds in 1698 bytes.
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/tiny.mp4");
const SOON: Duration = Duration::from_millis(5);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A platform, and a client of it that does not retry.
async fn started(builder: LocalPlatformBuilder) -> (LocalPlatform, TasksClient) {
    let platform = builder.start().await.expect("a platform");
    let client = TwelveLabs::builder().api_key(KEY).base_url(platform.base_url()).with_max_retries(0);
    (platform, client.build().expect("a client").embed().tasks())
}

/// A GET by hand: the status, the headers, and the body.
async fn get(url: &str) -> (u16, http::HeaderMap, String) {
    let request = reqwest::Client::new().get(url).header("x-api-key", KEY);
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.expect("a body"))
}

/// A form with a small video of this name.
fn form(name: &str) -> multipart::Form {
    let video = std::fs::read(TINY).expect("the clip");
    let part = multipart::Part::bytes(video).file_name(name.to_owned());
    multipart::Form::new().text("model_name", "marengo3.0").part("video_file", part)
}

/// Creates a task by hand; the status, and the body as JSON where it is.
async fn create(base_url: &str, form: multipart::Form) -> reqwest::Result<(u16, Value)> {
    let request = reqwest::Client::new().post(format!("{base_url}/embed/tasks")).header("x-api-key", KEY);
    let response = request.multipart(form).send().await?;
    let status = response.status().as_u16();
    let body = response.text().await?;
    Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
}

/// The program; killed when dropped.
struct Program {
    child: Child,
    base_url: String,
    /// What it said until it was ready.
    said: Vec<String>,
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
        let mut said = Vec::new();
        while !said.iter().any(|line: &String| line.starts_with("speed: ")) {
            match lines.next() {
                Some(line) => said.push(line.expect("text")),
                None => panic!("it ended: {said:?}"),
            }
        }
        let found = said.iter().find_map(|line| line.strip_prefix("export TWELVELABS_BASE_URL="));
        let base_url = found.expect("the base URL").to_owned();
        // Somebody has to read, or it would wait.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Self { child, base_url, said, rest: Some(rest) }
    }

    fn address(&self) -> String {
        self.base_url.trim_start_matches("http://").trim_end_matches("/v1.3").to_owned()
    }

    /// SIGKILL: nothing of it can clean up.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// What a supervisor or a terminal sends. Gives the exit code and what it said since it was ready.
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
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
