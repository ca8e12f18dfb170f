//! Append-only journal next to the index; the index is derived from it.
//!
//! ```text
//! data/journal/00000000000000000001.log        header, entries, zeros
//! data/journal/00000000000000004711.log        the newest segment is written
//! data/snapshots/00000000000000004700.snapshot everything before, in one file
//! ```

pub mod bytes;
pub mod chain;
pub mod damage_scan;
pub mod digest;
pub mod entry;
pub mod header;
pub mod segment;
pub mod snapshot;
pub mod tail_scan;
pub mod replay;
pub mod retention;

/// Folder of the segments in the data directory.
pub const FOLDER: &str = "journal";
