//! The send queues of sockets, from the table of the Linux kernel.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Addresses;

/// After a read, the table rests for so many times the duration of the read: reads of up to 50 ms take at most
/// 1/20 of the time of a core.
const REST: u32 = 20;
/// The shortest rest.
const SHORTEST_REST: Duration = Duration::from_millis(10);
/// The longest rest. A read on a busy machine takes long because its thread is not running, and time limits depend on
/// the next read.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How long to wait for the read of another upload. Its task may not be polled any more, as that of a stream whose
/// consumer is busy, or of a runtime that is blocked, and must not keep the time limits of this one from passing.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The table `/proc/self/net/tcp`, which has a line for every socket of the machine.
///
/// Asking one socket would need its descriptor, which the HTTP client keeps to itself. A read takes 3 ms for every
/// 1,000 sockets (measured with 9,800 and 19,000 sockets). One read serves all uploads of the process, and there is at
/// most one every 10 ms, during at most 1/20 of the time up to 16,000 sockets; with 100,000, one of 0.3 s every 1.3 s.
/// It runs on a thread for blocking work, and only while an upload's socket takes nothing.
pub(super) struct SocketTable {
    /// The sockets that the next read looks for.
    wanted: Mutex<HashSet<Addresses>>,
    last: tokio::sync::Mutex<Option<Queues>>,
}

/// A read of the table.
struct Queues {
    started: Instant,
    /// When the table may be read again.
    rested: Instant,
    by_socket: HashMap<Addresses, u64>,
}

impl SocketTable {
    /// The table that all uploads of this process share.
    pub(super) fn of_process() -> &'static Self {
        static TABLE: LazyLock<SocketTable> = LazyLock::new(SocketTable::new);
        &TABLE
    }

    fn new() -> Self {
        Self { wanted: Mutex::default(), last: tokio::sync::Mutex::default() }
    }

    /// The number of bytes in the send queue of a socket, not older than this call. `None` if the table cannot be read
    /// or does not have the socket.
    pub(super) async fn queued(&self, socket: Addresses) -> Option<u64> {
        self.queued_by(socket, read).await
    }

    async fn queued_by(
        &self,
        socket: Addresses,
        read: fn(&HashSet<Addresses>) -> io::Result<HashMap<Addresses, u64>>,
    ) -> Option<u64> {
        let asked = Instant::now();
        self.want().insert(socket);
        let Ok(mut last) = tokio::time::timeout(LONGEST_WAIT, self.last.lock()).await else {
            let alone = move || read(&HashSet::from([socket]));
            return tokio::task::spawn_blocking(alone).await.ok()?.ok()?.get(&socket).copied();
        };
        if let Some(queues) = &*last {
            if queues.started >= asked
                && let Some(queued) = queues.by_socket.get(&socket)
            {
                return Some(*queued);
            }
            tokio::time::sleep(queues.rested.saturating_duration_since(Instant::now())).await;
        }
        let mut wanted = std::mem::take(&mut *self.want());
        wanted.insert(socket);
        let read = move || {
            // Without the time until a thread is free.
            let started = Instant::now();
            (read(&wanted), started.elapsed())
        };
        let started = Instant::now();
        let (read, duration) = tokio::task::spawn_blocking(read).await.ok().unzip();
        let by_socket = read.and_then(Result::ok).unwrap_or_default();
        let rested = Instant::now() + rest(duration.unwrap_or_default());
        let queued = by_socket.get(&socket).copied();
        *last = Some(Queues { started, rested, by_socket });
        queued
    }

    fn want(&self) -> std::sync::MutexGuard<'_, HashSet<Addresses>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the table rests after a read of this duration.
fn rest(read: Duration) -> Duration {
    (read * REST).clamp(SHORTEST_REST, LONGEST_REST)
}

/// Reads the send queues of these sockets.
fn read(wanted: &HashSet<Addresses>) -> io::Result<HashMap<Addresses, u64>> {
    let mut queues = HashMap::new();
    for (path, is_v4) in [("/proc/self/net/tcp", true), ("/proc/self/net/tcp6", false)] {
        let wanted: HashMap<String, Addresses> = wanted
            .iter()
            .filter(|socket| socket.local.is_ipv4() == is_v4)
            .map(|socket| (format!("{} {}", hexadecimal(socket.local), hexadecimal(socket.remote)), *socket))
            .collect();
        if !wanted.is_empty() {
            find(BufReader::with_capacity(64 * 1024, File::open(path)?), &wanted, &mut queues)?;
        }
    }
    Ok(queues)
}

