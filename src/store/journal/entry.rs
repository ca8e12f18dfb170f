//! Format of an entry in a journal segment or snapshot: a header with a checksum, then the payload.

use uuid::Uuid;

use super::bytes::{u32_at, u64_at, uuid_at};
use super::chain::{CODES, ChainCheck, EntryCodes};
use super::digest::StateDigest;
use super::header::{self, FileKind};
use crate::store::key::{AuthCode, StoreAuthenticator};

/// Length of an entry header in bytes.
pub(super) const HEAD: usize = 72;
/// Magic bytes of an entry. Payloads are JSON and never contain them, so the entry after a damaged one can be found.
const MARKER: [u8; 4] = [0xFE, b'u', b'm', 0xED];
/// Position of the flag that codes come before the payload.
const CODES_FLAG: usize = 5;

/// Type of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A connection after a save, and the details of the save.
    Saved,
    /// A connection was deleted permanently; moving one to the trash is a save.
    Purged,
    /// In a snapshot: the current version of a connection.
    Record,
    /// In a snapshot: an older version of a connection.
    Version,
    /// End marker of a complete snapshot.
    End,
}

impl EntryKind {
    const ALL: [Self; 5] = [
        Self::Saved,
        Self::Purged,
        Self::Record,
        Self::Version,
        Self::End,
    ];

    pub(super) const fn to_byte(self) -> u8 {
        self as u8 + 1
    }

    fn read(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_byte() == code)
    }
}

/// Journal or snapshot entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JournalEntry<'a> {
    /// Type of the entry.
    pub kind: EntryKind,
    /// Revision of the change.
    pub revision: u64,
    /// ID of the connection.
    pub id: Uuid,
    /// Version number of the connection.
    pub number: u64,
    /// Digest of the store after the change.
    pub digest: StateDigest,
    /// JSON, depending on the type.
    pub payload: &'a [u8],
    /// Codes that authenticate the entry; none in an earlier format and in files written without the key.
    pub codes: Option<EntryCodes>,
}

impl<'a> JournalEntry<'a> {
    /// Length in bytes.
    pub const fn size(&self) -> usize {
        let codes = if self.codes.is_some() { CODES } else { 0 };
        HEAD + codes + self.payload.len()
    }

    /// Appends the entry to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_after(0, out);
    }

    /// Appends the entry to `out`, whose content is written to the disk in one group. A crash may persist any subset of a group.
    pub fn write_in_group(&self, out: &mut Vec<u8>) {
        self.write_after(u32::try_from(out.len()).unwrap_or_default(), out);
    }

    fn write_after(&self, offset_in_group: u32, out: &mut Vec<u8>) {
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&MARKER);
        head[4] = self.kind.to_byte();
        head[8..12].copy_from_slice(&offset_in_group.to_le_bytes());
        head[CODES_FLAG] = u8::from(self.codes.is_some());
        head[16..24].copy_from_slice(&((self.size() - HEAD) as u64).to_le_bytes());
        head[24..32].copy_from_slice(&self.revision.to_le_bytes());
        head[32..48].copy_from_slice(self.id.as_bytes());
        head[48..56].copy_from_slice(&self.number.to_le_bytes());
        head[56..64].copy_from_slice(&self.digest.count.to_le_bytes());
        head[64..].copy_from_slice(&self.digest.sum.to_le_bytes());
        let start = out.len();
        out.extend_from_slice(&head);
        if let Some(codes) = &self.codes {
            out.extend_from_slice(&codes.to_bytes());
        }
        out.extend_from_slice(self.payload);
        let sum = checksum(&head, &out[start + HEAD..]);
        out[start + 12..start + 16].copy_from_slice(&sum.to_le_bytes());
    }

    /// Reads the entry at the start of `bytes`. Returns `None` when there is none or its checksum is wrong.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let head = EntryHeader::read(bytes)?;
        let payload = bytes.get(HEAD..HEAD.checked_add(head.length)?)?;
        let bytes = bytes.first_chunk()?;
        if checksum(bytes, payload) != head.checksum {
            return None;
        }
        let (codes, payload) = if bytes[CODES_FLAG] == 0 {
            (None, payload)
        } else {
            let (codes, payload) = payload.split_at_checked(CODES)?;
            (Some(EntryCodes::read(codes)?), payload)
        };
        Some(Self {
            kind: EntryKind::read(bytes[4])?,
            revision: head.revision,
            id: head.id,
            number: u64_at(bytes, 48),
            digest: StateDigest {
                count: u64_at(bytes, 56),
                sum: u64_at(bytes, 64),
            },
            payload,
            codes,
        })
    }
}

