//! Records that index and journal were verified and closed in order, so that the next start need not read them completely.
//!
//! The marker is trusted only while everything that it names is unchanged: each file of index, journal and snapshots (device,
//! inode, length, times of modification and change), the position of the index, the end of the journal, and the boot of the
//! machine; a code of the key of the store shows that umai wrote it. A kill, a power cut, a copied folder and any write to the files therefore cause a complete verification. Damage that
//! leaves no trace in the file system, as a failing disk causes it, is found by the verification of a process that runs for a
//! second, or after [`MAX_AGE`]; until then, checksums protect each row that is read.

use std::fs::Metadata;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::encoding;
use super::index_header::IndexHeader;
use super::rebuild;
use crate::store::io_error;
use crate::store::journal::{self, snapshot};
use crate::store::key::{AuthCode, CODE, StoreAuthenticator};

/// Maximum age of a verification that a start relies on.
const MAX_AGE: Duration = Duration::from_hours(24);
/// Maximum number of connections of a store that is verified at every start, because that takes hardly any time.
const ALWAYS_VERIFIED: u64 = 1_000;
/// Name of the marker in the folder of the index. A marker with other fields needs another name, and so does an index that an earlier
/// version would misread.
const FILE: &str = "verified.3";
/// Length in bytes of the hash of the file states.
const HASH: usize = 32;
/// Identifies the boot of the machine. Missing on other systems than Linux, where every start verifies.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Marker whose files are unchanged.
pub struct VerifiedMarker {
    /// Position and identity of the index.
    pub header: IndexHeader,
    /// Time of the last complete verification.
    pub verified: SystemTime,
    /// Offset of the next entry in the newest segment of the journal.
    pub tail: u64,
    /// Code of the entry before it.
    pub chain: AuthCode,
}

const DOMAIN: &str = "verified";

impl VerifiedMarker {
    /// Reads the marker of a store before any of its files is changed. Returns `None` when the store must be verified.
    pub fn read(data: &Path, auth: Option<&StoreAuthenticator>) -> Option<Self> {
        let stored = io_error::read_file(&path(data)).ok()?;
        let (value, code) = stored.split_last_chunk::<CODE>()?;
        if !auth?.confirms(DOMAIN, &[value], code) {
            return None;
        }
        let body = encoding::without_checksum(FILE.as_bytes(), value)?;
        let (seconds, rest) = body.split_first_chunk()?;
        let (tail, rest) = rest.split_first_chunk()?;
        let (chain, rest) = rest.split_first_chunk()?;
        let (boot, rest) = rest.split_first_chunk()?;
        let (files, header) = rest.split_first_chunk::<HASH>()?;
        let verified = UNIX_EPOCH.checked_add(Duration::from_secs(u64::from_le_bytes(*seconds)))?;
        // A time in the future was read from a wrong clock.
        let age = SystemTime::now().duration_since(verified).ok()?;
        let is_trusted = age < MAX_AGE
            && boot_id()? == Uuid::from_bytes(*boot)
            && file_states(data).ok()? == *files;
        Some(Self {
            header: IndexHeader::read(header)?,
            verified,
            tail: u64::from_le_bytes(*tail),
            chain: *chain,
        })
        .filter(|_| is_trusted)
    }

