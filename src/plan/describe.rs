//! Changes of a plan in words: references and masks, never secrets.

use super::{PlanAction, PlanStep};
use crate::connection::{Connection, MaskedSecret, SettingValue, Settings};

/// Text for a missing or empty value.
const NOTHING: &str = "-";

/// Planned change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Path of the field.
    pub path: String,
    /// Current value; none for a new connection.
    pub from: Option<String>,
    /// New value.
    pub to: String,
    /// Remark on values that look the same.
    pub remark: &'static str,
}

impl PlanStep {
    /// Returns the changes of fields, in order; for a new connection, its settings.
    pub fn field_changes(&self) -> Vec<FieldChange> {
        match &self.action {
            PlanAction::Create(new) => new
                .after
                .iter()
                .flat_map(|after| settings_of(after))
                .collect(),
            PlanAction::Update(change) => {
                let changes = change.preview.paths.iter().map(|path| {
                    let from = value_at(&change.before, path);
                    let to = value_at(&change.preview.connection, path);
                    let remark = if change.preview.unknown.contains(path) {
                        " (possibly unchanged)"
                    } else if from == to && MaskedSecret::read(&from).is_some() {
                        " (different)"
                    } else {
                        ""
                    };
                    FieldChange {
                        path: path.clone(),
                        from: Some(from),
                        to,
                        remark,
                    }
                });
                changes.collect()
            }
            PlanAction::Delete(_) | PlanAction::Unchanged | PlanAction::Skip => Vec::new(),
        }
    }
}

impl FieldChange {
    /// Returns the values in words: `old → new`.
    pub fn values(&self) -> String {
        match &self.from {
            Some(from) => format!("{from} → {}{}", self.to, self.remark),
            None => self.to.clone(),
        }
    }
}

fn settings_of(connection: &Connection) -> Vec<FieldChange> {
    let settings = connection.settings.iter().flat_map(Settings::iter);
    let given = settings.filter(|(_, value)| !matches!(value, SettingValue::Null));
    given
        .map(|(key, value)| FieldChange {
            path: format!("settings.{key}"),
            from: None,
            to: format_value(Some(value)),
            remark: "",
        })
        .collect()
}

/// Returns the value at a path.
pub fn value_at(connection: &Connection, path: &str) -> String {
    match path {
        "alias" => connection.item.alias.clone(),
        "name" => connection.item.name.clone(),
        "isActive" => connection.item.is_active.to_string(),
        path => {
            let key = path.strip_prefix("settings.").unwrap_or(path);
            let settings = connection.settings.as_ref();
            format_value(settings.and_then(|settings| settings.get(key)))
        }
    }
}

fn format_value(value: Option<&SettingValue<MaskedSecret>>) -> String {
    match value {
        None | Some(SettingValue::Null) => NOTHING.into(),
        Some(SettingValue::Switch(on)) => on.to_string(),
        Some(SettingValue::Number(number)) => number.to_string(),
        Some(SettingValue::Secret(mask)) => mask.text().into(),
        Some(SettingValue::Text(text)) if text.is_empty() => "\"\"".into(),
        Some(SettingValue::Text(text)) => text.clone(),
    }
}
