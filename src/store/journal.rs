//! The journal: append-only files beside the view, the truth that the view is made from.
//!
//! ```text
//! data/journal/00000000000000000001.log        head, entries, zeros
//! data/journal/00000000000000004711.log        the newest one is written
//! data/snapshots/00000000000000004700.snapshot what came before, in one file
//! ```

pub mod digest;
pub mod entry;
pub mod head;
pub mod segment;
pub mod snapshot;
pub mod end;
pub mod fold;
pub mod retention;

/// The folder of the segments in the data folder.
pub const FOLDER: &str = "journal";
