//! Runs concurrent operations from several processes on one store, one of which is killed: the results are linearizable.
//!
//! `UMAI_ROUNDS=500` runs 500 rounds, each with different connections.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use umai::connection::store::{Precondition, SaveConnection};
use umai::connection::{Connection, PlainSecret, StoreError, VersionChange};

use crate::support::child_process::{ChildProcess, parameters, report};
use crate::support::fixture::{Store, connection, id, open_in, random};
use crate::support::linear_checker::{Execution, Operation, Outcome, is_linearizable};

const PROCESSES: u64 = 3;
/// Number of concurrent clients per process.
const CLIENTS: u64 = 2;
/// Number of operations per client and round.
pub const OPERATIONS: u64 = 8;
/// Number of connections and aliases per round.
const CONNECTIONS: u64 = 3;
const ALIASES: u64 = 3;

fn rounds() -> u64 {
    std::env::var("UMAI_ROUNDS").map_or(25, |text| text.parse().unwrap())
}

fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos()
}

fn alias_of(alias: u64) -> String {
    format!("alias-{alias}")
}

fn number_of(alias: &str) -> u64 {
    alias.strip_prefix("alias-").unwrap().parse().unwrap()
}

/// Random operation of a round; the version is often correct.
pub fn any(round: u64) -> Operation {
    let id = round * 10 + random(CONNECTIONS);
    let alias = round * 10 + random(ALIASES);
    let version = 1 + random(3);
    match random(10) {
        0..=2 => Operation::New { id, alias },
        3..=5 => Operation::Over { id, version, alias },
        6 => Operation::Delete { id, version },
        7 | 8 => Operation::Get { id },
        _ => Operation::Find { alias },
    }
}

fn save(number: u64, version: u64, alias: u64, put: Precondition) -> SaveConnection<PlainSecret> {
    let mut connection = connection(number, version);
    connection.item.alias = alias_of(alias);
    SaveConnection {
        connection,
        precondition: put,
        change: VersionChange::default(),
    }
}

fn is(found: Option<Connection<PlainSecret>>) -> Outcome {
    found.map_or(Outcome::Nothing, |found| Outcome::Is {
        id: found.item.id.as_u64_pair().1,
        version: found.item.version,
        alias: number_of(&found.item.alias),
    })
}

/// Executes an operation; no outcome if the store does not know it.
pub async fn operation(store: &Store, operation: Operation) -> Option<Outcome> {
    let done = match operation {
        Operation::Get { id: number } => return Some(is(store.get(id(number)).await.unwrap())),
        Operation::Find { alias } => return Some(is(store.find(&alias_of(alias)).await.unwrap())),
        Operation::New { id, alias } => store.save(save(id, 1, alias, Precondition::Absent)).await,
        Operation::Over { id, version, alias } => {
            let put = Precondition::Version(version);
            store.save(save(id, version + 1, alias, put)).await
        }
        Operation::Delete {
            id: number,
            version,
        } => store.purge(id(number), version).await,
    };
    Some(match done {
        Ok(_) => Outcome::Done,
        Err(StoreError::IdTaken(_)) => Outcome::IdTaken,
        Err(StoreError::AliasTaken { by, .. }) => Outcome::AliasTaken {
            by: by.id.as_u64_pair().1,
        },
        Err(StoreError::NotFound(_)) => Outcome::NotFound,
        Err(StoreError::VersionConflict { found, .. }) => Outcome::Moved { found },
        Err(StoreError::Unanswered(_)) => return None,
        Err(other) => panic!("{other}"),
    })
}

