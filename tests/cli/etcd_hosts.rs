//! Three hosts, each a network namespace with a node of etcd, a server and the app, of which a random one fails again and again.
//!
//! By hand, as root: `UMAI_HOST_MINUTES=10 cargo test --test cli etcd_hosts -- --ignored --nocapture`

#![expect(clippy::print_stderr, reason = "a run by hand reports its course")]

mod apps;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use apps::Apps;

use crate::etcd::restrict;
use crate::etcd_node::FAST_ELECTION;
use crate::home::{Answer, DOCUMENTED, Home, answer_of, answer_with};

const HOSTS: usize = 3;
const WRITERS_PER_HOST: usize = 2;
const SERVER: &str = "http://127.0.0.1:44331";
const KEY: &str = ".config/umai/umai.key";
/// Acknowledged changes on the other hosts before a failed host starts again.
const PROGRESS: u64 = 40;

/// Time for which hosts fail.
fn duration() -> Duration {
    let minutes = std::env::var("UMAI_HOST_MINUTES").map_or(1, |text| text.parse().unwrap());
    Duration::from_mins(minutes)
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().unwrap();
    assert!(status.success(), "ip {arguments:?}");
}

/// Switch that connects the hosts; removed with them.
struct Network {
    bridge: String,
    hosts: Vec<String>,
}

impl Network {
    fn new() -> Self {
        let number = std::process::id();
        let bridge = format!("umb{number}");
        ip(&["link", "add", &bridge, "type", "bridge"]);
        ip(&["link", "set", &bridge, "up"]);
        let mut network = Self {
            bridge,
            hosts: Vec::new(),
        };
        for host in 1..=HOSTS {
            let (name, cable) = (format!("umh{host}-{number}"), format!("umc{host}-{number}"));
            ip(&["netns", "add", &name]);
            network.hosts.push(name.clone());
            ip(&[
                "link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &name,
            ]);
            ip(&["link", "set", &cable, "master", &network.bridge, "up"]);
            let address = format!("{}/24", address(host));
            ip(&["-n", &name, "address", "add", &address, "dev", "eth0"]);
            ip(&["-n", &name, "link", "set", "eth0", "up"]);
            ip(&["-n", &name, "link", "set", "lo", "up"]);
        }
        network
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for host in &self.hosts {
            // A host that cannot be removed does no harm to the others.
            let _ = Command::new("ip").args(["netns", "del", host]).status();
        }
        let _ = Command::new("ip")
            .args(["link", "del", &self.bridge])
            .status();
    }
}

fn address(host: usize) -> String {
    format!("10.231.77.{host}")
}

/// Address of the store for a host, whose own node comes first.
fn store(host: usize) -> String {
    let nodes = (0..HOSTS).map(|at| (host - 1 + at) % HOSTS + 1);
    let nodes: Vec<_> = nodes.map(|node| address(node) + ":2379").collect();
    format!("etcd://{}/team?tls=off", nodes.join(","))
}

/// Host of a writer.
struct Place {
    at: usize,
    namespace: String,
    home: Arc<Home>,
}

/// Host with its processes.
struct Host {
    number: usize,
    namespace: String,
    home: Arc<Home>,
    data: TempDir,
    processes: Vec<Child>,
}

impl Host {
    /// Returns a command inside the host.
    fn inside(&self, command: &Command) -> Command {
        inside(&self.namespace, command)
    }

    /// Returns a command that works on the connections through the server of the host.
    fn client(&self, arguments: &[&str]) -> Command {
        let arguments = [&["--server", SERVER, "connections"], arguments].concat();
        self.inside(&self.home.umai(&arguments))
    }

    fn start_etcd(&mut self) {
        let own = address(self.number);
        let peers = (1..=HOSTS).map(|host| format!("h{host}=http://{}:2380", address(host)));
        let mut etcd = Command::new("etcd");
        etcd.args(["--data-dir", self.data.path().to_str().unwrap()])
            .arg(format!("--name=h{}", self.number))
            .args(FAST_ELECTION)
            .arg(format!("--listen-client-urls=http://{own}:2379"))
            .arg(format!("--advertise-client-urls=http://{own}:2379"))
            .arg(format!("--listen-peer-urls=http://{own}:2380"))
            .arg(format!("--initial-advertise-peer-urls=http://{own}:2380"))
            .arg(format!(
                "--initial-cluster={}",
                peers.collect::<Vec<_>>().join(",")
            ));
        let mut etcd = self.inside(&etcd);
        etcd.stdout(Stdio::null()).stderr(Stdio::null());
        self.processes.push(etcd.spawn().unwrap());
    }

