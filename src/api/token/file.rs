//! Token file in the data directory.
//!
//! The file is next to the store because a token grants access to the connections of this store only. A copy of the directory
//! includes its tokens.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{StoredToken, TokenError, TokenScope, check_name, find_token};
use crate::atomic_file;
use crate::text::case_fold::nfc;

/// File name in the data directory.
const FILE: &str = "tokens.json";

/// Maximum file size, in bytes; enough for several thousand tokens.
const MAX_BYTES: u64 = 1024 * 1024;

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Content of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFileContent {
    tokens: Vec<StoredToken>,
    /// CRC-32 of the tokens as compact JSON. Missing in files of version 0.1.
    #[serde(default)]
    checksum: Option<String>,
}

impl TokenFileContent {
    fn new(tokens: Vec<StoredToken>) -> serde_json::Result<Self> {
        let checksum = Some(checksum(&tokens)?);
        Ok(Self { tokens, checksum })
    }

    fn is_intact(&self) -> bool {
        let actual = checksum(&self.tokens);
        match (&self.checksum, actual) {
            (None, _) => true,
            (Some(stored), Ok(actual)) => *stored == actual,
            (Some(_), Err(_)) => false,
        }
    }
}

fn checksum(tokens: &[StoredToken]) -> serde_json::Result<String> {
    let text = serde_json::to_vec(tokens)?;
    Ok(format!("{:08x}", crc32fast::hash(&text)))
}

