//! Dialog with the models that a connection's provider offers.

use crate::connection::Model;
use crate::provider::Capability;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows, Spoken, failure,
};
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::plain::text::count;
use crate::tui::select_list::{Cursor, SelectList};
use crate::tui::text_input::TextInput;

/// Models of a connection.
#[derive(Debug)]
pub struct Models {
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
    pub fn new(name: String, ticket: Ticket) -> Self {
        Self {
            name,
            choices: SelectList::default(),
            ticket: Some(ticket),
            models: None,
        }
    }

    /// Returns the models that match the typed text.
    pub fn matches(&self) -> Vec<&Model> {
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
}

impl Dialog for Models {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let matches = self.matches();
        let title = match &self.models {
            Some(Ok(all)) => format!(
                "Models ({} of {}) · {}",
                matches.len(),
                all.len(),
                self.name
            ),
            Some(Err(_)) | None => format!("Models · {}", self.name),
        };
        let empty = match &self.models {
            None => "Loading models…".to_owned(),
            Some(Err(problem)) => problem.clone(),
            Some(Ok(_)) => self.choices.no_match(cx.catalog),
        };
        DialogModel {
            input: Some(self.choices.filter("Type to filter", cx.catalog)),
            rows: Rows::list(matches.len(), move |at, _| {
                Row::pair(&matches[at].id, capability_text(matches[at]))
            }),
            cursor: self.choices.cursor,
            empty,
            ..DialogModel::new(title, Frame::Centered(64, 20))
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let place = format!("Models of {}", self.name);
        match &self.models {
            None => Spoken::text(
                place,
                vec!["Loading the models from the provider; back cancels.".into()],
            ),
            Some(Err(problem)) => Spoken::text(place, vec![format!("Error: {problem}")]),
            Some(Ok(found)) => Spoken::list(format!("{place}: {}", count(found.len(), "model"))),
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Choose => match self.matches().get(self.choices.cursor.selected) {
                Some(model) => DialogOutcome::Copy(format!("\"{}\"", model.id), model.id.clone()),
                None => DialogOutcome::Stay,
            },
            Action::Back => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.choices.cursor)
    }

    fn input(&self) -> Option<&TextInput> {
        Some(&self.choices.line)
    }

    fn input_mut(&mut self) -> Option<&mut TextInput> {
        Some(&mut self.choices.line)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.choices.cursor.selected = at;
        (by == Pick::DoubleClick).then_some(Action::Choose)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Choose => Some("Copy"),
            Action::Back if self.ticket.is_some() => Some("Stop"),
            _ => action.entry().hint,
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    fn reply(&mut self, reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        self.models = Some(match reply {
            ServiceReply::Models(found) => found.map_err(|error| error.to_string()),
            other => Err(failure(other)),
        });
        DialogOutcome::Stay
    }
}

/// Returns the capabilities of a model, as the list shows them.
pub fn capability_text(model: &Model) -> String {
    let words = model.capabilities.iter().copied();
    words.map(Capability::as_str).collect::<Vec<_>>().join(", ")
}
