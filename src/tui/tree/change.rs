//! What changes the connections of the tree: pages that are read, what is heard of them, and what one does oneself.

use uuid::Uuid;

use super::loading::Loading;
use super::news::{self, News};
use super::{Item, Node, Sort, Tree};

/// So many deleted connections are remembered: an answer that was under way must not bring one back.
const REMEMBERED: usize = 1_024;

impl Tree {
    /// Marks a connection as on or off.
    pub fn set_active(&mut self, id: Uuid, active: bool) {
        for items in std::iter::once(&mut self.items).chain(&mut self.fresh) {
            if let Some(item) = items.iter_mut().find(|item| item.id == id) {
                item.is_active = active;
            }
        }
    }

    /// Puts a connection in, in place of what it was, unless a newer one or its end was heard of.
    pub fn upsert(&mut self, item: Item) {
        if !self.gone.contains(&item.id) {
            self.change(vec![News::Saved(item)]);
        }
    }

    /// Takes a connection out; its neighbour is selected in its place.
    pub fn remove(&mut self, id: Uuid) {
        self.hear(vec![News::Deleted(id)]);
    }

    /// Takes in what was heard, in its order.
    pub fn hear(&mut self, news: Vec<News>) {
        for heard in &news {
            match heard {
                News::Deleted(id) => {
                    if self.gone.len() == REMEMBERED {
                        self.gone.pop_front();
                    }
                    self.gone.push_back(*id);
                    self.marks.forget(*id);
                }
                News::Saved(item) if !self.gone.is_empty() => {
                    self.gone.retain(|gone| *gone != item.id);
                }
                News::Saved(_) => {}
            }
        }
        self.change(news);
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
            self.marks.keep(&self.items);
            self.search_again();
        }
        self.reorder();
    }

    /// Reads the list again; what was read stays until all of it is there.
    pub fn refresh(&mut self) {
        self.fresh = (!self.items.is_empty()).then(Vec::new);
        self.loading = Loading::default();
    }

    fn change(&mut self, news: Vec<News>) {
        for heard in &news {
            self.loading.heard(heard.id());
        }
        let places = self.place_on_screen();
        if let Some(fresh) = &mut self.fresh {
            let shift = news::take_in(fresh, news.clone());
            self.loading.shift(&shift);
        }
        let shift = news::take_in(&mut self.items, news);
        if self.fresh.is_none() {
            self.loading.shift(&shift);
        }
        self.search_changed(&shift);
        self.reorder();
        self.keep_on_screen(places);
    }

    /// How far below the first rows that are seen the selected connection stands.
    fn place_on_screen(&self) -> Option<(usize, usize)> {
        let at = self.selected_at()?;
        Some((
            self.selected_row().saturating_sub(self.top),
            at.saturating_sub(self.list_top),
        ))
    }

    /// What is selected stays where it is on screen, whatever came in or went above it.
    fn keep_on_screen(&mut self, places: Option<(usize, usize)>) {
        if let (Some((row, list_row)), Node::Connection(_)) = (places, self.selected) {
            self.top = self.selected_row().saturating_sub(row);
            self.list_top = self.at.saturating_sub(list_row);
        }
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
