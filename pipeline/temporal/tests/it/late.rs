//! Workers that are of no use: one is stopped between the last look at its right and the first byte of the create call,
//! which no engine prevents; the key of another one is refused.

use std::{
    net::SocketAddr,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};
use twelvelabs_local::LocalServer;

use crate::support::{World, local_server, tasks, temporal, text};

/// A proxy that holds the first create call back, as if its worker had been stopped before it was sent.
#[derive(Default)]
struct Hold {
    is_used: AtomicBool,
    held: Notify,
    released: Notify,
}

impl Hold {
    async fn start(server: &str) -> (Arc<Self>, String) {
        let (hold, listener) = (Arc::new(Self::default()), TcpListener::bind("127.0.0.1:0").await.expect("a port"));
        let address = listener.local_addr().expect("an address");
        let url = url::Url::parse(server).expect("a URL");
        let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
        let target: SocketAddr = target.parse().expect("an address");
        let own = Arc::clone(&hold);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let hold = Arc::clone(&own);
                tokio::spawn(async move { hold.forward(client, target).await });
            }
        });
        (hold, format!("http://{address}{}", url.path()))
    }

    async fn forward(&self, client: TcpStream, target: SocketAddr) -> std::io::Result<()> {
        let server = TcpStream::connect(target).await?;
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = from_client.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            let is_create = buffer[..read].starts_with(b"POST /v1.3/embed-v2/tasks ");
            if is_create && !self.is_used.swap(true, Ordering::Relaxed) {
                self.held.notify_one();
                self.released.notified().await;
            }
            to_server.write_all(&buffer[..read]).await?;
        }
        to_server.shutdown().await?;
        let _ = back.await;
        Ok(())
    }
}

async fn output(mut command: std::process::Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("started")).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_call_that_was_sent_after_its_right_had_run_out_is_reported() {
    let Some(program) = temporal() else { return };
    let server = local_server(Duration::from_millis(100)).await;
    let world = World::new(program).await;
    world.write_videos(1);
    let (hold, base_url) = Hold::start(server.base_url()).await;
    let first = world.worker(&base_url, "first");
    // A call about an asset that is deleted would be refused.
    let command = || {
        let mut command = world.embed("t");
        command.arg("--keep-assets");
        command
    };
    let embed = tokio::spawn(output(command()));
    hold.held.notified().await;
    first.signal("STOP");
    let second = world.worker(server.base_url(), "second");
    let done = embed.await.expect("no panic");
    assert_eq!(done.status.code(), Some(0), "the second worker has finished the job: {}", text(&done));
    assert_eq!(tasks(&server).await.into_values().collect::<Vec<_>>(), [1]);
    // Now the call of the first one arrives.
    hold.released.notify_one();
    for _ in 0..200 {
        if tasks(&server).await.values().sum::<usize>() == 2 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(tasks(&server).await.into_values().collect::<Vec<_>>(), [2], "it has created a second task");
    first.signal("CONT");
    // The first worker reports it, and the next `embed` says so.
    let mut reported = output(command()).await;
    for _ in 0..60 {
        if reported.status.code() == Some(8) {
            break;
        }
        sleep(Duration::from_millis(500)).await;
        reported = output(command()).await;
    }
    assert_eq!(reported.status.code(), Some(8), "{}\n{}", text(&reported), world.log("first.log"));
    let failures = world.failures("t");
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["status"], "uncertain", "{failures:?}");
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_key_is_refused_ends_and_its_job_goes_on_elsewhere() {
    let Some(program) = temporal() else { return };
    let server = LocalServer::builder().processing_time(Duration::ZERO).key("test-key").allow_violations();
    let server = server.start().await.expect("a server");
    let world = World::new(program).await;
    world.write_videos(1);
    let embed = tokio::spawn(output(world.embed("t")));
    let mut refused = world.worker_with(server.base_url(), "refused", "another-key");
    let code = tokio::task::spawn_blocking(move || refused.0.wait().expect("ended").code());
    assert_eq!(code.await.expect("no panic"), Some(4), "{}", world.log("refused.log"));
    let worker = world.worker(server.base_url(), "worker");
    let done = embed.await.expect("no panic");
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    // Ctrl-C ends a worker.
    worker.signal("INT");
    let mut worker = worker;
    let code = tokio::task::spawn_blocking(move || worker.0.wait().expect("ended").code());
    assert_eq!(code.await.expect("no panic"), Some(130), "{}", world.log("worker.log"));
}
