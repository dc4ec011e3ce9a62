//! Validates the responses of a server: `cargo xtask contract --base-url URL`.

use std::{error::Error, process::ExitCode, time::Duration};

use twelvelabs_contract::ProviderCheck;
use twelvelabs_local::{LocalServer, UrlPolicy};

const USAGE: &str = "usage: cargo xtask contract [--base-url URL] [--live [--allow-create]]

Without --base-url, checks a local server that it starts. Another host requires --live and a key in TWELVE_LABS_API_KEY; it is
only read from, unless --allow-create permits creating one task, which may be charged for.";

/// Five seconds, without sound.
const VIDEO: &[u8] = include_bytes!("../../../media/silent.mp4");

#[derive(Default)]
struct Arguments {
    base_url: Option<String>,
    live: bool,
    allow_create: bool,
    help: bool,
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    use lexopt::prelude::*;
    let mut out = Arguments::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("base-url") => out.base_url = Some(parser.value()?.string()?),
            Long("live") => out.live = true,
            Long("allow-create") => out.allow_create = true,
            Short('h') | Long("help") => out.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(out)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<bool, Box<dyn Error>> {
    let arguments = arguments()?;
    if arguments.help {
        println!("{USAGE}");
        return Ok(true);
    }
    let mut _local = None;
    let base_url = match arguments.base_url {
        Some(url) => url,
        None => {
            let server = LocalServer::builder().allow_violations().start().await?;
            let url = server.base_url().to_owned();
            _local = Some(server);
            url
        }
    };
    let url = reqwest::Url::parse(&base_url)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let here = UrlPolicy::Loopback.allows_host(&host);
    let key = std::env::var("TWELVE_LABS_API_KEY")
        .or_else(|_| std::env::var("TWELVELABS_API_KEY"))
        .ok()
        .filter(|key| !key.is_empty());
    let mut check = match (here, arguments.live, key) {
        (true, _, _) => ProviderCheck::new(base_url, "local"),
        (false, false, _) => {
            return Err(format!("{host} is not a loopback host: add --live to send requests there").into());
        }
        (false, true, None) => return Err("--live requires a key in TWELVE_LABS_API_KEY".into()),
        (false, true, Some(_)) if url.scheme() != "https" => return Err("the base URL must use https".into()),
        (false, true, Some(key)) => ProviderCheck::new(base_url, key),
    };
    if here || arguments.allow_create {
        check.video = Some(VIDEO.to_vec());
    }
    if here {
        check.interval = Duration::from_millis(50);
    }
    let (requests, tasks) = check.plan();
    println!("sending at most {requests} requests to {host}, and creating {tasks} task(s) with a video of 5 s");
    let cases = check.run().await?;
    for case in &cases {
        println!("{case}");
    }
    let failed = cases.iter().filter(|case| !case.passed).count();
    println!("{} passed, {failed} failed", cases.len() - failed);
    Ok(failed == 0)
}
