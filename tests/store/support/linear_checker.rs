//! Model of a store that executes one operation at a time, and a check if concurrent results are consistent with it.
//!
//! The search is the one of Wing and Gong: of the operations that started before the first remaining one ended, each is tried as
//! the next. A combination of state and remaining operations is tried only once.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::str::FromStr;

/// Operation on the store; connections and aliases are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    New { id: u64, alias: u64 },
    Over { id: u64, version: u64, alias: u64 },
    Delete { id: u64, version: u64 },
    Get { id: u64 },
    Find { alias: u64 },
}

/// Result of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    IdTaken,
    AliasTaken { by: u64 },
    NotFound,
    Moved { found: u64 },
    Nothing,
    Is { id: u64, version: u64, alias: u64 },
}

/// Operation with its start and end. An operation without a result may have been executed at any time since its start, or never.
#[derive(Debug, Clone, Copy)]
pub struct Execution {
    pub start: u128,
    pub end: u128,
    pub operation: Operation,
    pub outcome: Option<Outcome>,
}

/// Version and alias of each connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct State(BTreeMap<u64, (u64, u64)>);

impl State {
    fn owner(&self, alias: u64) -> Option<u64> {
        let mut all = self.0.iter();
        all.find(|(_, kept)| kept.1 == alias).map(|(id, _)| *id)
    }

    /// Executes an operation by the rules of the store.
    fn outcome(&mut self, operation: Operation) -> Outcome {
        let found = |id: u64, (version, alias): (u64, u64)| Outcome::Is { id, version, alias };
        let there = match operation {
            Operation::New { id, .. }
            | Operation::Over { id, .. }
            | Operation::Delete { id, .. }
            | Operation::Get { id } => self.0.get(&id).copied(),
            Operation::Find { alias } => {
                let id = self.owner(alias);
                return id.map_or(Outcome::Nothing, |id| found(id, self.0[&id]));
            }
        };
        match (operation, there) {
            (Operation::Get { .. }, None) => return Outcome::Nothing,
            (Operation::Get { id }, Some(kept)) => return found(id, kept),
            (Operation::New { .. }, Some(_)) => return Outcome::IdTaken,
            (Operation::Over { .. } | Operation::Delete { .. }, None) => return Outcome::NotFound,
            (Operation::Over { version, .. } | Operation::Delete { version, .. }, Some(kept))
                if kept.0 != version =>
            {
                return Outcome::Moved { found: kept.0 };
            }
            _ => {}
        }
        let (id, version, alias) = match operation {
            Operation::New { id, alias } => (id, 1, alias),
            Operation::Over { id, version, alias } => (id, version + 1, alias),
            Operation::Delete { id, .. } => {
                self.0.remove(&id);
                return Outcome::Done;
            }
            Operation::Get { .. } | Operation::Find { .. } => unreachable!("handled above"),
        };
        if let Some(by) = self.owner(alias).filter(|by| *by != id) {
            return Outcome::AliasTaken { by };
        }
        self.0.insert(id, (version, alias));
        Outcome::Done
    }
}

/// Returns true when a sequential store that starts empty could have produced the results; at most 128 operations.
pub fn is_linearizable(history: &[Execution]) -> bool {
    assert!(history.len() <= 128, "{} are too many", history.len());
    search(history, 0, &State::default(), &mut HashSet::new())
}

fn search(
    history: &[Execution],
    done: u128,
    state: &State,
    seen: &mut HashSet<(u128, State)>,
) -> bool {
    let left = || (0..history.len()).filter(|number| done & (1 << number) == 0);
    if left().all(|number| history[number].outcome.is_none()) {
        return true;
    }
    if !seen.insert((done, state.clone())) {
        return false;
    }
    let first_end = left()
        .map(|number| history[number].end)
        .min()
        .unwrap_or(u128::MAX);
    left().any(|number| {
        let execution = &history[number];
        if execution.start > first_end {
            return false;
        }
        let mut next = state.clone();
        let outcome = next.outcome(execution.operation);
        execution.outcome.is_none_or(|given| given == outcome)
            && search(history, done | (1 << number), &next, seen)
    })
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New { id, alias } => write!(f, "new {id} {alias}"),
            Self::Over { id, version, alias } => write!(f, "over {id} {version} {alias}"),
            Self::Delete { id, version } => write!(f, "delete {id} {version}"),
            Self::Get { id } => write!(f, "get {id}"),
            Self::Find { alias } => write!(f, "find {alias}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::IdTaken => write!(f, "id-taken"),
            Self::AliasTaken { by } => write!(f, "alias-taken {by}"),
            Self::NotFound => write!(f, "not-found"),
            Self::Moved { found } => write!(f, "moved {found}"),
            Self::Nothing => write!(f, "nothing"),
            Self::Is { id, version, alias } => write!(f, "is {id} {version} {alias}"),
        }
    }
}

/// Splits a word and the following numbers.
fn words(text: &str) -> (&str, Vec<u64>) {
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default();
    (first, words.map(|word| word.parse().unwrap()).collect())
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match (words(text).0, words(text).1.as_slice()) {
            ("new", &[id, alias]) => Self::New { id, alias },
            ("over", &[id, version, alias]) => Self::Over { id, version, alias },
            ("delete", &[id, version]) => Self::Delete { id, version },
            ("get", &[id]) => Self::Get { id },
            ("find", &[alias]) => Self::Find { alias },
            _ => return Err(text.to_owned()),
        })
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match (words(text).0, words(text).1.as_slice()) {
            ("done", []) => Self::Done,
            ("id-taken", []) => Self::IdTaken,
            ("alias-taken", &[by]) => Self::AliasTaken { by },
            ("not-found", []) => Self::NotFound,
            ("moved", &[found]) => Self::Moved { found },
            ("nothing", []) => Self::Nothing,
            ("is", &[id, version, alias]) => Self::Is { id, version, alias },
            _ => return Err(text.to_owned()),
        })
    }
}
