//! Runs concurrent operations from several processes on one store, one of which is killed: the results are linearizable.
//!
//! `UMAI_ROUNDS=500` runs 500 rounds, each with different connections.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails"
)]

#[path = "store/linear.rs"]
mod linear;
#[path = "store/process.rs"]
mod process;
#[path = "store/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use umai::connection::store::{Put, Save};
use umai::connection::{Change, Connection, Plain, StoreError};

use self::linear::{Answer, Ask, Asked, is_linearizable};
use self::process::{Beside, say, told};
use self::world::{Store, connection, id, open_in, random};

const PROCESSES: u64 = 3;
/// Number of concurrent clients per process.
const CLIENTS: u64 = 2;
/// Number of operations per client and round.
const ASKED: u64 = 8;
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
fn any(round: u64) -> Ask {
    let id = round * 10 + random(CONNECTIONS);
    let alias = round * 10 + random(ALIASES);
    let version = 1 + random(3);
    match random(10) {
        0..=2 => Ask::New { id, alias },
        3..=5 => Ask::Over { id, version, alias },
        6 => Ask::Delete { id, version },
        7 | 8 => Ask::Get { id },
        _ => Ask::Find { alias },
    }
}

fn save(number: u64, version: u64, alias: u64, put: Put) -> Save<Plain> {
    let mut connection = connection(number, version);
    connection.item.alias = alias_of(alias);
    Save {
        connection,
        put,
        change: Change::default(),
    }
}

fn is(found: Option<Connection<Plain>>) -> Answer {
    found.map_or(Answer::Nothing, |found| Answer::Is {
        id: found.item.id.as_u64_pair().1,
        version: found.item.version,
        alias: number_of(&found.item.alias),
    })
}

async fn ask(store: &Store, ask: Ask) -> Answer {
    let done = match ask {
        Ask::Get { id: number } => return is(store.get(id(number)).await.unwrap()),
        Ask::Find { alias } => return is(store.find(&alias_of(alias)).await.unwrap()),
        Ask::New { id, alias } => store.save(save(id, 1, alias, Put::New)).await,
        Ask::Over { id, version, alias } => {
            let put = Put::Over(version);
            store.save(save(id, version + 1, alias, put)).await
        }
        Ask::Delete {
            id: number,
            version,
        } => store.delete(id(number), version).await,
    };
    match done {
        Ok(_) => Answer::Done,
        Err(StoreError::IdTaken(_)) => Answer::IdTaken,
        Err(StoreError::AliasTaken { by, .. }) => Answer::AliasTaken {
            by: by.id.as_u64_pair().1,
        },
        Err(StoreError::NotFound(_)) => Answer::NotFound,
        Err(StoreError::VersionMoved { found, .. }) => Answer::Moved { found },
        Err(other) => panic!("{other}"),
    }
}

/// Executes operations and reports them with their start and end; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is another process"]
async fn the_process_that_asks() {
    let Some((folder, rounds)) = told() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    let clients = (0..CLIENTS).map(|client| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..rounds * ASKED {
                let asked = any(number / ASKED);
                say(&format!("{client}-{number} begun {} {asked}", now()));
                let answer = ask(&store, asked).await;
                say(&format!("{client}-{number} ended {} {answer}", now()));
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    say("all");
    store.close().await.unwrap();
}

/// Operations reported by the processes.
#[derive(Default)]
struct Heard(BTreeMap<String, Asked>);

impl Heard {
    fn hear(&mut self, process: u64, line: &str) {
        let mut parts = line.splitn(4, ' ');
        let who = format!("{process}-{}", parts.next().unwrap());
        let when = parts.next().unwrap();
        let at: u128 = parts.next().unwrap().parse().unwrap();
        let what = parts.next().unwrap();
        if when == "begun" {
            let asked = Asked {
                begun: at,
                ended: u128::MAX,
                ask: what.parse().unwrap(),
                answer: None,
            };
            self.0.insert(who, asked);
        } else {
            let asked = self.0.get_mut(&who).unwrap();
            asked.ended = at;
            asked.answer = Some(what.parse().unwrap());
        }
    }

    fn by_round(self) -> BTreeMap<u64, Vec<Asked>> {
        let mut rounds: BTreeMap<u64, Vec<Asked>> = BTreeMap::new();
        for (who, asked) in self.0 {
            let number: u64 = who.rsplit('-').next().unwrap().parse().unwrap();
            rounds.entry(number / ASKED).or_default().push(asked);
        }
        rounds
    }
}

/// Starts the processes, kills the first one, which has the store open, after a while, and reads the reports of the others.
fn ask_from_processes(folder: &Path, rounds: u64) -> Heard {
    let mut heard = Heard::default();
    let start = || Beside::start("the_process_that_asks", folder, rounds);
    let holder = start();
    heard.hear(0, &holder.line());
    let others: Vec<Beside> = (1..PROCESSES).map(|_| start()).collect();
    for _ in 0..random(rounds * ASKED * CLIENTS) {
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
fn answers_given_side_by_side_are_those_of_a_store_that_does_one_thing_at_a_time() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let heard = ask_from_processes(folder.path(), rounds());
    let asked = heard.0.len();
    let unanswered = heard
        .0
        .values()
        .filter(|asked| asked.answer.is_none())
        .count();
    let mut done: BTreeMap<String, u64> = BTreeMap::new();
    for answer in heard.0.values().filter_map(|asked| asked.answer) {
        let word = answer.to_string().split(' ').next().unwrap().to_owned();
        *done.entry(word).or_default() += 1;
    }
    for (round, mut history) in heard.by_round() {
        history.sort_by_key(|asked| asked.begun);
        assert!(is_linearizable(&history), "round {round}: {history:#?}");
    }
    eprintln!(
        "{asked} asked, {unanswered} never answered, in {} rounds: {done:?}",
        rounds()
    );
}

/// Operation with a result.
fn asked(begun: u128, ended: u128, ask: Ask, answer: Answer) -> Asked {
    Asked {
        begun,
        ended,
        ask,
        answer: Some(answer),
    }
}

#[test]
fn answers_that_no_store_could_give_are_found() {
    let (id, alias) = (1, 1);
    let new = asked(0, 1, Ask::New { id, alias }, Answer::Done);
    let get = |begun, version| {
        let answer = Answer::Is { id, version, alias };
        asked(begun, begun + 1, Ask::Get { id }, answer)
    };
    let over = |begun, ended| {
        asked(
            begun,
            ended,
            Ask::Over {
                id,
                version: 1,
                alias,
            },
            Answer::Done,
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
    let other = asked(2, 3, Ask::New { id: 2, alias }, Answer::Done);
    assert!(!is_linearizable(&[new, other]));
    // An operation without a result may have been executed, but not before its start.
    let mut lost = over(4, u128::MAX);
    lost.answer = None;
    assert!(is_linearizable(&[new, lost, get(8, 2)]));
    assert!(is_linearizable(&[new, lost, get(8, 1)]));
    assert!(!is_linearizable(&[new, lost, get(2, 2)]));
}
