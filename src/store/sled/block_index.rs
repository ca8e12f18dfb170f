//! Rows of the index in blocks, which are values of sled.
//!
//! ```text
//! P FIRST  → block (compressed), code     all rows of a kind from FIRST up to the next block of the kind
//! ```
//! Only the writer changes blocks, and rows never move to an earlier block. A split writes the later blocks first. After a crash, or when it is
//! read at that moment, the earlier block still has the rows that are in the later blocks too: the later blocks are right.

use std::borrow::Cow;
use std::ops::Bound;

use ::sled::{Db, IVec};

use super::block::{self, BlockReader};
use super::block_compression::{compress, decompress};
use super::encoding::{ALIASES, APPLIED, RECORDS, RowChange, SledPair};
use super::open_index::OpenIndex;
use super::overlay::Visitor;
use super::unusable_index::UnusableIndex;

/// Prefix of the keys of blocks.
const BLOCK: u8 = b'P';
/// Blocks of a short walk. sled evicts pages only after 64 accesses were collected in one of 256 shards, and a walk counts as one access for a
/// whole page: 16,000 pages would stay in memory regardless of the cache size. A longer walk therefore accesses a page more often.
const SHORT_WALK: usize = 256;
const ACCESSES: usize = 4;

/// Key of the block that starts with a row.
fn block_key(row: &[u8]) -> Vec<u8> {
    [&[BLOCK], row].concat()
}

/// Kind of the rows in a block.
fn kind_of(block: &[u8]) -> &[u8] {
    block.get(..2).unwrap_or(block)
}

/// Pass in which a row is written: the rows of connections show that their changes are complete, and the position that all are.
fn pass_of((key, _): &RowChange) -> u8 {
    match key.get(..1) {
        Some(RECORDS) => 1,
        Some(APPLIED) => 2,
        _ => 0,
    }
}

/// Sorts changes into the order in which they are written. Of several changes of a row, the last one counts.
pub fn in_write_order(mut changes: Vec<RowChange>) -> Vec<RowChange> {
    changes.reverse();
    changes.sort_by(|one, other| (pass_of(one), &one.0).cmp(&(pass_of(other), &other.0)));
    changes.dedup_by(|later, kept| later.0 == kept.0);
    changes
}

/// Blocks of an open sled database.
pub struct Blocks<'a> {
    db: &'a Db,
    index: &'a OpenIndex,
}

impl<'a> Blocks<'a> {
    /// Uses the blocks of an index.
    pub const fn new(db: &'a Db, index: &'a OpenIndex) -> Self {
        Self { db, index }
    }

