//! Merges a draft with the stored connection: absent fields and masked secrets keep their stored value.

use url::Url;

use crate::connection::error::{DraftField, FieldReason};
use crate::connection::secret::MaskedSecret;
use crate::connection::validate::settings::field_path;
use crate::connection::validate::{MaskPolicy, ValidatedDraft};
use crate::connection::{Connection, ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::{FieldKind, Provider, ProviderCatalog, SettingsField, names_address};

/// Draft merged with a connection.
pub struct MergedDraft {
    /// Connection after the change; without settings if the change names none.
    pub draft: ConnectionDraft,
    /// Fields that cannot change.
    refused: Vec<(DraftField, FieldReason)>,
    /// Settings whose stored secret is kept.
    kept_secrets: Vec<String>,
    /// The stored name and alias; none for a copy, which gets its own.
    stored: Option<(String, String)>,
}

impl MergedDraft {
    /// Adds the invalid changes to a validation. The format of a kept secret is not validated again.
    pub fn add_errors(self, found: &mut ValidatedDraft) {
        found.errors.retain(|error| {
            let is_kept = |key: &str| self.kept_secrets.iter().any(|kept| kept == key);
            !matches!(error.reason, FieldReason::NotAKey(_))
                || !error.field.setting_key().is_some_and(is_kept)
        });
        if let Some((name, alias)) = &self.stored {
            let is_name_kept = self.draft.name.as_deref().map(str::trim) == Some(name.as_str());
            if is_name_kept && drop_key_like_error(&DraftField::Name, found) {
                found.name.clone_from(name);
            }
            if self.draft.alias.as_ref() == Some(alias)
                && drop_key_like_error(&DraftField::Alias, found)
            {
                found.alias = Some(alias.clone());
            }
        }
        for (field, reason) in self.refused {
            found.push_error(field, reason);
        }
    }
}

/// Drops the error about an API key in an unchanged name or alias; returns false if there is none.
fn drop_key_like_error(at: &DraftField, found: &mut ValidatedDraft) -> bool {
    let before = found.errors.len();
    let errors = &mut found.errors;
    errors.retain(|error| error.field != *at || error.reason != FieldReason::LooksLikeKey);
    errors.len() < before
}

/// Merges `change` with `before`.
pub fn merge_onto(
    before: &Connection<PlainSecret>,
    change: &ConnectionDraft,
    catalog: &ProviderCatalog,
) -> MergedDraft {
    let item = &before.item;
    let mut refused = Vec::new();
    if let Some(id) = &change.provider_id
        && !id.eq_ignore_ascii_case(&item.provider_id)
    {
        refused.push((DraftField::ProviderId, FieldReason::ProviderFixed));
    }
    let provider = catalog.get(&item.provider_id);
    let mut kept = Vec::new();
    let settings = change.settings.as_ref().map(|given| {
        let old = before.settings.clone().unwrap_or_default();
        let new = settings_over(&old, given, provider);
        if let Some(provider) = provider {
            refused.extend(moved_secrets(&old, &new, provider));
            kept = kept_secrets(&old, &new, provider);
        }
        new
    });
    let draft = ConnectionDraft {
        alias: change.alias.clone().or_else(|| Some(item.alias.clone())),
        name: change.name.clone().or_else(|| Some(item.name.clone())),
        provider_id: Some(item.provider_id.clone()),
        is_active: change.is_active.or(Some(item.is_active)),
        settings,
        note: change.note.clone(),
        misread: change.misread.clone(),
    };
    MergedDraft {
        draft,
        refused,
        kept_secrets: kept,
        stored: Some((before.item.name.clone(), before.item.alias.clone())),
    }
}

/// Validates a copy of `original` with `change`; name and alias come from `change`.
pub fn validated_copy(
    original: &Connection<PlainSecret>,
    change: &ConnectionDraft,
    catalog: &ProviderCatalog,
) -> ValidatedDraft {
    let mut merged = merge_onto(original, change, catalog);
    merged.stored = None;
    merged.draft.name.clone_from(&change.name);
    merged.draft.alias.clone_from(&change.alias);
    if merged.draft.settings.is_none() {
        merged.draft.settings.clone_from(&original.settings);
        let provider = catalog.get(&original.item.provider_id);
        if let (Some(settings), Some(provider)) = (&original.settings, provider) {
            merged.kept_secrets = kept_secrets(settings, settings, provider);
        }
    }
    let mut found = merged.draft.validate(catalog, MaskPolicy::Reject);
    merged.add_errors(&mut found);
    found
}

/// Merges `snapshot` with `before`: stored secrets are kept, because a snapshot has none.
pub fn merge_rollback(
    before: &Connection<PlainSecret>,
    snapshot: &Connection<MaskedSecret>,
    catalog: &ProviderCatalog,
) -> MergedDraft {
    let old = before.settings.clone().unwrap_or_default();
    let settings = snapshot.settings.as_ref().map(|settings| {
        let kept = settings.iter().filter_map(|(key, value)| {
            let value = match value {
                SettingValue::Null => SettingValue::Null,
                SettingValue::Switch(on) => SettingValue::Switch(*on),
                SettingValue::Number(number) => SettingValue::Number(number.clone()),
                SettingValue::Text(text) => SettingValue::Text(text.clone()),
                SettingValue::Secret(_) => old.get(key)?.clone(),
            };
            Some((key.to_owned(), value))
        });
        kept.collect::<Settings<PlainSecret>>()
    });
    let (refused, kept) = match (&settings, catalog.get(&before.item.provider_id)) {
        (Some(new), Some(provider)) => (
            moved_secrets(&old, new, provider),
            kept_secrets(&old, new, provider),
        ),
        (None, _) | (_, None) => (Vec::new(), Vec::new()),
    };
    let draft = ConnectionDraft {
        alias: Some(snapshot.item.alias.clone()),
        name: Some(snapshot.item.name.clone()),
        provider_id: Some(before.item.provider_id.clone()),
        is_active: Some(snapshot.item.is_active),
        settings,
        note: None,
        misread: Vec::new(),
    };
    MergedDraft {
        draft,
        refused,
        kept_secrets: kept,
        stored: Some((before.item.name.clone(), before.item.alias.clone())),
    }
}

fn settings_over(
    old: &Settings<PlainSecret>,
    given: &Settings<PlainSecret>,
    provider: Option<&Provider>,
) -> Settings<PlainSecret> {
    let mut new = old.clone();
    for (key, value) in given.iter() {
        let stored_key = stored_key(old, key, provider);
        // Only the mask of this setting keeps the secret.
        let mask = value
            .text()
            .and_then(|text| MaskedSecret::read(text.trim()));
        let is_kept =
            mask.is_some() && matches!(old.get(&stored_key), Some(SettingValue::Secret(_)));
        if !is_kept {
            new.set(stored_key, value.clone());
        }
    }
    new
}

/// Returns the key under which a field is stored, which may be an alternative name.
fn stored_key(old: &Settings<PlainSecret>, key: &str, provider: Option<&Provider>) -> String {
    let field = provider.and_then(|provider| provider.field(key));
    let same = field.and_then(|field| {
        let keys = std::iter::once(&field.key).chain(&field.accepted_as);
        keys.into_iter().find(|key| old.get(key).is_some())
    });
    match (old.get(key), same) {
        (None, Some(same)) => same.clone(),
        _ => key.to_owned(),
    }
}

/// Returns errors for kept secrets whose endpoint moves to another origin: permission to edit an endpoint must not reveal keys.
pub fn moved_secrets(
    old: &Settings<PlainSecret>,
    new: &Settings<PlainSecret>,
    provider: &Provider,
) -> Vec<(DraftField, FieldReason)> {
    let has_moved = provider
        .settings
        .iter()
        .filter(|field| field.kind == FieldKind::Url)
        .any(|field| {
            let address = |settings: &Settings<PlainSecret>| {
                let keys = std::iter::once(&field.key).chain(&field.accepted_as);
                let given = keys.into_iter().find_map(|key| settings.get(key));
                let given = given.and_then(SettingValue::text).map(str::to_owned);
                let default = || match &field.default {
                    Some(crate::provider::DefaultValue::Text(text)) => Some(text.clone()),
                    Some(crate::provider::DefaultValue::Switch(_)) | None => None,
                };
                given
                    .filter(|text| !text.trim().is_empty())
                    .or_else(default)
                    .unwrap_or_default()
            };
            origin(&address(old)) != origin(&address(new))
        });
    if !has_moved {
        return Vec::new();
    }
    kept_fields(old, new, provider)
        .map(|field| (field_path(provider, field), FieldReason::EndpointChanged))
        .collect()
}

/// Returns the keys of unchanged secrets whose address leads to another origin, for a provider without a description: the names
/// of the settings tell which are addresses.
pub fn undescribed_secrets_sent_elsewhere(
    old: &Settings<PlainSecret>,
    new: &Settings<PlainSecret>,
) -> Vec<String> {
    let address = |settings: &Settings<PlainSecret>, key: &str| {
        let text = settings.get(key).and_then(SettingValue::text);
        origin(text.unwrap_or_default())
    };
    let mut keys = old.iter().chain(new.iter()).map(|(key, _)| key);
    if !keys.any(|key| names_address(key) && address(old, key) != address(new, key)) {
        return Vec::new();
    }
    old.iter()
        .filter(|(key, value)| {
            matches!(value, SettingValue::Secret(_)) && new.get(key) == Some(value)
        })
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// Returns the keys of fields whose stored secret is unchanged.
fn kept_secrets(
    old: &Settings<PlainSecret>,
    new: &Settings<PlainSecret>,
    provider: &Provider,
) -> Vec<String> {
    kept_fields(old, new, provider)
        .map(|field| field.key.clone())
        .collect()
}

fn kept_fields<'a>(
    old: &'a Settings<PlainSecret>,
    new: &'a Settings<PlainSecret>,
    provider: &'a Provider,
) -> impl Iterator<Item = &'a SettingsField> {
    old.iter()
        .filter(|(key, value)| {
            matches!(value, SettingValue::Secret(_)) && new.get(key) == Some(value)
        })
        .filter_map(|(key, _)| provider.field(key))
}

