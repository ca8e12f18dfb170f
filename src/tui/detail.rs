//! What stands beside the tree of the connection that is selected.

use uuid::Uuid;

use super::tree::News;
use crate::connection::Connection;

/// The selected connection, as far as it is known.
#[derive(Debug, Default)]
pub struct Detail {
    id: Option<Uuid>,
    /// The connection, once it was read.
    pub connection: Option<Connection>,
    /// Why it could not be read.
    pub problem: Option<String>,
    /// The first line that is seen.
    pub top: usize,
    /// The newest version that was heard of since it was asked for.
    heard: u64,
}

impl Detail {
    /// Which connection it is about.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Whether a newer version was heard of than was read or asked for.
    pub fn is_behind(&self) -> bool {
        let read = self.connection.as_ref();
        self.heard > read.map_or(0, |connection| connection.item.version)
    }

    /// This connection is being read; what was read of it before stays until then.
    pub fn expect(&mut self, id: Uuid) {
        if self.id == Some(id) {
            self.heard = 0;
            return;
        }
        *self = Self {
            id: Some(id),
            ..Self::default()
        };
    }

    /// This connection was read.
    pub fn show(&mut self, connection: Connection) {
        let id = connection.item.id;
        let known = self.connection.as_ref().filter(|_| self.id == Some(id));
        if known.is_some_and(|known| known.item.version > connection.item.version) {
            return;
        }
        let (top, heard) = if self.id == Some(id) {
            (self.top, self.heard)
        } else {
            (0, 0)
        };
        *self = Self {
            id: Some(id),
            connection: Some(connection),
            problem: None,
            top,
            heard,
        };
    }

    /// Something was heard of a connection.
    pub fn hear(&mut self, news: &News) {
        if let News::Saved(item) = news
            && self.id == Some(item.id)
        {
            self.heard = self.heard.max(item.version());
        }
    }

    /// It could not be read.
    pub fn broke(&mut self, why: String) {
        self.problem = Some(why);
    }

    /// It shall be read again.
    pub fn forget(&mut self) {
        self.id = None;
    }

    /// Moves what is seen of it.
    pub fn scroll(&mut self, by: isize, rows: usize) {
        let last = self.lines().saturating_sub(rows);
        self.top = self.top.saturating_add_signed(by).min(last);
    }

    /// How many lines it has.
    fn lines(&self) -> usize {
        self.connection
            .as_ref()
            .and_then(|connection| connection.settings.as_ref())
            .map_or(12, |settings| 12 + settings.len())
    }
}
