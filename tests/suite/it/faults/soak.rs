//! The soak test: many flows through a proxy that breaks connections at random, and every task accounted for.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use twelvelabs::{
    ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs,
    embed::tasks::{TaskId, TasksClient},
    wait::WaitOptions,
};
use twelvelabs_local::LocalServer;

use crate::support::{KEY, TINY, without_tls};

/// What happened in a round.
#[derive(Debug, Default)]
struct Figures {
    flows: usize,
    faults: u64,
    unknown: usize,
    recreated: usize,
    tasks: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_task_is_accounted_for() {
    let asked: Option<usize> = std::env::var("SOAK_FLOWS").ok().and_then(|text| text.parse().ok());
    let flows = asked.unwrap_or(75);
    let rounds = 5;
    let mut memory = Vec::new();
    let mut sum = Figures::default();
    for round in 0..rounds {
        let figures = run_round(round, flows.div_ceil(rounds)).await;
        assert_eq!(figures.tasks, figures.flows, "tasks were lost or doubled: {figures:?}");
        sum.flows += figures.flows;
        sum.faults += figures.faults;
        sum.unknown += figures.unknown;
        sum.recreated += figures.recreated;
        memory.extend(resident_mib());
    }
    assert!(sum.faults > 0, "no faults were made");
    println!(
        "soak: {} flows, {} connections broken, {} create calls with unknown outcome, {} of them without effect, 0 lost, 0 doubled; \
         resident MiB after each of {rounds} rounds: {memory:.1?}",
        sum.flows, sum.faults, sum.unknown, sum.recreated,
    );
    // The memory is that of the process: it says something only when no other test runs beside, as in
    // `cargo xtask faults`. The first rounds warm up allocators and pools.
    if asked.is_some()
        && let [_, warm, .., last] = memory.as_slice()
    {
        assert!(last - warm < 16.0, "memory grows: {memory:?}");
    }
}

async fn run_round(round: usize, flows: usize) -> Figures {
    let platform = LocalServer::builder().processing_time(Duration::from_millis(5)).start().await.expect("a platform");
    let upstream: SocketAddr =
        platform.base_url().trim_start_matches("http://").trim_end_matches("/v1.3").parse().expect("an address");
    let proxy = Proxy::start(upstream, 0x5eed + round as u64).await;
    let client = |address: SocketAddr| {
        let builder = without_tls(TwelveLabs::builder())
            .api_key(KEY)
            .base_url(format!("http://{address}/v1.3"))
            .with_max_retries(4);
        builder
            .with_backoff(Duration::from_millis(1), Duration::from_millis(20))
            .build()
            .expect("a client")
            .embed()
            .tasks()
    };
    let (tasks, direct) = (client(proxy.address), client(upstream));
    let video = Bytes::from(std::fs::read(TINY).expect("the clip"));
    let results: Vec<(String, TaskId, usize, usize)> = stream::iter(0..flows)
        .map(|flow| run_flow(format!("flow-{flow}.mp4"), &tasks, &direct, &platform, video.clone()))
        .buffer_unordered(16)
        .collect()
        .await;
    // What the platform holds, asked without faults.
    let mut held: HashMap<String, Vec<TaskId>> = HashMap::new();
    let all: Vec<_> = direct.list().items().try_collect().await.expect("listed");
    let count = all.len();
    for task in all {
        let metadata = task.video_embedding.and_then(|video| video.metadata).expect("metadata");
        held.entry(metadata.input_filename.expect("a name")).or_default().push(task.id);
    }
    for (name, id, ..) in &results {
        assert_eq!(held.get(name), Some(&vec![id.clone()]), "{name}");
    }
    let unknown = results.iter().map(|(_, _, unknown, _)| unknown).sum();
    let recreated = results.iter().map(|(.., recreated)| recreated).sum();
    Figures { flows, faults: proxy.faults.load(Ordering::Relaxed), unknown, recreated, tasks: count }
}

/// One flow, as a careful user writes it: creates, looks the task up when the outcome is unknown, waits, retrieves.
async fn run_flow(
    name: String,
    tasks: &TasksClient,
    direct: &TasksClient,
    platform: &LocalServer,
    video: Bytes,
) -> (String, TaskId, usize, usize) {
    let (mut unknown, mut recreated) = (0, 0);
    let id = loop {
        match tasks.create(ModelName::Marengo30, FileSource::bytes(name.clone(), video.clone())).send().await {
            Ok(task) => break task.id,
            Err(error) if error.is_outcome_unknown() => {
                unknown += 1;
                platform.settled().await;
                match find(direct, &name).await {
                    Some(id) => break id,
                    None => recreated += 1,
                }
            }
            // Known to have done nothing, after all retries.
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Transport | ErrorKind::Api), "{error:?}"),
        }
    };
    let interval = Duration::from_millis(3);
    tasks
        .wait_for_done(&id)
        .sleep_interval(interval)
        .with_max_failures(50)
        .with_deadline(Duration::from_secs(600))
        .await
        .expect("ready");
    let result = loop {
        match tasks.retrieve(&id).send().await {
            Ok(result) => break result,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}"),
        }
    };
    let segments = result.video_embedding.map(|video| video.segments).unwrap_or_default();
    assert_eq!(segments.iter().map(|segment| segment.float.dimensions()).collect::<Vec<_>>(), [512], "{name}");
    (name, id, unknown, recreated)
}