/// Finds sockets in a table, by their local and remote addresses; see proc_pid_net(5).
fn find(
    mut table: impl BufRead,
    wanted: &HashMap<String, Addresses>,
    queues: &mut HashMap<Addresses, u64>,
) -> io::Result<()> {
    let length = wanted.keys().next().map_or(0, String::len);
    let (mut line, mut missing) = (String::new(), wanted.len());
    while missing > 0 && table.read_line(&mut line)? > 0 {
        // `  0: 0100007F:1F90 0100007F:C350 01 00000000:0000FFFF …`: number, addresses, state, send and receive queue.
        let socket = line.split_once(": ").and_then(|(_, fields)| {
            let (pair, rest) = fields.split_at_checked(length)?;
            Some((*wanted.get(pair)?, rest.split_ascii_whitespace().nth(1)?))
        });
        if let Some((socket, queue)) = socket
            && let Some((sent, _)) = queue.split_once(':')
            && let Ok(sent) = u64::from_str_radix(sent, 16)
        {
            queues.insert(socket, sent);
            missing -= 1;
        }
        line.clear();
    }
    Ok(())
}

/// An address as the kernel writes it: words of 32 bits in the byte order of the machine.
fn hexadecimal(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(address) => address.ip().octets().to_vec(),
        SocketAddr::V6(address) => address.ip().octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    let words: String = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{words}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    fn socket(local: &str, remote: &str) -> Addresses {
        let address = |text: &str| text.parse().expect("an address");
        Addresses { local: address(local), remote: address(remote) }
    }

    #[test]
    fn the_send_queues_of_sockets_are_found_in_the_table_of_the_kernel() {
        let address = |text: &str| hexadecimal(text.parse().expect("an address"));
        if cfg!(target_endian = "little") {
            assert_eq!(address("127.0.0.1:8080"), "0100007F:1F90");
            assert_eq!(address("[::1]:80"), "00000000000000000000000001000000:0050");
        }
        let (local, remote) = (address("127.0.0.1:50000"), address("127.0.0.1:443"));
        let table = format!(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             \x20  0: {remote} {local} 01 00000000:0000FFFF 00:00000000 00000000     0        0 1060 1 0 100 0 0 10 0\n\
             \x20  1: {local} {remote} 01 00012AB0:00000000 01:00000014 00000000     0        0 1061 1 0 100 0 0 10 0\n\
             {}: {local} {remote}\n",
            123_456
        );
        let found = |wanted: &[Addresses]| {
            let key = |socket: &Addresses| format!("{} {}", hexadecimal(socket.local), hexadecimal(socket.remote));
            let wanted = wanted.iter().map(|socket| (key(socket), *socket)).collect();
            let mut queues = HashMap::new();
            find(table.as_bytes(), &wanted, &mut queues).expect("memory");
            queues
        };
        let (ours, theirs) = (socket("127.0.0.1:50000", "127.0.0.1:443"), socket("127.0.0.1:443", "127.0.0.1:50000"));
        let other = socket("127.0.0.1:443", "127.0.0.1:443");
        assert_eq!(found(&[ours]), HashMap::from([(ours, 0x12ab0)]));
        assert_eq!(found(&[ours, theirs, other]), HashMap::from([(ours, 0x12ab0), (theirs, 0)]));
        assert_eq!(found(&[other]), HashMap::new());
    }

    #[test]
    fn the_table_rests_longer_than_a_read_takes_but_not_for_long() {
        assert_eq!([0, 5, 10_000].map(|read| rest(Duration::from_millis(read)).as_millis()), [10, 100, 1_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_is_not_polled_any_more_does_not_stop_the_others() {
        let table = SocketTable::new();
        let ours = socket("127.0.0.1:1", "127.0.0.1:443");
        let _held = table.last.lock().await;
        assert_eq!(table.queued_by(ours, |wanted| Ok(wanted.iter().map(|one| (*one, 7)).collect())).await, Some(7));
    }

    #[tokio::test]
    async fn one_read_serves_all_that_wait_for_it() {
        static READS: AtomicUsize = AtomicUsize::new(0);
        let table = SocketTable::new();
        let sockets: Vec<_> = (1..=100).map(|port| socket(&format!("127.0.0.1:{port}"), "127.0.0.1:443")).collect();
        let ask = || {
            join_all(sockets.iter().map(|socket| {
                table.queued_by(*socket, |wanted| {
                    READS.fetch_add(1, Ordering::Relaxed);
                    Ok(wanted.iter().map(|socket| (*socket, socket.local.port().into())).collect())
                })
            }))
        };
        let expected: Vec<_> = (1..=100).map(Some).collect();
        // The first one reads at once, the others together after the rest.
        assert_eq!(ask().await, expected);
        assert_eq!(READS.load(Ordering::Relaxed), 2);
        // A read that began before the call is too old for it.
        assert_eq!(ask().await, expected);
        assert_eq!(READS.load(Ordering::Relaxed), 3);
    }
}
