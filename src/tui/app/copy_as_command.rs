//! Copies the `umai` command that corresponds to an action or to a form.

use super::App;
use crate::connection::{Connection, ConnectionDraft, Settings, Version};
use crate::search::{Column, Sort, TreeItem, query};
use crate::tui::action::Action;
use crate::tui::cli_equivalent::{CliEquivalent, CommandLine, SettingArgument, settings};
use crate::tui::dialog::CommandFor;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::dialogs::version_diff::VersionDiff;
use crate::tui::form::field::{FieldId, FieldValue, FormField};
use crate::tui::form::{Form, FormSubject};
use crate::tui::tabs::Tab;

/// Placeholder for a connection.
const CONNECTION: &str = "ID_OR_ALIAS";

/// Placeholder for a version.
const VERSION: &str = "VERSION";

/// Writes commands for the current state of the app.
pub(super) struct CommandWriter<'a>(pub &'a App);

impl CommandWriter<'_> {
    /// Command for an entry of the palette, or the reason that there is none.
    pub fn command_for(&self, wanted: CommandFor) -> Result<String, &'static str> {
        let line = match wanted {
            CommandFor::Action(Action::Save) if self.0.form().is_some() => {
                return self.save_form().ok_or("no form is open");
            }
            CommandFor::Action(action) => self.command(action)?,
            CommandFor::Connection(id) => {
                with_alias(self.line("connections get"), self.0.tree.item(id))
            }
        };
        Ok(line.to_string())
    }

    /// Command that saves the open form.
    pub fn save_form(&self) -> Option<String> {
        self.0.form().map(|form| self.save_command(form))
    }

    /// Command that creates a connection with the same values.
    pub fn create_command(&self, connection: &Connection) -> String {
        let item = &connection.item;
        let mut line = self
            .line("connections create")
            .option("--name", &item.name)
            .option("--alias", &item.alias)
            .option("--provider", &item.provider_id);
        if !item.is_active {
            line = line.flag("--inactive");
        }
        let catalog = &self.0.service.catalog;
        if connection.settings.is_none() && catalog.requires_settings(&item.provider_id) {
            line = line.flag("--allow-incomplete");
        }
        let parts = connection.settings.iter().flat_map(Settings::iter);
        let parts = parts.map(|(key, setting)| (key, SettingArgument::from(setting)));
        settings(
            line,
            parts.filter(|(_, part)| *part != SettingArgument::Cleared),
        )
        .to_string()
    }

    fn line(&self, command: &str) -> CommandLine {
        CommandLine::new(&self.0.service.target.called_with, command)
    }

    /// Command for an action in the current state, or the reason that there is none.
    fn command(&self, action: Action) -> Result<CommandLine, &'static str> {
        let words = match action.command() {
            CliEquivalent::None(reason) => return Err(reason),
            CliEquivalent::Command(words) => words,
        };
        let line = self.line(words);
        let selected = self.0.tree.selected_item();
        Ok(match action {
            Action::Toggle => {
                return self.command(switch(selected.is_none_or(|item| !item.is_active)));
            }
            Action::Activate
            | Action::Deactivate
            | Action::Test
            | Action::Delete
            | Action::Export => self.add_marked_or_selected(line),
            Action::CompareVersions => {
                let line = with_alias(line, selected);
                match self.0.workspace.history.to_compare() {
                    Some((from, to)) => line.arg(&from.to_string()).arg(&to.to_string()),
                    None => line.placeholder(VERSION),
                }
            }
            Action::RollBack => {
                let line = with_alias(line, selected);
                match self.version_to_roll_back() {
                    Some(version) => line.arg(&version.to_string()),
                    None => line.placeholder(VERSION),
                }
            }
            Action::Restore | Action::Purge => {
                match self.0.dialogs.top().and_then(TrashDialog::selected) {
                    // Several connections in the trash can have the same former alias.
                    Some(item) => line.arg(&item.id.to_string()),
                    None => line.placeholder(CONNECTION),
                }
            }
            Action::CopyToTarget => self.add_ids_to_copy(line),
            Action::EmptyTrash => line.flag("--all"),
            Action::New | Action::Save => line
                .flag("--provider")
                .placeholder("PROVIDER")
                .flag("--name")
                .placeholder("NAME"),
            Action::ImportEnvironment => line.flag("--from-env"),
            Action::Duplicate => with_alias(line, selected)
                .flag("--name")
                .placeholder("NAME"),
            Action::Trash => line.flag("--trash"),
            _ => match words {
                "connections list" => self.list_command(line, action),
                "connections update" => with_alias(line, selected)
                    .flag("--set")
                    .placeholder("KEY=VALUE"),
                "man" | "targets list" => line,
                _ => with_alias(line, selected),
            },
        })
    }

    /// Version that a comparison or the history would roll back to.
    fn version_to_roll_back(&self) -> Option<u64> {
        if let Some(compare) = self.0.dialogs.top::<VersionDiff>() {
            return Some(compare.from);
        }
        let is_history = self.0.workspace.tab == Tab::History;
        let selected = self.0.workspace.history.selected();
        selected.filter(|_| is_history).map(Version::number)
    }

    /// Adds placeholders for both targets, and the marked connections or the selected one.
    fn add_ids_to_copy(&self, line: CommandLine) -> CommandLine {
        let line = line.placeholder("A").placeholder("B");
        let ids = self.0.tree.marked_or_selected();
        ids.iter()
            .fold(line, |line, id| line.option("--only", &id.to_string()))
    }

    /// Adds the marked connections, or the selected one.
    fn add_marked_or_selected(&self, line: CommandLine) -> CommandLine {
        if !self.0.has_marks() {
            return with_alias(line, self.0.tree.selected_item());
        }
        let marked = self.0.tree.marked();
        marked
            .iter()
            .fold(line, |line, marked| line.arg(&alias_or_id(marked.item)))
    }

    /// Adds the sort order and filter that the action leads to.
    fn list_command(&self, mut line: CommandLine, action: Action) -> CommandLine {
        let shown = self.0.tree.sort();
        let sort = match (action, action.sort_column()) {
            (_, Some(column)) => Sort::by(column),
            (Action::Group, None) => Sort::by(Column::Provider),
            (Action::ReverseSort, None) => shown.turned(),
            (_, None) => shown,
        };
        if sort.column != Column::Name {
            line = line.option("--sort", sort.column.id());
        }
        if sort.direction != Sort::by(sort.column).direction {
            line = line.flag("--reverse");
        }
        let filter = self.0.tree.filter();
        let typed = filter.map_or("", |filter| filter.line.value());
        let terms = query::split_unquoted(typed);
        terms.iter().fold(line, |line, term| line.arg(term))
    }

    fn save_command(&self, form: &Form) -> String {
        let draft = form.draft();
        let is_stored = form.id().is_some();
        let of = |id| self.0.tree.item(id);
        let mut line = match &form.subject {
            FormSubject::New => self
                .line("connections create")
                .option("--provider", &form.provider.id),
            FormSubject::Copy { of: id, .. } => {
                with_alias(self.line("connections duplicate"), of(*id))
            }
            FormSubject::Stored { id, .. } => with_alias(self.line("connections update"), of(*id)),
        };
        let is_given =
            |place: &FieldId| !is_stored || form.field(place).is_some_and(FormField::is_changed);
        if is_given(&FieldId::Name) {
            line = line.option("--name", draft.name.as_deref().unwrap_or_default());
        }
        let alias = draft.alias.as_deref().filter(|alias| !alias.is_empty());
        if let Some(alias) = alias.filter(|_| is_given(&FieldId::Alias)) {
            line = line.option("--alias", alias);
        }
        if let Some(note) = draft.note.as_deref().filter(|_| is_stored) {
            line = line.option("--note", note);
        }
        line = form_settings(line, form, &draft);
        let is_active = draft.is_active.unwrap_or(true);
        if !is_stored && !is_active {
            line = line.flag("--inactive");
        }
        if !(is_stored && is_given(&FieldId::Status)) {
            return line.to_string();
        }
        match switch(is_active).command() {
            CliEquivalent::Command(words) => {
                let second = with_alias(self.line(words), form.id().and_then(of));
                format!("{line} && {second}")
            }
            CliEquivalent::None(_) => line.to_string(),
        }
    }
}