    /// Starts the server, again until the cluster has a quorum.
    fn start_server(&mut self) {
        let store = store(self.number);
        let serve = ["--store", &store, "serve", "--http", "--no-auth", "--json"];
        let serve = [&serve[..], &["--listen", "127.0.0.1:44331"]].concat();
        loop {
            let mut server = self.inside(&self.home.umai(&serve));
            server.stdout(Stdio::piped()).stderr(Stdio::null());
            let mut server = server.spawn().unwrap();
            let mut line = String::new();
            let stdout = server.stdout.take().unwrap();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            if line.contains("listening") {
                self.processes.push(server);
                return;
            }
            server.wait().unwrap();
        }
    }

    /// Ends the host as a power failure would: the others hear nothing from it any more.
    fn fail(&mut self) {
        ip(&["-n", &self.namespace, "link", "set", "eth0", "down"]);
        for process in &mut self.processes {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        self.processes.clear();
    }

    fn recover(&mut self) {
        ip(&["-n", &self.namespace, "link", "set", "eth0", "up"]);
        self.start_etcd();
        self.start_server();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn inside(namespace: &str, command: &Command) -> Command {
    let mut inside = Command::new("ip");
    inside
        .args(["netns", "exec", namespace])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        inside.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        inside.env(name, value.unwrap_or_default());
    }
    inside.stdin(Stdio::null());
    inside
}

/// Acknowledgements of all hosts.
#[derive(Default)]
struct Progress {
    hosts: Mutex<[HostProgress; HOSTS]>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy)]
struct HostProgress {
    acknowledged: u64,
    last: Option<Instant>,
    /// Longest time between two acknowledgements since it was reset.
    pause: Duration,
}

impl Progress {
    fn acknowledge(&self, host: usize) {
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap();
        let host = &mut hosts[host];
        let before = host.last.replace(now).unwrap_or(now);
        host.pause = host.pause.max(now - before);
        host.acknowledged += 1;
        self.changed.notify_all();
    }

    /// Waits until these hosts have acknowledged more changes, and returns the longest time without any on one of them.
    fn wait(&self, waits_for: impl Fn(usize) -> bool) -> Duration {
        let mut hosts = self.hosts.lock().unwrap();
        let now = Instant::now();
        for host in hosts.iter_mut() {
            (host.last, host.pause) = (Some(now), Duration::ZERO);
        }
        let before = *hosts;
        let chosen = || (0..HOSTS).filter(|host| waits_for(*host));
        let is_behind = |hosts: &mut [HostProgress; HOSTS]| {
            chosen().any(|host| hosts[host].acknowledged < before[host].acknowledged + PROGRESS)
        };
        let hosts = self.changed.wait_while(hosts, is_behind).unwrap();
        chosen()
            .map(|host| hosts[host].pause)
            .max()
            .unwrap_or_default()
    }