/// Executes operations and reports them with their start and end; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_runs_operations() {
    let Some((folder, rounds)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    let clients = (0..CLIENTS).map(|client| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..rounds * OPERATIONS {
                let execution = any(number / OPERATIONS);
                report(&format!("{client}-{number} start {} {execution}", now()));
                let outcome = operation(&store, execution).await.unwrap();
                report(&format!("{client}-{number} end {} {outcome}", now()));
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    report("all");
    store.close().await.unwrap();
}

/// Operations reported by the processes.
#[derive(Default)]
struct Heard(BTreeMap<String, Execution>);

impl Heard {
    fn hear(&mut self, process: u64, line: &str) {
        let mut parts = line.splitn(4, ' ');
        let who = format!("{process}-{}", parts.next().unwrap());
        let when = parts.next().unwrap();
        let at: u128 = parts.next().unwrap().parse().unwrap();
        let what = parts.next().unwrap();
        if when == "start" {
            let execution = Execution {
                start: at,
                end: u128::MAX,
                operation: what.parse().unwrap(),
                outcome: None,
            };
            self.0.insert(who, execution);
        } else {
            let execution = self.0.get_mut(&who).unwrap();
            execution.end = at;
            execution.outcome = Some(what.parse().unwrap());
        }
    }

    fn by_round(self) -> BTreeMap<u64, Vec<Execution>> {
        let mut rounds: BTreeMap<u64, Vec<Execution>> = BTreeMap::new();
        for (who, execution) in self.0 {
            let number: u64 = who.rsplit('-').next().unwrap().parse().unwrap();
            rounds
                .entry(number / OPERATIONS)
                .or_default()
                .push(execution);
        }
        rounds
    }
}

/// Starts the processes, kills the first one, which has the store open, after a while, and reads the reports of the others.
fn ask_from_processes(folder: &Path, rounds: u64) -> Heard {
    let mut heard = Heard::default();
    let start = || ChildProcess::start("linearizability::child_runs_operations", folder, rounds);
    let holder = start();
    heard.hear(0, &holder.line());
    let others: Vec<ChildProcess> = (1..PROCESSES).map(|_| start()).collect();
    for _ in 0..random(rounds * OPERATIONS * CLIENTS) {
        heard.hear(0, &holder.line());
    }
    for line in holder.kill() {
        if line != "all" {
            heard.hear(0, &line);
        }
    }
    for (process, other) in (1..).zip(others) {
        loop {
            let line = other.line();
            if line == "all" {
                break;
            }
            heard.hear(process, &line);
        }
        other.end();
    }
    heard
}

#[test]
fn concurrent_operations_are_linearizable() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let heard = ask_from_processes(folder.path(), rounds());
    let execution = heard.0.len();
    let unanswered = heard
        .0
        .values()
        .filter(|execution| execution.outcome.is_none())
        .count();
    let mut done: BTreeMap<String, u64> = BTreeMap::new();
    for outcome in heard.0.values().filter_map(|execution| execution.outcome) {
        let word = outcome.to_string().split(' ').next().unwrap().to_owned();
        *done.entry(word).or_default() += 1;
    }
    for (round, mut history) in heard.by_round() {
        history.sort_by_key(|execution| execution.start);
        assert!(is_linearizable(&history), "round {round}: {history:#?}");
    }
    eprintln!(
        "{execution} operations, {unanswered} without a result, in {} rounds: {done:?}",
        rounds()
    );
}

/// Operation with a result.
fn execution(start: u128, end: u128, operation: Operation, outcome: Outcome) -> Execution {
    Execution {
        start,
        end,
        operation,
        outcome: Some(outcome),
    }
}

#[test]
fn inconsistent_histories_are_detected() {
    let (id, alias) = (1, 1);
    let new = execution(0, 1, Operation::New { id, alias }, Outcome::Done);
    let get = |start, version| {
        let outcome = Outcome::Is { id, version, alias };
        execution(start, start + 1, Operation::Get { id }, outcome)
    };
    let over = |start, end| {
        execution(
            start,
            end,
            Operation::Over {
                id,
                version: 1,
                alias,
            },
            Outcome::Done,
        )
    };
    assert!(is_linearizable(&[new, over(2, 9), get(3, 1), get(5, 2)]));
    // Reads go back in time.
    assert!(!is_linearizable(&[new, over(2, 9), get(3, 2), get(5, 1)]));
    // An update is lost.
    assert!(!is_linearizable(&[new, over(2, 3), get(4, 1)]));
    // Two updates of one version.
    assert!(!is_linearizable(&[new, over(2, 9), over(3, 9)]));
    // One alias for two connections.
    let other = execution(2, 3, Operation::New { id: 2, alias }, Outcome::Done);
    assert!(!is_linearizable(&[new, other]));
    // An operation without a result may have been executed, but not before its start.
    let mut lost = over(4, u128::MAX);
    lost.outcome = None;
    assert!(is_linearizable(&[new, lost, get(8, 2)]));
    assert!(is_linearizable(&[new, lost, get(8, 1)]));
    assert!(!is_linearizable(&[new, lost, get(2, 2)]));
}
