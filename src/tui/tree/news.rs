//! Applies batches of changes to a list of connections and reports how indexes shifted.
//!
//! A script may save thousands of connections, and each lookup in a list of a hundred thousand is a linear scan. All
//! changes of a batch are applied in one pass, and indexes into the list are shifted instead of rebuilt.

use std::collections::HashMap;

use uuid::Uuid;

use super::Item;

/// Number of slots addressed by two bytes.
const SLOTS: usize = 1 << 16;

/// Change of a connection from the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Created or saved.
    Saved(Item),
    /// Deleted.
    Deleted(Uuid),
}

impl News {
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
pub struct Shift {
    /// Old indexes of removed connections, sorted.
    gone: Vec<usize>,
    /// For each inserted connection, the number of remaining ones before it; sorted.
    came: Vec<usize>,
    /// New indexes of inserted or changed connections, sorted.
    pub other: Vec<usize>,
}

impl Shift {
    /// Creates a shift with one connection changed in place.
    pub fn changed(place: usize) -> Self {
        Self {
            other: vec![place],
            ..Self::default()
        }
    }

    /// Returns the new index of an old one, `None` if removed.
    pub fn moved(&self, old: usize) -> Option<usize> {
        let Err(before) = self.gone.binary_search(&old) else {
            return None;
        };
        let stayed = old - before;
        Some(stayed + self.came.partition_point(|place| *place <= stayed))
    }

    /// Returns the old length of a list from its new length.
    pub const fn old_len(&self, new: usize) -> usize {
        new + self.gone.len() - self.came.len()
    }

    /// Returns the new end of the first `old` connections, without those inserted right after them.
    pub fn moved_end(&self, old: usize) -> usize {
        let stayed = old - self.gone.partition_point(|place| *place < old);
        stayed + self.came.partition_point(|place| *place < stayed)
    }
}

/// Combined changes of one connection.
#[derive(Default)]
struct Newest {
    /// Newest state; `None` if deleted.
    item: Option<Item>,
    /// True if it was deleted before it was saved again.
    is_after_end: bool,
}

fn newest(news: Vec<News>) -> HashMap<Uuid, Newest> {
    let mut newest: HashMap<Uuid, Newest> = HashMap::with_capacity(news.len());
    for heard in news {
        let known = newest.entry(heard.id()).or_default();
        match heard {
            News::Deleted(_) => {
                known.item = None;
                known.is_after_end = true;
            }
            News::Saved(item) => {
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
pub fn apply_changes(items: &mut Vec<Item>, news: Vec<News>) -> Shift {
    let mut newest = newest(news);
    // The presence table skips most of a long list cheaply.
    let mut may_be_heard = vec![false; SLOTS];
    for id in newest.keys() {
        may_be_heard[slot(*id)] = true;
    }
    let mut shift = Shift::default();
    let mut changed = Vec::new();
    for (place, known) in items.iter_mut().enumerate() {
        if newest.is_empty() {
            break;
        }
        if !may_be_heard[slot(known.id)] {
            continue;
        }
        let Some(heard) = newest.get_mut(&known.id) else {
            continue;
        };
        match heard.item.take() {
            Some(item) if item.version() < known.version() && !heard.is_after_end => {
                newest.remove(&known.id);
            }
            Some(item) if item.order(known).is_eq() => {
                newest.remove(&known.id);
                *known = item;
                changed.push(place);
            }
            Some(item) => {
                shift.gone.push(place);
                heard.item = Some(item);
            }
            None => shift.gone.push(place),
        }
    }
    take_out(items, &shift.gone);
    let came = newest.into_values().filter_map(|heard| heard.item);
    let mut came: Vec<Item> = came.collect();
    came.sort_by(Item::order);
    shift.came = put_in(items, came);
    shift.other = changed.iter().filter_map(|old| shift.moved(*old)).collect();
    let came = shift.came.iter().enumerate();
    let came: Vec<usize> = came.map(|(before, place)| place + before).collect();
    shift.other.extend(came);
    shift.other.sort_unstable();
    shift
}

fn take_out(items: &mut Vec<Item>, places: &[usize]) {
    if let [place] = places {
        items.remove(*place);
    } else if !places.is_empty() {
        let mut places = places.iter().peekable();
        let mut place = 0;
        items.retain(|_| {
            let stays = places.next_if(|gone| **gone == place).is_none();
            place += 1;
            stays
        });
    }
}

/// Inserts connections in order; returns the number of existing ones before each.
fn put_in(items: &mut Vec<Item>, mut came: Vec<Item>) -> Vec<usize> {
    let places: Vec<usize> = came
        .iter()
        .map(|item| items.partition_point(|other| other.order(item).is_lt()))
        .collect();
    if came.len() <= 1 {
        for (place, item) in places.iter().zip(came.drain(..)) {
            items.insert(*place, item);
        }
        return places;
    }
    let mut old = std::mem::take(items).into_iter();
    items.reserve(old.len() + came.len());
    let mut taken = 0;
    for (place, item) in places.iter().zip(came) {
        items.extend(old.by_ref().take(place - taken));
        taken = *place;
        items.push(item);
    }
    items.extend(old);
    places
}
