//! Authentication of entries: each carries a code over itself and the code of the entry before, the first one that of the header.
//!
//! Codes are created and checked with the key of the store. Without the key only checksums are checked, which detect damage but no
//! changes made on purpose.

use super::entry::JournalEntry;
use super::header::{FileHeader, FileKind};
use crate::store::key::{AuthCode, CODE, StoreAuthenticator};

/// Code of an entry and of the entry before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryCodes {
    /// Code of the entry before.
    pub previous: AuthCode,
    /// Code of the entry.
    pub own: AuthCode,
}

/// Length of the codes in an entry in bytes.
pub(super) const CODES: usize = 2 * CODE;

impl EntryCodes {
    pub(super) fn to_bytes(self) -> [u8; CODES] {
        let mut bytes = [0; CODES];
        bytes[..CODE].copy_from_slice(&self.previous);
        bytes[CODE..].copy_from_slice(&self.own);
        bytes
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (previous, own) = bytes.split_first_chunk()?;
        Some(Self {
            previous: *previous,
            own: own.try_into().ok()?,
        })
    }
}

const DOMAIN: &str = "entry";

/// Adds codes to the entries of a file.
#[derive(Clone)]
pub struct ChainWriter<'a> {
    auth: Option<&'a StoreAuthenticator>,
    last: AuthCode,
}

impl<'a> ChainWriter<'a> {
    /// Continues after the entry or header with this code. Adds no codes without an authenticator.
    pub const fn new(auth: Option<&'a StoreAuthenticator>, last: AuthCode) -> Self {
        Self { auth, last }
    }

    /// Code of the last entry.
    pub const fn last(&self) -> AuthCode {
        self.last
    }

    /// Returns the entry with its codes.
    pub fn with_codes<'e>(&mut self, entry: &JournalEntry<'e>) -> JournalEntry<'e> {
        let mut coded = *entry;
        if let Some(auth) = self.auth {
            let own = with_parts(entry, &self.last, |parts| auth.code(DOMAIN, parts));
            coded.codes = Some(EntryCodes {
                previous: self.last,
                own,
            });
            self.last = own;
        }
        coded
    }
}

/// Checks the codes of the entries of a file.
pub struct ChainCheck<'a> {
    auth: &'a StoreAuthenticator,
    kind: FileKind,
    /// Revision and code of the last authentic entry, at first of the header.
    last: Option<(u64, AuthCode)>,
}

impl<'a> ChainCheck<'a> {
    /// Starts after the header at the start of `bytes`, which may be damaged.
    pub fn after_header(bytes: &[u8], kind: FileKind, auth: &'a StoreAuthenticator) -> Self {
        let head = FileHeader::read(bytes).ok();
        let code = FileHeader::code(bytes, kind, auth);
        Self {
            auth,
            kind,
            last: head
                .zip(code)
                .map(|(head, code)| (head.revision.saturating_sub(1), code)),
        }
    }

    /// Code of the last authentic entry.
    pub fn last(&self) -> AuthCode {
        self.last.map(|(_, code)| code).unwrap_or_default()
    }

    /// Returns true when the entry is authentic and in its place.
    pub fn accepts(&mut self, entry: &JournalEntry<'_>) -> bool {
        let is_accepted = entry.codes.as_ref().is_some_and(|codes| {
            self.is_in_place(entry.revision, codes)
                && with_parts(entry, &codes.previous, |parts| {
                    self.auth.confirms(DOMAIN, parts, &codes.own)
                })
        });
        if let (true, Some(codes)) = (is_accepted, &entry.codes) {
            self.last = Some((entry.revision, codes.own));
        }
        is_accepted
    }

    /// In a segment an entry may be damaged; the next one then has no known predecessor, but a later revision.
    fn is_in_place(&self, revision: u64, codes: &EntryCodes) -> bool {
        let Some((last, code)) = self.last else {
            return self.kind == FileKind::Segment;
        };
        match self.kind {
            FileKind::Segment if revision == last + 1 => codes.previous == code,
            FileKind::Segment => revision > last,
            FileKind::Snapshot => codes.previous == code,
        }
    }
}

