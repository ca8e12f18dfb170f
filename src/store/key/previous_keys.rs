//! File of the previous keys, so that older backups can be opened. Each previous key is sealed with the current one.
//!
//! A line has a format mark, the fingerprint of the sealing key, the fingerprint of the sealed key, the seal, and a checksum. During
//! a rotation the file has lines for both the old and the new key.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::key_file::KeyFileLocation;
use super::{KeyFingerprint, LENGTH, StoreKey};
use crate::connection::StoreError;
use crate::store::io_error;

/// Extension of the file, appended to the name of the key file.
const EXTENSION: &str = "old";
const MARK: &str = "umai-old-key-2";
/// Mark of a line without a checksum.
const MARK_UNCHECKED: &str = "umai-old-key-1";

/// Line of the file.
struct PreviousKeyLine<'a> {
    /// Key that seals the line.
    sealed_by: KeyFingerprint,
    /// Sealed key.
    fingerprint: KeyFingerprint,
    seal: &'a str,
}

impl<'a> PreviousKeyLine<'a> {
    /// Parses a line. Returns `None` for a damaged one.
    fn parse(line: &'a str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let (sealed_by, fingerprint, seal) = match words[..] {
            [MARK_UNCHECKED, sealed_by, fingerprint, seal] => (sealed_by, fingerprint, seal),
            [MARK, sealed_by, fingerprint, seal, sum] => {
                let (content, _) = line.rsplit_once(' ')?;
                (checksum(content) == sum).then_some((sealed_by, fingerprint, seal))?
            }
            _ => return None,
        };
        Some(Self {
            sealed_by: KeyFingerprint::read(sealed_by)?,
            fingerprint: KeyFingerprint::read(fingerprint)?,
            seal,
        })
    }

    fn open(&self, key: &StoreKey) -> Option<StoreKey> {
        let seal = STANDARD.decode(self.seal).ok()?;
        let opened = key.open_bytes(&seal, &binding(self.fingerprint))?;
        let bytes: &[u8; LENGTH] = opened.as_slice().try_into().ok()?;
        Some(StoreKey(Zeroizing::new(*bytes)))
    }
}

fn checksum(content: &str) -> String {
    format!("{:08x}", crc32fast::hash(content.as_bytes()))
}

/// Reads the keys before `key`. Damaged lines are skipped.
pub fn read(location: &KeyFileLocation, key: &StoreKey) -> Vec<StoreKey> {
    let by = key.fingerprint();
    // Without this file, older backups are treated as sealed with an unavailable key.
    lines(location)
        .unwrap_or_default()
        .iter()
        .filter_map(|line| PreviousKeyLine::parse(line))
        .filter(|line| line.sealed_by == by)
        .filter_map(|line| line.open(key))
        .collect()
}

/// Describes the damage of the file, if there is any.
pub fn describe_damage(location: &KeyFileLocation) -> Option<String> {
    let path = location.sibling(EXTENSION);
    let lines = match lines(location) {
        Ok(lines) => lines,
        Err(error) => return Some(error.to_string()),
    };
    let damaged = |line: &String| !line.is_empty() && PreviousKeyLine::parse(line).is_none();
    let at = lines.iter().position(damaged)? + 1;
    Some(format!(
        "{} is damaged at line {at}: backups encrypted with the key of that line cannot be opened",
        path.display()
    ))
}

/// Adds `old` and all keys before it, sealed with `new`.
pub fn add(location: &KeyFileLocation, old: &StoreKey, new: &StoreKey) -> Result<(), StoreError> {
    let mut lines = lines(location)?;
    let before = read(location, old);
    for key in before.iter().chain([old]) {
        let fingerprint = key.fingerprint();
        let sealed = new.seal_bytes(&*key.0, &binding(fingerprint))?;
        let content = format!(
            "{MARK} {} {fingerprint} {}",
            new.fingerprint(),
            STANDARD.encode(sealed)
        );
        let sum = checksum(&content);
        lines.push(format!("{content} {sum}"));
    }
    write(location, &lines)
}

