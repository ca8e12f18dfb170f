//! Versions of the selected connection, newest first, loaded in pages.

use uuid::Uuid;

use super::layout::follow;
use crate::connection::{Page, PageRequest, Version};
use crate::provider::Provider;

/// Number of versions per page.
const PAGE: usize = 100;

/// Versions of a connection.
#[derive(Debug, Default)]
pub struct VersionHistory {
    id: Option<Uuid>,
    versions: Vec<Version>,
    /// Total number of versions; `None` until loaded.
    total: Option<usize>,
    /// Newest version known at the last request.
    requested: u64,
    /// Index of the selected version, from the newest.
    pub selected: usize,
    /// First visible version.
    pub top: usize,
    /// Version marked for comparison.
    pub marked: Option<u64>,
    /// Load error.
    pub problem: Option<String>,
}

impl VersionHistory {
    /// Returns the ID of the connection.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Returns the loaded versions.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Returns the total number of versions, once known.
    pub const fn total(&self) -> Option<usize> {
        self.total
    }

    /// Returns the selected version.
    pub fn selected(&self) -> Option<&Version> {
        self.versions.get(self.selected)
    }

    /// Returns the number of the newest loaded version.
    pub fn current(&self) -> Option<u64> {
        self.versions.first().map(Version::number)
    }

    /// Returns the next page to load for a connection whose newest version is given.
    pub fn next_request(&self, id: Uuid, newest: u64) -> Option<PageRequest> {
        let first = PageRequest {
            skip: 0,
            take: PAGE,
        };
        if self.id != Some(id) || (self.requested < newest && self.current() < Some(newest)) {
            return Some(first);
        }
        let total = self.total?;
        let is_near_end = self.selected + PAGE / 2 >= self.versions.len();
        (self.problem.is_none() && is_near_end && self.versions.len() < total).then_some(
            PageRequest {
                skip: self.versions.len(),
                take: PAGE,
            },
        )
    }

    /// Marks the versions of a connection as loading.
    pub fn expect(&mut self, id: Uuid, newest: u64) {
        if self.id != Some(id) {
            *self = Self {
                id: Some(id),
                ..Self::default()
            };
        }
        self.requested = newest;
        self.problem = None;
    }

    /// Adds a loaded page; the selection stays.
    pub fn take(&mut self, id: Uuid, window: PageRequest, page: Page<Version>) {
        if self.id != Some(id) {
            return;
        }
        let selected = self.selected().map(Version::number);
        if window.skip == 0 {
            self.versions = page.items;
        } else {
            // A concurrent save shifts the pages, so known versions are skipped.
            let last = self.versions.last().map_or(u64::MAX, Version::number);
            let older = page.items.into_iter();
            self.versions
                .extend(older.filter(|version| version.number() < last));
        }
        self.total = Some(page.total.max(self.versions.len()));
        if let Some(at) = selected.and_then(|number| self.place(number)) {
            // If the current version was selected, the new current version is selected.
            self.selected = if self.selected == 0 { 0 } else { at };
        }
        self.selected = self.selected.min(self.versions.len().saturating_sub(1));
        self.marked = self.marked.filter(|number| self.place(*number).is_some());
    }

    fn place(&self, number: u64) -> Option<usize> {
        let place = |version: &Version| version.number() == number;
        self.versions.iter().position(place)
    }

    /// Sets the load error.
    pub fn fail(&mut self, reason: String) {
        self.problem = Some(reason);
    }

    /// Forces a reload.
    pub fn invalidate(&mut self) {
        self.id = None;
    }

    /// Moves the selection.
    pub fn move_selection(&mut self, by: isize) {
        let last = self.versions.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Scrolls so that the selection is visible.
    pub fn scroll(&mut self, rows: usize) {
        self.top = follow(self.top, self.selected, rows, self.versions.len());
    }

    /// Marks or unmarks the selected version.
    pub fn mark(&mut self) {
        let number = self.selected().map(Version::number);
        self.marked = if self.marked == number { None } else { number };
    }

    /// Returns the versions to compare, older first: the selected one and the marked or current one.
    pub fn to_compare(&self) -> Option<(u64, u64)> {
        let selected = self.selected()?.number();
        let other = self.marked.or_else(|| self.current())?;
        Some((selected.min(other), selected.max(other)))
    }
}

/// Describes the change of a version with the labels of the form.
pub fn changed(version: &Version, provider: Option<&Provider>) -> String {
    if version.number() == 1 && version.change.paths.is_empty() {
        return "created".into();
    }
    let labels: Vec<String> = version
        .change
        .paths
        .iter()
        .map(
            |path| match (path.as_str(), version.snapshot.item.is_active) {
                ("isActive", true) => "Inactive → Active".to_owned(),
                ("isActive", false) => "Active → Inactive".to_owned(),
                _ => label(path, provider),
            },
        )
        .collect();
    labels.join(", ")
}

/// Returns the form label of a path.
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