/// Returns scheme, host and port; the text itself for a reference, which is resolved later.
fn origin(address: &str) -> String {
    let address = address.trim();
    Url::parse(address).map_or_else(
        |_| address.to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::key_flaw::KeyFlaw;

    fn stored(key: &str) -> Connection<PlainSecret> {
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1,"settings":null}"#;
        let shown: Connection<MaskedSecret> = serde_json::from_str(json).unwrap();
        let secret = SettingValue::Secret(PlainSecret::new(key));
        Connection {
            item: shown.item,
            settings: Some(Settings::from_iter([("apiKey".to_owned(), secret)])),
        }
    }

    fn reasons(before: &Connection<PlainSecret>, change: &str) -> Vec<FieldReason> {
        let catalog = ProviderCatalog::embedded();
        let change = ConnectionDraft::from_json(change.as_bytes()).unwrap();
        let merged = merge_onto(before, &change, &catalog);
        let mut found = merged.draft.validate(&catalog, MaskPolicy::Reject);
        merged.add_errors(&mut found);
        found.errors.into_iter().map(|error| error.reason).collect()
    }

    #[test]
    fn stored_name_and_alias_like_a_key_are_not_examined_again() {
        let mut before = stored("sk-1");
        before.item.name = "sk-abc123def456ghi789jkl0".into();
        before.item.alias = "sk-abc123def456ghi789jkl0".into();
        let catalog = ProviderCatalog::embedded();
        for change in [
            r#"{"isActive":false}"#,
            r#"{"name":" sk-abc123def456ghi789jkl0 ","alias":"sk-abc123def456ghi789jkl0"}"#,
        ] {
            assert_eq!(reasons(&before, change), [], "{change}");
        }
        let shown = Connection {
            item: before.item.clone(),
            settings: None,
        };
        let merged = merge_rollback(&before, &shown, &catalog);
        let mut found = merged.draft.validate(&catalog, MaskPolicy::Reject);
        merged.add_errors(&mut found);
        assert_eq!(found.name, before.item.name);
        assert_eq!(found.alias.as_ref(), Some(&before.item.alias));
        let other = r#"{"name":"sk-zyx123def456ghi789jkl0"}"#;
        assert_eq!(reasons(&before, other), [FieldReason::LooksLikeKey]);
        let change = ConnectionDraft {
            name: Some(before.item.name.clone()),
            alias: Some("copy".into()),
            ..ConnectionDraft::default()
        };
        let errors = validated_copy(&before, &change, &catalog).errors;
        assert!(
            errors
                .iter()
                .any(|error| error.reason == FieldReason::LooksLikeKey),
            "a copy gets a name of its own"
        );
    }
    #[test]
    fn stored_secret_is_not_validated_again() {
        let before = stored("ENC:AAAA");
        for change in [
            r#"{"settings":{"organization":"o"}}"#,
            r#"{"settings":{"apiKey":"***"}}"#,
        ] {
            assert_eq!(reasons(&before, change), []);
        }
        let again = r#"{"settings":{"apiKey":"ENC:BBBB"}}"#;
        assert_eq!(
            reasons(&before, again),
            [FieldReason::NotAKey(KeyFlaw::Encrypted)]
        );
    }
}
