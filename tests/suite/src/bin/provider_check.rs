//! Checks a server against the contract: `cargo xtask contract -- --base-url URL`.

use std::{error::Error, process::ExitCode, time::Duration};

use twelvelabs_contract::ProviderCheck;
use twelvelabs_local::LocalPlatform;

const USAGE: &str = "usage: cargo xtask contract [--base-url URL] [--live [--allow-create]]

Without --base-url, a local platform is started and checked. A server on another machine needs --live and a key in
TWELVE_LABS_API_KEY; then it is only read from, unless --allow-create lets one task be created, which may be charged for.";

/// Five seconds, no sound.
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
            let platform = LocalPlatform::builder().allow_violations().start().await?;
            let url = platform.base_url().to_owned();
            _local = Some(platform);
            url
        }
    };
    let url = reqwest::Url::parse(&base_url)?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let key = std::env::var("TWELVE_LABS_API_KEY")
        .or_else(|_| std::env::var("TWELVELABS_API_KEY"))
        .ok()
        .filter(|key| !key.is_empty());
    let mut check = match (here, arguments.live, key) {
        (true, _, _) => ProviderCheck::new(base_url, "local"),
        (false, false, _) => {
            return Err(format!("{host} is not this machine: say --live to send requests there").into());
        }
        (false, true, None) => return Err("--live needs a key in TWELVE_LABS_API_KEY".into()),
        (false, true, Some(_)) if url.scheme() != "https" => return Err("a key travels over https only".into()),
        (false, true, Some(key)) => ProviderCheck::new(base_url, key),
    };
    if here || arguments.allow_create {
        check.video = Some(VIDEO.to_vec());
    }
    if here {
        check.interval = Duration::from_millis(50);
    }
    let (requests, tasks) = check.plan();
    println!("about to send at most {requests} requests to {host} and to create {tasks} task(s) with a video of 5 s");
    let cases = check.run().await?;
    for case in &cases {
        println!("{case}");
    }
    let failed = cases.iter().filter(|case| !case.passed).count();
    println!("{} passed, {failed} failed", cases.len() - failed);
    Ok(failed == 0)
}
