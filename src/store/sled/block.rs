//! Blocks: sorted rows of one kind in one value of sled.
//!
//! sled keeps at most 16 values on a page, and opening it takes a time that grows with the number of pages. Rows are small: a
//! block of them shares a value and its code.

use super::encoding::{ALIASES, ORDER, RowChange, TRASH};
use super::unusable_index::UnusableIndex;

/// Row: key and value.
pub type Row<'a> = (&'a [u8], &'a [u8]);
/// Row that was read from a block, with the whole key.
pub type ReadRow<'a> = (Vec<u8>, &'a [u8]);

/// Maximum number of leading bytes that a key shares with the key before it.
const MAX_SHARED: usize = u8::MAX as usize;
/// Bytes that the lengths of a row take at most, as long as the row is small.
const LENGTHS: usize = 5;

/// Returns the size in bytes above which a block of this kind of rows is split.
///
/// A row is written and authenticated with its whole block. Aliases and list entries have random places, so their blocks are small;
/// connections are created in the order of their IDs.
fn max_size(kind: u8) -> usize {
    match &[kind][..] {
        ALIASES => 1024,
        ORDER | TRASH => 2048,
        _ => 4096,
    }
}

/// Encodes rows, which are sorted by key.
pub fn encode(rows: &[Row<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.iter().map(size).sum());
    write_length(&mut bytes, rows.len());
    let mut before: &[u8] = &[];
    for (key, value) in rows {
        let pairs = key.iter().zip(before).take(MAX_SHARED);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        write_length(&mut bytes, shared);
        write_length(&mut bytes, key.len() - shared);
        write_length(&mut bytes, value.len());
        bytes.extend_from_slice(&key[shared..]);
        bytes.extend_from_slice(value);
        before = key;
    }
    bytes
}

/// Reader of the rows of a block, in order.
#[derive(Default)]
pub struct BlockReader<'a> {
    rest: &'a [u8],
    /// Number of rows that were not read yet.
    count: usize,
    key: Vec<u8>,
}

impl<'a> BlockReader<'a> {
    /// Reads an encoded block. Bytes after its rows are ignored.
    pub fn new(block: &'a [u8]) -> Result<Self, UnusableIndex> {
        let mut rest = block;
        let count = read_length(&mut rest).ok_or_else(damaged)?;
        Ok(Self {
            rest,
            count,
            key: Vec::new(),
        })
    }

    /// Returns the next row.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, UnusableIndex> {
        let value = self.next_value()?;
        Ok(value.map(|value| (&self.key[..], value)))
    }

    /// Reads the next row: sets the key, and returns the value.
    fn next_value(&mut self) -> Result<Option<&'a [u8]>, UnusableIndex> {
        let Some(count) = self.count.checked_sub(1) else {
            return Ok(None);
        };
        self.count = count;
        self.read_row().map(Some).ok_or_else(damaged)
    }

    /// Reads a row and returns its value.
    fn read_row(&mut self) -> Option<&'a [u8]> {
        let shared = read_length(&mut self.rest)?;
        let suffix = read_length(&mut self.rest)?;
        let length = read_length(&mut self.rest)?;
        let (suffix, rest) = self.rest.split_at_checked(suffix)?;
        let (value, rest) = rest.split_at_checked(length)?;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(suffix);
        self.rest = rest;
        Some(value)
    }

    /// Returns the value of a key.
    pub fn find(mut self, key: &[u8]) -> Result<Option<&'a [u8]>, UnusableIndex> {
        while let Some(value) = self.next_value()? {
            if &self.key[..] >= key {
                return Ok((self.key == key).then_some(value));
            }
        }
        Ok(None)
    }

    /// Returns the rest of the rows before the key `end`, if there is one.
    pub fn rows_before(mut self, end: Option<&[u8]>) -> Result<Vec<ReadRow<'a>>, UnusableIndex> {
        let mut rows = Vec::with_capacity(self.count.min(1024));
        while let Some(value) = self.next_value()? {
            if end.is_some_and(|end| &self.key[..] >= end) {
                break;
            }
            rows.push((self.key.clone(), value));
        }
        Ok(rows)
    }
}

/// Applies changes to rows; both are sorted by key.
pub fn merge<'a>(rows: &'a [ReadRow<'a>], changes: &'a [RowChange]) -> Vec<Row<'a>> {
    let mut merged = Vec::with_capacity(rows.len() + changes.len());
    let mut rows = rows.iter().map(|(key, value)| (&key[..], *value));
    let mut next = rows.next();
    for (key, value) in changes {
        while let Some(row) = next.filter(|(before, _)| *before < &key[..]) {
            merged.push(row);
            next = rows.next();
        }
        if next.is_some_and(|(same, _)| same == &key[..]) {
            next = rows.next();
        }
        merged.extend(value.as_deref().map(|value| (&key[..], value)));
    }
    merged.extend(next);
    merged.extend(rows);
    merged
}

