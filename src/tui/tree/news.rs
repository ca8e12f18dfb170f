//! Brings a list of connections up to what was heard of them, many at once, and tells how the places moved.
//!
//! Why: a script beside the app saves thousands, and each place in a list of a hundred thousand costs a walk through it. So all
//! that was heard at once is taken in with one walk, and what points into the list is moved and not made again.

use std::collections::HashMap;

use uuid::Uuid;

use super::Item;

/// As many as two bytes can name.
const SLOTS: usize = 1 << 16;

/// What was heard of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is this now.
    Saved(Item),
    /// It is no more.
    Deleted(Uuid),
}

impl News {
    /// Which connection it is about.
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Saved(item) => item.id,
            Self::Deleted(id) => *id,
        }
    }
}

/// How the places in a list moved.
#[derive(Debug, Default)]
pub struct Shift {
    /// The old places of those that went, in order.
    gone: Vec<usize>,
    /// For each that came, how many of those that stayed stand before it; in order.
    came: Vec<usize>,
    /// The new places of those that are another now, came or changed where they stood; in order.
    pub other: Vec<usize>,
}

impl Shift {
    /// Nothing moved, and one is another where it stands.
    pub fn changed(place: usize) -> Self {
        Self {
            other: vec![place],
            ..Self::default()
        }
    }

    /// Where what stood in a place stands now.
    pub fn moved(&self, old: usize) -> Option<usize> {
        let Err(before) = self.gone.binary_search(&old) else {
            return None;
        };
        let stayed = old - before;
        Some(stayed + self.came.partition_point(|place| *place <= stayed))
    }

    /// How long a list was that has this many now.
    pub const fn old_len(&self, new: usize) -> usize {
        new + self.gone.len() - self.came.len()
    }

    /// Where what used to be the first `old` ends now; what came in right behind it is not among them.
    pub fn moved_end(&self, old: usize) -> usize {
        let stayed = old - self.gone.partition_point(|place| *place < old);
        stayed + self.came.partition_point(|place| *place < stayed)
    }
}

/// All that was heard of one connection.
#[derive(Default)]
struct Newest {
    /// What it is; none when it is no more.
    item: Option<Item>,
    /// Whether it was no more before it was this.
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

/// Where it is noted whether something was heard of a connection, or of one that shares its place.
fn slot(id: Uuid) -> usize {
    let [.., high, low] = *id.as_bytes();
    usize::from(u16::from_be_bytes([high, low]))
}

/// Brings a list up to what was heard; nothing older goes before what is newer.
pub fn take_in(items: &mut Vec<Item>, news: Vec<News>) -> Shift {
    let mut newest = newest(news);
    // Most of a long list is passed by with one look.
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

/// Puts in what came, in order; answers how many of the others stand before each.
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
