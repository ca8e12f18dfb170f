//! How far the list of connections was read: in pages, behind what is on screen.

use super::Item;
use crate::connection::Window;
use crate::tui::effect::Ticket;

/// How many the first page has: enough for any screen.
const FIRST: usize = 200;

/// How many every other page has.
const NEXT: usize = 5_000;

/// How far the list was read.
#[derive(Debug, Default)]
pub struct Loading {
    /// How many connections, from the first, are known without a gap.
    complete: usize,
    /// How many there are in all, as the service said last.
    total: Option<usize>,
    state: State,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Wanted,
    Asked(Ticket),
    Done,
    /// The service could not; asked again when someone wants it.
    Broken,
}

impl Loading {
    /// What to ask for next.
    pub fn wanted(&self) -> Option<Window> {
        (self.state == State::Wanted).then_some(Window {
            skip: self.complete,
            take: if self.complete == 0 { FIRST } else { NEXT },
        })
    }

    /// Remembers what the next page answers to.
    pub fn asked(&mut self, ticket: Ticket) {
        self.state = State::Asked(ticket);
    }

    /// Whether this ticket is the one that is waited for.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        self.state == State::Asked(ticket)
    }

    /// The service could not answer.
    pub fn broke(&mut self) {
        self.state = State::Broken;
    }

    /// How many there are in all, while not all of them were read.
    pub fn missing_of(&self) -> Option<usize> {
        match self.state {
            State::Done | State::Broken => None,
            State::Wanted | State::Asked(_) => self.total,
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

    /// A connection went out at `place`; a page under way would leave one out.
    pub fn removed(&mut self, place: usize) {
        if place < self.complete {
            self.complete -= 1;
        }
        self.ask_again();
    }

    /// A connection came in at `place`; a page under way could repeat one.
    pub fn inserted(&mut self, place: usize) {
        if place < self.complete || self.state == State::Done {
            self.complete += 1;
        }
        self.ask_again();
    }

    fn ask_again(&mut self) {
        if matches!(self.state, State::Asked(_)) {
            self.state = State::Wanted;
        }
    }

    /// Puts a page behind what is complete, and what was there already behind the page, each in its place.
    pub fn take_page(&mut self, items: &mut Vec<Item>, page: Vec<Item>, total: usize) {
        let ahead = items.split_off(self.complete.min(items.len()));
        let is_last = page.is_empty();
        if items.is_empty() {
            // One allocation for the whole list, and not a doubling one.
            items.reserve_exact(total);
        }
        let fresh = items.len();
        items.extend(page);
        self.complete = items.len();
        for item in ahead {
            if items[fresh..].iter().any(|known| known.id == item.id) {
                continue;
            }
            let place = items.partition_point(|other| other.order(&item).is_lt());
            if place < self.complete {
                self.complete += 1;
            }
            items.insert(place, item);
        }
        self.total = Some(total);
        self.state = if is_last || self.complete >= total {
            State::Done
        } else {
            State::Wanted
        };
    }
}
