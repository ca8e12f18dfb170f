//! A store on etcd, used from several machines, each a home of its own.

use std::fs::{File, FileTimes};
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, SystemTime};

use rstest::rstest;
use serde_json::Value;

use crate::etcd_node::{EtcdNode, shared_address};
use crate::home::{Answer, DOCUMENTED, Home, answer_of};

/// Machines that use one store, and its address.
pub struct Machines {
    pub store: String,
    pub one: Home,
    pub other: Home,
}

impl Machines {
    /// Two machines with the same key and a new store with the documented connection; none without etcd.
    pub fn with_store(prefix: &str) -> Option<Self> {
        Some(Self::on(&format!("{}/{prefix}", shared_address()?)))
    }

    pub fn on(store: &str) -> Self {
        let machines = Self {
            store: format!("{store}/{}", uuid::Uuid::new_v4()),
            one: Home::new(),
            other: Home::new(),
        };
        let body = ["connections", "create", "--from-json", "-"];
        let made = machines.one.pipe(&machines.arguments(&body), DOCUMENTED);
        assert_eq!(made.code, 0, "{made:?}");
        let key = std::fs::read(machines.one.path(".config/umai/umai.key")).unwrap();
        let copy = machines.other.write(".config/umai/umai.key", key);
        restrict(&copy);
        machines
    }

    pub fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["--store", self.store.as_str()], arguments].concat()
    }

    pub fn run(&self, home: &Home, arguments: &[&str]) -> Answer {
        home.run(&self.arguments(arguments))
    }

    /// Runs a command that must succeed, and returns its stdout.
    pub fn out(&self, home: &Home, arguments: &[&str]) -> String {
        let answer = self.run(home, arguments);
        assert_eq!(answer.code, 0, "{arguments:?}: {answer:?}");
        answer.out
    }
}

/// Makes a key file readable by its owner only.
pub fn restrict(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_only).unwrap();
}

#[test]
fn two_machines_share_one_store() {
    let Some(machines) = Machines::with_store("shared") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let connection = "openai-prod";
    assert!(
        machines
            .out(other, &["connections", "list"])
            .contains(connection)
    );
    let shown = machines.out(other, &["connections", "get", connection]);
    assert!(shown.contains("sk-***"), "{shown}");
    machines.out(other, &["connections", "deactivate", connection]);
    assert!(
        machines
            .out(one, &["connections", "get", connection])
            .contains("Inactive")
    );
    let rename = ["connections", "update", connection, "--name", "Renamed"];
    machines.out(one, &rename);
    let history = machines.out(other, &["connections", "history", connection, "--json"]);
    let history: Value = serde_json::from_str(&history).unwrap();
    let numbers = history["items"].as_array().unwrap();
    assert_eq!(numbers.len(), 3, "{history}");

    machines.out(one, &["connections", "delete", connection, "--yes"]);
    assert!(
        !machines
            .out(other, &["connections", "list"])
            .contains(connection)
    );
    assert!(
        machines
            .out(other, &["connections", "list", "--trash"])
            .contains("Renamed")
    );
    machines.out(other, &["connections", "restore", connection]);
    assert!(
        machines
            .out(one, &["connections", "list"])
            .contains("Renamed")
    );
    machines.out(one, &["connections", "delete", connection, "--yes"]);
    machines.out(other, &["connections", "purge", connection, "--yes"]);
    assert!(
        !machines
            .out(one, &["connections", "list", "--trash"])
            .contains("Renamed")
    );
    let gone = machines.run(one, &["connections", "get", connection]);
    assert_eq!(gone.code, 3, "{gone:?}");
}

/// The next command starts with it. A machine that cannot save it works as well.
#[test]
fn list_saves_its_index_without_secrets() {
    let Some(machines) = Machines::with_store("index") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let doctor = machines.out(one, &["doctor"]);
    assert!(doctor.contains("no index saved"), "{doctor}");
    let listed = machines.out(one, &["connections", "list"]);
    let doctor = machines.out(one, &["doctor"]);
    assert!(doctor.contains("used by the next list"), "{doctor}");
    let files = std::fs::read_dir(one.path(".cache/umai/etcd")).unwrap();
    let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let bytes = files.collect::<Vec<_>>().concat();
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("openai-prod"));
    assert!(!has("sk-your-api-key"));
    assert_eq!(machines.out(one, &["connections", "list"]), listed);

    other.write(".cache", b"a file where the folder should be");
    let answer = machines.run(other, &["connections", "list"]);
    assert_eq!((answer.code, answer.out), (0, listed));
    assert_eq!(answer.err, "");
}