/// Total length claimed by an entry header, not yet verified. `None` when the bytes are not a header.
pub(super) fn size_of(head: &[u8]) -> Option<usize> {
    EntryHeader::read(head)?.length.checked_add(HEAD)
}

/// Fields of an entry header, not yet verified.
struct EntryHeader {
    length: usize,
    checksum: u32,
    revision: u64,
    id: Uuid,
}

impl EntryHeader {
    fn read(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; HEAD] = bytes.first_chunk()?;
        let length = usize::try_from(u64_at(head, 16)).ok()?;
        head.starts_with(&MARKER).then(|| Self {
            length,
            checksum: u32_at(head, 12),
            revision: u64_at(head, 24),
            id: uuid_at(head, 32),
        })
    }
}

fn checksum(head: &[u8; HEAD], payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&head[..12]);
    sum.update(&head[16..]);
    sum.update(payload);
    sum.finalize()
}

/// Item of a walk over entries.
#[derive(Debug, PartialEq)]
pub enum WalkItem<'a> {
    /// Entry with a correct checksum.
    Entry(JournalEntry<'a>),
    /// Bytes that are not an entry, although entries follow or the bytes look like a complete entry.
    Damaged(Damage),
    /// Start of an entry at the end of the bytes, left by an unfinished write.
    Torn(usize),
}

/// Damaged byte range and the fields that its header still shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Start offset.
    pub from: usize,
    /// End offset, exclusive.
    pub to: usize,
    /// Connection named by the damaged header, if readable.
    pub id: Option<Uuid>,
    /// Revision named by the damaged header, if readable.
    pub revision: Option<u64>,
    /// True for an entry whose checksum is correct, but that was not written in this place with the key of the store.
    pub is_forged: bool,
}

impl Damage {
    /// Verb for messages, without a subject.
    pub const fn verb(&self) -> &'static str {
        if self.is_forged {
            "was changed without the key"
        } else {
            "is damaged"
        }
    }
}

/// Unit that a disk writes completely or not at all, in bytes.
const SECTOR: usize = 512;

/// Iterator over the entries in `bytes` from `at`; damaged ranges are reported and skipped.
///
/// The rest of an unfinished last write is torn, not damaged: some of its sectors were never written and still contain zeros.
/// Entries after such a hole that belong to the same write were never acknowledged either.
pub struct EntryWalk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Checks the codes, where the key is known.
    check: Option<ChainCheck<'a>>,
}

