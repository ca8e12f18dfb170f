//! Taking back what was done to many, as a whole.

use std::collections::HashMap;

use uuid::Uuid;

use crate::text::fold::fold;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::undo::Done;
use crate::tui::bulk::{Bulk, Job, Phase, Row, State};
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;

/// What was done to many, as far as it was done.
#[derive(Debug)]
pub(in crate::tui::app) struct Many {
    /// Which run.
    pub number: u64,
    /// What was done.
    pub job: Job,
    /// To which connections, and their names.
    pub to: HashMap<Uuid, Box<str>>,
}

impl Many {
    /// Whether it is a delete of this connection.
    pub fn has_deleted(&self, id: Uuid) -> bool {
        self.job == Job::Delete && self.to.contains_key(&id)
    }
}

impl App {
    /// From now on it can be taken back.
    pub(super) fn remember_many(&mut self, number: u64, job: Job) {
        let is_final = job == Job::Delete && !self.features.trash;
        if job.inverse().is_some() && !is_final {
            self.undo.push(Done::Many(Many {
                number,
                job,
                to: HashMap::new(),
            }));
        }
    }

    /// What was not done is done again, and is part of the same.
    pub(super) fn remember_again(&mut self, number: u64, job: Job, is_undo: bool) {
        let is_it = |done: &Done| matches!(done, Done::Many(many) if many.number == number);
        if is_undo {
            self.undo.retain(|done| !is_it(done));
        } else if !self.undo.iter().any(is_it) {
            self.remember_many(number, job);
        }
    }

    /// It was done to one of them.
    pub(super) fn done_to(&mut self, number: u64, id: Uuid, name: Box<str>) {
        for done in self.undo.iter_mut().rev() {
            if let Done::Many(many) = done
                && many.number == number
            {
                many.to.insert(id, name);
                return;
            }
        }
    }

    /// What was done to nothing is not taken back.
    pub(in crate::tui::app) fn forget_what_was_done_to_none(&mut self) {
        let running = self.bulk.as_ref().filter(|bulk| bulk.is_running());
        let running = running.map(|bulk| bulk.number);
        self.undo.retain(|done| match done {
            Done::Many(many) => !many.to.is_empty() || running == Some(many.number),
            Done::Switched(_) | Done::Deleted(_) => true,
        });
    }

    /// What a stopped undo left can be taken back again.
    pub(super) fn remember_what_undo_left(&mut self) {
        let Some(bulk) = self.bulk.as_ref().filter(|bulk| bulk.is_undo) else {
            return;
        };
        let waiting = bulk.rows().iter();
        let waiting = waiting.filter(|row| row.state == State::Waiting);
        let to: HashMap<Uuid, Box<str>> = waiting.map(|row| (row.id, row.name.clone())).collect();
        if let Some(job) = bulk.job.inverse().filter(|_| !to.is_empty()) {
            let number = bulk.number;
            self.undo.push(Done::Many(Many { number, job, to }));
        }
    }

    /// Takes it back, at once and as a whole.
    pub(in crate::tui::app) fn undo_many(&mut self, many: Many) {
        let running = self.bulk.as_ref().filter(|bulk| bulk.is_running());
        if let Some(bulk) = running {
            let what = bulk.job.doing();
            let key = self.key_of(Action::ShowBulk);
            self.tell(Notice::info(format!(
                "{what} is still running{key}; stop it before you undo it"
            )));
            self.undo.push(Done::Many(many));
            return;
        }
        let Some(job) = many.job.inverse() else {
            return;
        };
        let number = self.fresh_ticket().0;
        let mut rows = self.rows_of(many.to);
        rows.sort_by_cached_key(|row| fold(&row.name));
        let mut bulk = Bulk::asking(number, rows, &[job]);
        bulk.is_undo = true;
        bulk.press(1);
        bulk.begin();
        self.bulk = Some(bulk);
        self.notice = None;
        if !self.layers.iter().any(|layer| matches!(layer, Layer::Bulk)) {
            self.layers.push(Layer::Bulk);
        }
    }

    fn rows_of(&self, mut wanted: HashMap<Uuid, Box<str>>) -> Vec<Row> {
        let there = self.tree.among(|id| wanted.contains_key(&id));
        let mut rows: Vec<Row> = there.map(|item| Row::of(item, false)).collect();
        for row in &rows {
            wanted.remove(&row.id);
        }
        rows.extend(wanted.into_iter().map(|(id, name)| Row::gone(id, name)));
        rows
    }

    /// Whether the last that was done is what is on screen, and can be taken back from there.
    pub(in crate::tui::app) fn can_undo_bulk(&self) -> bool {
        let bulk = self.bulk.as_ref();
        let is_over = bulk.is_some_and(|bulk| bulk.phase == Phase::Over);
        is_over
            && matches!(self.undo.last(), Some(Done::Many(many)) if bulk.is_some_and(|bulk| bulk.number == many.number))
    }
}