async fn find(tasks: &TasksClient, name: &str) -> Option<TaskId> {
    let mut items = tasks.list().items();
    while let Some(task) = items.next().await {
        let task = task.expect("listed");
        let metadata = task.video_embedding.and_then(|video| video.metadata);
        if metadata.and_then(|metadata| metadata.input_filename).as_deref() == Some(name) {
            return Some(task.id);
        }
    }
    None
}

/// A proxy that breaks some of its connections.
struct Proxy {
    address: SocketAddr,
    faults: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    async fn start(upstream: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let faults = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&faults);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut random = seed;
            while let Ok((stream, _)) = listener.accept().await {
                // Xorshift: which connections break is the same in every run, when they come is not.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let (choice, size) = (random % 8, (random >> 32) % 9000);
                count.fetch_add(1, Ordering::Relaxed);
                connections.spawn(async move {
                    let _ = relay(stream, upstream, choice, size as usize).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, faults, _tasks: tasks }
    }
}

async fn relay(mut client: TcpStream, upstream: SocketAddr, choice: u64, size: usize) -> std::io::Result<()> {
    let (up_limit, down_limit) = match choice {
        // Reset at once.
        0 => return client.set_zero_linger(),
        // Refuse politely; the whole request has to be read first, or it would be a reset.
        1 => {
            let mut buffer = vec![0; 65536];
            let _ = client.read(&mut buffer).await?;
            let limited = b"HTTP/1.1 429 X\r\nretry-after-ms: 2\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            client.write_all(limited).await?;
            return client.shutdown().await;
        }
        // Cut the request, or the responses, after some bytes.
        2 => (size, usize::MAX),
        3 | 4 => (usize::MAX, size),
        // No connection lives for ever.
        _ => (usize::MAX, size * 20),
    };
    let mut server = TcpStream::connect(upstream).await?;
    let ((mut client_read, mut client_write), (mut server_read, mut server_write)) = (client.split(), server.split());
    let outcome = tokio::select! {
        outcome = pump(&mut client_read, &mut server_write, up_limit) => outcome,
        outcome = pump(&mut server_read, &mut client_write, down_limit) => outcome,
    };
    // The client learns of the end only after the server has ended its part of the connection: then no request that was
    // cut is still being received.
    server_write.shutdown().await?;
    tokio::io::copy(&mut server_read, &mut tokio::io::sink()).await?;
    outcome
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut limit: usize,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16384];
    while limit > 0 {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        let passed = count.min(limit);
        to.write_all(&buffer[..passed]).await?;
        limit -= passed;
    }
    to.flush().await
}

/// The memory of this process, where the system says.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
