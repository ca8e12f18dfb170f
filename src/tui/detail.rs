//! What stands beside the tree of the connection that is selected.

use uuid::Uuid;

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
}

impl Detail {
    /// Which connection it is about.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// This connection is being read.
    pub fn expect(&mut self, id: Uuid) {
        *self = Self {
            id: Some(id),
            ..Self::default()
        };
    }

    /// This connection was read.
    pub fn show(&mut self, connection: Connection) {
        let top = if self.id == Some(connection.item.id) {
            self.top
        } else {
            0
        };
        *self = Self {
            id: Some(connection.item.id),
            connection: Some(connection),
            problem: None,
            top,
        };
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