    /// Returns the value of a row.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        let Some((block, stored)) = self.block_of(key)? else {
            return Ok(None);
        };
        let rows = self.read(&block, &stored)?;
        Ok(BlockReader::new(&rows)?.find(key)?.map(IVec::from))
    }

    /// Returns the value of a row while another thread writes other rows: a split may move the row from the block that was found.
    pub fn get_during_write(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        loop {
            let before = self.block_of(key)?;
            let value = self.get(key)?;
            if value.is_some() || self.block_of(key)? == before {
                return Ok(value);
            }
        }
    }

    /// Visits rows in order from `start`, until `take` returns false or a row does not have the prefix. An unreadable block is one row.
    pub fn walk(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        take: &mut Visitor<'_>,
    ) -> Result<(), UnusableIndex> {
        let (Bound::Included(first) | Bound::Excluded(first)) = start else {
            return self.walk(Bound::Included(prefix), prefix, take);
        };
        let is_before =
            |key: &[u8]| key < first || (key == first && start != Bound::Included(first));
        let from = self.block_of(first)?;
        let from = from.map_or_else(|| block_key(first), |(block, _)| block.to_vec());
        let mut blocks = self.db.range(from..);
        let mut next = blocks.next().transpose()?;
        let mut count = 0;
        while let Some((block, stored)) = next {
            let Some(first) = block.strip_prefix(&[BLOCK]) else {
                break;
            };
            if first > prefix && !first.starts_with(prefix) {
                break;
            }
            next = blocks.next().transpose()?;
            let end = next
                .as_ref()
                .and_then(|(key, _)| key.strip_prefix(&[BLOCK]));
            let read = self.read(&block, &stored).and_then(|rows| {
                walk_rows(&rows, end, |key, value| {
                    is_before(key) || key.starts_with(prefix) && take(key, Ok(value))
                })
            });
            let goes_on = match read {
                Ok(goes_on) => goes_on,
                Err(unusable) => take(first, Err(unusable)),
            };
            if !goes_on {
                break;
            }
            count += 1;
            if count > SHORT_WALK {
                for _ in 0..ACCESSES {
                    self.db.get(&block)?;
                }
            }
        }
        Ok(())
    }

    /// Inserts and removes rows. After a crash, each block has all or none of its changes; a connection's own row is written after its
    /// other rows, and the position after everything else.
    ///
    /// Not a sled batch: sled ends each batch with a write to its file, which costs as much as the write to the journal.
    pub fn apply(&self, changes: Vec<RowChange>) -> Result<(), UnusableIndex> {
        let changes = in_write_order(changes);
        let mut rest = &changes[..];
        while let Some((key, _)) = rest.first() {
            let (block, stored) = match self.block_of(key)? {
                Some((block, stored)) => (block.to_vec(), Some(stored)),
                None => (kind_of(&block_key(key)).to_vec(), None),
            };
            let after = self.db.get_gt(&block)?;
            let after = after.filter(|(after, _)| kind_of(after) == kind_of(&block));
            let end = after.as_ref().map(|(after, _)| &after[1..]);
            let kind = key.get(..1);
            let is_here = |(key, _): &&RowChange| {
                key.get(..1) == kind && end.is_none_or(|end| &key[..] < end)
            };
            let count = rest.iter().take_while(is_here).count();
            let (here, later) = rest.split_at(count);
            self.change(&block, stored.as_ref(), end, here)?;
            rest = later;
        }
        Ok(())
    }

    /// Changes rows of a block, whose rows from `end` belong to the block after it.
    fn change(
        &self,
        block: &[u8],
        stored: Option<&IVec>,
        end: Option<&[u8]>,
        changes: &[RowChange],
    ) -> Result<(), UnusableIndex> {
        let before = stored.map(|stored| self.read(block, stored));
        let before = before.transpose()?;
        let rows = match &before {
            Some(before) => BlockReader::new(before)?.rows_before(end)?,
            None => Vec::new(),
        };
        let merged = block::merge(&rows, changes);
        if merged.is_empty() {
            return self.remove(block);
        }
        let last = rows.last().map(|(key, _)| &key[..]);
        let first = changes.first().map(|(key, _)| &key[..]);
        let is_growing_at_end = end.is_none() && last < first;
        let parts = block::split(&merged, is_growing_at_end);
        for (number, part) in parts.iter().enumerate().rev() {
            let key = match part.first() {
                Some((first, _)) if number > 0 => block_key(first),
                _ => block.to_vec(),
            };
            let encoded = block::encode(part);
            // Rows of aliases are IDs and checksums, which hardly become smaller.
            let is_random = key.get(1..2) == Some(ALIASES);
            let encoded = if is_random {
                encoded
            } else {
                compress(encoded)
            };
            let value = self.index.sealed(&key, encoded);
            self.db.insert(key, value)?;
        }
        Ok(())
    }

    /// Removes a block without rows. The block before it must not have any of them either, which a crash may have left there.
    fn remove(&self, block: &[u8]) -> Result<(), UnusableIndex> {
        let before = self.db.get_lt(block)?;
        if let Some((before, stored)) =
            before.filter(|(before, _)| kind_of(before) == kind_of(block))
        {
            let rows = self.read(&before, &stored)?;
            let has_more = walk_rows(&rows, None, |key, _| key < &block[1..])?;
            if !has_more {
                self.change(&before, Some(&stored), Some(&block[1..]), &[])?;
            }
        }
        self.db.remove(block)?;
        Ok(())
    }

    /// Reads a stored block.
    fn read<'b>(&self, key: &[u8], stored: &'b IVec) -> Result<Cow<'b, [u8]>, UnusableIndex> {
        decompress(self.index.authentic(key, stored)?)
    }

    /// Returns the block that has the row with this key, if it exists.
    fn block_of(&self, key: &[u8]) -> Result<Option<SledPair>, UnusableIndex> {
        let key = block_key(key);
        let found = self.db.range(..=&key[..]).next_back().transpose()?;
        Ok(found.filter(|(found, _)| kind_of(found) == kind_of(&key)))
    }
}

/// Visits the rows of a block before the key `end`. Returns false when `take` returned false.
fn walk_rows(
    block: &[u8],
    end: Option<&[u8]>,
    mut take: impl FnMut(&[u8], &[u8]) -> bool,
) -> Result<bool, UnusableIndex> {
    let mut reader = BlockReader::new(block)?;
    while let Some((key, value)) = reader.next_row()? {
        if end.is_some_and(|end| key >= end) {
            break;
        }
        if !take(key, value) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
