//! Applies batches of changes to a list of connections and reports how indexes shifted.
//!
//! A script may save thousands of connections, and each lookup in a list of a hundred thousand is a linear scan. All
//! changes of a batch are applied in one pass, and indexes into the list are shifted instead of rebuilt.

use std::collections::HashMap;

use uuid::Uuid;

use crate::search::TreeItem;

/// Number of slots addressed by two bytes.
const SLOTS: usize = 1 << 16;

/// Change of a connection from the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemChange {
    /// Created or saved.
    Saved(TreeItem),
    /// Deleted.
    Deleted(Uuid),
}

impl ItemChange {
    /// Returns the ID of the connection.
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Saved(item) => item.id,
            Self::Deleted(id) => *id,
        }
    }
}

/// Shift of indexes after a batch of changes.
#[derive(Debug, Default)]
pub struct IndexShift {
    /// Old indexes of removed connections, sorted.
    removed: Vec<usize>,
    /// For each inserted connection, the number of remaining ones before it; sorted.
    inserted: Vec<usize>,
    /// New indexes of inserted or changed connections, sorted.
    pub touched: Vec<usize>,
}

impl IndexShift {
    /// Creates a shift with connections changed in place; their indexes are sorted.
    pub fn changed(touched: Vec<usize>) -> Self {
        Self {
            touched,
            ..Self::default()
        }
    }

    /// Returns the new index of an old one, `None` if removed.
    pub fn new_index(&self, old: usize) -> Option<usize> {
        let Err(before) = self.removed.binary_search(&old) else {
            return None;
        };
        let remaining = old - before;
        Some(remaining + self.inserted.partition_point(|index| *index <= remaining))
    }

    /// Returns the old length of a list from its new length.
    pub const fn old_len(&self, new: usize) -> usize {
        new + self.removed.len() - self.inserted.len()
    }

    /// Returns the new end of the first `old` connections, without those inserted right after them.
    pub fn moved_end(&self, old: usize) -> usize {
        let remaining = old - self.removed.partition_point(|index| *index < old);
        remaining + self.inserted.partition_point(|index| *index < remaining)
    }
}

/// Combined changes of one connection.
#[derive(Default)]
struct LatestChange {
    /// Newest state; `None` if deleted.
    item: Option<TreeItem>,
    /// True if it was deleted before it was saved again.
    is_after_end: bool,
}

fn newest(news: Vec<ItemChange>) -> HashMap<Uuid, LatestChange> {
    let mut newest: HashMap<Uuid, LatestChange> = HashMap::with_capacity(news.len());
    for change in news {
        let known = newest.entry(change.id()).or_default();
        match change {
            ItemChange::Deleted(_) => {
                known.item = None;
                known.is_after_end = true;
            }
            ItemChange::Saved(item) => {
                let other = known.item.as_ref();
                if other.is_none_or(|other| other.version() <= item.version()) {
                    known.item = Some(item);
                }
            }
        }
    }
    newest
}

/// Returns the slot of a connection in the presence table; several IDs share a slot.
fn slot(id: Uuid) -> usize {
    let [.., high, low] = *id.as_bytes();
    usize::from(u16::from_be_bytes([high, low]))
}

/// Applies changes to a list; older versions never replace newer ones.
pub fn apply_changes(items: &mut Vec<TreeItem>, news: Vec<ItemChange>) -> IndexShift {
    let mut newest = newest(news);
    // The presence table skips most of a long list cheaply.
    let mut may_be_changed = vec![false; SLOTS];
    for id in newest.keys() {
        may_be_changed[slot(*id)] = true;
    }
    let mut shift = IndexShift::default();
    let mut changed = Vec::new();
    for (index, known) in items.iter_mut().enumerate() {
        if newest.is_empty() {
            break;
        }
        if !may_be_changed[slot(known.id)] {
            continue;
        }
        let Some(change) = newest.get_mut(&known.id) else {
            continue;
        };
        match change.item.take() {
            Some(item) if item.version() < known.version() && !change.is_after_end => {
                newest.remove(&known.id);
            }
            Some(item) if item.order(known).is_eq() => {
                newest.remove(&known.id);
                *known = item;
                changed.push(index);
            }
            Some(item) => {
                shift.removed.push(index);
                change.item = Some(item);
            }
            None => shift.removed.push(index),
        }
    }
    remove_at(items, &shift.removed);
    let inserted = newest.into_values().filter_map(|change| change.item);
    let mut inserted: Vec<TreeItem> = inserted.collect();
    inserted.sort_by(TreeItem::order);
    shift.inserted = insert_sorted(items, inserted);
    shift.touched = changed
        .iter()
        .filter_map(|old| shift.new_index(*old))
        .collect();
    let inserted = shift.inserted.iter().enumerate();
    let inserted: Vec<usize> = inserted.map(|(before, index)| index + before).collect();
    shift.touched.extend(inserted);
    shift.touched.sort_unstable();
    shift
}

fn remove_at(items: &mut Vec<TreeItem>, indexes: &[usize]) {
    if let [index] = indexes {
        items.remove(*index);
    } else if !indexes.is_empty() {
        let mut indexes = indexes.iter().peekable();
        let mut index = 0;
        items.retain(|_| {
            let remains = indexes.next_if(|removed| **removed == index).is_none();
            index += 1;
            remains
        });
    }
}

/// Inserts connections in order; returns the number of existing ones before each.
fn insert_sorted(items: &mut Vec<TreeItem>, mut inserted: Vec<TreeItem>) -> Vec<usize> {
    let indexes: Vec<usize> = inserted
        .iter()
        .map(|item| items.partition_point(|other| other.order(item).is_lt()))
        .collect();
    if inserted.len() <= 1 {
        for (index, item) in indexes.iter().zip(inserted.drain(..)) {
            items.insert(*index, item);
        }
        return indexes;
    }
    let mut old = std::mem::take(items).into_iter();
    items.reserve(old.len() + inserted.len());
    let mut taken = 0;
    for (index, item) in indexes.iter().zip(inserted) {
        items.extend(old.by_ref().take(index - taken));
        taken = *index;
        items.push(item);
    }
    items.extend(old);
    indexes
}
