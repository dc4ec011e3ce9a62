//! The program `twelvelabs-local`.

use std::{
    error::Error,
    io::{BufWriter, Write},
    net::SocketAddr,
    num::NonZero,
    path::PathBuf,
    process::ExitCode,
    sync::mpsc,
    time::Duration,
};

use crate::{
    fault::Fault, local_server::LocalServer, parse_settings::duration, rate_limit::RateLimitPlan, speed::Speed,
    undocumented_behaviour::UndocumentedBehaviour, url_policy::UrlPolicy,
};

const USAGE: &str = "usage: twelvelabs-local [OPTIONS]

A local server for the TwelveLabs API. Its embeddings are NOT those of Marengo.

  --listen ADDRESS:PORT   address to listen on, port 0 for a free one [default: 127.0.0.1:8421]
  --listen-storage ADDRESS:PORT
                          address of the object storage, which takes the parts of uploads [default: a free port]
  --part-size BYTES       size of the parts of uploads [default: 5242880]
  --allow-others          permit an address that other hosts can reach
  --data DIR              keep data in this directory: empty, or an existing data directory [default: temporary]
  --speed SPEED           processing time of jobs: instant, realtime, or a factor such as 10x [default: instant]
  --key KEY               accept only this key; can be repeated [default: any key that is not empty]
  --host NAME             accept requests that name this host; can be repeated [default: IP addresses and localhost]
  --rate-limit PLAN       off, free, t2, t3, or a number of requests per minute [default: off]
  --url-policy POLICY     fetch files from public or loopback addresses, or from any [default: public]
  --allow-private-urls    same as --url-policy any
  --header-timeout TIME   time limit for the headers of a request, such as 30s [default: 30s]
  --upload-timeout TIME   time limit between two chunks of a request body [default: 60s]
  --fault FAULT           inject a fault, such as 'status=503 operation=embed_tasks_create times=2'; can be repeated
  --behaviour NAME        enable a behaviour that the documentation leaves open; can be repeated
  --help                  print this help";

const MORE: &str = "
faults: one of  status=503  delay=500ms  truncate  reset  drop  job=fails  job=stalls  job=STATUS
        followed by any of  operation=ID  times=N (0: always)  retry_after=2s
        of the object storage:  url=expired  etag=wrong, and with operation=storage  status=503  delay=500ms  reset  drop
        while the server runs:  curl --data 'reset operation=embed_tasks_status times=3' http://ADDRESS:PORT/_local/faults
behaviours:";

/// Time limit of the computations in progress when the program stops.
const GRACE: Duration = Duration::from_secs(2);

/// Interval between two writes of the log.
const PAUSE: Duration = Duration::from_millis(10);

struct Options {
    listen: SocketAddr,
    listen_storage: Option<SocketAddr>,
    part_size: Option<NonZero<u64>>,
    allow_others: bool,
    data: Option<PathBuf>,
    speed: Speed,
    keys: Vec<String>,
    host_names: Vec<String>,
    header_timeout: Option<Duration>,
    upload_timeout: Option<Duration>,
    rate_limit: Option<RateLimitPlan>,
    url_policy: UrlPolicy,
    faults: Vec<Fault>,
    behaviours: Vec<UndocumentedBehaviour>,
    help: bool,
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut out = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8421)),
        listen_storage: None,
        part_size: None,
        allow_others: false,
        data: None,
        speed: Speed::Instant,
        keys: Vec::new(),
        host_names: Vec::new(),
        header_timeout: None,
        upload_timeout: None,
        rate_limit: None,
        url_policy: UrlPolicy::Public,
        faults: Vec::new(),
        behaviours: Vec::new(),
        help: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => out.listen = parser.value()?.parse()?,
            Long("listen-storage") => out.listen_storage = Some(parser.value()?.parse()?),
            Long("part-size") => out.part_size = Some(parser.value()?.parse()?),
            Long("allow-others") => out.allow_others = true,
            Long("data") => out.data = Some(parser.value()?.into()),
            Long("speed") => out.speed = parser.value()?.parse()?,
            Long("key") => match parser.value()?.string()? {
                key if key.is_empty() => return Err("--key must not be empty".into()),
                key => out.keys.push(key),
            },
            Long("host") => out.host_names.push(parser.value()?.string()?),
            Long("header-timeout") => out.header_timeout = Some(time(&mut parser)?),
            Long("upload-timeout") => out.upload_timeout = Some(time(&mut parser)?),
            Long("rate-limit") => {
                let limit = parser.value()?;
                out.rate_limit = if limit == "off" { None } else { Some(limit.parse()?) };
            }
            Long("url-policy") => out.url_policy = parser.value()?.parse()?,
            Long("allow-private-urls") => out.url_policy = UrlPolicy::Any,
            Long("fault") => out.faults.push(parser.value()?.parse()?),
            Long("behaviour") => out.behaviours.push(parser.value()?.parse()?),
            Short('h') | Long("help") => out.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(out)
}

