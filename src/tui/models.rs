//! The models that a provider names to a connection, to be found by typing and copied.

use uuid::Uuid;

use super::choices::Choices;
use super::effect::Ticket;
use crate::connection::Model;
use crate::provider::Capability;

/// The models of a connection.
#[derive(Debug)]
pub struct Models {
    /// The connection.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What was typed, what is selected.
    pub choices: Choices,
    /// What is waited for; none when it is there.
    pub ticket: Option<Ticket>,
    /// The models, or why there are none, once that is known.
    pub found: Option<Result<Vec<Model>, String>>,
}

impl Models {
    /// Models that are being asked for.
    pub fn new(id: Uuid, name: String, ticket: Ticket) -> Self {
        Self {
            id,
            name,
            choices: Choices::default(),
            ticket: Some(ticket),
            found: None,
        }
    }

    /// The provider answered.
    pub fn done(&mut self, found: Result<Vec<Model>, String>) {
        self.ticket = None;
        self.found = Some(found);
    }

    /// The models that what was typed leaves.
    pub fn left(&self) -> Vec<&Model> {
        let all = match &self.found {
            Some(Ok(models)) => models.as_slice(),
            Some(Err(_)) | None => &[],
        };
        all.iter()
            .filter(|model| {
                let words = words(model);
                self.choices
                    .admits(&format!("{} {} {words}", model.id, model.name))
            })
            .collect()
    }

    /// The one that is selected.
    pub fn selected(&self) -> Option<&Model> {
        self.left().get(self.choices.selected).copied()
    }
}

/// What a model can do, as the list shows it.
pub fn words(model: &Model) -> String {
    let words = model.capabilities.iter().copied();
    words.map(Capability::word).collect::<Vec<_>>().join(", ")
}
