//! Text output of connections.

use super::super::exit::Failure;
use super::super::output::{Audience, Output};
use crate::connection::{Connection, ConnectionItem, MaskedSecret, Page, SettingValue, Settings};
use crate::provider::ProviderCatalog;

/// Writes a page of the list.
pub fn list(
    page: &Page<ConnectionItem>,
    skipped: usize,
    catalog: &ProviderCatalog,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.audience() == Audience::Program {
        output.value(page)?;
        note_part(page, skipped, "connections", output);
        return Ok(());
    }
    if page.total == 0 {
        output.note("No connections. Create one: umai connections create");
        return Ok(());
    }
    let rows: Vec<_> = page
        .items
        .iter()
        .map(|item| {
            [
                item.name.clone(),
                item.alias.clone(),
                provider(&item.provider_id, catalog).to_owned(),
                status(item.is_active).to_owned(),
                output.when(item.date_modified),
            ]
        })
        .collect();
    output.table(["NAME", "ALIAS", "PROVIDER", "STATUS", "MODIFIED"], &rows)?;
    note_part(page, skipped, "connections", output);
    Ok(())
}

/// Reports on stderr that a page has only a part of the items, in every format: a file with a part of a list looks complete.
pub fn note_part<T>(page: &Page<T>, skipped: usize, items: &str, output: &Output) {
    let Page {
        items: shown,
        total,
    } = page;
    if shown.len() >= *total {
        return;
    }
    let end = skipped + shown.len();
    // A page without items is not followed by another one.
    let next = if !shown.is_empty() && end < *total {
        format!("; next page: --skip {end}")
    } else {
        String::new()
    };
    let all = if skipped == 0 {
        format!("; all: --take {total}")
    } else {
        String::new()
    };
    output.note(&format!("{} of {total} {items}{next}{all}", shown.len()));
}

/// Writes one connection with its settings.
pub fn one(
    connection: &Connection,
    catalog: &ProviderCatalog,
    output: &mut Output,
) -> Result<(), Failure> {
    let item = &connection.item;
    let facts = [
        ["Name".to_owned(), item.name.clone()],
        ["Alias".to_owned(), item.alias.clone()],
        ["ID".to_owned(), item.id.to_string()],
        [
            "Provider".to_owned(),
            provider(&item.provider_id, catalog).to_owned(),
        ],
        ["Status".to_owned(), status(item.is_active).to_owned()],
        ["Created".to_owned(), output.exact_time(item.date_created)],
        ["Modified".to_owned(), output.exact_time(item.date_modified)],
        ["Version".to_owned(), item.version.to_string()],
    ];
    let known = catalog.get(&item.provider_id);
    let label = |key: &str| {
        known
            .and_then(|provider| provider.field(key))
            .map_or(key, |field| &field.label)
            .to_owned()
    };
    let settings = connection.settings.iter().flat_map(Settings::iter);
    let rows: Vec<_> = facts
        .into_iter()
        .chain(settings.map(|(key, value)| [label(key), format_setting(value)]))
        .collect();
    output.facts(&rows)?;
    if connection.settings.is_none() && catalog.requires_settings(&item.provider_id) {
        output.note("The connection has no settings yet");
    }
    Ok(())
}

/// Writes the result of a create.
pub fn created(connection: &Connection, output: &mut Output) -> Result<(), Failure> {
    let item = &connection.item;
    output.line(&format!(
        "Created {} ({}) {}",
        item.name, item.alias, item.id
    ))
}

/// Returns the word for a status.
pub const fn status(is_active: bool) -> &'static str {
    if is_active { "Active" } else { "Inactive" }
}

fn provider<'a>(id: &'a str, catalog: &'a ProviderCatalog) -> &'a str {
    catalog.get(id).map_or(id, |provider| &provider.name)
}

fn format_setting(value: &SettingValue<MaskedSecret>) -> String {
    match value {
        SettingValue::Null => "-".into(),
        SettingValue::Switch(on) => on.to_string(),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Secret(mask) => match mask.remark() {
            Some(remark) => format!("{} ({remark})", mask.text()),
            None => mask.text().into(),
        },
        SettingValue::Text(text) => text.clone(),
    }
}