/// The token file of a data directory.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// Creates the token file of a data directory.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            path: data.join(FILE),
        }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the tokens in order of creation; empty without a file.
    pub fn read(&self) -> Result<Vec<StoredToken>, TokenError> {
        match File::open(&self.path) {
            Ok(file) => self.read_from(&file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Reads the tokens of an open file.
    pub fn read_from(&self, file: &File) -> Result<Vec<StoredToken>, TokenError> {
        let metadata = file.metadata().map_err(|error| self.unusable(&error))?;
        if metadata.permissions().mode() & WRITABLE_BY_OTHERS != 0 {
            let path = self.path.display();
            return Err(TokenError::Unusable(format!(
                "{path} is writable by other users, so its tokens cannot be trusted; run: chmod go-w {path}"
            )));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.unusable(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(TokenError::Unusable(format!(
                "{} is larger than {} KiB and not a token file",
                self.path.display(),
                MAX_BYTES / 1024
            )));
        }
        let content: TokenFileContent =
            serde_json::from_slice(&bytes).map_err(|error| TokenError::Damaged {
                path: self.path.display().to_string(),
                line: error.line().max(1),
            })?;
        if !content.is_intact() {
            return Err(TokenError::Unusable(format!(
                "{} does not match its checksum: all tokens are rejected, and nothing was changed. Restore the file from a copy, or delete it and create the tokens again",
                self.path.display()
            )));
        }
        Ok(content.tokens)
    }

    /// Creates a token and returns it with its text, which is not stored.
    pub fn create(
        &self,
        name: &str,
        scope: TokenScope,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(StoredToken, Zeroizing<String>), TokenError> {
        check_name(name)?;
        self.change(|tokens| {
            if tokens.iter().any(|token| nfc(&token.name) == nfc(name)) {
                return Err(TokenError::NameTaken(name.to_owned()));
            }
            let (token, text) = StoredToken::generate(name.to_owned(), scope, expires)?;
            tokens.push(token.clone());
            Ok((token, text))
        })
    }

    /// Checks whether a token of this name could be created, for a dry run.
    pub fn check_create(&self, name: &str) -> Result<(), TokenError> {
        check_name(name)?;
        if self
            .read()?
            .iter()
            .any(|token| nfc(&token.name) == nfc(name))
        {
            return Err(TokenError::NameTaken(name.to_owned()));
        }
        Ok(())
    }

    /// Returns the token that would be revoked, for a dry run.
    pub fn would_revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        let mut tokens = self.read()?;
        let found = find_token(&tokens, id_or_name)?;
        Ok(tokens.swap_remove(found))
    }

    /// Revokes a token and returns it.
    pub fn revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        self.change(|tokens| {
            let found = find_token(tokens, id_or_name)?;
            Ok(tokens.remove(found))
        })
    }

    /// Changes the file under an exclusive lock.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoredToken>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let refused = |error: std::io::Error| self.unusable(&error);
        if let Some(folder) = self.path.parent() {
            atomic_file::create_folder(folder).map_err(refused)?;
        }
        let turn = atomic_file::lock(&self.path).map_err(refused)?;
        let mut tokens = self.read()?;
        let answer = change(&mut tokens)?;
        let mut text = TokenFileContent::new(tokens)
            .and_then(|content| serde_json::to_vec_pretty(&content))
            .map_err(|error| TokenError::Unusable(error.to_string()))?;
        text.push(b'\n');
        atomic_file::write_atomically(&self.path, |file| file.write_all(&text)).map_err(refused)?;
        drop(turn);
        Ok(answer)
    }

    /// Creates the error of a failed file operation.
    pub fn unusable(&self, error: &std::io::Error) -> TokenError {
        TokenError::Unusable(atomic_file::describe(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> (tempfile::TempDir, TokenFile) {
        let folder = tempfile::tempdir().unwrap();
        let token_file = TokenFile::in_folder(&folder.path().join("data"));
        (folder, token_file)
    }

    #[test]
    fn concurrent_creates_keep_every_token() {
        let (_folder, token_file) = book();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let token_file = &token_file;
                scope.spawn(move || {
                    let name = format!("token {number}");
                    token_file.create(&name, TokenScope::Read, None).unwrap();
                    token_file
                        .create("contended", TokenScope::Write, None)
                        .is_ok()
                });
            }
        });
        assert_eq!(token_file.read().unwrap().len(), 17);
    }

    #[test]
    fn token_is_revoked_by_id_or_name() {
        let (folder, token_file) = book();
        let (one, text) = token_file.create("one", TokenScope::Read, None).unwrap();
        token_file.create("two", TokenScope::Read, None).unwrap();
        for entry in std::fs::read_dir(folder.path().join("data")).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
            let content = std::fs::read_to_string(&path).unwrap();
            assert!(!content.contains(&text[5..]), "{}", path.display());
        }
        assert_eq!(token_file.revoke(&one.id.to_string()).unwrap(), one);
        assert_eq!(token_file.revoke("two").unwrap().name, "two");
        assert_eq!(
            token_file.revoke("two"),
            Err(TokenError::NotFound("two".to_owned()))
        );
        assert_eq!(token_file.read(), Ok(Vec::new()));
    }

    #[test]
    fn damaged_file_is_reported_and_unchanged() {
        let (_folder, token_file) = book();
        token_file.create("one", TokenScope::Read, None).unwrap();
        let good = std::fs::read_to_string(token_file.path()).unwrap();
        let middle = good.replace("\"read\"", "\"umai_secret\"");
        let lines: Vec<&str> = good.split_inclusive('\n').collect();
        for (damaged, line) in [("", 1), (&lines[..3].concat(), 4), (&middle, 6)] {
            std::fs::write(token_file.path(), damaged).unwrap();
            let refused = token_file
                .create("two", TokenScope::Read, None)
                .unwrap_err();
            assert!(
                matches!(&refused, TokenError::Damaged { line: at, .. } if *at == line),
                "{refused:?}"
            );
            assert!(!refused.to_string().contains("secret"));
            assert_eq!(std::fs::read_to_string(token_file.path()).unwrap(), damaged);
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (_folder, token_file) = book();
        token_file.create("one", TokenScope::Read, None).unwrap();
        let tokens = token_file.read().unwrap();
        let intact = std::fs::read(token_file.path()).unwrap();
        for bit in 0..intact.len() * 8 {
            let mut damaged = intact.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(token_file.path(), &damaged).unwrap();
            // White space between the members may change.
            assert!(
                token_file.read().is_ok_and(|read| read == tokens) || token_file.read().is_err()
            );
        }
    }

    #[test]
    fn file_without_checksum_is_read() {
        let (_folder, token_file) = book();
        token_file.create("one", TokenScope::Read, None).unwrap();
        let text = std::fs::read_to_string(token_file.path()).unwrap();
        let mut content: serde_json::Value = serde_json::from_str(&text).unwrap();
        drop(content.as_object_mut().unwrap().remove("checksum"));
        std::fs::write(token_file.path(), content.to_string()).unwrap();
        assert_eq!(token_file.read().unwrap().len(), 1);
    }

    #[test]
    fn writable_file_is_rejected() {
        let (_folder, token_file) = book();
        token_file.create("one", TokenScope::Read, None).unwrap();
        std::fs::set_permissions(token_file.path(), std::fs::Permissions::from_mode(0o622))
            .unwrap();
        assert!(token_file.read().unwrap_err().to_string().contains("chmod"));
    }
}