/// The duration after an option.
fn time(parser: &mut lexopt::Parser) -> Result<Duration, lexopt::Error> {
    duration(&parser.value()?.to_string_lossy()).map_err(|error| error.to_string().into())
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
    // A computation that takes longer is repeated by the next start.
    runtime.shutdown_timeout(GRACE);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line. A closed standard output is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints lines until `None`, all pending lines with one call.
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
        // So that not every request wakes this thread.
        std::thread::sleep(PAUSE);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    if options.help {
        say(USAGE);
        let behaviours: Vec<String> = UndocumentedBehaviour::all().map(|behaviour| behaviour.to_string()).collect();
        say(&format!("{MORE} {}", behaviours.join(", ")));
        return Ok(());
    }
    let addresses = [Some(options.listen), options.listen_storage];
    let exposed = addresses.into_iter().flatten().find(|address| !address.ip().is_loopback());
    if let Some(address) = exposed.filter(|_| !options.allow_others) {
        return Err(format!("other hosts can reach {address}: add --allow-others to permit that").into());
    }
    let (lines, printed) = mpsc::channel();
    let end = lines.clone();
    let mut builder = LocalServer::builder()
        .listen(options.listen)
        .speed(options.speed)
        .thumbnails(true)
        .url_policy(options.url_policy)
        .allow_violations()
        .log(move |line| {
            // The printer has ended.
            let _ = lines.send(Some(line));
        });
    if let Some(address) = options.listen_storage {
        builder = builder.listen_storage(address);
    }
    if let Some(size) = options.part_size {
        builder = builder.part_size(size.get());
    }
    if let Some(data) = &options.data {
        builder = builder.data(data);
    }
    if let Some(limit) = options.rate_limit {
        builder = builder.rate_limit(limit);
    }
    let first_key = options.keys.first().cloned();
    builder = options.keys.into_iter().fold(builder, |builder, key| builder.key(key));
    builder = options.host_names.into_iter().fold(builder, |builder, name| builder.host_name(name));
    if let Some(limit) = options.header_timeout {
        builder = builder.header_timeout(limit);
    }
    if let Some(limit) = options.upload_timeout {
        builder = builder.upload_timeout(limit);
    }
    builder = options.behaviours.into_iter().fold(builder, |builder, behaviour| builder.behaviour(behaviour));
    builder = options.faults.into_iter().fold(builder, |builder, fault| builder.inject(fault));
    // Before the start, so that an early signal stops the program gracefully.
    let stopped = stop_signal()?;
    let server = builder.start().await.map_err(|error| format!("cannot start on {}: {error}", options.listen))?;

    say("A local server for the TwelveLabs API.");
    say("Its embeddings are NOT those of Marengo: use them for tests only.");
    say("");
    say(&format!("export TWELVELABS_BASE_URL={}", server.base_url()));
    say(&format!("export TWELVE_LABS_API_KEY={}", first_key.as_deref().unwrap_or("local")));
    say("");
    say(&format!("dashboard: {}/", server.dashboard_url()));
    say(&format!("storage: {}", server.storage_url()));
    let items: Vec<String> =
        server.state.families.all().map(|family| family.summary()).filter(|text| !text.is_empty()).collect();
    say(&format!(
        "data: {}, {}",
        options.data.map_or("temporary directory".into(), |data| data.display().to_string()),
        items.join(", ")
    ));
    say(&format!("speed: {}", options.speed));
    if let Some(limit) = options.rate_limit {
        say(&format!("limit: {limit}"));
    }
    let printer = std::thread::spawn(move || print(&printed));
    stopped.await;
    let report = match server.finish().await {
        Ok(report) | Err(report) => report,
    };
    // The log ends before the last line.
    if end.send(None).is_ok() && printer.join().is_err() {
        eprintln!("the log is incomplete");
    }
    say(&format!(
        "stopped after {} requests, {} invalid requests or responses",
        report.request_count, report.invalid_count
    ));
    Ok(())
}

/// SIGINT or SIGTERM.
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
        // Without a signal handler, only a kill stops the program.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
