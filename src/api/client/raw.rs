//! A connection exactly as a third-party server sent it, and changes to it.
//!
//! A PUT on such a server replaces the whole connection: it clears what is missing and stores a mask as the secret. The body of a
//! PUT therefore repeats the settings of the GET byte for byte and replaces only the changed ones.

mod diff;
mod members;
mod plain;
mod write;

use zeroize::Zeroizing;

pub use self::diff::typed;
use self::diff::{RawComparison, compare, is_nothing};
use self::members::{Member, members};
use super::response_dto::{ConnectionDto, ItemDto};
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldError,
    FieldReason, MaskedSecret, PlainSecret, SettingValue, Settings,
};
use crate::provider::{Provider, ProviderCatalog, is_sensitive};
use crate::service::core::{changes, merge};
use crate::text;

/// A connection as the server sent it.
pub struct RawConnection {
    body: Zeroizing<String>,
    /// The connection without its settings.
    pub item: ConnectionItem,
    /// Settings in their order; none for null.
    settings: Option<Vec<Member>>,
    /// True if the server returned the settings at all, be they null.
    has_settings: bool,
}

/// A change, ready to be sent.
pub struct RawChange {
    /// Request body.
    pub body: Zeroizing<Vec<u8>>,
    /// True when the change differs from the stored connection.
    pub is_change: bool,
    /// The connection after the change.
    pub after: Connection<PlainSecret>,
    /// Changed paths.
    pub paths: Vec<String>,
    /// True if it creates another connection.
    pub is_copy: bool,
}

