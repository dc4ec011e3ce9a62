//! Connections: accepted, served, reset on demand, and ended.

use std::{net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
};

/// How long what is under way may take to its end when the platform stops.
const GRACE: Duration = Duration::from_secs(5);

/// How a platform is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    Not,
    /// What is under way comes to its end.
    Gracefully,
    /// What is under way is cut, as by a crash.
    Now,
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    reset: Arc<Notify>,
}

impl Peer {
    pub(super) fn reset(&self) {
        self.reset.notify_one();
    }
}

/// Serves until told to stop.
pub(super) async fn serve(listener: TcpListener, app: Router, mut stop: watch::Receiver<Stop>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Too many open files, most likely: those that are served will close some.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            () = told(&mut stop, Stop::Gracefully) => break,
        };
        connections.spawn(connection(stream, address, app.clone(), stop.clone()));
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    // Those that take longer are cut.
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn connection(stream: TcpStream, address: SocketAddr, app: Router, mut stop: watch::Receiver<Stop>) {
    // Answers are small: they must not wait for more.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(Notify::new());
    let app = app.layer(Extension(Peer { address, reset: Arc::clone(&reset) }));
    let http = hyper::server::conn::http1::Builder::new();
    let mut connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::select! {
        _ = &mut connection => return,
        () = reset.notified() => {
            // Without this, the peer would see an orderly end.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
            return;
        }
        () = told(&mut stop, Stop::Gracefully) => {}
    }
    if *stop.borrow() == Stop::Gracefully {
        Pin::new(&mut connection).graceful_shutdown();
        tokio::select! {
            _ = &mut connection => {}
            () = told(&mut stop, Stop::Now) => {}
        }
    }
}

/// Waits until it is told to stop, at least like this.
async fn told(stop: &mut watch::Receiver<Stop>, how: Stop) {
    if stop.wait_for(|told| *told >= how).await.is_err() {
        // Whoever could have told is gone, which is a way to tell.
    }
}
