//! File with the rows of an index: sorted blocks that are read when they are needed. It never changes; a newer one replaces it.
//!
//! ```text
//! MAGIC
//! block …          rows
//! header           JSON
//! directory        row of each block: first key → offset, length, code
//! two lengths      of header and directory
//! code             of header and directory
//! ```
//! Several processes can read it; one that was replaced stays readable for those that have it open.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::IVec;

use crate::atomic_file;
use crate::store::key::{AuthCode, CODE, StoreAuthenticator};
use crate::store::sled::block::{self, BlockReader, ReadRow, Row};
use crate::store::sled::memory_rows::StoredRows;
use crate::store::sled::unusable_index::UnusableIndex;

/// Magic bytes at the start; the digit is the format version.
const MAGIC: &[u8; 8] = b"umaiidx1";
const BLOCK_DOMAIN: &str = "index block";
const DIRECTORY_DOMAIN: &str = "index directory";
/// Bytes of rows from which a block ends.
const BLOCK_SIZE: usize = 16 * 1024;
/// Length of the two lengths and the code.
const END: usize = 8 + 8 + CODE;
/// Maximum length of a block with its largest row, and of header and directory.
const MAX_LENGTH: u64 = 256 * 1024 * 1024;

/// Open file.
pub struct IndexFile {
    file: File,
    /// Places of the blocks, in order.
    blocks: Vec<BlockPlace>,
    auth: StoreAuthenticator,
}

/// Place of a block.
struct BlockPlace {
    /// Key of its first row.
    first: Vec<u8>,
    offset: u64,
    length: u64,
    code: AuthCode,
}

impl BlockPlace {
    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.offset.to_le_bytes(), self.length.to_le_bytes()];
        [&numbers.concat()[..], &self.code].concat()
    }

    fn read((first, bytes): ReadRow<'_>) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk()?;
        let (length, code) = rest.split_first_chunk()?;
        Some(Self {
            first,
            offset: u64::from_le_bytes(*offset),
            length: u64::from_le_bytes(*length),
            code: code.try_into().ok()?,
        })
    }
}