    fn total(&self) -> u64 {
        let hosts = self.hosts.lock().unwrap();
        hosts.iter().map(|host| host.acknowledged).sum()
    }
}

/// Changes of a writer that were acknowledged: names by alias. The name of a change without an answer may be stored or not.
#[derive(Default)]
struct Written {
    acknowledged: BTreeMap<String, String>,
    possible: BTreeSet<(String, String)>,
}

/// Creates connections and renames them until it is over.
fn write((writer, host): (String, Place), progress: &Progress, is_over: &AtomicBool) -> Written {
    let mut written = Written::default();
    let run = |arguments: &[&str], body: Option<String>| -> Answer {
        let arguments = [&["--server", SERVER, "connections"], arguments].concat();
        let command = inside(&host.namespace, &host.home.umai(&arguments));
        match body {
            Some(body) => answer_with(command, body),
            None => answer_of(command),
        }
    };
    let mut number = 0;
    while !is_over.load(Ordering::Acquire) {
        number += 1;
        let alias = format!("{writer}-{number}");
        let body = DOCUMENTED.replace("openai-prod", &alias);
        let created = run(&["create", "--from-json", "-"], Some(body));
        if created.code != 0 {
            continue;
        }
        let first = "OpenAI Production".to_owned();
        written.acknowledged.insert(alias.clone(), first);
        progress.acknowledge(host.at);
        let name = format!("renamed {number}");
        if run(&["update", &alias, "--name", &name], None).code == 0 {
            written.acknowledged.insert(alias, name);
            progress.acknowledge(host.at);
        } else {
            written.possible.insert((alias, name));
        }
    }
    written
}

/// Compares the store with what was acknowledged, and returns the number of connections that were compared.
fn check(stored: &Value, written: &[Written]) -> usize {
    let items = stored["items"].as_array().unwrap();
    let text = |item: &Value, member: &str| item[member].as_str().unwrap().to_owned();
    let stored: BTreeMap<String, String> = items
        .iter()
        .map(|item| (text(item, "alias"), text(item, "name")))
        .collect();
    assert_eq!(stored.len(), items.len(), "an alias is given twice");
    let mut compared = 0;
    for Written {
        acknowledged,
        possible,
    } in written
    {
        for (alias, name) in acknowledged {
            let found = stored.get(alias);
            let found = found.unwrap_or_else(|| panic!("{alias} is lost"));
            let is_possible = possible.contains(&(alias.clone(), found.clone()));
            assert!(
                found == name || is_possible,
                "{alias}: '{found}', not '{name}'"
            );
            compared += 1;
        }
    }
    compared
}

fn start_hosts(network: &Network) -> Vec<Host> {
    let mut hosts: Vec<Host> = network
        .hosts
        .iter()
        .enumerate()
        .map(|(at, namespace)| Host {
            number: at + 1,
            namespace: namespace.clone(),
            home: Arc::new(Home::new()),
            data: tempfile::tempdir().unwrap(),
            processes: Vec::new(),
        })
        .collect();
    hosts.iter_mut().for_each(Host::start_etcd);
    let (first, others) = hosts.split_first_mut().unwrap();
    first.start_server();
    let key = std::fs::read(first.home.path(KEY)).unwrap();
    for host in others {
        restrict(&host.home.write(KEY, &key));
        host.start_server();
    }
    hosts
}

fn start_writers(
    hosts: &[Host],
    progress: &Arc<Progress>,
    is_over: &Arc<AtomicBool>,
) -> Vec<JoinHandle<Written>> {
    let mut writers = Vec::new();
    for (at, host) in hosts.iter().enumerate() {
        for writer in 0..WRITERS_PER_HOST {
            let place = Place {
                at,
                namespace: host.namespace.clone(),
                home: Arc::clone(&host.home),
            };
            let name = format!("h{at}-w{writer}");
            let (progress, is_over) = (Arc::clone(progress), Arc::clone(is_over));
            let write = move || write((name, place), &progress, &is_over);
            writers.push(std::thread::spawn(write));
        }
    }
    writers
}

#[test]
#[ignore = "needs root, and takes minutes"]
fn failing_hosts_lose_nothing_and_the_others_go_on() {
    let network = Network::new();
    let mut hosts = start_hosts(&network);
    let mut apps = Apps::start(&hosts);
    let is_over = Arc::new(AtomicBool::new(false));
    let progress = Arc::new(Progress::default());
    let writers = start_writers(&hosts, &progress, &is_over);
    let (begun, mut failures, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while begun.elapsed() < duration() {
        let before = progress.wait(|_| true);
        let failed = usize::from(uuid::Uuid::new_v4().as_bytes()[0]) % HOSTS;
        apps.kill(&hosts[failed]);
        hosts[failed].fail();
        let others = hosts.iter().filter(|host| host.number != failed + 1);
        let others: Vec<&Host> = others.collect();
        let (pause, changed) = std::thread::scope(|scope| {
            let changed = scope.spawn(|| apps.change(&others));
            (
                progress.wait(|host| host != failed),
                changed.join().unwrap(),
            )
        });
        longest = longest.max(pause);
        eprintln!(
            "host {failed}: longest pause of the others {pause:?}, before {before:?}; three changes shown by both apps after {changed:?}"
        );
        hosts[failed].recover();
        apps.open(&hosts[failed]);
        failures += 1;
    }
    apps.quit();
    is_over.store(true, Ordering::Release);
    let written: Vec<Written> = writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .collect();
    let store = store(1);
    let all = ["connections", "list", "--json", "--take", "1000000"];
    let list = [&["--store", store.as_str()], &all[..]].concat();
    let listed = answer_of(hosts[0].inside(&hosts[0].home.umai(&list)));
    assert_eq!(listed.code, 0, "{listed:?}");
    let compared = check(&listed.json(), &written);
    eprintln!(
        "{failures} failures of hosts, {} changes acknowledged, {compared} connections compared: 0 lost; longest pause {longest:?}",
        progress.total()
    );
}