impl<'a> EntryWalk<'a> {
    /// Starts at a byte offset.
    pub const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            check: None,
        }
    }

    /// Starts after the header of a segment. With an authenticator, entries that are not authentic are damaged.
    pub fn of_segment(bytes: &'a [u8], auth: Option<&'a StoreAuthenticator>) -> Self {
        Self {
            check: auth.map(|auth| ChainCheck::after_header(bytes, FileKind::Segment, auth)),
            ..Self::new(bytes, header::LENGTH)
        }
    }

    /// Code of the last authentic entry or of the header, after which the chain continues.
    pub fn last_code(&self) -> AuthCode {
        self.check
            .as_ref()
            .map(ChainCheck::last)
            .unwrap_or_default()
    }

    /// Offset after the last returned entry.
    pub const fn at(&self) -> usize {
        self.at
    }

    fn damaged(&mut self, rest: &[u8]) -> WalkItem<'a> {
        let from = self.at;
        let head = EntryHeader::read(rest);
        let next = (1..rest.len())
            .filter(|&at| rest[at..].starts_with(&MARKER))
            .find(|&at| JournalEntry::read(&rest[at..]).is_some());
        let used = rest
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        let end = next.unwrap_or(used);
        if self.is_of_last_write(next) && self.has_hole(from + end) {
            self.at = self.bytes.len();
            return WalkItem::Torn(from);
        }
        // A payload ends with a brace; an unfinished write lacks its last bytes. A code may end with any byte.
        let has_codes = rest.get(CODES_FLAG).is_some_and(|flag| *flag != 0);
        let before_payload = if has_codes { HEAD + CODES } else { HEAD };
        let is_complete = used > before_payload
            && (rest[used - 1] == b'}'
                || head
                    .as_ref()
                    .is_some_and(|head| (used - HEAD).abs_diff(head.length) <= 1));
        if next.is_none() && !is_complete {
            self.at = self.bytes.len();
            return WalkItem::Torn(from);
        }
        self.at = from + end;
        WalkItem::Damaged(Damage {
            from,
            to: self.at,
            id: head.as_ref().map(|head| head.id),
            revision: head.as_ref().map(|head| head.revision),
            is_forged: false,
        })
    }
}

impl EntryWalk<'_> {
    /// Returns true when the last readable entry was written in the same group as the damaged bytes here; `next` is the distance
    /// to the next readable entry.
    fn is_of_last_write(&self, next: Option<usize>) -> bool {
        let Some(next) = next else {
            return true;
        };
        let mut last = self.at + next;
        let mut at = last;
        while at < self.bytes.len() {
            at += match JournalEntry::read(&self.bytes[at..]) {
                Some(entry) => {
                    last = at;
                    entry.size()
                }
                None => 1,
            };
        }
        let offset_in_group = u32_at(&self.bytes[last..], 8);
        usize::try_from(offset_in_group).is_ok_and(|offset| last - offset.min(last) <= self.at)
    }

    /// Returns true when some sector, clipped to the range up to `end`, contains only zeros; no entry has such a gap.
    fn has_hole(&self, end: usize) -> bool {
        let mut from = self.at;
        while from < end {
            let to = end.min((from / SECTOR + 1) * SECTOR);
            if self.bytes[from..to].iter().all(|byte| *byte == 0) {
                return true;
            }
            from = to;
        }
        false
    }
}

impl<'a> Iterator for EntryWalk<'a> {
    type Item = WalkItem<'a>;

