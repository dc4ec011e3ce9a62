//! The runtime of one upload. It ends with the attempt, whatever its connection is doing.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A thread with a runtime, on which the connection of an attempt runs.
///
/// The HTTP client runs a connection as a task of its own, which goes on when the caller does not wait for its response
/// any more. If the server does not read, that task is stuck: a TLS connection cannot even write the message that
/// closes it. Then its socket and the file that is uploaded stay open. The task cannot be stopped from outside, but its
/// runtime can.
#[derive(Debug)]
pub(super) struct UploadRuntime {
    handle: Handle,
    /// Dropping it ends the thread and all tasks of the runtime.
    _end: oneshot::Sender<()>,
}

impl UploadRuntime {
    /// Starts the thread of the runtime.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let runtime = Background(Some(runtime));
        thread::Builder::new().name("twelvelabs-upload".to_owned()).spawn(move || {
            let background = runtime;
            if let Some(runtime) = &background.0 {
                // An error says that the sender is gone, which is the end.
                let _ = runtime.block_on(ended);
            }
        })?;
        Ok(Self { handle, _end: end })
    }

    /// Runs a future in the task of the caller. The tasks that it spawns and the sockets that it opens belong to this
    /// runtime.
    pub(super) async fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _entered = self.handle.enter();
            future.as_mut().poll(context)
        })
        .await
    }
}

/// A runtime that may be dropped inside of another one, as it is if no thread can be started for it.
struct Background(Option<tokio::runtime::Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        // Does not wait for a file that is being read.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_future_spawns_ends_with_the_runtime() {
        let (alive, ended) = oneshot::channel::<()>();
        let runtime = UploadRuntime::start().expect("a thread");
        let spawned = runtime.run(async {
            let (started, start) = oneshot::channel();
            tokio::spawn(async move {
                let _alive = alive;
                let _ = started.send(());
                std::future::pending::<()>().await;
            });
            start.await
        });
        spawned.await.expect("it runs");
        drop(runtime);
        assert!(ended.await.is_err(), "dropped");
    }

    #[tokio::test]
    async fn a_runtime_without_a_thread_is_dropped_in_a_task() {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        drop(Background(Some(runtime)));
    }
}
