//! Sentences about the tree and the tabs of the selected connection.

use super::listing;
use super::narration::Narration;
use super::text::{connection_sentence, count};
use crate::connection::{SettingValue, Settings};
use crate::tui::action::{Action, KeyContext};
use crate::tui::app::App;
use crate::tui::tabs::Tab;
use crate::tui::tree::Node;

/// Narration while no dialog is open.
pub(super) fn tree_narration(app: &App) -> Narration {
    match app.tab_in_focus() {
        Some(tab) => workspace(app, tab),
        None => Narration {
            place: place(app),
            body: Vec::new(),
            here: selected_node(app).into_iter().collect(),
        },
    }
}

fn place(app: &App) -> String {
    let tree = &app.tree;
    if tree.loading.is_first() {
        return "Connections, loading.".into();
    }
    if tree.loading.is_broken() {
        return "The connections could not be loaded; refresh retries.".into();
    }
    let all = count(tree.len(), "connection");
    match tree.filter() {
        Some(filter) => {
            let similar = if tree.is_tolerant() {
                "Nothing matches exactly; similar: "
            } else {
                ""
            };
            let suggestion = tree.filter_suggestion().filter(|_| tree.shown_len() == 0);
            let try_this = suggestion.map_or_else(String::new, |text| format!(" Try /{text}."));
            format!(
                "{similar}{} of {all}, filtered by {}; / alone shows all.{try_this}",
                tree.shown_len(),
                filter.line.displayed(&app.service.catalog)
            )
        }
        None if tree.is_empty() => match app.keymap.first_key(KeyContext::Tree, Action::New) {
            Some(_) => "No connections yet; new creates the first one.".into(),
            None => "No connections yet.".into(),
        },
        None => format!("{all}; list lists them."),
    }
}

/// Selected node of the tree.
fn selected_node(app: &App) -> Option<String> {
    let tree = &app.tree;
    let node = tree.selected();
    let state = if tree.is_open(node) { "open" } else { "closed" };
    Some(match node {
        Node::Settings => format!("Selected: Settings, {state}"),
        Node::Ai => format!("Selected: AI, {state}"),
        Node::Connections => format!("Selected: Connections, {state}"),
        Node::Provider(number) => format!(
            "Selected: {}, {}, {state}",
            tree.providers().title(number),
            count(tree.count_of(number), "connection")
        ),
        Node::Connection(_) => {
            let item = tree.selected_item()?;
            let at = tree.selected_at()? + 1;
            let line = connection_sentence(item, &app.service.catalog);
            format!("Selected: {line}; {at} of {}", tree.shown_len())
        }
    })
}

fn workspace(app: &App, tab: Tab) -> Narration {
    let name = app.tree.selected_item().map_or("", |item| item.name());
    let place = format!("{} of {name}", tab.title());
    let selected = |at: usize| listing::line(app, at).map(|line| format!("Selected: {line}"));
    let (body, here) = match tab {
        Tab::Settings => (settings(app), None),
        Tab::Info => (listing::lines(app, 0), selected(app.workspace.line)),
        Tab::History => match &app.workspace.history.problem {
            Some(problem) => (
                vec![format!("The history could not be loaded: {problem}")],
                None,
            ),
            None => (
                listing::lines(app, 0),
                selected(app.workspace.history.selected),
            ),
        },
    };
    Narration {
        place,
        body,
        here: here.into_iter().collect(),
    }
}

/// Stored settings, with secrets masked.
fn settings(app: &App) -> Vec<String> {
    let Some(connection) = &app.workspace.detail.connection else {
        let problem = app.workspace.detail.problem.as_ref();
        return problem
            .map(|problem| format!("The connection could not be loaded: {problem}"))
            .into_iter()
            .collect();
    };
    let item = &connection.item;
    let provider = app.service.catalog.get(&item.provider_id);
    let name = provider.map_or(item.provider_id.as_str(), |provider| &provider.name);
    let status = if item.is_active { "Active" } else { "Inactive" };
    let mut lines = vec![
        format!("Provider: {name}"),
        format!("Alias: {}", item.alias),
        format!("Status: {status}"),
    ];
    let settings = connection.settings.iter().flat_map(Settings::iter);
    for (key, value) in settings {
        let field = provider.and_then(|provider| provider.field(key));
        let label = field.map_or(key, |field| &field.label);
        let text = match value {
            SettingValue::Null => continue,
            SettingValue::Switch(true) => "on".to_owned(),
            SettingValue::Switch(false) => "off".to_owned(),
            SettingValue::Number(number) => number.to_string(),
            SettingValue::Secret(_) => "stored, secret".to_owned(),
            SettingValue::Text(text) => text.clone(),
        };
        lines.push(format!("{label}: {text}"));
    }
    if connection.settings.is_none() {
        let catalog = &app.service.catalog;
        lines.push(if catalog.requires_settings(&item.provider_id) {
            "Incomplete: no settings".into()
        } else {
            "No settings: defaults are used".into()
        });
    }
    lines
}
