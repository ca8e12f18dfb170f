//! Import from environment variables: shows the names of variables, never their values.

use crate::appsettings::{Reference, ReferenceLookup};
use crate::connection::{ProviderMatch, SetVariable};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows, Spoken, TextBlock,
    Tone,
};
use crate::tui::effect::{ServiceReply, ServiceRequest, Ticket};
use crate::tui::form::Form;
use crate::tui::notice::Notice;
use crate::tui::select_list::SelectList;
use crate::tui::text_width::wrap;

/// Maximum width.
const WIDTH: u16 = 88;

/// Width from which the way that secrets are imported is explained.
const ROOMY: u16 = 60;

/// Import dialog.
#[derive(Debug)]
pub struct EnvImport {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Providers with matching variables.
    offers: Vec<ProviderMatch>,
    /// Secret variables; the flag is true if a reference to the variable resolves, `None` until checked.
    secrets: Vec<(String, Option<bool>)>,
    /// Ticket of the running check.
    ticket: Option<Ticket>,
}

/// Option to create a connection from the environment.
#[derive(Debug, Clone, Copy)]
pub struct EnvChoice<'a> {
    /// Provider and variables.
    pub offer: &'a ProviderMatch,
    /// True if secrets are stored as references instead of values.
    pub by_reference: bool,
}

impl EnvImport {
    /// Creates the dialog; references are checked before options are listed. A notice if no variable is set.
    pub fn open(offers: Vec<ProviderMatch>) -> Result<Self, Notice> {
        if offers.is_empty() {
            return Err(Notice::info(
                "No provider variable is set, such as OPENAI_API_KEY or ANTHROPIC_API_KEY",
            ));
        }
        let mut secrets: Vec<(String, Option<bool>)> = Vec::new();
        let variables = offers.iter().flat_map(|offer| &offer.variables);
        for SetVariable { name, .. } in variables.filter(|variable| variable.is_secret) {
            if !secrets.iter().any(|(known, _)| known == name) {
                let known = reference(name).is_none().then_some(false);
                secrets.push((name.clone(), known));
            }
        }
        Ok(Self {
            choices: SelectList::default(),
            offers,
            secrets,
            ticket: None,
        })
    }

    /// Returns the next reference to check.
    fn to_look_up(&self) -> Option<Reference> {
        let mut unknown = self.secrets.iter().filter(|(_, known)| known.is_none());
        let (name, _) = unknown.next().filter(|_| self.ticket.is_none())?;
        reference(name)
    }

    /// Returns true if all references are checked.
    pub fn is_ready(&self) -> bool {
        self.secrets.iter().all(|(_, known)| known.is_some())
    }

    /// Returns true if a reference to a variable resolves.
    pub fn resolves(&self, name: &str) -> bool {
        let mut secrets = self.secrets.iter();
        secrets.any(|(known, resolves)| known == name && *resolves == Some(true))
    }

    /// Returns the matching options; for each provider, references come first.
    pub fn matches(&self) -> Vec<EnvChoice<'_>> {
        if !self.is_ready() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for offer in &self.offers {
            let names: Vec<_> = offer
                .variables
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            let text = format!("{} {} {}", offer.name, offer.provider_id, names.join(" "));
            if !self.choices.matches(&text) {
                continue;
            }
            let can_refer = names.iter().any(|name| self.resolves(name));
            let ways = [true, false];
            let ways = ways.into_iter().filter(|refers| can_refer || !refers);
            found.extend(ways.map(|by_reference| EnvChoice {
                offer,
                by_reference,
            }));
        }
        found
    }

    /// Returns the number of options without a filter, and the maximum number of detail lines of an option.
    fn rows(&self) -> (usize, usize) {
        let choices = self.offers.iter().map(|offer| {
            let mut names = offer.variables.iter().map(|one| &one.name);
            1 + usize::from(names.any(|name| self.resolves(name)))
        });
        let lines = self
            .offers
            .iter()
            .map(|offer| offer.variables.len() + usize::from(!offer.missing.is_empty()));
        (choices.sum(), lines.max().unwrap_or_default())
    }

    /// Returns the selected option.
    fn selected(&self) -> Option<EnvChoice<'_>> {
        self.matches().get(self.choices.cursor.selected).copied()
    }

    /// Replaces the list with a form for the selected option.
    fn open_form(&self, cx: &DialogContext<'_>) -> Option<DialogOutcome> {
        let choice = self.selected()?;
        let provider = cx.catalog.get(&choice.offer.provider_id)?;
        let refers = |name: &str| choice.by_reference && self.resolves(name);
        let found = cx.provider_variables.connection(provider, refers)?;
        let mut form = Form::new(provider);
        let notice = form.fill(found, cx.catalog);
        Some(DialogOutcome::open_form(form, Some(notice)))
    }
}

