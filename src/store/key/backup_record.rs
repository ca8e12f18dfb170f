//! Record of the keys that have a backup, by fingerprint, in the config directory.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::KeyFingerprint;
use crate::atomic_file;

/// Name of the file.
const FILE: &str = "key-backups";

/// Word of a key whose owner confirmed a backup.
const CONFIRMED: &str = "backed-up";

/// Word of a key whose owner was reminded.
const REMINDED: &str = "reminded";

/// State of the backup of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyBackupState {
    /// Nothing yet.
    Unknown,
    /// The owner was reminded.
    Reminded,
    /// The key was exported, or the owner confirmed a backup.
    Confirmed,
}

/// Record in a config directory: one line per key, with its fingerprint and a word.
#[derive(Debug, Clone)]
pub struct KeyBackupRecord {
    path: PathBuf,
}

impl KeyBackupRecord {
    /// Record of a config directory.
    pub fn new(config: &Path) -> Self {
        Self {
            path: config.join(FILE),
        }
    }

    /// Returns the state of a key. An unreadable record is empty.
    pub fn state(&self, key: KeyFingerprint) -> KeyBackupState {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let states = text.lines().filter_map(read_line);
        let own = states.filter(|(other, _)| *other == key);
        own.map(|(_, state)| state)
            .max()
            .unwrap_or(KeyBackupState::Unknown)
    }

    /// Adds a state, unless the same or a later one is recorded.
    pub fn add(&self, key: KeyFingerprint, state: KeyBackupState) -> io::Result<()> {
        if self.state(key) >= state {
            return Ok(());
        }
        let word = match state {
            KeyBackupState::Unknown => return Ok(()),
            KeyBackupState::Reminded => REMINDED,
            KeyBackupState::Confirmed => CONFIRMED,
        };
        let known = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let others = known
            .lines()
            .filter(|line| read_line(line).is_some_and(|(other, _)| other != key));
        let mut text: String = others.flat_map(|line| [line, "\n"]).collect();
        text.extend([key.to_string().as_str(), " ", word, "\n"]);
        atomic_file::write_atomically(&self.path, |file| file.write_all(text.as_bytes()))?;
        Ok(())
    }
}

fn read_line(line: &str) -> Option<(KeyFingerprint, KeyBackupState)> {
    let (fingerprint, word) = line.trim().split_once(' ')?;
    let state = match word {
        CONFIRMED => KeyBackupState::Confirmed,
        REMINDED => KeyBackupState::Reminded,
        _ => return None,
    };
    Some((KeyFingerprint::read(fingerprint)?, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_of_each_key_only_advances() {
        let folder = tempfile::tempdir().unwrap();
        let record = KeyBackupRecord::new(folder.path());
        let one = KeyFingerprint::read("0123-4567-89ab-cdef").unwrap();
        let other = KeyFingerprint::read("1111-4567-89ab-cdef").unwrap();
        assert_eq!(record.state(one), KeyBackupState::Unknown);
        record.add(one, KeyBackupState::Reminded).unwrap();
        record.add(other, KeyBackupState::Confirmed).unwrap();
        record.add(one, KeyBackupState::Confirmed).unwrap();
        record.add(one, KeyBackupState::Reminded).unwrap();
        assert_eq!(record.state(one), KeyBackupState::Confirmed);
        assert_eq!(record.state(other), KeyBackupState::Confirmed);
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
