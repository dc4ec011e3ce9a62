//! A server that is killed and started again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    crash::{count, embed},
    support::{client_of, folder, program, write_videos},
};

/// The local server as a process of its own, which is killed when it is dropped.
struct Server {
    child: Child,
    base_url: String,
}

impl Server {
    /// Starts it on this address, and retries while the address is in use.
    fn start(home: &Path, address: &str) -> Self {
        for _ in 0..500 {
            let mut command = program(home);
            command.args(["serve", "--speed", "20x", "--data", "server", "--listen", address]);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server");
            let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
            let url =
                lines.take(2).find_map(|line| line.strip_prefix("export TWELVELABS_BASE_URL=").map(str::to_owned));
            match url {
                Some(base_url) => return Self { child, base_url },
                None => drop(child.wait()),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{address} stays in use");
    }

    fn address(&self) -> String {
        let rest = self.base_url.strip_prefix("http://").expect("plain HTTP");
        rest.split('/').next().unwrap_or(rest).to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills the server after every so many changes of jobs, starts it again, and lets the run end.
fn run(home: &Path, kill_every: usize) -> (Server, usize) {
    // An address that no other test has, so that the port stays free while the server is down.
    let host = format!("127.{}.{}.{}:0", fastrand::u8(1..), fastrand::u8(..), fastrand::u8(1..));
    let mut server = Server::start(home, &host);
    let address = server.address();
    let mut child =
        embed(program(home), "t".as_ref(), &server.base_url).stderr(Stdio::null()).spawn().expect("the program");
    let (mut changes, mut kills) = (0, 0);
    for line in BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).expect("an event");
        changes += usize::from(event["event"] == "job");
        if changes == kill_every {
            (changes, kills) = (0, kills + 1);
            drop(server);
            server = Server::start(home, &address);
        }
    }
    assert_eq!(child.wait().expect("ended").code(), Some(0), "the run has failures");
    (server, kills)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_started_again_loses_nothing_and_doubles_nothing() {
    let (items, kill_every) = match std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1") {
        true => (24, 7),
        false => (5, 9),
    };
    let home = folder();
    let names: Vec<String> = (0..items).map(|number| format!("{number}.mp4")).collect();
    write_videos(&home.path().join("videos"), &names);
    let path = home.path().to_owned();
    let (server, kills) = tokio::task::spawn_blocking(move || run(&path, kill_every)).await.expect("no panic");
    assert!(kills > 2, "{kills}");
    count(&client_of(&server.base_url), &home.path().join("t"), items, &format!("{kills} kills of the server")).await;
}
