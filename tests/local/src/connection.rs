//! Connections: accepting, serving, resetting and closing them.

use std::{net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
};

/// Time limit of the requests in progress when the server stops gracefully.
const GRACE: Duration = Duration::from_secs(5);

/// A request to stop the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    No,
    /// The requests in progress are completed.
    Gracefully,
    /// The requests in progress are cut, as by a crash.
    Now,
}

/// The client of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    reset: Arc<Notify>,
}

impl Peer {
    /// Resets the connection instead of sending a response.
    pub(crate) fn reset(&self) {
        self.reset.notify_one();
    }
}

/// Serves until asked to stop. Connections whose next request has no complete headers within `header_timeout` are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    header_timeout: Duration,
    mut stop: watch::Receiver<Stop>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    let mut connections = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Most likely too many open files: connections that end will close some.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            () = requested(&mut stop, Stop::Gracefully) => break,
        };
        connections.spawn(connection(http.clone(), stream, address, app.clone(), stop.clone()));
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    // Connections that take longer are cut.
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn connection(
    http: http1::Builder,
    stream: TcpStream,
    address: SocketAddr,
    app: Router,
    mut stop: watch::Receiver<Stop>,
) {
    // Responses are small and must not be delayed by Nagle's algorithm.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(Notify::new());
    let app = app.layer(Extension(Peer { address, reset: Arc::clone(&reset) }));
    let mut connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::select! {
        _ = &mut connection => return,
        () = reset.notified() => {
            // Without this, the peer would see an orderly shutdown.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
            return;
        }
        () = requested(&mut stop, Stop::Gracefully) => {}
    }
    if *stop.borrow() == Stop::Gracefully {
        Pin::new(&mut connection).graceful_shutdown();
        tokio::select! {
            _ = &mut connection => {}
            () = requested(&mut stop, Stop::Now) => {}
        }
    }
}

/// Waits for a request to stop at least like this.
async fn requested(stop: &mut watch::Receiver<Stop>, how: Stop) {
    if stop.wait_for(|stop| *stop >= how).await.is_err() {
        // The server handle is gone, which is a request to stop.
    }
}
