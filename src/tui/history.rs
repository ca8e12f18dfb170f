//! The versions of the connection that is selected, newest first, as far as they were read.

use uuid::Uuid;

use super::layout::follow;
use crate::connection::{Page, Version, Window};
use crate::provider::Provider;

/// How many versions are read at a time.
const PAGE: usize = 100;

/// The versions of a connection.
#[derive(Debug, Default)]
pub struct History {
    id: Option<Uuid>,
    versions: Vec<Version>,
    /// How many there are in all; none until they were read.
    total: Option<usize>,
    /// The newest version that was known when they were asked for.
    asked_for: u64,
    /// Which is selected, counted from the newest.
    pub selected: usize,
    /// The first that is seen.
    pub top: usize,
    /// The version to compare another to.
    pub marked: Option<u64>,
    /// Why they could not be read.
    pub problem: Option<String>,
}

impl History {
    /// Which connection it is of.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// The versions that were read.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// How many there are, once that is known.
    pub const fn total(&self) -> Option<usize> {
        self.total
    }

    /// The version that is selected.
    pub fn selected(&self) -> Option<&Version> {
        self.versions.get(self.selected)
    }

    /// The newest version.
    pub fn current(&self) -> Option<u64> {
        self.versions.first().map(Version::number)
    }

    /// What to read next of a connection that is at a version.
    pub fn wanted(&self, id: Uuid, newest: u64) -> Option<Window> {
        let first = Window {
            skip: 0,
            take: PAGE,
        };
        if self.id != Some(id) || (self.asked_for < newest && self.current() < Some(newest)) {
            return Some(first);
        }
        let total = self.total?;
        let is_near_end = self.selected + PAGE / 2 >= self.versions.len();
        (self.problem.is_none() && is_near_end && self.versions.len() < total).then_some(Window {
            skip: self.versions.len(),
            take: PAGE,
        })
    }

    /// Versions of this connection are being read.
    pub fn expect(&mut self, id: Uuid, newest: u64) {
        if self.id != Some(id) {
            *self = Self {
                id: Some(id),
                ..Self::default()
            };
        }
        self.asked_for = newest;
        self.problem = None;
    }

    /// Takes in what was read of a connection; what is selected stays.
    pub fn take(&mut self, id: Uuid, window: Window, page: Page<Version>) {
        if self.id != Some(id) {
            return;
        }
        let selected = self.selected().map(Version::number);
        if window.skip == 0 {
            self.versions = page.items;
        } else {
            // A save meanwhile moves the pages; what is known is not taken twice.
            let last = self.versions.last().map_or(u64::MAX, Version::number);
            let older = page.items.into_iter();
            self.versions
                .extend(older.filter(|version| version.number() < last));
        }
        self.total = Some(page.total.max(self.versions.len()));
        if let Some(at) = selected.and_then(|number| self.place(number)) {
            // Who looks at the current version goes on looking at the current one.
            self.selected = if self.selected == 0 { 0 } else { at };
        }
        self.selected = self.selected.min(self.versions.len().saturating_sub(1));
        self.marked = self.marked.filter(|number| self.place(*number).is_some());
    }

    fn place(&self, number: u64) -> Option<usize> {
        let place = |version: &Version| version.number() == number;
        self.versions.iter().position(place)
    }

    /// They could not be read.
    pub fn broke(&mut self, why: String) {
        self.problem = Some(why);
    }

    /// They shall be read again.
    pub fn forget(&mut self) {
        self.id = None;
    }

    /// Moves the selection.
    pub fn go(&mut self, by: isize) {
        let last = self.versions.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Keeps the selection seen.
    pub fn scroll(&mut self, rows: usize) {
        self.top = follow(self.top, self.selected, rows, self.versions.len());
    }

    /// Marks the selected version, or takes its mark away.
    pub fn mark(&mut self) {
        let number = self.selected().map(Version::number);
        self.marked = if self.marked == number { None } else { number };
    }

    /// The two versions to compare: the selected one and the marked one, or the current one; the older first.
    pub fn to_compare(&self) -> Option<(u64, u64)> {
        let selected = self.selected()?.number();
        let other = self.marked.or_else(|| self.current())?;
        Some((selected.min(other), selected.max(other)))
    }
}

/// What a save changed, in the words of the form.
pub fn changed(version: &Version, provider: Option<&Provider>) -> String {
    if version.number() == 1 && version.change.paths.is_empty() {
        return "created".into();
    }
    let labels: Vec<String> = version
        .change
        .paths
        .iter()
        .map(|path| label(path, provider))
        .collect();
    labels.join(", ")
}

/// What a form calls the place of a path.
pub fn label(path: &str, provider: Option<&Provider>) -> String {
    let own = match path {
        "name" => "Name",
        "alias" => "Alias",
        "isActive" => "Status",
        "settings" => "Settings",
        _ => {
            let key = path.strip_prefix("settings.").unwrap_or(path);
            let field = provider.and_then(|provider| provider.field(key));
            return field.map_or(key, |field| &field.label).to_owned();
        }
    };
    own.to_owned()
}
