//! How far the list of connections was read: in pages, behind what is on screen.
//!
//! Why: while pages are read, others save and delete, so a page may begin later or earlier than it was asked for. Each page is
//! asked for with a few rows that are known, and counts only when it begins with what is known: then nothing lies between.
//! What was heard of a connection meanwhile goes before what a page says of it.

use std::collections::HashSet;

use uuid::Uuid;

use super::Item;
use super::news::Shift;
use crate::connection::Window;
use crate::tui::effect::Ticket;

/// How many the first page has: enough for any screen.
const FIRST: usize = 200;

/// How many every other page adds.
const NEXT: usize = 5_000;

/// How many known rows a page begins with: so many may be deleted before it without a gap.
const OVERLAP: usize = 20;

/// How far the list was read.
#[derive(Debug)]
pub struct Loading {
    /// How many connections, from the first, are known without a gap.
    complete: usize,
    /// How many there are in all, as the service said last.
    total: Option<usize>,
    overlap: usize,
    state: State,
    /// What was heard of since the reading began, from elsewhere or by one's own doing.
    heard: HashSet<Uuid>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Wanted,
    Asked(Ticket, Window),
    Done,
    /// The service could not; asked again when someone wants it.
    Broken,
}

impl Default for Loading {
    fn default() -> Self {
        Self {
            complete: 0,
            total: None,
            overlap: OVERLAP,
            state: State::Wanted,
            heard: HashSet::new(),
        }
    }
}

impl Loading {
    /// What to ask for next.
    pub fn wanted(&self) -> Option<Window> {
        let overlap = self.overlap.min(self.complete);
        (self.state == State::Wanted).then_some(Window {
            skip: self.complete - overlap,
            take: if self.complete == 0 {
                FIRST
            } else {
                overlap + NEXT
            },
        })
    }

    /// Remembers what the next page answers to.
    pub fn asked(&mut self, ticket: Ticket, window: Window) {
        self.state = State::Asked(ticket, window);
    }

    /// Whether this ticket is the one that is waited for.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        matches!(self.state, State::Asked(awaited, _) if awaited == ticket)
    }

    /// The service could not answer.
    pub fn broke(&mut self) {
        self.state = State::Broken;
    }

    /// The service can answer again: what it could not answer is wanted again.
    pub fn mended(&mut self) {
        if self.state == State::Broken {
            self.state = State::Wanted;
        }
    }

    /// How many there are in all, while not all of them were read.
    pub fn missing_of(&self) -> Option<usize> {
        match self.state {
            State::Done | State::Broken => None,
            State::Wanted | State::Asked(..) => self.total,
        }
    }

    /// Whether nothing was answered yet.
    pub fn is_first(&self) -> bool {
        self.total.is_none() && self.state != State::Broken
    }

    /// Whether all were read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the service could not answer.
    pub fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Something was heard of a connection; a page that is read later may be older.
    pub fn heard(&mut self, id: Uuid) {
        if !self.is_done() {
            self.heard.insert(id);
        }
    }

    /// The places in the list moved: a row that came in behind what is complete may have others before it.
    pub fn shift(&mut self, shift: &Shift) {
        self.complete = shift.moved_end(self.complete);
    }

    /// Puts a page behind what is complete, and what was there already behind the page, each in its place. Answers from which
    /// place on the list is another.
    pub fn take_page(&mut self, items: &mut Vec<Item>, page: Vec<Item>, total: usize) -> usize {
        let State::Asked(_, window) = self.state else {
            return items.len();
        };
        self.total = Some(total);
        self.state = State::Wanted;
        let known = self.complete.checked_sub(1).and_then(|at| items.get(at));
        let is_beyond = |item: &Item| known.is_none_or(|known| known.order(item).is_lt());
        let is_joined = window.skip == 0 || page.first().is_some_and(|first| !is_beyond(first));
        if !is_joined {
            self.overlap = self.overlap.saturating_mul(4);
            return items.len();
        }
        let is_last = page.is_empty() || window.skip + page.len() >= total;
        let fresh: Vec<Item> = page.into_iter().filter(|item| is_beyond(item)).collect();
        if fresh.is_empty() && !is_last {
            // Many more than were deleted came in before it.
            self.overlap = (self.overlap / 2).max(1);
            return items.len();
        }
        self.overlap = OVERLAP;
        let end = fresh.last().cloned();
        let from = self.complete.min(items.len());
        let ahead = items.split_off(from);
        if items.is_empty() {
            // One allocation for the whole list, and not a doubling one.
            items.reserve_exact(total);
        }
        let unheard = fresh
            .into_iter()
            .filter(|item| !self.heard.contains(&item.id));
        let mut ahead = ahead.into_iter().peekable();
        for item in unheard {
            while let Some(before) = ahead.next_if(|other| other.order(&item).is_lt()) {
                items.push(before);
            }
            items.push(item);
        }
        items.extend(ahead);
        if is_last {
            self.complete = items.len();
            self.state = State::Done;
            self.heard = HashSet::new();
        } else if let Some(end) = end {
            self.complete = items.partition_point(|item| item.order(&end).is_le());
        }
        from
    }
}
