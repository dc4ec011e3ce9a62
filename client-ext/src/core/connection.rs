//! The connection of an attempt: its addresses, and how much of what was sent has not left this machine.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::{self, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// The attempt that is being polled.
    static CURRENT: Connection;
}

/// The connection that an attempt has opened, if it has opened one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<Mutex<Option<Addresses>>>);

/// The two ends of a TCP connection. The remote one is that of the proxy if there is one.
#[derive(Clone, Copy, Debug)]
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// The number of bytes that the operating system has taken and that the other end has not confirmed.
    ///
    /// `None` if it does not tell: known on Linux only, where `/proc/net/tcp` has the numbers of all sockets. Asking the socket itself
    /// would need its descriptor, which the HTTP client keeps to itself.
    pub(super) async fn unconfirmed(self) -> Option<u64> {
        let addresses = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        unconfirmed(addresses).await
    }
}

#[cfg(target_os = "linux")]
async fn unconfirmed(addresses: Addresses) -> Option<u64> {
    let path = if addresses.local.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
    let table = tokio::fs::read_to_string(path).await.ok()?;
    queued(&table, &hexadecimal(addresses.local), &hexadecimal(addresses.remote))
}

#[cfg(not(target_os = "linux"))]
async fn unconfirmed(Addresses { local: _, remote: _ }: Addresses) -> Option<u64> {
    None
}

/// The send queue of a socket in the table of the kernel, in bytes; see proc_pid_net(5).
#[cfg(any(target_os = "linux", test))]
fn queued(table: &str, local: &str, remote: &str) -> Option<u64> {
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        if fields.next() != Some(local) || fields.next() != Some(remote) {
            return None;
        }
        let (sent, _) = fields.nth(1)?.split_once(':')?;
        u64::from_str_radix(sent, 16).ok()
    })
}

/// An address as the kernel writes it: words of 32 bits in the byte order of the machine.
#[cfg(any(target_os = "linux", test))]
fn hexadecimal(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(address) => address.ip().octets().to_vec(),
        SocketAddr::V6(address) => address.ip().octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    let words: String = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{words}:{:04X}", address.port())
}

/// A layer of the HTTP client's connector that notes the addresses of each connection for the attempt that opens it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteConnection;

impl<S> Layer<S> for NoteConnection {
    type Service = Noting<S>;

    fn layer(&self, connector: S) -> Noting<S> {
        Noting(connector)
    }
}

/// A connector with [`NoteConnection`].
#[derive(Clone, Debug)]
pub(crate) struct Noting<S>(S);

impl<S, R> Service<R> for Noting<S>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_send_queue_of_a_socket_is_found_in_the_table_of_the_kernel() {
        let address = |text: &str| hexadecimal(text.parse().expect("an address"));
        if cfg!(target_endian = "little") {
            assert_eq!(address("127.0.0.1:8080"), "0100007F:1F90");
            assert_eq!(address("[::1]:80"), "00000000000000000000000001000000:0050");
        }
        let (local, remote) = (address("127.0.0.1:50000"), address("127.0.0.1:443"));
        let table = format!(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: {remote} {local} 01 00000000:0000FFFF 00:00000000 00000000     0        0 1060 1 0 100 0 0 10 0\n\
             \x20  1: {local} {remote} 01 00012AB0:00000000 01:00000014 00000000     0        0 1061 1 0 100 0 0 10 0\n"
        );
        assert_eq!(queued(&table, &local, &remote), Some(0x12ab0));
        assert_eq!(queued(&table, &local, &local), None);
        assert_eq!(queued("", &local, &remote), None);
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn the_kernel_tells_what_the_other_end_has_not_confirmed() {
        use tokio::net::{TcpListener, TcpStream};

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
        let (_unread, _) = listener.accept().await.expect("accepted");
        let addresses = Addresses {
            local: stream.local_addr().expect("an address"),
            remote: stream.peer_addr().expect("an address"),
        };
        let connection = Connection(Arc::new(Mutex::new(Some(addresses))));
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
