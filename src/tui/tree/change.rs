//! What changes the connections of the tree: pages that are read, and what one does oneself.

use uuid::Uuid;

use super::loading::Loading;
use super::{Item, Sort, Tree};

impl Tree {
    /// Marks a connection as on or off.
    pub fn set_active(&mut self, id: Uuid, active: bool) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            item.is_active = active;
        }
    }

    /// Puts a connection in, in place of what it was.
    pub fn upsert(&mut self, item: Item) {
        if let Some(old) = self.items.iter().position(|other| other.id == item.id) {
            if self.items[old].order(&item).is_eq() {
                self.items[old] = item;
                self.changed();
                return;
            }
            self.items.remove(old);
            self.loading.removed(old);
        }
        let place = self
            .items
            .partition_point(|other| other.order(&item).is_lt());
        self.items.insert(place, item);
        self.loading.inserted(place);
        self.changed();
    }

    /// Takes a connection out; its neighbour is selected in its place.
    pub fn remove(&mut self, id: Uuid) {
        let Some(old) = self.items.iter().position(|item| item.id == id) else {
            return;
        };
        self.items.remove(old);
        self.loading.removed(old);
        self.changed();
    }

    /// Takes in a part of the list that follows what was read.
    pub fn take_page(&mut self, page: Vec<Item>, total: usize) {
        match &mut self.fresh {
            Some(fresh) => self.loading.take_page(fresh, page, total),
            None => self.loading.take_page(&mut self.items, page, total),
        }
        if self.loading.is_done()
            && let Some(fresh) = self.fresh.take()
        {
            self.items = fresh;
            self.restart_search();
        }
        self.reorder();
        self.relocate();
    }

    /// Reads the list again; what was read stays until all of it is there.
    pub fn refresh(&mut self) {
        if self.loading.is_done() || self.fresh.is_some() {
            self.fresh = Some(Vec::new());
        } else {
            self.items.clear();
        }
        self.loading = Loading::default();
    }

    /// After a change of one's own: a list being read again is read from its beginning.
    fn changed(&mut self) {
        if self.fresh.is_some() {
            self.refresh();
        }
        self.reorder();
        self.restart_search();
        self.relocate();
    }

    /// Orders by provider again: counted, not compared, since there are few of them.
    pub(super) fn reorder(&mut self) {
        self.by_provider = match self.sort {
            Sort::Name => Vec::new(),
            Sort::Provider => by_provider(&self.items),
        };
        self.relocate();
    }
}

fn by_provider(items: &[Item]) -> Vec<u32> {
    let mut groups: Vec<(&str, Vec<u32>)> = Vec::new();
    for (index, item) in (0..).zip(items) {
        match groups.iter_mut().find(|(id, _)| *id == &*item.provider) {
            Some((_, group)) => group.push(index),
            None => groups.push((&item.provider, vec![index])),
        }
    }
    groups.sort_by_key(|(id, _)| *id);
    groups.into_iter().flat_map(|(_, group)| group).collect()
}
