//! Tables of pasted texts, by theme. In every text and value `§` stands for the planted key.

mod commands;
mod curl;
mod documents;
mod refused;
mod variables;

use super::{PasteResult, PastedConnection};
use crate::connection::Settings;
use crate::provider::ProviderCatalog;

/// The key in place of `§`.
const PLANTED: &str = "sk-abc123def456ghi789jkl0";

/// A text and the connection it describes.
struct Row {
    text: &'static str,
    /// The provider of the form, if the text is pasted into one.
    wanted: &'static str,
    provider: &'static str,
    settings: &'static [(&'static str, &'static str)],
    left_out: &'static [&'static str],
}

/// A text without a form around it.
const fn row(
    text: &'static str,
    provider: &'static str,
    settings: &'static [(&'static str, &'static str)],
    left_out: &'static [&'static str],
) -> Row {
    Row {
        text,
        wanted: "",
        provider,
        settings,
        left_out,
    }
}

/// A text pasted into the form of a provider.
const fn form(
    wanted: &'static str,
    text: &'static str,
    settings: &'static [(&'static str, &'static str)],
    left_out: &'static [&'static str],
) -> Row {
    Row {
        text,
        wanted,
        provider: wanted,
        settings,
        left_out,
    }
}

fn read(text: &str, wanted: &str) -> PasteResult {
    let catalog = ProviderCatalog::embedded();
    PasteResult::read(text, &catalog, catalog.get(wanted))
}

/// Checks every row, and lists all that fail.
fn check(rows: &[Row]) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| difference(row).err())
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} failed:\n\n{}",
        failures.len(),
        rows.len(),
        failures.join("\n\n")
    );
}

fn difference(row: &Row) -> Result<(), String> {
    let text = row.text.replace('§', PLANTED);
    let wrong = |what: String| Err(format!("{}\n  {what}", row.text));
    let connection = match read(&text, row.wanted) {
        PasteResult::Connection(connection) => connection,
        other => return wrong(format!("{other:?}")),
    };
    let found = values(&connection);
    let expected: Vec<(String, String)> = row
        .settings
        .iter()
        .map(|(key, value)| ((*key).into(), value.replace('§', PLANTED)))
        .collect();
    let provider = connection.draft.provider_id.as_deref().unwrap_or_default();
    if provider != row.provider {
        return wrong(format!("provider {provider}"));
    }
    if found != expected {
        return wrong(format!("settings {found:?}\n  not      {expected:?}"));
    }
    if connection.left_out != row.left_out {
        return wrong(format!(
            "left out {:?}\n  not      {:?}",
            connection.left_out, row.left_out
        ));
    }
    if let Some(place) = leak(&connection) {
        return wrong(format!("the key is in {place}"));
    }
    Ok(())
}

fn values(connection: &PastedConnection) -> Vec<(String, String)> {
    let settings = connection.draft.settings.iter().flat_map(Settings::iter);
    settings
        .map(|(key, value)| (key.to_owned(), value.text().unwrap_or("(other)").to_owned()))
        .collect()
}

/// A place outside a secret field that has the planted key.
fn leak(connection: &PastedConnection) -> Option<String> {
    let catalog = ProviderCatalog::embedded();
    let draft = &connection.draft;
    let provider = draft.provider_id.as_deref().and_then(|id| catalog.get(id));
    let holds = |text: &str| text.to_lowercase().contains(PLANTED);
    let open_setting = values(connection).into_iter().find(|(key, value)| {
        let field = provider.and_then(|provider| provider.field(key));
        holds(value) && field.is_some_and(|field| !field.sensitive)
    });
    if let Some((key, _)) = open_setting {
        return Some(key);
    }
    if format!("{connection:?}").contains(PLANTED) {
        return Some("Debug".to_owned());
    }
    let names = connection
        .left_out
        .iter()
        .chain(&draft.name)
        .chain(&draft.alias)
        .chain(&draft.provider_id);
    names
        .into_iter()
        .find(|text| holds(text))
        .map(|_| "a name".to_owned())
}

#[test]
fn tables_have_at_least_120_rows() {
    let count =
        curl::ROWS.len() + commands::ROWS.len() + variables::ROWS.len() + documents::ROWS.len();
    assert!(count >= 120, "{count}");
}
