//! Results of lookups, which contain no values, kept while the files are unchanged: an import looks up the same few references.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::ReferenceLookup;

/// Maximum number of results.
const MAX_RESULTS: usize = 1024;
/// Age from which a file has another time after the next change. Times on a disk are less exact than the clock.
const SETTLED: Duration = Duration::from_secs(2);

/// State of each file: device, inode, length, and times of the last changes. `None` for a missing file.
pub(super) type FileStates = Vec<Option<(u64, u64, u64, [i64; 4])>>;

/// Cache of the results.
#[derive(Debug, Default)]
pub(super) struct LookupCache(Mutex<CachedLookups>);

#[derive(Debug, Default)]
struct CachedLookups {
    files: FileStates,
    /// Results by key.
    results: HashMap<String, ReferenceLookup>,
}

impl LookupCache {
    /// Returns the result for a key with files in these states.
    pub(super) fn get(&self, files: &FileStates, key: &str) -> Option<ReferenceLookup> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = (cached.files == *files).then(|| cached.results.get(key));
        found.flatten().cloned()
    }

    /// Keeps the result for a key with files in these states.
    pub(super) fn keep(&self, files: FileStates, key: &str, result: ReferenceLookup) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.files != files || cached.results.len() >= MAX_RESULTS {
            cached.results.clear();
        }
        cached.files = files;
        cached.results.insert(key.to_owned(), result);
    }
}

/// Returns the states of files. `None` if one changed just now, so that a further change could go unnoticed, or has no readable state.
pub(super) fn states_of<'p>(paths: impl Iterator<Item = &'p Path>) -> Option<FileStates> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let settled = now.ok()?.checked_sub(SETTLED)?;
    let settled = i64::try_from(settled.as_secs()).ok()?;
    let states = paths.map(|path| match std::fs::metadata(path) {
        Ok(found) if found.ctime() < settled && found.mtime() < settled => {
            let times = [
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            ];
            Some(Some((found.dev(), found.ino(), found.len(), times)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Some(None),
        Ok(_) | Err(_) => None,
    });
    states.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> ReferenceLookup {
        ReferenceLookup::Found {
            source: source.into(),
        }
    }

    #[test]
    fn result_counts_only_for_the_same_state_of_the_files() {
        let cache = LookupCache::default();
        let one: FileStates = vec![Some((1, 2, 3, [4, 5, 6, 7])), None];
        cache.keep(one.clone(), "a:b", found("one"));
        assert_eq!(cache.get(&one, "a:b"), Some(found("one")));
        assert_eq!(cache.get(&one, "a:c"), None);
        let other: FileStates = vec![Some((1, 2, 3, [4, 5, 6, 8])), None];
        assert_eq!(cache.get(&other, "a:b"), None);
        cache.keep(other.clone(), "a:c", found("other"));
        assert_eq!(cache.get(&other, "a:b"), None, "of the earlier state");
        assert_eq!(cache.get(&other, "a:c"), Some(found("other")));
    }

    #[test]
    fn file_changed_just_now_has_no_state() {
        let folder = tempfile::tempdir().unwrap();
        let (file, missing) = (folder.path().join("file"), folder.path().join("missing"));
        assert_eq!(states_of([&*missing].into_iter()), Some(vec![None]));
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(states_of([&*file].into_iter()), None);
        assert_eq!(states_of([&*file.join("below")].into_iter()), None);
    }
}
