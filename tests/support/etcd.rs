//! etcd nodes for tests, on free loopback ports and in temporary directories.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Options of nodes near each other, as in `docs/cluster.md`.
pub const FAST_ELECTION: [&str; 2] = ["--heartbeat-interval=50", "--election-timeout=500"];

/// Options of a node of its own: it elects itself.
const LONE_ELECTION: [&str; 2] = ["--heartbeat-interval=10", "--election-timeout=100"];

/// Ports that a service of the system may use.
const SYSTEM_PORTS: [u16; 2] = [2379, 2380];

/// Starts etcd, prints its process ID, and ends it with its data when stdin is closed: also when the test process dies.
const KEEPER: &str = r#"
folder=$1; shift
"$@" >>"$folder/log" 2>&1 &
node=$!
echo "$node"
read -r keep
kill -9 "$node" 2>/dev/null
wait
test "$keep" = keep || rm -rf "$folder"
"#;

/// Longest start of a node or election on a busy machine.
const LONGEST: Duration = Duration::from_mins(1);

/// Running etcd node.
pub struct EtcdNode {
    keeper: Child,
    /// Process ID of etcd.
    pid: String,
    folder: PathBuf,
    /// Arguments of the program.
    arguments: Vec<String>,
    /// `127.0.0.1:PORT` for clients.
    pub client: String,
}

impl EtcdNode {
    /// Starts a node of its own; none without the program.
    pub fn start(options: &[&str]) -> Option<Self> {
        is_installed().then(|| Self::launch(options))
    }

    /// Starts a cluster, whose nodes may be killed one at a time; none without the program.
    pub fn start_cluster<const NODES: usize>() -> Option<[Self; NODES]> {
        is_installed().then(|| {
            let addresses = free_addresses::<NODES>();
            let peers = addresses.iter().enumerate();
            let peers = peers.map(|(number, [_, peer])| format!("n{number}=http://{peer}"));
            let peers = peers.collect::<Vec<_>>().join(",");
            let mut nodes = addresses.into_iter().enumerate().map(|(number, address)| {
                Self::spawn_first(&format!("n{number}"), address, &peers, &FAST_ELECTION)
            });
            let nodes: [Self; NODES] = std::array::from_fn(|_| nodes.next().unwrap());
            // A node listens only when the cluster has a quorum.
            nodes.iter().for_each(Self::wait_until_it_listens);
            nodes
        })
    }

    fn launch(options: &[&str]) -> Self {
        let [[client, peer]] = free_addresses();
        let peers = format!("n0=http://{peer}");
        let options = [&LONE_ELECTION[..], options].concat();
        let node = Self::spawn_first("n0", [client, peer], &peers, &options);
        node.wait_until_it_listens();
        node
    }

    fn spawn_first(name: &str, [client, peer]: [String; 2], peers: &str, options: &[&str]) -> Self {
        let scheme = if options
            .iter()
            .any(|option| option.starts_with("--cert-file"))
        {
            "https"
        } else {
            "http"
        };
        let mut arguments = vec![
            format!("--name={name}"),
            format!("--listen-client-urls={scheme}://{client}"),
            format!("--advertise-client-urls={scheme}://{client}"),
            format!("--listen-peer-urls=http://{peer}"),
            format!("--initial-advertise-peer-urls=http://{peer}"),
            format!("--initial-cluster={peers}"),
        ];
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        let folder = tempfile::tempdir().unwrap().keep();
        Self::spawn(folder, client, arguments)
    }