/// Removes the lines that only a key other than `key` can open. Damaged lines are kept: they may be repaired.
pub fn prune(location: &KeyFileLocation, key: &StoreKey) -> Result<(), StoreError> {
    let by = key.fingerprint();
    let lines = lines(location)?;
    let kept: Vec<String> = lines
        .iter()
        .filter(|line| PreviousKeyLine::parse(line).is_none_or(|line| line.sealed_by == by))
        .cloned()
        .collect();
    if kept == lines {
        return Ok(());
    }
    write(location, &kept)
}

/// Reads the lines of the file; invalid UTF-8 counts as damage. An existing file that cannot be read is an error, because the
/// file is rewritten from these lines.
fn lines(location: &KeyFileLocation) -> Result<Vec<String>, StoreError> {
    let path = location.sibling(EXTENSION);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(text.lines().map(str::to_owned).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::Key(format!(
            "The file of previous keys, {}, cannot be read: {error}",
            path.display()
        ))),
    }
}

fn write(location: &KeyFileLocation, lines: &[String]) -> Result<(), StoreError> {
    let path = location.sibling(EXTENSION);
    let text = lines
        .iter()
        .flat_map(|line| [line, "\n"])
        .collect::<String>();
    io_error::write_atomically(&path, |file| file.write_all(text.as_bytes()))
        .map(drop)
        .map_err(|error| StoreError::Key(format!("{} cannot be written: {error}", path.display())))
}

fn binding(fingerprint: KeyFingerprint) -> Vec<u8> {
    [b"umai old key 1".as_slice(), &fingerprint.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::key::key_file::KeyFileOrigin;

    const NONE: [u8; 0] = [];

    fn key(byte: u8) -> StoreKey {
        StoreKey(Zeroizing::new([byte; LENGTH]))
    }

    fn all(location: &KeyFileLocation, by: u8) -> Vec<u8> {
        read(location, &key(by))
            .iter()
            .map(|key| key.0[0])
            .collect()
    }

    #[test]
    fn previous_keys_are_found_also_during_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let location = KeyFileLocation {
            path: folder.path().join("umai.key"),
            origin: KeyFileOrigin::Config,
        };
        assert_eq!(all(&location, 1), NONE);
        add(&location, &key(1), &key(2)).unwrap();
        assert_eq!(all(&location, 2), [1]);
        add(&location, &key(2), &key(3)).unwrap();
        assert_eq!(all(&location, 2), [1], "the rotation is not finished");
        assert_eq!(all(&location, 3), [1, 2]);
        prune(&location, &key(3)).unwrap();
        assert_eq!(all(&location, 3), [1, 2]);
        assert_eq!(all(&location, 2), NONE);
        assert_eq!(all(&location, 9), NONE, "an unrelated key opens nothing");
        let text = std::fs::read_to_string(location.sibling(EXTENSION)).unwrap();
        std::fs::write(
            location.sibling(EXTENSION),
            format!(
                "not a key line
{text}\n"
            ),
        )
        .unwrap();
        assert_eq!(all(&location, 3), [1, 2], "invalid lines are skipped");
        let damage = describe_damage(&location).unwrap();
        assert!(damage.contains("at line 1"), "{damage}");
    }

    #[test]
    fn writing_the_file_leaves_the_pending_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let location = KeyFileLocation {
            path: folder.path().join("umai.key"),
            origin: KeyFileOrigin::Config,
        };
        std::fs::write(location.pending(), "pending").unwrap();
        add(&location, &key(1), &key(2)).unwrap();
        prune(&location, &key(3)).unwrap();
        assert_eq!(std::fs::read(location.pending()).unwrap(), b"pending");
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let location = KeyFileLocation {
            path: folder.path().join("umai.key"),
            origin: KeyFileOrigin::Config,
        };
        add(&location, &key(1), &key(2)).unwrap();
        assert_eq!(describe_damage(&location), None);
        let path = location.sibling(EXTENSION);
        let intact = std::fs::read(&path).unwrap();
        for bit in 0..(intact.len() - 1) * 8 {
            let mut damaged = intact.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &damaged).unwrap();
            assert!(describe_damage(&location).is_some(), "bit {bit}");
            prune(&location, &key(2)).unwrap();
            let kept = std::fs::read(&path).unwrap();
            assert!(kept.len() >= damaged.len(), "bit {bit}");
        }
    }
}
