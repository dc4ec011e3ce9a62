//! The local platform as a program.

use std::{
    error::Error,
    io::{BufWriter, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::mpsc,
    time::Duration,
};

use crate::{Choice, Fault, LocalPlatform, RateLimit, Speed, UrlReach};

const USAGE: &str = "usage: twelvelabs-local [OPTIONS]

A stand-in for the video embedding API of TwelveLabs. Its vectors are NOT Marengo's.

  --listen ADDRESS:PORT   where to listen; default 127.0.0.1:8421, and port 0 is a free one
  --allow-others          listen on an address that other machines reach
  --data DIR              keep the tasks there, and go on with those of before; default a temporary folder
  --speed SPEED           instant, realtime, or a factor of it such as 10x; default instant
  --key KEY               take this key only; may be repeated; default any that is not empty
  --rate-limit LIMIT      off, free, t2, t3, or a number of requests in a minute; default off
  --video-urls REACH      fetch videos from public addresses only, from loopback only, or from any; default public
  --allow-private-urls    the same as --video-urls any
  --fault FAULT           let something go wrong, such as 'status=503 of=create times=2'; may be repeated
  --choose CHOICE         behave otherwise where the documentation says nothing; may be repeated
  --help                  say this, and the faults and choices there are";

const MORE: &str = "
faults: one of  status=503  delay=500ms  cut  reset  task=fails  task=stalls  task=WORD
        and then, as needed,  of=create|list|status|retrieve  times=N (0: always)  retry_after=2s
        While it runs:  curl --data 'reset of=status times=3' http://ADDRESS:PORT/_local/faults
choices:";

/// How long computations may take to their end when it stops.
const GRACE: Duration = Duration::from_secs(2);

/// How long lines of the log wait for company.
const PAUSE: Duration = Duration::from_millis(10);

struct Options {
    listen: SocketAddr,
    allow_others: bool,
    data: Option<PathBuf>,
    speed: Speed,
    keys: Vec<String>,
    rate_limit: Option<RateLimit>,
    video_urls: UrlReach,
    faults: Vec<Fault>,
    choices: Vec<Choice>,
    help: bool,
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut out = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8421)),
        allow_others: false,
        data: None,
        speed: Speed::Instant,
        keys: Vec::new(),
        rate_limit: None,
        video_urls: UrlReach::Public,
        faults: Vec::new(),
        choices: Vec::new(),
        help: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => out.listen = parser.value()?.parse()?,
            Long("allow-others") => out.allow_others = true,
            Long("data") => out.data = Some(parser.value()?.into()),
            Long("speed") => out.speed = parser.value()?.parse()?,
            Long("key") => match parser.value()?.string()? {
                key if key.is_empty() => return Err("a key must not be empty".into()),
                key => out.keys.push(key),
            },
            Long("rate-limit") => {
                let limit = parser.value()?;
                out.rate_limit = if limit == "off" { None } else { Some(limit.parse()?) };
            }
            Long("video-urls") => out.video_urls = parser.value()?.parse()?,
            Long("allow-private-urls") => out.video_urls = UrlReach::Any,
            Long("fault") => out.faults.push(parser.value()?.parse()?),
            Long("choose") => out.choices.push(parser.value()?.parse()?),
            Short('h') | Long("help") => out.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(out)
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let outcome = runtime.block_on(run());
    // A computation that takes longer is done again at the next start.
    runtime.shutdown_timeout(GRACE);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// A line for whoever watches. If nobody does any more, there is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints lines until there is none; those that come together, with one call.
fn print(lines: &mpsc::Receiver<Option<String>>) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    while let Ok(Some(first)) = lines.recv() {
        let _ = writeln!(out, "{first}");
        loop {
            match lines.try_recv() {
                Ok(Some(line)) => {
                    let _ = writeln!(out, "{line}");
                }
                Ok(None) => return,
                Err(_) => break,
            }
        }
        let _ = out.flush();
        // Nobody sees the difference, and whoever answers requests need not wake this thread for each.
        std::thread::sleep(PAUSE);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    if options.help {
        say(USAGE);
        let choices: Vec<String> = Choice::all().map(|choice| choice.to_string()).collect();
        say(&format!("{MORE} {}", choices.join(", ")));
        return Ok(());
    }
    if !options.listen.ip().is_loopback() && !options.allow_others {
        return Err(format!("other machines may reach {}: say --allow-others if that is meant", options.listen).into());
    }
    let (lines, printed) = mpsc::channel();
    let end = lines.clone();
    let mut builder = LocalPlatform::builder()
        .listen(options.listen)
        .speed(options.speed)
        .thumbnails(true)
        .video_urls(options.video_urls)
        .allow_violations()
        .log(move |line| {
            // Nobody reads after the end.
            let _ = lines.send(Some(line));
        });
    if let Some(data) = &options.data {
        builder = builder.data(data);
    }
    if let Some(limit) = options.rate_limit {
        builder = builder.rate_limit(limit);
    }
    let first_key = options.keys.first().cloned();
    builder = options.keys.into_iter().fold(builder, |builder, key| builder.key(key));
    builder = options.choices.into_iter().fold(builder, |builder, choice| builder.choose(choice));
    builder = options.faults.into_iter().fold(builder, |builder, fault| builder.fault(fault));
    // Heard from the start, so that nothing is lost if somebody stops it early.
    let stopped = stop_signal()?;
    let platform = builder.start().await.map_err(|error| format!("cannot start on {}: {error}", options.listen))?;

    say("A local stand-in for the video embedding API of TwelveLabs.");
    say("Its vectors are NOT Marengo's: they are good for tests of programs, and for nothing else.");
    say("");
    say(&format!("export TWELVELABS_BASE_URL={}", platform.base_url()));
    say(&format!("export TWELVE_LABS_API_KEY={}", first_key.as_deref().unwrap_or("local")));
    say("");
    say(&format!("page:  {}/", platform.page_url()));
    say(&format!(
        "tasks: {}, {} there",
        options.data.map_or("in a temporary folder".into(), |data| format!("in {}", data.display())),
        platform.tasks()
    ));
    say(&format!("speed: {}", options.speed));
    if let Some(limit) = options.rate_limit {
        say(&format!("limit: {limit}"));
    }
    let printer = std::thread::spawn(move || print(&printed));
    stopped.await;
    let verdict = match platform.finish().await {
        Ok(verdict) | Err(verdict) => verdict,
    };
    // The rest of the log goes before the last word.
    if end.send(None).is_ok() && printer.join().is_err() {
        eprintln!("the log is not complete");
    }
    say(&format!("stopped after {} requests, {} violations of the contract", verdict.requests, verdict.count));
    Ok(())
}

/// Ctrl-C, or what a supervisor sends.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without signals, only a kill stops it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
