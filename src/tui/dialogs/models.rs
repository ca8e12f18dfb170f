//! Dialog with the models that a connection's provider offers.

use uuid::Uuid;

use crate::connection::{ConnectionError, Model};
use crate::provider::Capability;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Part, Pick, Row, Rows, Spoken,
    TextBlock, Tone, failure, wrapped,
};
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::plain::text::count;
use crate::tui::select_list::SelectList;

/// Maximum width.
const WIDTH: u16 = 64;

/// Models of a connection.
#[derive(Debug)]
pub struct Models {
    /// ID of the connection.
    id: Uuid,
    /// Name of the connection.
    pub name: String,
    /// Typed text and selection.
    pub choices: SelectList,
    /// Ticket of the pending request; `None` after the reply.
    pub ticket: Option<Ticket>,
    /// Models or the error, once known.
    pub models: Option<Result<Vec<Model>, ModelsFailure>>,
}

/// Reason why there is no list of models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelsFailure {
    /// Reason, in one sentence.
    pub reason: String,
    /// Advice.
    pub advice: Option<String>,
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

impl Models {
    /// Returns the failure and its advice, wrapped to a width; empty without a failure.
    fn failure_lines(&self, width: usize) -> Vec<Vec<Part>> {
        let Some(Err(failure)) = &self.models else {
            return Vec::new();
        };
        let mut lines = wrapped(&format!("✗ {}", failure.reason), Tone::Error, width);
        let advice = failure.advice.iter();
        lines.extend(advice.flat_map(|advice| wrapped(advice, Tone::Warning, width)));
        lines
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
            Some(Err(_)) => String::new(),
            Some(Ok(_)) => self.choices.no_match(cx.catalog),
        };
        let failure = self.failure_lines(cx.text_width(WIDTH).into());
        let has_list = failure.is_empty();
        DialogModel {
            head: TextBlock {
                rows: u16::try_from(failure.len()).unwrap_or(u16::MAX),
                lines: failure,
            },
            input: has_list.then(|| self.choices.filter("Type to filter", cx.catalog)),
            rows: Rows::list(matches.len(), move |at, _| {
                Row::pair(&matches[at].id, capability_text(matches[at]))
            }),
            cursor: self.choices.cursor,
            empty,
            ..DialogModel::new(title, Frame::Centered(WIDTH, 20))
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let place = format!("Models of {}", self.name);
        match &self.models {
            None => Spoken::text(
                place,
                vec!["Loading the models from the provider; back cancels.".into()],
            ),
            Some(Err(failure)) => {
                let mut lines = vec![format!("Error: {}", failure.reason)];
                lines.extend(failure.advice.clone());
                Spoken::text(place, lines)
            }
            Some(Ok(found)) => Spoken::list(format!("{place}: {}", count(found.len(), "model"))),
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Choose if matches!(self.models, Some(Err(_))) => DialogOutcome::All(vec![
                DialogOutcome::Close,
                DialogOutcome::Browse(self.id, self.name.clone()),
            ]),
            Action::Choose => match self.matches().get(self.choices.cursor.selected) {
                Some(model) => {
                    DialogOutcome::CopyToClipboard(format!("\"{}\"", model.id), model.id.clone())
                }
                None => DialogOutcome::Stay,
            },
            Action::Back => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn list(&self) -> Option<&SelectList> {
        Some(&self.choices)
    }

    fn list_mut(&mut self) -> Option<&mut SelectList> {
        Some(&mut self.choices)
    }

    fn pick(&mut self, at: usize, by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.choices.cursor.selected = at;
        (by == Pick::DoubleClick).then_some(Action::Choose)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Choose if matches!(self.models, Some(Err(_))) => Some("Retry"),
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
            ServiceReply::Models(found) => found.map_err(|error| ModelsFailure {
                reason: error.to_string(),
                advice: match &error {
                    ConnectionError::Provider(report) => report.advice.clone(),
                    _ => None,
                },
            }),
            other => Err(ModelsFailure {
                reason: failure(other),
                advice: None,
            }),
        });
        DialogOutcome::Stay
    }
}

/// Returns the capabilities of a model, as the list shows them.
pub fn capability_text(model: &Model) -> String {
    let words = model.capabilities.iter().copied();
    words.map(Capability::as_str).collect::<Vec<_>>().join(", ")
}