    fn spawn(folder: PathBuf, client: String, arguments: Vec<String>) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .arg("etcd")
            .arg("--data-dir")
            .arg(folder.join("data"))
            .args(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        let stdout = keeper.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut pid).unwrap();
        Self {
            keeper,
            pid: pid.trim().to_owned(),
            folder,
            arguments,
            client,
        }
    }

    /// Ends the node without any warning.
    pub fn kill(&self) {
        self.signal("-KILL");
    }

    /// Sends a signal to the node, and only to it.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.pid]).status();
        assert!(status.unwrap().success(), "no process {}", self.pid);
    }

    /// Starts the node again with its data, after [`kill`](Self::kill).
    #[must_use]
    pub fn restart(mut self) -> Self {
        let mut stdin = self.keeper.stdin.take().unwrap();
        stdin.write_all(b"keep\n").unwrap();
        drop(stdin);
        self.keeper.wait().unwrap();
        let (folder, client) = (self.folder.clone(), self.client.clone());
        let node = Self::spawn(folder, client, std::mem::take(&mut self.arguments));
        node.wait_until_it_listens();
        node
    }

    /// Data of the node.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns true if the node leads its cluster; none if it does not answer or knows no leader.
    pub fn is_leader(&self) -> Option<bool> {
        let status = self.status()?;
        let leader = leader_in(&status)?;
        Some(leader == string_member(&status, "member_id")?)
    }

    /// Returns true if the node answers, and knows no leader.
    pub fn is_alone(&self) -> bool {
        self.status()
            .is_some_and(|status| leader_in(&status).is_none())
    }

    /// Returns the newest revision of the cluster.
    pub fn revision(&self) -> Option<String> {
        let answer = self.post("/v3/kv/range", r#"{"key":"AA=="}"#)?;
        string_member(&answer, "revision").map(str::to_owned)
    }

    fn status(&self) -> Option<String> {
        let answer = self.post("/v3/maintenance/status", "{}")?;
        answer.contains("200 OK").then_some(answer)
    }

    /// Sends a request to the JSON gateway and returns the response.
    pub fn post(&self, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.client).ok()?;
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn wait_until_it_listens(&self) {
        let end = Instant::now() + LONGEST;
        poll(|| {
            let is_alive = Path::new("/proc").join(&self.pid).exists();
            assert!(is_alive && Instant::now() < end, "{}", self.log());
            TcpStream::connect(&self.client).ok()
        });
    }

    fn log(&self) -> String {
        let mut log = String::new();
        if let Ok(mut file) = std::fs::File::open(self.folder.join("log")) {
            file.read_to_string(&mut log).unwrap();
        }
        log
    }
}

impl Drop for EtcdNode {
    fn drop(&mut self) {
        // Closing its stdin ends the keeper, and with it the node. After a restart there is none.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Address of the node that all tests of this process share, without a prefix: `etcd://HOST:PORT`. `UMAI_TEST_ETCD` names a running
/// one. None without the program.
pub fn shared_address() -> Option<String> {
    static SHARED: OnceLock<Option<(String, Option<EtcdNode>)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        if let Ok(running) = std::env::var("UMAI_TEST_ETCD") {
            return Some((running, None));
        }
        let node = EtcdNode::start(&[])?;
        Some((format!("etcd://{}", node.client), Some(node)))
    });
    shared.as_ref().map(|(address, _)| address.clone())
}

/// Returns true when etcd is installed, and prints the skip otherwise. With `CI` set, a missing program fails the test.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn is_installed() -> bool {
    let version = Command::new("etcd").arg("--version").output();
    let is_there = version.is_ok_and(|output| output.status.success());
    if !is_there {
        let message = "skipped: etcd is not installed (apt-get install etcd-server)";
        assert!(std::env::var_os("CI").is_none(), "{message}");
        eprintln!("{message}");
    }
    is_there
}

/// Asks again and again until there is an answer; panics if there is none for long.
#[expect(
    clippy::disallowed_methods,
    reason = "etcd does not report that it listens or knows a leader"
)]
pub fn poll<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + 2 * LONGEST;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "no answer for two minutes");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the leader in a status; none if the node knows none. The gateway leaves out a zero in some versions.
fn leader_in(status: &str) -> Option<&str> {
    string_member(status, "leader").filter(|leader| *leader != "0")
}

/// Returns the value of a member that is a string.
fn string_member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split_once('"')?.0)
}

/// Returns pairs of free loopback addresses.
fn free_addresses<const PAIRS: usize>() -> [[String; 2]; PAIRS] {
    let listeners: Vec<TcpListener> =
        std::iter::repeat_with(|| TcpListener::bind("127.0.0.1:0").unwrap())
            .filter(|listener| !SYSTEM_PORTS.contains(&listener.local_addr().unwrap().port()))
            .take(2 * PAIRS)
            .collect();
    let mut free = listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().to_string());
    std::array::from_fn(|_| [free.next().unwrap(), free.next().unwrap()])
}
