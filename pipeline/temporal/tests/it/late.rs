//! Workers that are of no use: one is stopped between the last look at its right and the first byte of the create call,
//! which no engine prevents; the key of another one is refused. And a workflow that was terminated.

use std::{
    net::SocketAddr,
    process::{Command, Output},
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
    task::JoinHandle,
};
use twelvelabs_local::LocalServer;

use crate::{
    histories::keep,
    support::{Process, World, advance, local_server, manual_server, tasks, temporal, text, until},
};

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

    /// Waits until the call is held back. Until then, the clock of the server goes on, so that the asset becomes ready.
    async fn wait(&self, server: &LocalServer) {
        tokio::select! {
            () = self.held.notified() => {}
            never = advance(server) => match never {},
        }
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

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("started")).await.expect("no panic")
}

/// A job whose first worker is stopped just before its create call is sent.
struct Stopped {
    hold: Arc<Hold>,
    first: Process,
    _second: Process,
    embed: JoinHandle<Output>,
}

impl Stopped {
    /// Returns when the second worker has created the task.
    async fn start(world: &World, server: &LocalServer) -> Self {
        world.write_videos(1);
        let (hold, base_url) = Hold::start(server.base_url()).await;
        let first = world.worker(&base_url, "first");
        let embed = tokio::spawn(output(keeping_assets(world)));
        hold.wait(server).await;
        first.signal("STOP");
        let second = world.worker(server.base_url(), "second");
        wait_for_tasks(server, 1).await;
        Self { hold, first, _second: second, embed }
    }

    /// The create call of the first worker arrives, and the worker goes on.
    async fn go_on(&self, server: &LocalServer) {
        self.hold.released.notify_one();
        wait_for_tasks(server, 2).await;
        self.first.signal("CONT");
    }
}

/// A call about an asset that is deleted would be refused.
fn keeping_assets(world: &World) -> Command {
    let mut command = world.embed("t");
    command.arg("--keep-assets");
    command
}

async fn wait_for_tasks(server: &LocalServer, count: usize) {
    until("the tasks are created", async || tasks(server).await.into_values().collect::<Vec<_>>() == [count]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_call_that_was_sent_too_late_is_reported_to_the_workflow() {
    let Some(program) = temporal() else { return };
    let server = manual_server().await;
    let world = World::new(program).await;
    // No task is ready before the report.
    let stopped = Stopped::start(&world, &server).await;
    stopped.go_on(&server).await;
    until("it is reported", async || world.log("first.log").contains("late: it is reported")).await;
    let done = tokio::select! {
        done = stopped.embed => done.expect("no panic"),
        never = advance(&server) => match never {},
    };
    assert_eq!(done.status.code(), Some(8), "{}", text(&done));
    assert_uncertain(&world);
    assert_eq!(world.rows().len(), 1, "the vectors of one of them are stored");
    keep(&world, "late").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_call_that_was_sent_after_the_end_of_its_job_is_reported_by_the_next_run() {
    let Some(program) = temporal() else { return };
    let server = local_server(Duration::from_millis(100)).await;
    let world = World::new(program).await;
    let mut stopped = Stopped::start(&world, &server).await;
    let done = (&mut stopped.embed).await.expect("no panic");
    assert_eq!(done.status.code(), Some(0), "the second worker has finished the job: {}", text(&done));
    stopped.go_on(&server).await;
    until("the next run says so", async || output(keeping_assets(&world)).await.status.code() == Some(8)).await;
    assert_uncertain(&world);
}

fn assert_uncertain(world: &World) {
    let failures = world.failures("t");
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["status"], "uncertain", "{failures:?}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_task_of_a_workflow_that_was_terminated_is_adopted_by_the_next_one() {
    let Some(program) = temporal() else { return };
    let server = manual_server().await;
    let world = World::new(program).await;
    world.write_videos(1);
    let (hold, base_url) = Hold::start(server.base_url()).await;
    let _worker = world.worker(&base_url, "worker");
    let embed = tokio::spawn(output(world.embed("t")));
    // The task is created, and does not become ready.
    hold.wait(&server).await;
    hold.released.notify_one();
    wait_for_tasks(&server, 1).await;
    let terminated =
        world.temporal(&["workflow", "terminate", "--reason", "a test", "--query", "WorkflowType = 'embed'", "--yes"]);
    assert!(terminated.status.success(), "{}", text(&terminated));
    let done = embed.await.expect("no panic");
    assert_eq!(done.status.code(), Some(1), "{}", text(&done));
    let mut again = world.embed("t");
    again.arg("--retry-failed");
    let done = tokio::select! {
        done = output(again) => done,
        never = advance(&server) => match never {},
    };
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert_eq!(tasks(&server).await.into_values().collect::<Vec<_>>(), [1], "it is not paid for again");
    assert_eq!(world.rows().len(), 1);
    keep(&world, "after_termination").await;
}