/// Splits rows of one kind into parts of the size of a block. Blocks that grow at their end are filled, others get space for more.
pub fn split<'a, 'b>(rows: &'b [Row<'a>], is_growing_at_end: bool) -> Vec<&'b [Row<'a>]> {
    let kind = rows.first().and_then(|(key, _)| key.first());
    let max = kind.map_or(0, |kind| max_size(*kind));
    let total: usize = rows.iter().map(size).sum();
    let target = if is_growing_at_end {
        max
    } else {
        total.div_ceil(total.div_ceil(max.max(1)).max(1))
    };
    let mut parts = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = rest.iter().take_while(|row| {
            // The row that reaches the target is the last one, unless the block would be too large with it.
            let is_part = length < target && (length == 0 || length + size(row) <= max);
            length += size(row);
            is_part
        });
        let (part, later) = rest.split_at(fits.count());
        parts.push(part);
        rest = later;
    }
    parts
}

const fn size((key, value): &Row<'_>) -> usize {
    key.len() + value.len() + LENGTHS
}

fn damaged() -> UnusableIndex {
    UnusableIndex("a block of rows is damaged".into())
}

/// Appends a number: 7 bits a byte, lowest first, the highest bit marks that more follow.
fn write_length(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn read_length(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(block: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = BlockReader::new(block).unwrap().rows_before(None).unwrap();
        let owned = rows.into_iter().map(|(key, value)| (key, value.to_vec()));
        owned.collect()
    }

    fn refer<K: AsRef<[u8]>, V: AsRef<[u8]>>(rows: &[(K, V)]) -> Vec<Row<'_>> {
        rows.iter()
            .map(|(key, value)| (key.as_ref(), value.as_ref()))
            .collect()
    }

    proptest! {
        #[test]
        fn encoded_rows_are_read_back(rows: std::collections::BTreeMap<Vec<u8>, Vec<u8>>) {
            let rows: Vec<_> = rows.into_iter().collect();
            let mut block = encode(&refer(&rows));
            prop_assert_eq!(&read(&block), &rows);
            block.extend_from_slice(b"code");
            prop_assert_eq!(&read(&block), &rows);
        }

        #[test]
        fn any_bytes_are_rows_or_damaged(bytes: Vec<u8>) {
            if let Ok(reader) = BlockReader::new(&bytes) {
                let _ = reader.rows_before(None);
            }
        }

        #[test]
        fn merged_rows_are_those_of_a_map(
            rows: std::collections::BTreeMap<u8, u8>,
            changes: std::collections::BTreeMap<u8, Option<u8>>,
        ) {
            let before: Vec<_> = rows.iter().map(|(key, value)| (vec![*key], [*value])).collect();
            let before: Vec<_> = before.iter().map(|(key, value)| (key.clone(), &value[..])).collect();
            let made: Vec<RowChange> = changes.iter().map(|(key, value)| (vec![*key], value.map(|value| vec![value]))).collect();
            let mut expected = rows.clone();
            for (key, value) in changes {
                match value {
                    Some(value) => expected.insert(key, value),
                    None => expected.remove(&key),
                };
            }
            let expected: Vec<_> = expected.iter().map(|(key, value)| ([*key], [*value])).collect();
            prop_assert_eq!(merge(&before, &made), refer(&expected));
        }

        #[test]
        fn parts_have_all_rows_and_fit(sizes in prop::collection::vec(1_usize..3000, 1..60), is_growing_at_end: bool) {
            let rows: Vec<_> = sizes.iter().enumerate().map(|(at, size)| (format!("r{at:04}"), vec![0; *size])).collect();
            let rows = refer(&rows);
            let parts = split(&rows, is_growing_at_end);
            prop_assert_eq!(parts.concat(), rows.clone());
            for part in parts {
                prop_assert!(part.len() == 1 || part.iter().map(size).sum::<usize>() <= 4096);
            }
        }
    }

    #[test]
    fn rows_that_fit_are_one_part() {
        let rows = [(b"a1", b""), (b"a2", b"")];
        let rows: Vec<Row<'_>> = rows
            .iter()
            .map(|(key, value)| (&key[..], &value[..]))
            .collect();
        assert_eq!(split(&rows, false), [&rows[..]]);
        assert_eq!(split(&rows, true), [&rows[..]]);
    }

    #[test]
    fn block_that_grows_at_its_end_is_filled() {
        let rows: Vec<_> = (0..20)
            .map(|at| (format!("r{at:02}"), vec![0; 400]))
            .collect();
        let rows = refer(&rows);
        let sizes = |at_end| {
            split(&rows, at_end)
                .iter()
                .map(|part| part.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(true), [10, 10]);
        assert_eq!(sizes(false), [10, 10]);
        let rows = &rows[..11];
        let sizes = |at_end| {
            split(rows, at_end)
                .iter()
                .map(|part| part.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(true), [10, 1]);
        assert_eq!(sizes(false), [6, 5]);
    }
}
