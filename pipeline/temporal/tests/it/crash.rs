//! `kill -9` of workers, one stop that is longer than every time limit, one crash of the Temporal server: nothing is lost
//! and nothing is paid for twice.

use std::{collections::BTreeSet, process::Stdio, time::Duration};

use tokio::time::{Instant, sleep};
use twelvelabs_local::Fault;

use crate::support::{CREATE, Process, World, assets, local_server, tasks, temporal, text};

const WORKERS: usize = 3;
const KILLS: usize = 20;
/// Longer than the time limit of a create call, the wait for its effect, and the limit of heartbeats.
const STOP: Duration = Duration::from_secs(15);
const DOWNTIME: Duration = Duration::from_secs(3);

/// The disturbances happen when so much of the work is done, so that all of them hit it.
struct Workers {
    world: World,
    base_url: String,
    processes: Vec<Process>,
    stopped: Option<(usize, Instant)>,
    random: fastrand::Rng,
}

impl Workers {
    /// `kill -9` of one that is not stopped, which is started again.
    fn kill(&mut self) {
        let free: Vec<_> = (0..WORKERS).filter(|at| self.stopped.is_none_or(|(stopped, _)| stopped != *at)).collect();
        let at = free[self.random.usize(..free.len())];
        self.processes[at].kill();
        self.processes[at] = self.world.worker(&self.base_url, &format!("worker{at}"));
    }

    /// SIGSTOP of one.
    fn stop(&mut self) {
        let at = self.random.usize(..WORKERS);
        self.processes[at].signal("STOP");
        self.stopped = Some((at, Instant::now() + STOP));
    }

    /// SIGCONT, when it is time for it.
    fn go_on(&mut self) -> bool {
        let Some((at, _)) = self.stopped.take_if(|(_, until)| *until <= Instant::now()) else { return false };
        self.processes[at].signal("CONT");
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_a_stop_and_an_outage_lose_nothing_and_double_nothing() {
    let Some(program) = temporal() else { return };
    let items: u32 = if std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1") { 200 } else { 60 };
    let server = local_server(Duration::from_millis(300)).await;
    let world = World::new(program).await;
    world.write_videos(items);
    let base_url = server.base_url().to_owned();
    let processes = (0..WORKERS).map(|at| world.worker(&base_url, &format!("worker{at}"))).collect();
    let mut embed = Process(world.embed("t").stdout(Stdio::piped()).spawn().expect("started"));
    let seed = fastrand::u64(..);
    let mut workers = Workers { world, base_url, processes, stopped: None, random: fastrand::Rng::with_seed(seed) };
    let begin = Instant::now();
    let (mut kills, mut stops, mut conts, mut outages, mut resets) = (0, 0, 0, 0, 0);
    // A unit of work is a task that was created, or a job that was stored.
    let total = items as usize * 2;
    let due = |count: usize, of: usize| total * (count + 1) / (of + 2);
    while !embed.has_ended() {
        assert!(begin.elapsed() < Duration::from_secs(900), "it does not end: {}", workers.world.log("worker0.log"));
        let done = tasks(&server).await.values().sum::<usize>() + workers.world.row_files().len();
        if kills < KILLS && done >= due(kills, KILLS) {
            workers.kill();
            kills += 1;
            if workers.random.bool() {
                server.inject(Fault::reset().operation(CREATE));
                resets += 1;
            }
        }
        if stops == 0 && done >= total / 4 {
            workers.stop();
            stops += 1;
        }
        if outages == 0 && done >= total / 2 {
            workers.world.kill_temporal();
            sleep(DOWNTIME).await;
            workers.world.start_temporal();
            outages += 1;
        }
        conts += u32::from(workers.go_on());
        sleep(Duration::from_millis(50)).await;
    }
    // What the stopped worker still does counts too.
    while conts < stops {
        conts += u32::from(workers.go_on());
        sleep(Duration::from_millis(50)).await;
    }
    let seconds = begin.elapsed().as_secs_f64();
    sleep(Duration::from_secs(2)).await;
    server.settled().await;

    let code = embed.0.wait().expect("ended").code();
    let counts = tasks(&server).await;
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    let uncertain = workers.world.failures("t").iter().filter(|row| row["status"] == "uncertain").count();
    println!(
        "seed {seed}: {items} items in {seconds:.0} s, {kills} kills, {stops} stop, {outages} outage, {resets} resets: \
         {} tasks, {} doubled, {uncertain} uncertain, {} assets left, exit code {code:?}",
        counts.values().sum::<usize>(),
        twice.len(),
        assets(&server).await
    );
    assert_eq!((kills, stops, outages), (KILLS, 1, 1), "it was over too early");
    assert!(twice.is_empty(), "tasks were created twice: {twice:?}; {uncertain} are reported");
    assert_eq!(counts.len(), items as usize, "jobs are lost");
    assert_eq!((code, uncertain), (Some(0), 0));
    let rows = workers.world.rows();
    assert_eq!(rows.len(), items as usize, "rows are missing");
    assert_eq!(rows.values().collect::<BTreeSet<_>>().len(), 1, "rows are missing: {rows:?}");

    // The same jobs again: their rows are in the table.
    let again = workers.world.embed("t").output().expect("started");
    assert!(again.status.success(), "{}", text(&again));
    assert!(text(&again).contains(&format!("{items} are in the table, 0 were started")), "{}", text(&again));
    // And without the table: Temporal knows them.
    let again = workers.world.embed("other").output().expect("started");
    assert!(
        text(&again).contains(&format!("0 were started, 0 are retried, {items} were started before")),
        "{}",
        text(&again)
    );
    assert_eq!(again.status.code(), Some(1), "their rows are elsewhere: {}", text(&again));
    assert_eq!(tasks(&server).await, counts, "nothing is created again");
}
