//! Dialog with the models that a connection's provider offers.

use uuid::Uuid;

use crate::connection::Model;
use crate::provider::Capability;
use crate::tui::effect::Ticket;
use crate::tui::select_list::SelectList;

/// Models of a connection.
#[derive(Debug)]
pub struct Models {
    /// ID of the connection.
    pub id: Uuid,
    /// Name of the connection.
    pub name: String,
    /// Typed text and selection.
    pub choices: SelectList,
    /// Ticket of the pending request; `None` after the reply.
    pub ticket: Option<Ticket>,
    /// Models or the error, once known.
    pub models: Option<Result<Vec<Model>, String>>,
}

impl Models {
    /// Creates the dialog while the models load.
    pub fn new(id: Uuid, name: String, ticket: Ticket) -> Self {
        Self {
            id,
            name,
            choices: SelectList::default(),
            ticket: Some(ticket),
            models: None,
        }
    }

    /// Sets the reply of the provider.
    pub fn done(&mut self, found: Result<Vec<Model>, String>) {
        self.ticket = None;
        self.models = Some(found);
    }

    /// Returns the models that match the typed text.
    pub fn left(&self) -> Vec<&Model> {
        let all = match &self.models {
            Some(Ok(models)) => models.as_slice(),
            Some(Err(_)) | None => &[],
        };
        all.iter()
            .filter(|model| {
                let words = capability_text(model);
                self.choices
                    .matches(&format!("{} {} {words}", model.id, model.name))
            })
            .collect()
    }

    /// Returns the selected model.
    pub fn selected(&self) -> Option<&Model> {
        self.left().get(self.choices.selected).copied()
    }
}

/// Returns the capabilities of a model, as the list shows them.
pub fn capability_text(model: &Model) -> String {
    let words = model.capabilities.iter().copied();
    words.map(Capability::as_str).collect::<Vec<_>>().join(", ")
}
