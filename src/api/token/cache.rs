//! Tokens of a running server, from a file or another source.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use subtle::ConditionallySelectable;

use super::file::TokenFile;
use super::{StoredToken, TokenDigest, TokenError};

/// Current tokens, from where they are kept.
pub trait TokenSource: Send + Sync {
    /// Returns the tokens. Fails if they are not known for certain.
    fn current(&self) -> Result<Arc<[StoredToken]>, TokenError>;
}

/// Tokens in a file. It is checked on every request, so that a revoked token stops working immediately. A check takes about a
/// microsecond, and the file is read only after a change.
struct LoadedFile {
    file: TokenFile,
    loaded: Mutex<LoadedTokens>,
}

/// Finds tokens by their texts.
pub struct TokenCache {
    source: Box<dyn TokenSource>,
    /// Latest time seen, in milliseconds since 1970.
    latest: AtomicI64,
}

/// Tokens that were loaded last.
struct LoadedTokens {
    /// Identity of the loaded file. The file stays open, so that its inode number is not reused.
    file: Option<(FileStamp, File)>,
    tokens: Result<Arc<[StoredToken]>, TokenError>,
}

impl LoadedTokens {
    /// Creates the state without a file.
    fn empty() -> Self {
        Self {
            file: None,
            tokens: Ok(Arc::new([])),
        }
    }
}

#[derive(PartialEq, Eq)]
struct FileStamp {
    times: [i64; 4],
    numbers: [u64; 3],
}

impl FileStamp {
    fn from_metadata(metadata: &Metadata) -> Self {
        Self {
            times: [
                metadata.mtime(),
                metadata.mtime_nsec(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ],
            numbers: [metadata.dev(), metadata.ino(), metadata.size()],
        }
    }
}

impl TokenCache {
    /// Creates the cache of a token file.
    pub fn new(file: TokenFile) -> Self {
        Self::of(LoadedFile {
            file,
            loaded: Mutex::new(LoadedTokens::empty()),
        })
    }

    /// Creates the cache of tokens that are kept elsewhere.
    pub fn of(source: impl TokenSource + 'static) -> Self {
        Self {
            source: Box::new(source),
            latest: AtomicI64::new(i64::MIN),
        }
    }

    /// Returns the token with this text, unless it has expired.
    pub fn find(&self, text: &str) -> Result<Option<StoredToken>, TokenError> {
        let tokens = self.source.current()?;
        let digest = TokenDigest::hash(text);
        // Compares every token, so that the duration does not reveal which one matches.
        let mut found = u64::MAX;
        for (number, token) in (0..).zip(tokens.iter()) {
            found.conditional_assign(&number, token.sha256.ct_eq(&digest));
        }
        let found = usize::try_from(found)
            .ok()
            .and_then(|found| tokens.get(found));
        let now = self.latest_time();
        Ok(found.filter(|token| !token.is_expired(now)).cloned())
    }

    /// The latest time that this process has seen: an expired token stays expired when the clock is set back.
    fn latest_time(&self) -> DateTime<Utc> {
        let now = Utc::now();
        let before = self
            .latest
            .fetch_max(now.timestamp_millis(), Ordering::Relaxed);
        DateTime::from_timestamp_millis(before).map_or(now, |before| now.max(before))
    }
}

impl TokenSource for LoadedFile {
    fn current(&self) -> Result<Arc<[StoredToken]>, TokenError> {
        let stamp = match std::fs::metadata(self.file.path()) {
            Ok(metadata) => Some(FileStamp::from_metadata(&metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(self.file.unusable(&error)),
        };
        // The content is replaced as a whole, so a panic cannot leave it inconsistent.
        let mut seen = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp.as_ref() != seen.file.as_ref().map(|(stamp, _)| stamp) {
            *seen = self.reload()?;
        }
        seen.tokens.clone()
    }
}

impl LoadedFile {
    fn reload(&self) -> Result<LoadedTokens, TokenError> {
        let refused = |error: std::io::Error| self.file.unusable(&error);
        let file = match File::open(self.file.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(LoadedTokens::empty()),
            Err(error) => return Err(refused(error)),
        };
        let stamp = FileStamp::from_metadata(&file.metadata().map_err(refused)?);
        let tokens = self.file.read_from(&file).map(Arc::from);
        if let Err(error) = &tokens {
            tracing::error!(error = %crate::text::printable(&error.to_string()), "cannot read the tokens");
        }
        Ok(LoadedTokens {
            file: Some((stamp, file)),
            tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::TokenScope;
    use super::*;

    #[test]
    fn file_change_applies_to_next_request() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = TokenFile::in_folder(folder.path());
        let live = TokenCache::new(token_file.clone());
        assert_eq!(live.find("umai_"), Ok(None));
        for _ in 0..50 {
            let (one, text) = token_file.create("one", TokenScope::Read, None).unwrap();
            assert_eq!(live.find(&text).unwrap(), Some(one));
            let (two, other) = token_file.create("two", TokenScope::Read, None).unwrap();
            assert_eq!(live.find(&other).unwrap(), Some(two));
            token_file.revoke("one").unwrap();
            assert_eq!(live.find(&text), Ok(None));
            token_file.revoke("two").unwrap();
            assert_eq!(live.find(&other), Ok(None));
        }
    }

    #[test]
    fn expired_token_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = TokenFile::in_folder(folder.path());
        let live = TokenCache::new(token_file.clone());
        let at = |seconds| Some(Utc::now() + TimeDelta::seconds(seconds));
        let (_, over) = token_file.create("over", TokenScope::Read, at(-1)).unwrap();
        let (_, good) = token_file.create("good", TokenScope::Read, at(60)).unwrap();
        assert_eq!(live.find(&over), Ok(None));
        assert!(live.find(&good).unwrap().is_some());
    }

    #[test]
    fn damaged_file_rejects_tokens_until_restored() {
        let folder = tempfile::tempdir().unwrap();
        let token_file = TokenFile::in_folder(folder.path());
        let live = TokenCache::new(token_file.clone());
        let (_, text) = token_file.create("one", TokenScope::Read, None).unwrap();
        let good = std::fs::read(token_file.path()).unwrap();
        assert!(live.find(&text).unwrap().is_some());
        std::fs::write(token_file.path(), "{").unwrap();
        assert!(matches!(live.find(&text), Err(TokenError::Damaged { .. })));
        assert!(matches!(live.find(&text), Err(TokenError::Damaged { .. })));
        std::fs::write(token_file.path(), good).unwrap();
        assert!(live.find(&text).unwrap().is_some());
        std::fs::remove_file(token_file.path()).unwrap();
        assert_eq!(live.find(&text), Ok(None));
    }
}
