//! Looks at a store, its key and its backups without opening or changing anything: for whoever asks what is wrong.

use std::path::PathBuf;

use super::backup::shelf::{Found, Shelf};
use super::{KeyState, StoreOptions, content, exchange, key_state, lock};
use crate::connection::StoreError;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// The store.
    pub store: StoreState,
    /// The process that had the store open last, and has it open still when `is_open`.
    pub holder: Option<String>,
    /// Whether a process has the store open.
    pub is_open: bool,
    /// Whether a restore or a rotation was cut short, so that the next who opens the store finishes it.
    pub is_exchange_unfinished: bool,
    /// Stores that were replaced and are kept.
    pub replaced: Vec<PathBuf>,
    /// The key.
    pub key: KeyState,
    /// The backups beside the store, the newest first.
    pub backups: Result<Vec<Found>, StoreError>,
}

/// The state of a store, as its journal and snapshots tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// There is none.
    Absent,
    /// All of it can be read.
    Whole {
        /// The newest change.
        revision: u64,
        /// How many connections there are, those in the trash among them.
        count: u64,
    },
    /// Not all of it can be read.
    Damaged {
        /// How many connections can be, those in the trash among them.
        readable: usize,
        /// What is wrong, and where.
        why: String,
    },
    /// None of it can be read.
    Unreadable(String),
}

/// Looks at everything.
pub fn examine(options: &StoreOptions) -> Examination {
    let data = &options.data;
    let replaced = std::fs::read_dir(data.join(exchange::REPLACED));
    let mut replaced: Vec<PathBuf> = replaced
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    replaced.sort();
    let shelf = Shelf::of_store(data);
    Examination {
        store: state(options),
        holder: lock::holder(data),
        is_open: lock::is_held(data),
        is_exchange_unfinished: exchange::is_under_way(data),
        replaced,
        key: key_state(options),
        backups: shelf
            .all()
            .map_err(|error| super::files::unusable(shelf.folder(), &error)),
    }
}

fn state(options: &StoreOptions) -> StoreState {
    let data = &options.data;
    let has_files = ["journal", "snapshots", "sled"]
        .iter()
        .any(|part| data.join(part).exists());
    match content::read(data) {
        Ok(Some(content)) => match content.trouble {
            None => StoreState::Whole {
                revision: content.fold.revision,
                count: content.fold.digest().count,
            },
            Some(why) => StoreState::Damaged {
                readable: content.fold.connections.len(),
                why,
            },
        },
        Ok(None) if has_files => StoreState::Unreadable(format!(
            "No file of the journal in {} can be read",
            data.display()
        )),
        Ok(None) => StoreState::Absent,
        Err(error) => StoreState::Unreadable(error.to_string()),
    }
}
