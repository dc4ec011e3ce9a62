//! Signals that ask the program to end.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{self, SignalKind};

/// SIGINT and SIGTERM, from the moment on when this is created.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: unix::signal(interrupt)?, terminate: unix::signal(terminate)? })
    }

    /// Waits for the next signal. Returns false if there will be none.
    pub(crate) async fn next(&mut self) -> bool {
        tokio::select! {
            received = self.interrupt.recv() => received.is_some(),
            received = self.terminate.recv() => received.is_some(),
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for Ctrl-C. Returns false if that is not possible.
    pub(crate) async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