#[test]
fn index_that_was_not_used_for_a_month_is_removed() {
    let Some(machines) = Machines::with_store("unused") else {
        return;
    };
    let one = &machines.one;
    let plant = |name: &str, days: u64| {
        let path = one.write(&format!(".cache/umai/etcd/{name}"), b"rows");
        let then = SystemTime::now() - Duration::from_hours(24 * days);
        let times = FileTimes::new().set_accessed(then).set_modified(then);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_times(times).unwrap();
        path
    };
    let unused = plant("unused.index", 31);
    let used = plant("used.index", 29);
    let foreign = plant("note.txt", 31);
    machines.out(one, &["connections", "list"]);
    assert!(!unused.exists() && !unused.with_extension("lock").exists());
    assert!(used.exists() && foreign.exists());
}

#[test]
fn taken_alias_is_refused_on_the_other_machine() {
    let Some(machines) = Machines::with_store("alias") else {
        return;
    };
    let body = ["connections", "create", "--from-json", "-"];
    let again = machines.other.pipe(&machines.arguments(&body), DOCUMENTED);
    assert_eq!(again.code, 5, "{again:?}");
}

#[test]
fn machine_without_the_key_is_refused() {
    let Some(machines) = Machines::with_store("key") else {
        return;
    };
    let keyless = Home::new();
    let missing = machines.run(&keyless, &["connections", "list"]);
    assert_eq!(missing.code, 6, "{missing:?}");
    assert!(missing.err.contains("needs its key"), "{missing:?}");
    assert!(
        !keyless.path(".config/umai/umai.key").exists(),
        "no key is created"
    );
    let own = keyless.run(&["connections", "list"]);
    assert_eq!(own.code, 0, "{own:?}");
    let wrong = machines.run(&keyless, &["connections", "list"]);
    assert_eq!(wrong.code, 6, "{wrong:?}");
    assert!(wrong.err.contains("umai key export there"), "{wrong:?}");
}

