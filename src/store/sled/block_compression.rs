//! Compression of blocks, whose rows are similar JSON.
//!
//! ```text
//! 0, length, compressed length, LZ4     block that was compressed; lengths have 4 bytes, little endian
//! anything else                         block as it is: it starts with the number of its rows, which is not 0
//! ```
//! Bytes after either of them are ignored.

use std::borrow::Cow;

use lz4_flex::block;

use super::unusable_index::UnusableIndex;

/// First byte of a compressed block.
const COMPRESSED: u8 = 0;
/// Bytes before the compressed ones.
const HEAD: usize = 9;
/// Maximum length of a block for each byte of its compressed form, according to the format.
const MAX_RATIO: usize = 255;

/// Compresses a block, if that makes it smaller.
pub fn compress(block: Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![COMPRESSED; HEAD + block::get_maximum_output_size(block.len())];
    let Ok(count) = block::compress_into(&block, &mut bytes[HEAD..]) else {
        return block;
    };
    match (u32::try_from(block.len()), u32::try_from(count)) {
        (Ok(length), Ok(compressed)) if HEAD + count < block.len() => {
            bytes[1..5].copy_from_slice(&length.to_le_bytes());
            bytes[5..HEAD].copy_from_slice(&compressed.to_le_bytes());
            bytes.truncate(HEAD + count);
            bytes
        }
        _ => block,
    }
}

/// Returns the block that was compressed, or the bytes if none was.
pub fn decompress(bytes: &[u8]) -> Result<Cow<'_, [u8]>, UnusableIndex> {
    let Some((&COMPRESSED, rest)) = bytes.split_first() else {
        return Ok(Cow::Borrowed(bytes));
    };
    decompress_rest(rest)
        .map(Cow::Owned)
        .ok_or_else(|| UnusableIndex("a block of rows is damaged".into()))
}

fn decompress_rest(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (compressed, rest) = rest.split_first_chunk()?;
    let [length, compressed] = [*length, *compressed].map(u32::from_le_bytes);
    let length = usize::try_from(length).ok()?;
    let compressed = rest.get(..usize::try_from(compressed).ok()?)?;
    // A damaged length must not allocate much memory.
    if length > compressed.len().saturating_mul(MAX_RATIO) {
        return None;
    }
    let block = block::decompress(compressed, length).ok()?;
    (block.len() == length).then_some(block)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn block_is_read_back(mut block: Vec<u8>, repeated in 0_usize..60) {
            block.insert(0, 1);
            let block = block.repeat(repeated + 1);
            let compressed = compress(block.clone());
            prop_assert!(compressed.len() <= block.len());
            prop_assert_eq!(&decompress(&compressed).unwrap()[..], &block[..]);
            let with_code = [&compressed[..], b"code"].concat();
            let read = decompress(&with_code).unwrap();
            prop_assert!(read.starts_with(&block));
        }

        #[test]
        fn any_bytes_are_a_block_or_damaged(bytes: Vec<u8>) {
            for start in [&[][..], &[COMPRESSED, 40, 0, 0, 0, 9, 0, 0, 0]] {
                // Only that it returns.
                let _ = decompress(&[start, &bytes].concat());
            }
        }
    }

    #[test]
    fn block_with_wrong_length_is_damaged() {
        let compressed = compress(vec![1; 1000]);
        assert!(compressed.len() < 100);
        for length in [0_u32, 999, 1001, u32::MAX] {
            let mut bytes = compressed.clone();
            bytes[1..5].copy_from_slice(&length.to_le_bytes());
            assert!(decompress(&bytes).is_err(), "{length}");
        }
    }
}
