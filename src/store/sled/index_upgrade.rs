//! Converts an index of an earlier version, where each row is a value of sled, to blocks.
//!
//! The new index is written beside the earlier one and then replaces it. When that is interrupted, the next start keeps the one that is in
//! its place, or puts the earlier one back, and removes the other.

use std::fs;
use std::path::Path;

use super::index::ConnectionIndex;
use super::rebuild;
use super::unusable_index::UnusableIndex;
use crate::store::disk;
use crate::store::io_error;
use crate::store::key::StoreAuthenticator;

/// Name of the new index until it is complete.
const NEW: &str = "sled.new";
/// Name of the earlier index until it is removed.
const EARLIER: &str = "sled.earlier";
/// Number of rows written at once.
const BATCH: usize = 4096;
/// Bytes of the disk that stay free; blocks need less space than the index that they replace.
const RESERVE: u64 = 4 << 20;

/// Completes or takes back a conversion that was interrupted. Both copies contain records, so none may stay for longer than needed.
pub fn clean_up(data: &Path) -> std::io::Result<()> {
    let folder = data.join(rebuild::FOLDER);
    let earlier = data.join(EARLIER);
    if earlier.exists() && !folder.exists() {
        fs::rename(&earlier, &folder)?;
        io_error::sync_folder(data)?;
    }
    for rest in [data.join(NEW), earlier] {
        if let Err(error) = remove(&rest) {
            tracing::warn!(%error, "an index that is not needed cannot be removed; the next start tries again");
        }
    }
    Ok(())
}

/// Converts an open index, if that is needed. An index that cannot be converted stays as it is: it can be read, and is rebuilt before the first
/// change.
pub fn upgrade(
    data: &Path,
    index: ConnectionIndex,
    auth: Option<&StoreAuthenticator>,
) -> ConnectionIndex {
    // Without the key the rows of the new index would have no codes.
    if !index.is_of_earlier_version() || auth.is_none() {
        return index;
    }
    let written = write(data, &index, auth);
    let result = written.and_then(|()| {
        index.flush()?;
        replace(data).map_err(|error| UnusableIndex(error.to_string()))?;
        ConnectionIndex::open(&data.join(rebuild::FOLDER), auth)
    });
    match result {
        Ok(new) => {
            // The earlier database belongs to a folder that is gone.
            rebuild::abandon(std::sync::Arc::new(index));
            new
        }
        Err(UnusableIndex(why)) => {
            tracing::warn!(why, "the index of an earlier version cannot be converted");
            // What was written needs space, and contains records.
            if let Err(error) = clean_up(data) {
                tracing::warn!(%error, "an interrupted conversion cannot be taken back");
            }
            index
        }
    }
}

/// Writes all rows to the new index.
fn write(
    data: &Path,
    earlier: &ConnectionIndex,
    auth: Option<&StoreAuthenticator>,
) -> Result<(), UnusableIndex> {
    let folder = data.join(NEW);
    let refuse = |error: std::io::Error| UnusableIndex(error.to_string());
    remove(&folder).map_err(refuse)?;
    check_space(data).map_err(refuse)?;
    io_error::create_folder(&folder).map_err(refuse)?;
    let new = ConnectionIndex::open(&folder, auth)?;
    let filled = fill(&new, earlier);
    // The folder is removed when it failed.
    new.await_write();
    filled?;
    new.close()
}

/// Writes all rows of the earlier index.
fn fill(new: &ConnectionIndex, earlier: &ConnectionIndex) -> Result<(), UnusableIndex> {
    let mut rows = Vec::new();
    let mut written = Ok(());
    earlier.walk(b"", |key, value| {
        rows.push((key.to_vec(), Some(value.to_vec())));
        if rows.len() >= BATCH {
            written = new.apply(std::mem::take(&mut rows));
        }
        written.is_ok()
    })?;
    written?;
    new.apply(rows)?;
    new.flush()
}

