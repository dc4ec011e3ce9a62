//! The connection of an attempt: its addresses, and how much of what was sent has not left this machine.

#[cfg(target_os = "linux")]
mod socket_table;

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::{self, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

#[cfg(target_os = "linux")]
use self::socket_table::SocketTable;

tokio::task_local! {
    /// The attempt that is being polled.
    static CURRENT: Connection;
}

/// The connection that an attempt has opened, if it has opened one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
enum State {
    /// Not established so far: nothing of the request was sent, unless it is on a connection of the pool.
    #[default]
    None,
    /// Established, TLS included. The addresses, if they are known.
    Established(Option<Addresses>),
}

/// The two ends of a TCP connection. The remote one is that of the proxy if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
struct Addresses {
    local: SocketAddr,
    remote: SocketAddr,
}

impl Connection {
    /// Runs the request of the attempt. Connections that it opens are noted here, those of the pool are not.
    pub(super) async fn noted<T>(&self, request: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), request).await
    }

    fn note(&self, connected: &connect::Connected) {
        let mut extensions = http::Extensions::new();
        connected.get_extras(&mut extensions);
        let addresses =
            extensions.get::<HttpInfo>().map(|info| Addresses { local: info.local_addr(), remote: info.remote_addr() });
        *self.state() = State::Established(addresses);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the attempt has opened a connection.
    pub(super) fn is_established(&self) -> bool {
        matches!(*self.state(), State::Established(_))
    }

    /// Another attempt begins.
    pub(super) fn forget(&self) {
        *self.state() = State::None;
    }

    /// The number of bytes that the operating system has taken and that the other end has not confirmed.
    ///
    /// `None` if it does not tell: known on Linux only; see [`SocketTable`].
    #[cfg(target_os = "linux")]
    pub(super) async fn unconfirmed(self) -> Option<u64> {
        let State::Established(Some(addresses)) = *self.state() else { return None };
        SocketTable::of_process().queued(addresses).await
    }

    /// Not known on this operating system.
    #[cfg(not(target_os = "linux"))]
    pub(super) async fn unconfirmed(self) -> Option<u64> {
        None
    }
}

/// A layer of the HTTP client's connector that notes the addresses of each connection for the attempt that opens it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteConnection;

impl<S> Layer<S> for NoteConnection {
    type Service = NoteConnectionService<S>;

    fn layer(&self, connector: S) -> NoteConnectionService<S> {
        NoteConnectionService(connector)
    }
}

/// A connector with [`NoteConnection`].
#[derive(Clone, Debug)]
pub(crate) struct NoteConnectionService<S>(S);

impl<S, R> Service<R> for NoteConnectionService<S>
where
    S: Service<R, Response: connect::Connection, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.0.call(target);
        Box::pin(async move {
            let connection = connecting.await?;
            // Not set if the connection is opened for the pool, in a task of its own.
            let _ = CURRENT.try_with(|current| current.note(&connect::Connection::connected(&connection)));
            Ok(connection)
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_kernel_tells_what_the_other_end_has_not_confirmed() {
        use tokio::net::{TcpListener, TcpStream};

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
        let (_unread, _) = listener.accept().await.expect("accepted");
        let addresses = Addresses {
            local: stream.local_addr().expect("an address"),
            remote: stream.peer_addr().expect("an address"),
        };
        let connection = Connection(Arc::new(Mutex::new(State::Established(Some(addresses)))));
        assert_eq!(connection.clone().unconfirmed().await, Some(0));
        // Until the buffers of both ends are full.
        let bytes = vec![0; 1 << 20];
        loop {
            stream.writable().await.expect("a socket");
            if stream.try_write(&bytes).is_err()
                && connection.clone().unconfirmed().await.is_some_and(|bytes| bytes > 0)
            {
                break;
            }
        }
        assert_eq!(Connection::default().unconfirmed().await, None);
    }
}
