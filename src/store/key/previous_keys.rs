//! File of the previous keys, so that older backups can be opened. Each previous key is sealed with the current one.
//!
//! A line has a format mark, the fingerprint of the sealing key, the fingerprint of the sealed key, and the seal. During a
//! rotation the file has lines for both the old and the new key.

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
const MARK: &str = "umai-old-key-1";

/// Reads the keys before `key`. Damaged lines are skipped.
pub fn read(location: &KeyFileLocation, key: &StoreKey) -> Vec<StoreKey> {
    let by = key.fingerprint();
    // Without this file, older backups are treated as sealed with an unavailable key.
    lines(location)
        .unwrap_or_default()
        .iter()
        .filter_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [MARK, sealed_by, fingerprint, sealed] = words[..] else {
                return None;
            };
            if KeyFingerprint::read(sealed_by)? != by {
                return None;
            }
            let fingerprint = KeyFingerprint::read(fingerprint)?;
            let opened = key.open_bytes(&STANDARD.decode(sealed).ok()?, &binding(fingerprint))?;
            let bytes: &[u8; LENGTH] = opened.as_slice().try_into().ok()?;
            Some(StoreKey(Zeroizing::new(*bytes)))
        })
        .collect()
}

/// Adds `old` and all keys before it, sealed with `new`.
pub fn add(location: &KeyFileLocation, old: &StoreKey, new: &StoreKey) -> Result<(), StoreError> {
    let mut lines = lines(location)?;
    let before = read(location, old);
    for key in before.iter().chain([old]) {
        let fingerprint = key.fingerprint();
        let sealed = new.seal_bytes(&*key.0, &binding(fingerprint))?;
        lines.push(format!(
            "{MARK} {} {fingerprint} {}",
            new.fingerprint(),
            STANDARD.encode(sealed)
        ));
    }
    write(location, &lines)
}

/// Removes the lines that only a key other than `key` can open.
pub fn prune(location: &KeyFileLocation, key: &StoreKey) -> Result<(), StoreError> {
    let by = key.fingerprint().to_string();
    let lines = lines(location)?;
    let kept: Vec<String> = lines
        .iter()
        .filter(|line| line.split(' ').nth(1) == Some(&by))
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
    }
}