/// Adds the settings of a form that the command has to set.
fn form_settings(line: CommandLine, form: &Form, draft: &ConnectionDraft) -> CommandLine {
    let is_new = matches!(form.subject, FormSubject::New);
    let parts = draft.settings.iter().flat_map(Settings::iter);
    let parts = parts.filter(|(key, _)| {
        let field = form.field(&FieldId::Setting((*key).to_owned()));
        field.is_none_or(|field| field.is_changed() || is_new && !field.is_default())
    });
    let parts = parts.map(|(key, setting)| (key, SettingArgument::from(setting)));
    // The command prompts for required secrets that are still empty.
    let shown = form.fields.iter().filter(|field| !form.is_hidden(field));
    let missing = shown.filter_map(|field| match &field.id {
        FieldId::Setting(key) if field.is_required && is_new => {
            let settings = draft.settings.as_ref();
            let is_given = settings.is_some_and(|all| all.get(key).is_some());
            let is_secret = matches!(field.value, FieldValue::Secret(_));
            (is_secret && !is_given).then_some((key.as_str(), SettingArgument::Secret))
        }
        _ => None,
    });
    settings(line, parts.chain(missing))
}

const fn switch(is_active: bool) -> Action {
    if is_active {
        Action::Activate
    } else {
        Action::Deactivate
    }
}

/// Adds a connection, or a placeholder.
fn with_alias(line: CommandLine, item: Option<&TreeItem>) -> CommandLine {
    match item {
        Some(item) => line.arg(&alias_or_id(item)),
        None => line.placeholder(CONNECTION),
    }
}

/// Alias of a connection; its ID if the alias would not be parsed as one.
fn alias_or_id(item: &TreeItem) -> String {
    let alias = item.alias();
    if crate::connection::alias::is_well_formed(alias) && alias.parse::<uuid::Uuid>().is_err() {
        alias.to_owned()
    } else {
        item.id.to_string()
    }
}