    fn next(&mut self) -> Option<WalkItem<'a>> {
        let bytes = self.bytes;
        let rest = bytes.get(self.at..)?;
        if let Some(entry) = JournalEntry::read(rest) {
            let from = self.at;
            self.at += entry.size();
            if self
                .check
                .as_mut()
                .is_none_or(|check| check.accepts(&entry))
            {
                return Some(WalkItem::Entry(entry));
            }
            return Some(WalkItem::Damaged(Damage {
                from,
                to: self.at,
                id: Some(entry.id),
                revision: Some(entry.revision),
                is_forged: true,
            }));
        }
        if rest.iter().all(|byte| *byte == 0) {
            return None;
        }
        Some(self.damaged(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(revision: u64) -> JournalEntry<'static> {
        JournalEntry {
            kind: EntryKind::Saved,
            revision,
            id: Uuid::from_u128(u128::from(revision)),
            number: 1,
            digest: StateDigest::default(),
            payload: b"{\"a\":1}",
            codes: None,
        }
    }

    fn three() -> Vec<u8> {
        let mut bytes = Vec::new();
        for revision in 1..=3 {
            entry(revision).write(&mut bytes);
        }
        bytes
    }

    fn revisions(bytes: &[u8]) -> Vec<u64> {
        EntryWalk::new(bytes, 0)
            .filter_map(|step| match step {
                WalkItem::Entry(entry) => Some(entry.revision),
                WalkItem::Damaged(_) | WalkItem::Torn(_) => None,
            })
            .collect()
    }

    #[test]
    fn entries_round_trip_before_trailing_zeros() {
        let mut bytes = three();
        assert_eq!(JournalEntry::read(&bytes), Some(entry(1)));
        bytes.resize(4096, 0);
        assert_eq!(revisions(&bytes), [1, 2, 3]);
        assert!(EntryWalk::new(&bytes, 0).all(|step| matches!(step, WalkItem::Entry(_))));
    }

    #[test]
    fn unfinished_last_write_is_torn() {
        let bytes = three();
        let size = entry(1).size();
        for cut in 1..size - 1 {
            let steps: Vec<_> = EntryWalk::new(&bytes[..2 * size + cut], 0).collect();
            assert_eq!(steps[2], WalkItem::Torn(2 * size), "cut at {cut}");
        }
    }

    /// Two writes; the second has three entries that span sectors.
    fn two_writes() -> (Vec<u8>, usize) {
        let mut bytes = vec![1; 100];
        entry(1).write_in_group(&mut bytes);
        // The first write is durable, so its size does not matter.
        let second = bytes.len();
        let payload = [b"{", [b'x'; 900].as_slice(), b"}"].concat();
        let mut group = Vec::new();
        for revision in 2..=4 {
            let payload = &payload;
            JournalEntry {
                payload,
                ..entry(revision)
            }
            .write_in_group(&mut group);
        }
        bytes.extend(group);
        (bytes, second)
    }

    #[test]
    fn hole_in_last_write_is_torn_but_flipped_byte_is_damage() {
        let (bytes_written, second) = two_writes();
        for sector in second / SECTOR..bytes_written.len().div_ceil(SECTOR) {
            let mut bytes = bytes_written.clone();
            let end = bytes_written.len().min((sector + 1) * SECTOR);
            bytes[second.max(sector * SECTOR)..end].fill(0);
            let steps: Vec<_> = EntryWalk::new(&bytes, 100).collect();
            assert!(
                matches!(steps.last(), Some(WalkItem::Torn(_))),
                "sector {sector}"
            );
            assert!(
                !steps
                    .iter()
                    .any(|step| matches!(step, WalkItem::Damaged(_)))
            );
        }
        for at in second..bytes_written.len() {
            let mut bytes = bytes_written.clone();
            bytes[at] ^= 1;
            let steps: Vec<_> = EntryWalk::new(&bytes, 100).collect();
            assert!(
                steps
                    .iter()
                    .any(|step| matches!(step, WalkItem::Damaged(_))),
                "byte {at}"
            );
        }
    }

    #[test]
    fn hole_in_earlier_write_is_damage() {
        let (mut bytes, second) = two_writes();
        let mut last = Vec::new();
        entry(5).write_in_group(&mut last);
        bytes.extend(last);
        bytes[second + 500..second + 1500].fill(0);
        let steps: Vec<_> = EntryWalk::new(&bytes, 100).collect();
        assert!(
            steps
                .iter()
                .any(|step| matches!(step, WalkItem::Damaged(_)))
        );
        assert!(matches!(steps.last(), Some(WalkItem::Entry(last)) if last.revision == 5));
    }

    proptest! {
        #[test]
        fn flipped_byte_loses_one_entry_and_is_reported(at in 0_usize..3 * 79, flip in 1_u8..) {
            let mut bytes = three();
            bytes[at] ^= flip;
            let hit = at / entry(1).size() + 1;
            let rest: Vec<u64> = (1..=3).filter(|revision| *revision != hit as u64).collect();
            prop_assert_eq!(revisions(&bytes), rest);
            prop_assert!(EntryWalk::new(&bytes, 0).any(|step| !matches!(step, WalkItem::Entry(_))));
        }

        #[test]
        fn walk_over_any_bytes_ends(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(EntryWalk::new(&bytes, 0).count() <= bytes.len());
        }
    }
}