    /// Writes the marker of a closed index. Not synced: after a power cut it belongs to another boot.
    pub fn write(&self, data: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<()> {
        if self.header.digest.count <= ALWAYS_VERIFIED {
            return Ok(());
        }
        let (Some(boot), Some(auth)) = (boot_id(), auth) else {
            return Ok(());
        };
        let age = self.verified.duration_since(UNIX_EPOCH);
        let seconds = age.map_err(io::Error::other)?.as_secs();
        let mut value = encoding::with_checksum(
            FILE.as_bytes(),
            &[
                &seconds.to_le_bytes(),
                &self.tail.to_le_bytes(),
                &self.chain,
                boot.as_bytes(),
                &file_states(data)?,
                &self.header.body(),
            ],
        );
        let code = auth.code(DOMAIN, &[&value]);
        value.extend_from_slice(&code);
        let mut options = io_error::no_follow();
        options.write(true).create(true).truncate(true);
        options.open(path(data))?.write_all(&value)
    }
}

fn path(data: &Path) -> PathBuf {
    data.join(rebuild::FOLDER).join(FILE)
}

fn boot_id() -> Option<Uuid> {
    std::fs::read_to_string(BOOT).ok()?.trim().parse().ok()
}

/// Hash of the states of all files of a store.
fn file_states(data: &Path) -> io::Result<[u8; HASH]> {
    let mut files = Vec::new();
    for folder in [rebuild::FOLDER, journal::FOLDER, snapshot::FOLDER] {
        add_files(&data.join(folder), &mut files)?;
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let marker = path(data);
    let mut hash = Sha256::new();
    for (path, found) in files.iter().filter(|(path, _)| *path != marker) {
        let name = path.as_os_str().as_encoded_bytes();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        for number in [found.dev(), found.ino(), found.len()] {
            hash.update(number.to_le_bytes());
        }
        for number in [
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
        ] {
            hash.update(number.to_le_bytes());
        }
    }
    Ok(hash.finalize().into())
}

/// Adds all files below a folder, which may be missing.
fn add_files(folder: &Path, files: &mut Vec<(PathBuf, Metadata)>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_dir() {
            add_files(&entry.path(), files)?;
        } else {
            files.push((entry.path(), found));
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt;
    use std::time::Instant;

    use futures_util::future::join_all;
    use tempfile::TempDir;
    use tokio::sync::oneshot;

    use super::super::encoding;
    use super::super::index::ConnectionIndex;
    use super::super::test_store::{open, save, unlocked};
    use super::super::writer::WriterMessage;
    use super::*;
    use crate::connection::store::ConnectionStore;
    use crate::store::journal::segment::Segment;
    use crate::store::journal::tail_scan;
    use crate::store::key::StoreKey;

    const MANY: u64 = ALWAYS_VERIFIED + 1;
    const LONGEST_TICK: Duration = Duration::from_secs(1);

    fn auth() -> Option<StoreAuthenticator> {
        unlocked().access().auth
    }

    fn read(data: &Path) -> Option<VerifiedMarker> {
        VerifiedMarker::read(data, auth().as_ref())
    }

    /// Store with a marker, closed.
    async fn store_with_marker() -> (TempDir, VerifiedMarker) {
        let data = tempfile::tempdir().unwrap();
        let store = open(data.path());
        let saves = join_all((0..MANY).map(|number| store.save(save(number)))).await;
        assert!(saves.iter().all(Result::is_ok));
        store.close().await.unwrap();
        let marker = read(data.path()).unwrap();
        assert_eq!(marker.header.revision, MANY);
        let segments = Segment::all(&data.path().join(journal::FOLDER)).unwrap();
        let end = tail_scan::read(&segments, MANY, None, |_| {}).unwrap();
        assert_eq!(end.position.unwrap().offset, marker.tail);
        (data, marker)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn marker_is_kept_by_reads_and_follows_changes() {
        let (data, before) = store_with_marker().await;
        let store = open(data.path());
        assert!(store.find("c0").await.unwrap().is_some());
        store.save(save(MANY)).await.unwrap();
        store.close().await.unwrap();
        let after = read(data.path()).unwrap();
        assert_eq!(after.header.revision, MANY + 1);
        assert_eq!(
            after.verified.duration_since(UNIX_EPOCH).unwrap().as_secs(),
            before
                .verified
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_secs(),
            "a start that relied on a verification is not one"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn damage_without_trace_is_found_by_later_verification() {
        let (data, marker) = store_with_marker().await;
        let index =
            ConnectionIndex::open(&data.path().join(rebuild::FOLDER), auth().as_ref()).unwrap();
        let lost = (encoding::alias_key("c5"), None);
        index.apply(vec![lost]).unwrap();
        index.close().unwrap();
        assert!(read(data.path()).is_none(), "a change leaves a trace");
        marker.write(data.path(), auth().as_ref()).unwrap();
        let store = open(data.path());
        assert_eq!(store.find("c5").await.unwrap(), None);
        assert_eq!(store.notices(), Vec::<String>::new());
        let (done, verified) = oneshot::channel();
        for message in [
            WriterMessage::Verify,
            WriterMessage::AwaitVerification(done),
        ] {
            assert!(store.inbox.send(message).await.is_ok());
        }
        verified.await.unwrap();
        assert!(store.find("c5").await.unwrap().is_some());
        let notices = store.notices().join(" ");
        assert!(notices.contains("rebuilt from the journal"), "{notices}");
        store.close().await.unwrap();
        assert!(read(data.path()).is_none(), "the next start verifies");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn any_change_of_a_file_voids_marker() {
        let (data, marker) = store_with_marker().await;
        let data = data.path();
        let mut files = Vec::new();
        for folder in [rebuild::FOLDER, journal::FOLDER] {
            add_files(&data.join(folder), &mut files).unwrap();
        }
        let paths = files.into_iter().map(|(path, _)| path);
        let paths: Vec<_> = paths.filter(|found| *found != path(data)).collect();
        assert!(paths.len() >= 3, "{paths:?}");
        for path in paths {
            marker.write(data, auth().as_ref()).unwrap();
            assert!(read(data).is_some());
            // Not even the content must differ.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(&path)
                .unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, 0).unwrap();
            // Before Linux 6.13, a file has the same time until the next tick of the clock.
            let begun = Instant::now();
            while read(data).is_some() {
                assert!(begun.elapsed() < LONGEST_TICK, "{}", path.display());
                file.write_all_at(&byte, 0).unwrap();
            }
            marker.write(data, auth().as_ref()).unwrap();
            let copy = path.with_extension("copy");
            std::fs::copy(&path, &copy).unwrap();
            std::fs::rename(&copy, &path).unwrap();
            assert!(read(data).is_none(), "{}", path.display());
        }
        marker.write(data, auth().as_ref()).unwrap();
        std::fs::write(data.join(journal::FOLDER).join("new"), "").unwrap();
        assert!(read(data).is_none());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn old_future_damaged_and_small_markers_are_void() {
        let (data, mut marker) = store_with_marker().await;
        let data = data.path();
        let now = SystemTime::now();
        let minute = Duration::from_mins(1);
        for (verified, is_trusted) in [
            (now - MAX_AGE, false),
            (now - MAX_AGE + minute, true),
            (now + minute, false),
        ] {
            marker.verified = verified;
            marker.write(data, auth().as_ref()).unwrap();
            assert_eq!(read(data).is_some(), is_trusted);
        }
        marker.verified = now;
        marker.write(data, auth().as_ref()).unwrap();
        let other = StoreKey::random().unwrap().authenticator(Uuid::nil());
        assert!(VerifiedMarker::read(data, Some(&other)).is_none());
        assert!(VerifiedMarker::read(data, None).is_none());
        let intact = std::fs::read(path(data)).unwrap();
        for at in 0..intact.len() {
            let mut damaged = intact.clone();
            damaged[at] ^= 1;
            std::fs::write(path(data), damaged).unwrap();
            assert!(read(data).is_none(), "byte {at}");
            std::fs::write(path(data), &intact[..at]).unwrap();
            assert!(read(data).is_none(), "cut at {at}");
        }
        std::fs::remove_file(path(data)).unwrap();
        marker.header.digest.count = ALWAYS_VERIFIED;
        marker.write(data, auth().as_ref()).unwrap();
        assert!(!path(data).exists());
    }
}
