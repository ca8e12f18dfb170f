//! Verifies that an index has exactly the content recorded by the journal.

use super::encoding;
use super::index::ConnectionIndex;
use super::unusable_index::UnusableIndex;
use crate::store::journal::digest::{StateDigest, mix, record_hash, version_hash};

/// Result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyResult {
    /// The index is correct.
    Valid,
    /// The index is wrong, for this reason.
    Invalid(String),
    /// Cancelled.
    Stopped,
}

#[derive(Default)]
struct VerifySums {
    digest: StateDigest,
    list_entries: u64,
    aliases: u64,
    /// Sums of revisions according to the connections and to the list.
    revisions: [u64; 2],
    /// Sums of alias owners according to the list and to the alias rows.
    owners: [u64; 2],
    /// Sums of versions according to the connections and to the version rows.
    histories: [u64; 2],
}

/// Compares all rows of an index with each other and with the digest; stops when `keep_going` returns false, checked from time to
/// time.
pub fn verify(
    index: &ConnectionIndex,
    digest: StateDigest,
    keep_going: impl Fn() -> bool,
) -> VerifyResult {
    let mut sums = VerifySums::default();
    match walk(index, &mut sums, keep_going) {
        Ok(true) => sums.result(digest),
        Ok(false) => VerifyResult::Stopped,
        Err(UnusableIndex(why)) => VerifyResult::Invalid(why),
    }
}

fn walk(
    index: &ConnectionIndex,
    sums: &mut VerifySums,
    keep_going: impl Fn() -> bool,
) -> Result<bool, UnusableIndex> {
    let mut ended = Ok(true);
    let mut count = 0_u32;
    index.walk(b"", |key, value| {
        count = count.wrapping_add(1);
        if count.is_multiple_of(1024) && !keep_going() {
            ended = Ok(false);
        } else if sums.add(key, value).is_none() {
            ended = Err(UnusableIndex("the checksum of a row is wrong".into()));
        }
        ended == Ok(true)
    })?;
    ended
}

impl VerifySums {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let body = encoding::without_checksum(key, value)?;
        match key.get(..1)? {
            encoding::RECORDS => {
                let id = encoding::id_in_key(key)?;
                let row = encoding::RecordRow::read(body)?;
                self.digest = self
                    .digest
                    .with(record_hash(id, row.revision, row.history_digest));
                add(&mut self.revisions[0], record_hash(id, row.revision, 0));
                add(&mut self.histories[0], row.history_digest);
                let newest = version_hash(id, row.number, row.revision);
                add(&mut self.histories[1], newest);
            }
            encoding::ORDER | encoding::TRASH => {
                let (revision, id, _) = encoding::read_order(body)?;
                self.list_entries += 1;
                add(&mut self.revisions[1], record_hash(id, revision, 0));
                let alias = encoding::alias_in_order(key)?;
                add(&mut self.owners[0], owner_hash(alias.as_bytes(), id));
            }
            encoding::ALIASES => {
                self.aliases += 1;
                let id = encoding::read_alias(body)?;
                add(&mut self.owners[1], owner_hash(key.get(1..)?, id));
            }
            encoding::VERSIONS => {
                let (id, number) = encoding::version_in_key(key)?;
                let (revision, _) = encoding::read_version(body)?;
                add(&mut self.histories[1], version_hash(id, number, revision));
            }
            _ => return (key == encoding::APPLIED).then_some(()),
        }
        Some(())
    }

    fn result(&self, digest: StateDigest) -> VerifyResult {
        let unsound = |why: String| VerifyResult::Invalid(why);
        if self.digest.count != digest.count {
            return unsound(format!(
                "it has {} connections instead of {}",
                self.digest.count, digest.count
            ));
        }
        if self.digest != digest {
            return unsound("its connections do not match the journal".into());
        }
        let is_consistent = self.list_entries == digest.count
            && self.aliases == digest.count
            && [self.revisions, self.owners, self.histories]
                .iter()
                .all(|[one, other]| one == other);
        if is_consistent {
            VerifyResult::Valid
        } else {
            unsound("its connections, list, aliases and versions are inconsistent".into())
        }
    }
}

fn add(sum: &mut u64, hash: u64) {
    *sum = sum.wrapping_add(hash);
}

fn owner_hash(alias: &[u8], id: uuid::Uuid) -> u64 {
    mix(u64::from(crc32fast::hash(alias)) ^ record_hash(id, alias.len() as u64, 0))
}