impl IndexFile {
    /// Writes a file with rows, which `add_rows` adds in order, and opens it. It replaces an existing one atomically.
    pub fn write<T>(
        path: &Path,
        auth: &StoreAuthenticator,
        header: &impl Serialize,
        add_rows: impl FnOnce(&mut IndexFileWriter<'_>) -> io::Result<T>,
    ) -> io::Result<Self> {
        let mut blocks = Vec::new();
        let file = atomic_file::write_atomically(path, |file| {
            let mut writer = IndexFileWriter::new(file, auth);
            writer.write(MAGIC)?;
            add_rows(&mut writer)?;
            blocks = writer.finish(&serde_json::to_vec(header)?)?;
            Ok(())
        })?;
        Ok(Self {
            file,
            blocks,
            auth: auth.clone(),
        })
    }

    /// Opens a file and returns its header; none if there is no file, or one that this key did not write.
    pub fn open<H: DeserializeOwned>(path: &Path, auth: &StoreAuthenticator) -> Option<(Self, H)> {
        // Opening a pipe would wait for its other end.
        let file = path.is_file().then(|| File::open(path).ok())??;
        let mut magic = [0; MAGIC.len()];
        file.read_exact_at(&mut magic, 0).ok()?;
        let end = file.metadata().ok()?.len().checked_sub(END as u64)?;
        let bytes = read(&file, end, END as u64)?;
        let (header_length, rest) = bytes.split_first_chunk()?;
        let (directory_length, code) = rest.split_first_chunk()?;
        let directory_length = u64::from_le_bytes(*directory_length);
        let directory_at = end.checked_sub(directory_length)?;
        let header_length = u64::from_le_bytes(*header_length);
        let header_at = directory_at.checked_sub(header_length)?;
        let header = read(&file, header_at, header_length)?;
        let directory = read(&file, directory_at, directory_length)?;
        if magic != *MAGIC || !auth.confirms(DIRECTORY_DOMAIN, &[&header, &directory], code) {
            return None;
        }
        let header = serde_json::from_slice(&header).ok()?;
        let rows = BlockReader::new(&directory).ok()?.rows_before(None).ok()?;
        let blocks = rows.into_iter().map(BlockPlace::read);
        let index = Self {
            file,
            blocks: blocks.collect::<Option<_>>()?,
            auth: auth.clone(),
        };
        Some((index, header))
    }

    /// Position of the block that has a row, if it exists.
    fn position_of(&self, key: &[u8]) -> usize {
        let after = self.blocks.partition_point(|block| &block.first[..] <= key);
        after.saturating_sub(1)
    }

    /// Reads an encoded block.
    fn block(&self, place: &BlockPlace) -> Result<Vec<u8>, UnusableIndex> {
        let bytes = read(&self.file, place.offset, place.length);
        let is_authentic =
            |bytes: &Vec<u8>| self.auth.confirms(BLOCK_DOMAIN, &[bytes], &place.code);
        bytes
            .filter(is_authentic)
            .ok_or_else(|| UnusableIndex("a block of its file is damaged".into()))
    }
}

fn read(file: &File, offset: u64, length: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(length.min(MAX_LENGTH)).ok()?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

impl StoredRows for IndexFile {
    fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        let Some(place) = self.blocks.get(self.position_of(key)) else {
            return Ok(None);
        };
        let block = self.block(place)?;
        Ok(BlockReader::new(&block)?.find(key)?.map(IVec::from))
    }

    fn walk(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        take: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), UnusableIndex> {
        let (first, is_first_taken) = match start {
            Bound::Included(first) => (first, true),
            Bound::Excluded(first) => (first, false),
            Bound::Unbounded => (prefix, true),
        };
        for place in self.blocks.iter().skip(self.position_of(first)) {
            let block = self.block(place)?;
            let mut rows = BlockReader::new(&block)?;
            while let Some((key, value)) = rows.next_row()? {
                if key < first || (key == first && !is_first_taken) {
                    continue;
                }
                if !key.starts_with(prefix) || !take(key, value) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Writer of the rows of a file.
pub struct IndexFileWriter<'a> {
    out: BufWriter<&'a mut File>,
    auth: &'a StoreAuthenticator,
    /// Number of bytes that were written.
    offset: u64,
    blocks: Vec<BlockPlace>,
    /// Rows of the next block.
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of these rows.
    size: usize,
}

impl<'a> IndexFileWriter<'a> {
    fn new(file: &'a mut File, auth: &'a StoreAuthenticator) -> Self {
        Self {
            out: BufWriter::new(file),
            auth,
            offset: 0,
            blocks: Vec::new(),
            rows: Vec::new(),
            size: 0,
        }
    }

    /// Adds the next row.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.rows.push((key.to_vec(), value.to_vec()));
        self.size += key.len() + value.len();
        if self.size < BLOCK_SIZE {
            return Ok(());
        }
        self.end_block()
    }

    fn end_block(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.size = 0;
        let Some((first, _)) = rows.first() else {
            return Ok(());
        };
        let block = block::encode(&refer(&rows));
        self.blocks.push(BlockPlace {
            first: first.clone(),
            offset: self.offset,
            length: block.len() as u64,
            code: self.auth.code(BLOCK_DOMAIN, &[&block]),
        });
        self.write(&block)
    }

    /// Writes header and directory, and returns the places of the blocks.
    fn finish(mut self, header: &[u8]) -> io::Result<Vec<BlockPlace>> {
        self.end_block()?;
        let places = self.blocks.iter();
        let rows: Vec<_> = places
            .map(|place| (place.first.clone(), place.to_bytes()))
            .collect();
        let directory = block::encode(&refer(&rows));
        let lengths = [header.len() as u64, directory.len() as u64].map(u64::to_le_bytes);
        let code = self.auth.code(DIRECTORY_DOMAIN, &[header, &directory]);
        for part in [header, &directory, &lengths.concat(), &code] {
            self.write(part)?;
        }
        self.out.flush()?;
        Ok(self.blocks)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.offset += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

fn refer(rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<Row<'_>> {
    let rows = rows.iter();
    rows.map(|(key, value)| (&key[..], &value[..])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::store::key::StoreKey;

    type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

    fn auth() -> StoreAuthenticator {
        StoreKey::random().unwrap().authenticator(Uuid::nil())
    }

    fn write(path: &Path, auth: &StoreAuthenticator, rows: &Rows) -> IndexFile {
        let written = IndexFile::write(path, auth, &7, |file| {
            rows.iter()
                .try_for_each(|(key, value)| file.add(key, value))
        });
        written.unwrap()
    }

    fn walked(file: &IndexFile, start: Bound<&[u8]>, prefix: &[u8]) -> Result<Rows, UnusableIndex> {
        let mut rows = Rows::new();
        file.walk(start, prefix, &mut |key, value| {
            rows.insert(key.to_vec(), value.to_vec());
            true
        })?;
        Ok(rows)
    }

    /// More rows than fit into a block.
    fn many_rows() -> Rows {
        let rows =
            (0..500_u16).map(|at| (at.to_be_bytes().to_vec(), vec![at.to_le_bytes()[0]; 200]));
        rows.collect()
    }

    proptest! {
        #[test]
        fn written_rows_are_read_back(
            rows: BTreeMap<Vec<u8>, Vec<u8>>,
            large in prop::collection::vec(0_usize..3 * BLOCK_SIZE, 0..4),
            start: Vec<u8>,
            is_included: bool,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (path, auth) = (folder.path().join("a"), auth());
            let mut rows = rows;
            rows.extend(large.into_iter().enumerate().map(|(at, size)| (vec![b'l', at.to_le_bytes()[0]], vec![1; size])));
            let written = write(&path, &auth, &rows);
            let (opened, header) = IndexFile::open::<u32>(&path, &auth).unwrap();
            prop_assert_eq!(header, 7);
            for file in [written, opened] {
                for (key, value) in &rows {
                    let found = file.get(key).unwrap();
                    prop_assert_eq!(found.as_deref(), Some(&value[..]));
                }
                prop_assert!(rows.contains_key(&start) || file.get(&start).unwrap().is_none());
                let bound = if is_included { Bound::Included(&start[..]) } else { Bound::Excluded(&start[..]) };
                let expected: Rows = rows
                    .range::<[u8], _>((bound, Bound::Unbounded))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                prop_assert_eq!(walked(&file, bound, &[]).unwrap(), expected);
            }
        }
    }

    #[test]
    fn walk_has_the_rows_with_its_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let rows = many_rows();
        let file = write(&folder.path().join("a"), &auth(), &rows);
        assert!(file.blocks.len() > 3);
        let expected: Rows = rows.into_iter().filter(|(key, _)| key[0] == 1).collect();
        assert_eq!(walked(&file, Bound::Included(&[1]), &[1]), Ok(expected));
    }

    #[test]
    fn changed_byte_is_noticed_before_a_row_is_returned() {
        let folder = tempfile::tempdir().unwrap();
        let (path, auth) = (folder.path().join("a"), auth());
        let rows = many_rows();
        write(&path, &auth, &rows);
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len())
            .step_by(97)
            .chain(bytes.len() - 300..bytes.len())
        {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            let Some((file, _)) = IndexFile::open::<u32>(&path, &auth) else {
                continue;
            };
            let found = walked(&file, Bound::Unbounded, &[]);
            assert!(found.is_err(), "byte {at}");
        }
        assert!(IndexFile::open::<u32>(folder.path(), &auth).is_none());
        for length in [0, 7, END, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(IndexFile::open::<u32>(&path, &auth).is_none());
        }
    }

    #[test]
    fn file_of_another_key_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, &auth(), &many_rows());
        assert!(IndexFile::open::<u32>(&path, &auth()).is_none());
    }
}
