//! What of the app comes back at the next start.

use super::App;
use crate::tui::session::Session;

impl App {
    /// What is to come back.
    pub fn session(&self, of: &str) -> Session {
        Session::new(of, self.tree.saved_state(), self.workspace.tab)
    }

    /// Stands as it did; nothing is known of the connections yet.
    pub fn come_back(&mut self, session: Session) {
        let (stand, tab) = session.into_parts();
        self.workspace.tab = tab;
        self.tree.restore_state(stand);
    }
}
