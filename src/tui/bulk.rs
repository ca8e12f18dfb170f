//! Something that is done to many connections: what it would do, how far it is, how it went with each.
//!
//! Why not all at once: what a person does meanwhile is carried out behind what was begun, so only a few are, whatever their
//! number. And what was not begun can be stopped.

mod counts;
mod job;
mod place;
mod row;
mod run;
mod said;

use uuid::Uuid;

use super::action::Action;
use super::layout::follow;
use super::line::Line;
use super::tree::{ById, News};
use crate::connection::export::Exported;

pub use counts::{Counts, Tally};
pub use job::Job;
pub use place::Parts;
pub use row::{Row, State};
pub use said::Tone;

/// How many are under way at a time: enough that the way to a server far away is not waited for with each, and so few that a
/// save of one's own, which comes behind them, is not kept waiting.
pub const AT_ONCE: usize = 8;

/// What is said of one that is no more.
pub const GONE: &str = "Deleted elsewhere";

/// How far the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is shown what it would do.
    Asking,
    /// It is being done.
    Running,
    /// All that goes into a file is there, and the file is written.
    Writing,
    /// It is over, done or stopped.
    Over,
}

/// One row of one run, which an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Of {
    /// Which run.
    pub number: u64,
    /// Which row, in the order it was asked.
    pub row: usize,
}

/// Something that is done to many connections.
#[derive(Debug)]
pub struct Bulk {
    /// Tells it from those before it.
    pub number: u64,
    /// What is done to each, or is to be if the button in focus is pressed.
    pub job: Job,
    /// What can be begun: a button each, behind the one that begins nothing.
    pub choices: Vec<Job>,
    /// The button that Enter takes.
    pub focus: usize,
    /// Whether it takes something back.
    pub is_undo: bool,
    /// What to know before connections are deleted where there is no trash.
    pub warning: Option<&'static str>,
    /// How far it is.
    pub phase: Phase,
    /// Why what was not begun is not begun any more; empty when somebody wanted it so.
    pub stopped: Option<String>,
    /// How many there are of each kind.
    pub tally: Tally,
    /// What each choice would do.
    pub counts: Vec<Counts>,
    /// The file it is written into, as it is typed.
    pub file: Option<Line>,
    /// Whether a file of this name may be replaced.
    pub replaces: bool,
    /// Where the file is, once it is written.
    pub written: Option<String>,
    /// What goes into it.
    pub gathered: Vec<Exported>,
    /// What the tree has not heard of yet.
    pub news: Vec<News>,
    /// Which row is selected, as they are shown.
    pub selected: usize,
    /// The first row that is seen.
    pub top: usize,
    rows: Vec<Row>,
    places: ById<usize>,
    /// The first row that was not looked at.
    next: usize,
    /// The rows as they are shown, where that is not their own order.
    shown: Option<Vec<usize>>,
    /// Whether what is begun is selected, because nobody selected another.
    follows: bool,
}

impl Bulk {
    /// What would be done to these, to be asked about first.
    pub fn asking(number: u64, rows: Vec<Row>, choices: &[Job]) -> Self {
        let job = choices.first().copied().unwrap_or(Job::Test);
        let places = rows.iter().zip(0..).map(|(row, at)| (row.id, at));
        let mut bulk = Self {
            number,
            job,
            choices: choices.to_vec(),
            // Enter alone deletes nothing.
            focus: usize::from(job != Job::Delete),
            is_undo: false,
            warning: None,
            phase: Phase::Asking,
            stopped: None,
            tally: Tally::default(),
            counts: Vec::new(),
            file: None,
            replaces: false,
            written: None,
            gathered: Vec::new(),
            news: Vec::new(),
            selected: 0,
            top: 0,
            places: places.collect(),
            rows,
            next: 0,
            shown: None,
            follows: true,
        };
        bulk.count();
        bulk
    }

    /// How many connections it is about.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it is about none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row as they are shown, counted from the top.
    pub fn row(&self, at: usize) -> Option<&Row> {
        let place = match &self.shown {
            Some(shown) => *shown.get(at)?,
            None => at,
        };
        self.rows.get(place)
    }

    /// The row that is selected.
    pub fn selected_row(&self) -> Option<&Row> {
        self.row(self.selected)
    }

    /// All rows, in the order they were asked.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether something is still to come of it.
    pub const fn is_running(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Writing => true,
            Phase::Asking | Phase::Over => false,
        }
    }

    /// Whether characters are typed into the name of a file.
    pub fn is_typing(&self) -> bool {
        self.phase == Phase::Asking && self.file.is_some()
    }

    /// Whether this is being deleted by it, or was.
    pub fn is_deleting(&self, id: Uuid) -> bool {
        let row = self.places.get(&id).and_then(|at| self.rows.get(*at));
        self.job == Job::Delete
            && row.is_some_and(|row| match row.state {
                State::UnderWay => true,
                // What is deleted again after it came back is somebody else's doing.
                State::Done(_) => !row.is_back,
                State::Waiting | State::Unchanged | State::Failed(_) => false,
            })
    }

    /// Whether the answer for a row is waited for.
    pub fn awaits(&self, of: Of) -> bool {
        let row = self.rows.get(of.row);
        self.number == of.number && row.is_some_and(|row| row.state == State::UnderWay)
    }

    /// These things happened, whoever did them.
    pub fn hear(&mut self, news: &[News]) {
        for heard in news {
            if let Some(row) = self
                .places
                .get(&heard.id())
                .and_then(|at| self.rows.get_mut(*at))
            {
                row.hear(heard);
            }
        }
        if self.phase == Phase::Asking {
            self.count();
        }
    }

    fn count(&mut self) {
        let counts = self.choices.iter().map(|job| Counts::of(&self.rows, *job));
        self.counts = counts.collect();
        self.tally = Tally::of(&self.rows);
    }

    /// What the choice in focus would do.
    pub fn foreseen(&self) -> Counts {
        let at = self.choices.iter().position(|job| *job == self.job);
        let counts = at.and_then(|at| self.counts.get(at));
        counts.copied().unwrap_or_default()
    }

    /// Goes to another button.
    pub fn turn(&mut self, by: isize) {
        let count = self.choices.len() + 1;
        self.press(self.focus.wrapping_add_signed(by).wrapping_add(count) % count);
    }

    /// Puts the focus on a button.
    pub fn press(&mut self, button: usize) {
        self.focus = button.min(self.choices.len());
        if let Some(job) = button.checked_sub(1).and_then(|at| self.choices.get(at)) {
            self.job = *job;
        }
    }

    /// Moves the selection; `rows` are seen at a time.
    pub fn go(&mut self, action: Action, rows: usize) {
        let at = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(rows),
            Action::PageDown => self.selected + rows,
            Action::First => 0,
            Action::Last => self.rows.len(),
            _ => return,
        };
        self.select(at);
    }

    /// Selects a row, as they are shown.
    pub fn select(&mut self, at: usize) {
        self.selected = at.min(self.rows.len().saturating_sub(1));
        self.follows = false;
    }

    /// Keeps the selection seen.
    pub fn scroll(&mut self, rows: usize) {
        self.top = follow(self.top, self.selected, rows, self.rows.len());
    }
}