/// A setting of the request body.
enum RawSetting<'r> {
    /// Unchanged, as the server sent it.
    Kept(&'r Member),
    /// Replaced in place, with the stored spelling of the key.
    Replaced(&'r Member, SettingValue<PlainSecret>),
    /// Appended.
    Added(String, SettingValue<PlainSecret>),
}

impl RawConnection {
    /// Parses a response body; none when it is not a connection.
    pub fn read(body: &[u8]) -> Option<Self> {
        let item = serde_json::from_slice::<ItemDto>(body).ok()?.into();
        let body = Zeroizing::new(std::str::from_utf8(body).ok()?.to_owned());
        let mut settings = None;
        let mut has_settings = false;
        for member in members(&body, 0)? {
            if member.key(&body) == "settings" {
                has_settings = true;
                settings = match member.value(&body) {
                    "null" => None,
                    _ => Some(members(&body, member.value.start)?),
                };
            }
        }
        Some(Self {
            body,
            item,
            settings,
            has_settings,
        })
    }

    /// Returns whether a setting is stored, be it null.
    pub fn has_setting(&self, key: &str) -> bool {
        let mut stored = self.settings.iter().flatten();
        stored.any(|member| member.key(&self.body).eq_ignore_ascii_case(key))
    }

    /// Returns the connection with secrets masked.
    pub fn masked(&self, catalog: &ProviderCatalog) -> Option<Connection> {
        let arrived: ConnectionDto = serde_json::from_str(&self.body).ok()?;
        Some(arrived.masked(catalog))
    }

    /// Applies a change.
    ///
    /// Fails when the change has a mask as a secret, when a secret would be sent to another address, or when the server shows a
    /// mask in place of a secret that the change does not replace.
    pub fn changed(
        &self,
        draft: &ConnectionDraft,
        catalog: &ProviderCatalog,
    ) -> Result<RawChange, ConnectionError> {
        let mut refused = draft.misread.clone();
        if let Some(id) = &draft.provider_id
            && !id.trim().eq_ignore_ascii_case(&self.item.provider_id)
        {
            refused.push(FieldError {
                field: DraftField::ProviderId,
                reason: FieldReason::ProviderFixed,
            });
        }
        let mut item = self.item.clone();
        item.alias = draft.alias.clone().unwrap_or(item.alias);
        if let Some(name) = &draft.name {
            name.trim().clone_into(&mut item.name);
        }
        item.is_active = draft.is_active.unwrap_or(item.is_active);
        let (entries, after) = self.apply(draft, item, catalog, &mut refused);
        let is_replaced = entries
            .iter()
            .any(|entry| !matches!(entry, RawSetting::Kept(_)));
        let before = self.plain(&self.unchanged(), self.item.clone(), catalog);
        let paths = changes::paths(&before, &after);
        let is_change = is_replaced || !paths.is_empty();
        if is_change {
            self.reject_hidden_settings(&mut refused);
            self.reject_kept_masks(&entries, catalog, &mut refused);
        }
        if refused.is_empty() {
            let note = draft.note.as_deref();
            let body = write::body(self, &after.item, note, &entries);
            return Ok(RawChange {
                body,
                is_change,
                after,
                paths,
                is_copy: false,
            });
        }
        Err(ConnectionError::Invalid(refused))
    }

    /// Creates a new connection with the same settings, changed by the draft.
    pub fn copied(
        &self,
        draft: &ConnectionDraft,
        catalog: &ProviderCatalog,
    ) -> Result<RawChange, ConnectionError> {
        let mut refused = draft.misread.clone();
        let mut item = self.item.clone();
        item.alias = draft.alias.clone().unwrap_or_default();
        let name = draft.name.as_deref().unwrap_or_default();
        name.trim().clone_into(&mut item.name);
        item.is_active = draft.is_active.unwrap_or(item.is_active);
        let (entries, after) = self.apply(draft, item, catalog, &mut refused);
        self.reject_hidden_settings(&mut refused);
        self.reject_kept_masks(&entries, catalog, &mut refused);
        if !refused.is_empty() {
            return Err(ConnectionError::Invalid(refused));
        }
        Ok(RawChange {
            body: write::body(self, &after.item, None, &entries),
            is_change: true,
            after,
            paths: Vec::new(),
            is_copy: true,
        })
    }

    /// Returns the settings after a change, and the resulting connection.
    fn apply(
        &self,
        draft: &ConnectionDraft,
        item: ConnectionItem,
        catalog: &ProviderCatalog,
        refused: &mut Vec<FieldError>,
    ) -> (Vec<RawSetting<'_>>, Connection<PlainSecret>) {
        let provider = self.provider(catalog);
        let mut entries = self.unchanged();
        let given = draft.settings.as_ref().into_iter().flat_map(Settings::iter);
        for (key, value) in given {
            let field = provider.and_then(|provider| provider.field_in_any_case(key));
            let is_secret = is_sensitive(provider, key);
            let mut is_stored = false;
            for entry in &mut entries {
                let RawSetting::Kept(member) = *entry else {
                    continue;
                };
                if !is_same_setting(provider, &member.key(&self.body), key) {
                    continue;
                }
                is_stored = true;
                let raw = member.value(&self.body);
                match compare(raw, value, (field, is_secret)) {
                    RawComparison::Same => {}
                    RawComparison::Mask => refused.push(at(provider, key, FieldReason::Masked)),
                    RawComparison::Other => {
                        *entry = RawSetting::Replaced(member, typed(value, Some(raw), field));
                    }
                }
            }
            if is_stored || is_nothing(value, field) {
                continue;
            }
            if is_secret && value.text().is_some_and(is_mask) {
                refused.push(at(provider, key, FieldReason::Masked));
                continue;
            }
            let key = field.map_or(key, |field| field.key.as_str());
            entries.push(RawSetting::Added(key.to_owned(), typed(value, None, field)));
        }
        let before = self.plain(&self.unchanged(), self.item.clone(), catalog);
        let after = self.plain(&entries, item, catalog);
        match (provider, &before.settings, &after.settings) {
            (Some(provider), Some(old), Some(new)) => {
                let moved = merge::moved_secrets(old, new, provider).into_iter();
                refused.extend(moved.map(|(field, reason)| FieldError { field, reason }));
            }
            (None, Some(old), Some(new)) => {
                let kept = merge::undescribed_secrets_sent_elsewhere(old, new).into_iter();
                refused.extend(kept.map(|key| at(None, &key, FieldReason::EndpointChanged)));
            }
            (_, None, _) | (_, _, None) => {}
        }
        (entries, after)
    }

    /// Rejects a write where the server does not return the settings: a PUT without them would remove them.
    fn reject_hidden_settings(&self, refused: &mut Vec<FieldError>) {
        if !self.has_settings {
            let words = "This server does not return the settings of this connection, and saving would remove them; change it on the server";
            refused.push(FieldError {
                field: DraftField::Settings,
                reason: FieldReason::Message(words.into()),
            });
        }
    }

    /// Rejects a mask that would be sent back as the secret.
    fn reject_kept_masks(
        &self,
        entries: &[RawSetting<'_>],
        catalog: &ProviderCatalog,
        refused: &mut Vec<FieldError>,
    ) {
        let provider = self.provider(catalog);
        for entry in entries {
            let RawSetting::Kept(member) = entry else {
                continue;
            };
            let key = member.key(&self.body);
            let is_mask = member.has_mask(&self.body);
            let is_refused = refused
                .iter()
                .any(|error| error.field.setting_key() == Some(key.as_str()));
            if is_mask && is_sensitive(provider, &key) && !is_refused {
                let words = format!(
                    "This server shows only a mask of {}, and saving would replace the secret with the mask; enter the secret again in the same change",
                    label(provider, &key)
                );
                refused.push(at(provider, &key, FieldReason::Message(words)));
            }
        }
    }

    fn unchanged(&self) -> Vec<RawSetting<'_>> {
        self.settings
            .iter()
            .flatten()
            .map(RawSetting::Kept)
            .collect()
    }

    fn provider<'c>(&self, catalog: &'c ProviderCatalog) -> Option<&'c Provider> {
        catalog.get(&self.item.provider_id)
    }
}

fn is_mask(text: &str) -> bool {
    MaskedSecret::is_mask(text::trim_invisible(text))
}
/// Returns whether two keys name the same setting, in any case and under any name that the provider accepts.
fn is_same_setting(provider: Option<&Provider>, stored: &str, given: &str) -> bool {
    let is_same_field = || {
        let field = |key| provider.and_then(|provider| provider.field_in_any_case(key));
        match (field(stored), field(given)) {
            (Some(one), Some(other)) => one.key == other.key,
            _ => false,
        }
    };
    stored.eq_ignore_ascii_case(given) || is_same_field()
}

fn label(provider: Option<&Provider>, key: &str) -> String {
    let field = provider.and_then(|provider| provider.field_in_any_case(key));
    field.map_or_else(|| key.to_owned(), |field| field.label.clone())
}

/// Creates the error of a setting.
pub fn at(provider: Option<&Provider>, key: &str, reason: FieldReason) -> FieldError {
    let field = DraftField::Setting {
        provider: provider.map_or_else(String::new, |provider| provider.id.clone()),
        key: provider
            .map_or(key, |provider| provider.canonical_spelling(key))
            .to_owned(),
        label: label(provider, key),
    };
    FieldError { field, reason }
}

#[cfg(test)]
mod tests;
