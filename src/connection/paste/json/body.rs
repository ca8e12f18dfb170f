//! Reads a request body of the API, or a connection as it is exported.

use serde_json::{Map, Value};

use super::KIND;
use crate::connection::paste::PastedConnection;
use crate::connection::paste::left_out::{LeftOut, is_credential_name};
use crate::connection::paste::settings::{CollectedSettings, DollarMeaning};
use crate::connection::paste::value::has_key;
use crate::connection::paste::variables::field_named;
use crate::connection::{ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::secret_detector;

/// Members of a request body that are not settings and say nothing about a new connection.
const METADATA: [&str; 10] = [
    "alias",
    "changeDescription",
    "dateCreated",
    "dateDeleted",
    "dateModified",
    "id",
    "isActive",
    "name",
    "providerId",
    "version",
];

/// A request body of the API, or a connection as it is exported.
pub(super) fn read(
    text: &str,
    members: &Map<String, Value>,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PastedConnection> {
    let mut draft = ConnectionDraft::from_json(text.as_bytes()).ok()?;
    if draft.provider_id.is_none() && draft.settings.is_none() {
        return None;
    }
    let id = draft
        .provider_id
        .take()
        .filter(|id| !secret_detector::looks_like_secret(id) && !has_key(id));
    let provider = match &id {
        Some(id) => catalog.get(id),
        None => wanted,
    };
    let mut left_out = LeftOut::default();
    for error in draft.misread.drain(..) {
        left_out.named(error.field.path().rsplit('.').next().unwrap_or_default());
    }
    let settings = draft.settings.take().unwrap_or_default();
    let mut connection = match provider {
        Some(provider) => {
            let mut collected = CollectedSettings::new(provider);
            collected.left_out = left_out;
            collected.dollar = DollarMeaning::Reference;
            for (key, value) in settings.iter() {
                take_setting(&mut collected, key, value);
            }
            take_rest(&mut collected.left_out, members);
            collected.finish(KIND)
        }
        None => PastedConnection {
            kind: KIND,
            draft: ConnectionDraft {
                provider_id: id,
                settings: Some(settings),
                ..ConnectionDraft::default()
            },
            left_out: left_out.into_names(),
        },
    };
    take_names(&mut connection, draft);
    Some(connection)
}

fn take_setting(
    collected: &mut CollectedSettings<'_>,
    key: &str,
    value: &SettingValue<PlainSecret>,
) {
    let Some(field) = field_named(collected.provider, key) else {
        return collected.left_out.named(key);
    };
    match value {
        SettingValue::Null => {}
        SettingValue::Switch(_) | SettingValue::Number(_) => {
            collected.settings.set(field.key.clone(), value.clone());
        }
        SettingValue::Text(_) | SettingValue::Secret(_) => {
            collected.take(field, key, value.text().unwrap_or_default());
        }
    }
}

fn take_rest(left_out: &mut LeftOut, members: &Map<String, Value>) {
    for name in members.keys() {
        if name != "settings" && !METADATA.contains(&name.as_str()) {
            left_out.named(name);
        }
    }
}

/// Takes the name and the alias, unless they have a key in them.
fn take_names(connection: &mut PastedConnection, draft: ConnectionDraft) {
    let settings = connection.draft.settings.as_ref();
    let secrets: Vec<&str> = settings
        .into_iter()
        .flat_map(Settings::iter)
        .filter(|(key, _)| is_credential_name(key))
        .filter_map(|(_, value)| value.text())
        .filter(|text| text.len() >= 4)
        .collect();
    let is_open = |text: &String| {
        !secret_detector::looks_like_secret(text)
            && !has_key(text)
            && !secrets.iter().any(|secret| text.contains(secret))
    };
    let mut refused = Vec::new();
    let mut checked = |text: Option<String>, label: &str| {
        let is_refused = text.as_ref().is_some_and(|text| !is_open(text));
        if is_refused {
            refused.push(format!("{label} (looks like a key)"));
        }
        text.filter(|_| !is_refused)
    };
    let name = checked(draft.name, "name");
    let alias = checked(draft.alias, "alias");
    connection.draft.name = name;
    connection.draft.alias = alias;
    connection.draft.is_active = draft.is_active;
    connection.left_out.splice(0..0, refused);
}
