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

/// Serves until asked to stop. Connections whose next request has no complete headers within `header_timeout` are
/// closed.
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
    let mut next = Stop::Gracefully;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            // A request that is reset never ends otherwise.
            () = reset.notified() => {
                // Without this, the peer would see an orderly shutdown.
                let _ = connection.into_parts().io.into_inner().set_zero_linger();
                return;
            }
            () = requested(&mut stop, next) => {}
        }
        if *stop.borrow() != Stop::Gracefully {
            return;
        }
        Pin::new(&mut connection).graceful_shutdown();
        next = Stop::Now;
    }
}

/// Waits for a request to stop at least like this.
async fn requested(stop: &mut watch::Receiver<Stop>, how: Stop) {
    if stop.wait_for(|stop| *stop >= how).await.is_err() {
        // The server handle is gone, which is a request to stop.
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_request_that_is_reset_does_not_delay_a_graceful_stop() {
        let (stop, stopping) = watch::channel(Stop::No);
        let started = Arc::new(Notify::new());
        let (in_progress, seen) = (Arc::clone(&started), stopping.clone());
        let handler = move |Extension(peer): Extension<Peer>| {
            let (in_progress, mut seen) = (Arc::clone(&in_progress), seen.clone());
            async move {
                in_progress.notify_one();
                requested(&mut seen, Stop::Gracefully).await;
                // The connection knows of the stop by then.
                tokio::time::sleep(Duration::from_millis(20)).await;
                peer.reset();
                std::future::pending::<()>().await;
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().route("/", get(handler));
        let server = tokio::spawn(serve(listener, app, Duration::from_secs(600), stopping));
        let mut client = TcpStream::connect(address).await.expect("connected");
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
        started.notified().await;
        stop.send_replace(Stop::Gracefully);
        // A connection that is cut at the end of the time limit is closed, not reset.
        let error = client.read(&mut [0]).await.expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        server.await.expect("no panic");
    }
}