/// Calls `with` with everything that the code of an entry covers.
fn with_parts<T>(
    entry: &JournalEntry<'_>,
    previous: &AuthCode,
    with: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    let numbers = [
        entry.revision,
        entry.number,
        entry.digest.count,
        entry.digest.sum,
    ];
    let numbers = numbers.map(u64::to_le_bytes);
    with(&[
        &[entry.kind.to_byte()],
        entry.id.as_bytes(),
        numbers.as_flattened(),
        entry.payload,
        previous,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::digest::StateDigest;
    use crate::store::journal::entry::{EntryKind, EntryWalk, WalkItem};
    use crate::store::journal::header::{self, StoreIdentity};
    use crate::store::key::StoreKey;
    use uuid::Uuid;

    const STORE: Uuid = Uuid::from_u128(7);

    fn auth(store: Uuid) -> StoreAuthenticator {
        static KEY: std::sync::OnceLock<StoreKey> = std::sync::OnceLock::new();
        KEY.get_or_init(|| StoreKey::random().unwrap())
            .authenticator(store)
    }

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

    /// Header of a segment with this first revision, and its entries.
    fn segment(first: u64, revisions: &[u64], auth: &StoreAuthenticator) -> Vec<Vec<u8>> {
        let head = FileHeader {
            identity: StoreIdentity::new(STORE, [0; 40]),
            revision: first,
            digest: StateDigest::default(),
        };
        let head = head.to_bytes_with_code(FileKind::Segment, Some(auth));
        let start = FileHeader::code(&head, FileKind::Segment, auth).unwrap();
        let mut chain = ChainWriter::new(Some(auth), start);
        let entries = revisions.iter().map(|revision| {
            let mut bytes = Vec::new();
            chain.with_codes(&entry(*revision)).write(&mut bytes);
            bytes
        });
        std::iter::once(head.to_vec()).chain(entries).collect()
    }

    /// Revisions of the accepted entries, and number of the refused ones.
    fn accepted(pieces: &[Vec<u8>], auth: &StoreAuthenticator) -> (Vec<u64>, usize) {
        let bytes = pieces.concat();
        let (mut revisions, mut forged) = (Vec::new(), 0);
        for item in EntryWalk::of_segment(&bytes, Some(auth)) {
            match item {
                WalkItem::Entry(entry) => revisions.push(entry.revision),
                WalkItem::Damaged(damage) => {
                    assert!(damage.is_forged);
                    forged += 1;
                }
                WalkItem::Torn(_) => panic!("nothing is torn"),
            }
        }
        assert!(bytes.len() > header::LENGTH);
        (revisions, forged)
    }

    #[test]
    fn authentic_entries_are_accepted_with_the_right_key_only() {
        let pieces = segment(1, &[1, 2, 3], &auth(STORE));
        assert_eq!(accepted(&pieces, &auth(STORE)), (vec![1, 2, 3], 0));
        assert_eq!(accepted(&pieces, &auth(Uuid::nil())), (Vec::new(), 3));
    }

    #[test]
    fn entry_without_codes_or_with_changed_content_is_refused() {
        let pieces = segment(1, &[1, 2, 3], &auth(STORE));
        let change = |with: &dyn Fn(&mut JournalEntry<'_>)| {
            let mut changed = pieces.clone();
            let mut entry = JournalEntry::read(&pieces[2]).unwrap();
            with(&mut entry);
            changed[2] = Vec::new();
            entry.write(&mut changed[2]);
            accepted(&changed, &auth(STORE))
        };
        assert_eq!(change(&|_| {}), (vec![1, 2, 3], 0));
        // The entry after a refused one is authentic by itself.
        let refused = (vec![1, 3], 1);
        assert_eq!(change(&|entry| entry.codes = None), refused);
        assert_eq!(change(&|entry| entry.payload = b"{\"a\":2}"), refused);
        assert_eq!(change(&|entry| entry.id = Uuid::nil()), refused);
        assert_eq!(change(&|entry| entry.number = 2), refused);
        assert_eq!(change(&|entry| entry.digest.sum = 1), refused);
        assert_eq!(change(&|entry| entry.kind = EntryKind::Purged), refused);
        assert_eq!(change(&|entry| entry.revision = 3), refused);
    }

    #[test]
    fn moved_and_repeated_entries_are_refused() {
        let auth = auth(STORE);
        let one = segment(1, &[1, 2, 3], &auth);
        let repeated = [&one[..], &one[1..2]].concat();
        assert_eq!(accepted(&repeated, &auth), (vec![1, 2, 3], 1));
        let swapped = [one[0].clone(), one[2].clone(), one[1].clone()];
        assert_eq!(accepted(&swapped, &auth), (vec![2], 1));
        // Another segment with the same revisions: each entry is authentic, but not after this header.
        let elsewhere = segment(2, &[2, 3], &auth);
        let mixed = [one[0].clone(), one[1].clone(), elsewhere[1].clone()];
        assert_eq!(accepted(&mixed, &auth), (vec![1], 1));
        let removed = [one[0].clone(), one[1].clone(), one[3].clone()];
        assert_eq!(accepted(&removed, &auth), (vec![1, 3], 0), "2 is missing");
    }

    #[test]
    fn changed_header_is_refused() {
        let mut pieces = segment(1, &[1], &auth(STORE));
        let head = FileHeader {
            revision: 2,
            ..FileHeader::read(&pieces[0]).unwrap()
        };
        assert!(FileHeader::code(&pieces[0], FileKind::Snapshot, &auth(STORE)).is_none());
        pieces[0] = head.to_bytes_with_code(FileKind::Segment, None).to_vec();
        assert!(FileHeader::code(&pieces[0], FileKind::Segment, &auth(STORE)).is_none());
    }
}
