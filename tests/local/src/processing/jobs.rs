//! Runs computations in the background, as many at once as there are processors.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

/// Clones share their permits and their count.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    permits: Arc<Semaphore>,
    /// Number of jobs that run or wait.
    count: watch::Sender<usize>,
}

/// Counts a job until it is dropped, even by a panic.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Jobs {
    pub(crate) fn new() -> Self {
        let count = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { permits: Arc::new(Semaphore::new(count)), count: watch::Sender::new(0) }
    }

    /// Runs a job when a processor is free. It is counted from now on.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        let counted = Counted::new(&self.count);
        let permits = Arc::clone(&self.permits);
        tokio::spawn(async move {
            let _counted = counted;
            // The semaphore is never closed.
            let _permit = permits.acquire_owned().await;
            job.await;
        });
    }

    /// Waits until no job runs or waits.
    pub(crate) async fn idle(&self) {
        let mut count = self.count.subscribe();
        // The sender lives as long as self.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}