impl Dialog for EnvImport {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let (choices, lines) = self.rows();
        let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        // The filter line, the gaps and the border.
        let frame = Frame::Centered(WIDTH, rows(choices + lines).saturating_add(5));
        let width = cx.text_width(WIDTH).into();
        let details = self.selected().map(|choice| choice.lines(self));
        let details = details.into_iter().flatten();
        let details = details.flat_map(|line| wrap(&line, width));
        let matches = self.matches();
        DialogModel {
            input: Some(self.choices.filter("Type to filter", cx.catalog)),
            rows: Rows::list(matches.len(), move |at, room| {
                let text = matches[at].secrets_text(room < ROOMY);
                Row::pair(&matches[at].offer.name, text)
            }),
            cursor: self.choices.cursor,
            empty: if self.is_ready() {
                self.choices.no_match(cx.catalog)
            } else {
                "Checking references…".to_owned()
            },
            details: TextBlock {
                rows: rows(lines),
                lines: details.map(|line| vec![(line, Tone::Dim)]).collect(),
            },
            ..DialogModel::new("Import from environment variables", frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::list(
            "Import from the environment: enter a number to choose, text to filter, :back to close.",
        )
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Choose => self.open_form(cx).unwrap_or(DialogOutcome::Stay),
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
        (by != Pick::Click).then_some(Action::Choose)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        action.entry().hint
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Checks the next variable: may a reference resolve to it?
    fn next_request(&mut self, ticket: Ticket) -> Option<ServiceRequest> {
        let reference = self.to_look_up()?;
        self.ticket = Some(ticket);
        Some(ServiceRequest::LookUpReference(reference))
    }

    fn reply(&mut self, reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        let resolves = matches!(
            reply,
            ServiceReply::LookedUp(Ok(ReferenceLookup::Found { .. }))
        );
        let unknown = self.secrets.iter_mut().find(|(_, known)| known.is_none());
        if let Some((_, known)) = unknown {
            *known = Some(resolves);
        }
        DialogOutcome::Stay
    }
}

impl EnvChoice<'_> {
    /// Describes how secrets are imported.
    pub fn secrets_text(&self, is_short: bool) -> &'static str {
        let has_secret = self.offer.variables.iter().any(|one| one.is_secret);
        match (has_secret, self.by_reference) {
            (false, _) => "no secrets",
            (true, true) => "by reference",
            (true, false) if is_short => "by value",
            (true, false) => "values, encrypted when saved",
        }
    }

    /// Returns a line for each imported variable, and the missing settings.
    pub fn lines(&self, import: &EnvImport) -> Vec<String> {
        let taken = self.offer.variables.iter().map(|variable| {
            let SetVariable {
                name,
                label,
                is_secret,
                ..
            } = variable;
            if *is_secret && self.by_reference && import.resolves(name) {
                format!("{label}: ${name}")
            } else if *is_secret {
                format!("{label}: value of {name} (hidden)")
            } else {
                format!("{label}: value of {name}")
            }
        });
        let missing = self.offer.missing.join(", ");
        let missing = (!missing.is_empty()).then(|| format!("Missing: {missing}"));
        taken.chain(missing).collect()
    }
}

fn reference(name: &str) -> Option<Reference> {
    Reference::read(&format!("${name}"))
}
