//! Detail pane of the selected connection.

use uuid::Uuid;

use super::tree::ItemChange;
use crate::connection::Connection;

/// Selected connection, as far as loaded.
#[derive(Debug, Default)]
pub struct ConnectionDetail {
    id: Option<Uuid>,
    /// The connection, once loaded.
    pub connection: Option<Connection>,
    /// Load error.
    pub problem: Option<String>,
    /// First visible line.
    pub top: usize,
    /// Newest version reported by the change feed since the request.
    newest_known: u64,
}

impl ConnectionDetail {
    /// Returns the ID of the connection.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Returns true if a newer version than the loaded or requested one was reported.
    pub fn is_stale(&self) -> bool {
        let read = self.connection.as_ref();
        self.newest_known > read.map_or(0, |connection| connection.item.version)
    }

    /// Marks a connection as loading; its previous contents stay until the reply.
    pub fn expect(&mut self, id: Uuid) {
        if self.id == Some(id) {
            self.newest_known = 0;
            return;
        }
        *self = Self {
            id: Some(id),
            ..Self::default()
        };
    }

    /// Shows a loaded connection, unless a newer version is shown.
    pub fn show(&mut self, connection: Connection) {
        let id = connection.item.id;
        let known = self.connection.as_ref().filter(|_| self.id == Some(id));
        if known.is_some_and(|known| known.item.version > connection.item.version) {
            return;
        }
        let (top, newest_known) = if self.id == Some(id) {
            (self.top, self.newest_known)
        } else {
            (0, 0)
        };
        *self = Self {
            id: Some(id),
            connection: Some(connection),
            problem: None,
            top,
            newest_known,
        };
    }

    /// Notes a change from the feed.
    pub fn apply(&mut self, news: &ItemChange) {
        if let ItemChange::Saved(item) = news
            && self.id == Some(item.id)
        {
            self.newest_known = self.newest_known.max(item.version());
        }
    }

    /// Sets the load error.
    pub fn fail(&mut self, reason: String) {
        self.problem = Some(reason);
    }

    /// Forces a reload.
    pub fn invalidate(&mut self) {
        self.id = None;
    }

    /// Scrolls by a number of lines.
    pub fn scroll(&mut self, by: isize, rows: usize) {
        let last = self.lines().saturating_sub(rows);
        self.top = self.top.saturating_add_signed(by).min(last);
    }

    /// Returns the number of lines.
    fn lines(&self) -> usize {
        self.connection
            .as_ref()
            .and_then(|connection| connection.settings.as_ref())
            .map_or(12, |settings| 12 + settings.len())
    }
}