#[test]
fn rotating_the_key_of_a_local_store_keeps_the_shared_one_open() {
    let Some(machines) = Machines::with_store("rotated") else {
        return;
    };
    let one = &machines.one;
    assert_eq!(one.create(DOCUMENTED).code, 0);
    let rotated = one.run(&["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    let shown = machines.out(one, &["connections", "get", "openai-prod"]);
    assert!(shown.contains("sk-***"), "{shown}");
}

#[test]
fn store_is_there_after_etcd_was_killed() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machines = Machines::on(&format!("etcd://{}", node.client));
    node.kill();
    // Both wait for etcd, at the same time.
    let copy = ["store", "copy", machines.store.as_str(), "./copy"];
    let copy = machines.other.umai(&copy).spawn().unwrap();
    let down = machines.run(&machines.other, &["connections", "list"]);
    assert_eq!(down.code, 6, "{down:?}");
    assert!(down.err.contains("etcd did not answer"), "{down:?}");
    let copy = copy.wait_with_output().unwrap();
    assert_eq!(copy.status.code(), Some(6), "{copy:?}");
    let why = String::from_utf8(copy.stderr).unwrap();
    assert!(why.contains("etcd did not answer"), "{why}");
    assert!(!machines.other.path("copy").exists());
    let _node = node.restart();
    assert!(
        machines
            .out(&machines.other, &["connections", "list"])
            .contains("openai-prod")
    );
}

#[test]
fn read_only_mode_creates_no_store() {
    let Some(address) = shared_address() else {
        return;
    };
    let home = Home::new();
    let store = format!("{address}/none/{}", uuid::Uuid::new_v4());
    let refused = home.run(&["--store", &store, "--read-only", "connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(
        refused.err.contains("none is created for reading"),
        "{refused:?}"
    );
}

#[test]
fn target_and_variable_select_the_store() {
    let Some(machines) = Machines::with_store("target") else {
        return;
    };
    let Machines { store, one, .. } = &machines;
    one.write(
        ".config/umai/config.toml",
        format!("[targets.team]\nstore = \"{store}\"\nbadge = \"TEAM\"\n"),
    );
    let listed = one.run(&["--target", "team", "connections", "list"]);
    assert!(listed.out.contains("openai-prod"), "{listed:?}");
    let mut command = one.umai(&["connections", "list"]);
    command.env("UMAI_STORE", store);
    let listed = answer_of(command);
    assert!(listed.out.contains("openai-prod"), "{listed:?}");
    let targets = one.run(&["targets", "--json"]).out;
    assert!(targets.contains(store), "{targets}");
}

#[test]
fn connections_are_copied_between_etcd_and_a_local_store() {
    let Some(machines) = Machines::with_store("copy") else {
        return;
    };
    let Machines { store, one, .. } = &machines;
    one.write(
        ".config/umai/config.toml",
        format!("[targets.team]\nstore = \"{store}\"\n[targets.here]\ndata = \"here\"\n"),
    );
    let copied = one.run(&["targets", "copy", "team", "here", "--with-secrets", "--yes"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let shown = one.run(&["--target", "here", "connections", "get", "openai-prod"]);
    assert!(shown.out.contains("sk-***"), "{shown:?}");
}

#[test]
fn token_is_valid_and_revoked_on_every_server() {
    let Some(machines) = Machines::with_store("tokens") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let create = |home: &Home, name: &str| {
        let create = [
            "token", "create", "--name", name, "--scope", "read", "--json",
        ];
        let made: Value = serde_json::from_str(&machines.out(home, &create)).unwrap();
        made["token"].as_str().unwrap().to_owned()
    };
    let first = create(one, "first");
    let servers = [one, other].map(|home| Server::start_with_tokens(&machines, home));
    let client = Home::new();
    let code = |server: &Server, token: &str| {
        let mut list = client.umai(&["--server", &server.url, "connections", "list"]);
        list.env("UMAI_TOKEN", token);
        answer_of(list).code
    };
    for server in &servers {
        assert_eq!(code(server, &first), 0);
    }
    let second = create(other, "second");
    for server in &servers {
        while code(server, &second) != 0 {
            std::thread::yield_now();
        }
    }
    let again = ["token", "create", "--name", "second", "--scope", "read"];
    let taken = machines.run(one, &again);
    assert!(taken.err.contains("already exists"), "{taken:?}");
    machines.out(one, &["token", "revoke", "second"]);
    for server in &servers {
        while code(server, &second) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(code(server, &second), 7);
        assert_eq!(code(server, &first), 0);
    }
    // They are authenticated with the new key.
    machines.out(one, &["key", "rotate"]);
    let listed = machines.out(one, &["token", "list"]);
    assert!(
        listed.contains("first") && !listed.contains("second"),
        "{listed}"
    );
}

#[rstest]
#[case::other_location(&["--store", "etcd://h", "--data", "x"], "--store and --data exclude each other")]
#[case::server(&["--store", "etcd://h", "--server", "https://h"], "--store and --server exclude each other")]
#[case::no_store(&["--store-user", "root"], "--store-user needs --store or a target")]
#[case::empty(&["--store", ""], "--store is empty")]
#[case::scheme(&["--store", "https://h"], "is not the address of a store")]
#[case::password(&["--store", "etcd://root:planted@h"], "use --store-user and --store-password-file")]
#[case::half_a_certificate(&["--store", "etcd://h", "--store-cert-file", "c"], "--store-cert-key-file")]
#[case::no_password(&["--store", "etcd://h", "--store-user", "root"], "needs --store-user and --store-password-file")]
fn options_that_do_not_fit_are_rejected(#[case] options: &[&str], #[case] why: &str) {
    let answer = Home::new().run(&[options, &["connections", "list"]].concat());
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(why), "{answer:?}");
    assert!(!answer.err.contains("planted"), "{answer:?}");
}

#[test]
fn two_servers_share_one_store() {
    let Some(machines) = Machines::with_store("servers") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let servers = [one, other].map(|home| Server::start(&machines, home));
    let client = Home::new();
    let at = |server: &Server, command: &[&str]| {
        let answer = client.run(&[&["--server", &server.url], command].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.out
    };
    at(&servers[0], &["connections", "deactivate", "openai-prod"]);
    let listed = at(&servers[1], &["connections", "list"]);
    assert!(listed.contains("Inactive"), "{listed}");
}

/// `umai serve` on a store, until it is dropped.
pub struct Server {
    process: Child,
    pub url: String,
}

impl Server {
    pub fn start(machines: &Machines, home: &Home) -> Self {
        Self::start_with(machines, home, &["--no-auth"])
    }

    pub fn start_with_tokens(machines: &Machines, home: &Home) -> Self {
        Self::start_with(machines, home, &[])
    }

    fn start_with(machines: &Machines, home: &Home, options: &[&str]) -> Self {
        let serve = ["serve", "--http", "--listen", "127.0.0.1:0", "--json"];
        let serve = [&serve, options].concat();
        let mut process = home.umai(&machines.arguments(&serve)).spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        Self {
            process,
            url: started["listening"][0].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn doctor_reports_nodes_and_key() {
    let Some(machines) = Machines::with_store("doctor") else {
        return;
    };
    let found = machines.out(&machines.one, &["doctor"]);
    assert!(found.contains("leader, database"), "{found}");
    assert!(found.contains("the key matches"), "{found}");
    assert!(!found.contains("not noticed here"), "{found}");
    // The list of stores that were used cannot be read.
    let addresses = machines.one.path(".config/umai/umai.addresses");
    std::fs::remove_file(&addresses).unwrap();
    std::fs::create_dir(&addresses).unwrap();
    let found = machines.out(&machines.one, &["doctor"]);
    assert!(found.contains("not noticed here"), "{found}");
    let keyless = machines.run(&Home::new(), &["doctor"]);
    assert_eq!(keyless.code, 6, "{keyless:?}");
    assert!(keyless.out.contains("needs its key"), "{keyless:?}");
    let down = Home::new().run(&["--store", "etcd://127.0.0.1:1/team", "doctor"]);
    assert_eq!(down.code, 6, "{down:?}");
    assert!(down.out.contains("127.0.0.1:1 does not answer"), "{down:?}");
}