/// Puts the new index in the place of the earlier one, which is removed.
fn replace(data: &Path) -> std::io::Result<()> {
    let earlier = data.join(EARLIER);
    remove(&earlier)?;
    let folder = data.join(rebuild::FOLDER);
    fs::rename(&folder, &earlier)?;
    fs::rename(data.join(NEW), folder)?;
    io_error::sync_folder(data)?;
    clean_up(data)
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns an error when the disk has no space for another index: sled waits forever for a write that the disk rejects.
pub fn check_space(data: &Path) -> std::io::Result<()> {
    let database = fs::metadata(data.join(rebuild::FOLDER).join("db"));
    let needed = database.map_or(0, |database| database.len());
    if disk::free_space(data)?.saturating_sub(RESERVE) > needed {
        Ok(())
    } else {
        Err(std::io::Error::other("the disk is almost full"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::key::StoreKey;
    use crate::store::sled::encoding;
    use crate::store::sled::index_header::IndexHeader;
    use crate::store::sled::open_index::ROW_DOMAIN;

    fn rows(index: &ConnectionIndex) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        index
            .walk(b"", |key, value| {
                rows.push((key.to_vec(), value.to_vec()));
                true
            })
            .unwrap();
        rows
    }

    /// Writes an index as an earlier version did.
    fn earlier_index(data: &Path, auth: &StoreAuthenticator) -> Vec<(Vec<u8>, Vec<u8>)> {
        let folder = data.join(rebuild::FOLDER);
        fs::create_dir(&folder).unwrap();
        let header = IndexHeader {
            revision: 7,
            digest: crate::store::journal::digest::StateDigest::default(),
            identity: crate::store::journal::header::StoreIdentity::new(Uuid::nil(), [3; 40]),
        };
        let mut rows: Vec<_> = (0..9000_u64)
            .map(|number| {
                let id = Uuid::from_u64_pair(1, number);
                let (key, value) = encoding::alias_row(&format!("alias-{number}"), id);
                (key, value.unwrap())
            })
            .collect();
        let (key, value) = header.row();
        rows.push((key, value.unwrap()));
        rows.sort();
        let db = ::sled::open(folder).unwrap();
        for (key, value) in &rows {
            let code = auth.code(ROW_DOMAIN, &[key, value]);
            db.insert(key, [&value[..], &code].concat()).unwrap();
        }
        rows
    }

    #[test]
    fn index_of_earlier_version_is_converted() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        let auth = StoreKey::random().unwrap().authenticator(Uuid::nil());
        let expected = earlier_index(data, &auth);
        let folder = data.join(rebuild::FOLDER);
        // Left by an interrupted conversion.
        fs::create_dir(data.join(NEW)).unwrap();
        fs::write(data.join(NEW).join("db"), "unfinished").unwrap();
        let earlier = ConnectionIndex::open(&folder, Some(&auth)).unwrap();
        assert!(earlier.is_of_earlier_version());
        assert_eq!(rows(&earlier), expected);
        let new = upgrade(data, earlier, Some(&auth));
        assert!(!new.is_of_earlier_version());
        assert_eq!(rows(&new), expected);
        assert_eq!(new.applied().unwrap().unwrap().revision, 7);
        new.close().unwrap();
        let again = ConnectionIndex::open(&folder, Some(&auth)).unwrap();
        assert!(!again.is_of_earlier_version());
        assert_eq!(rows(&again), expected);
        for name in [NEW, EARLIER] {
            assert!(!data.join(name).exists(), "{name}");
        }
    }

    #[test]
    fn interrupted_conversion_keeps_one_index() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let content = |name: &str| fs::read_to_string(data.join(name).join("db")).ok();
        let put = |name: &str| {
            fs::create_dir(data.join(name)).unwrap();
            fs::write(data.join(name).join("db"), name).unwrap();
        };
        // Killed between the two renames, then after them.
        for (present, kept) in [
            ([EARLIER, NEW], EARLIER),
            ([rebuild::FOLDER, EARLIER], rebuild::FOLDER),
            ([rebuild::FOLDER, NEW], rebuild::FOLDER),
        ] {
            present.into_iter().for_each(put);
            clean_up(data).unwrap();
            assert_eq!(content(rebuild::FOLDER).as_deref(), Some(kept));
            assert_eq!([content(EARLIER), content(NEW)], [None, None]);
            fs::remove_dir_all(data.join(rebuild::FOLDER)).unwrap();
        }
        clean_up(data).unwrap();
    }

    #[test]
    fn index_with_damaged_row_stays_as_it_is() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        let auth = StoreKey::random().unwrap().authenticator(Uuid::nil());
        earlier_index(data, &auth);
        let folder = data.join(rebuild::FOLDER);
        {
            let db = ::sled::open(&folder).unwrap();
            db.insert(encoding::alias_key("alias-5"), b"damaged")
                .unwrap();
        }
        let earlier = ConnectionIndex::open(&folder, Some(&auth)).unwrap();
        let index = upgrade(data, earlier, Some(&auth));
        assert!(index.is_of_earlier_version());
        let found = index.get(&encoding::alias_key("alias-6")).unwrap();
        assert!(found.is_some());
        assert!(index.apply(vec![(b"a".to_vec(), None)]).is_err());
    }
}
