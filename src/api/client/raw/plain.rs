//! A third-party connection with its settings as values, secrets in plaintext.

use super::{RawConnection, RawSetting, is_mask};
use crate::appsettings::Reference;
use crate::connection::{
    Connection, ConnectionItem, MaskedSecret, PlainSecret, SettingValue, Settings,
};
use crate::provider::{ProviderCatalog, is_sensitive};

impl RawConnection {
    /// Returns the connection with its secrets in plaintext; a mask, or a text that the site cannot decrypt, is unreadable.
    pub fn revealed(&self, catalog: &ProviderCatalog) -> Connection<PlainSecret> {
        let Connection { item, settings } =
            self.plain(&self.unchanged(), self.item.clone(), catalog);
        let settings = settings.map(|settings| {
            let pairs = settings.iter().map(|(key, value)| {
                let value = match value {
                    SettingValue::Secret(secret) if !is_readable(secret) => {
                        SettingValue::Secret(PlainSecret::unreadable())
                    }
                    other => other.clone(),
                };
                (key.to_owned(), value)
            });
            pairs.collect()
        });
        Connection { item, settings }
    }

    /// Returns the settings that are lists or objects, as JSON; they may contain secrets.
    pub fn lists(&self) -> Vec<(String, PlainSecret)> {
        let entries = self.unchanged();
        let lists = entries.iter().filter_map(|entry| match entry {
            RawSetting::Kept(member) if member.setting(&self.body).is_none() => Some((
                member.key(&self.body),
                PlainSecret::new(member.value(&self.body)),
            )),
            RawSetting::Kept(_) | RawSetting::Replaced(..) | RawSetting::Added(..) => None,
        });
        lists.collect()
    }

    /// Returns the connection of these entries, with keys as the provider spells them. Lists and objects are left out.
    pub(super) fn plain(
        &self,
        entries: &[RawSetting<'_>],
        item: ConnectionItem,
        catalog: &ProviderCatalog,
    ) -> Connection<PlainSecret> {
        let provider = self.provider(catalog);
        let pairs = entries.iter().filter_map(|entry| {
            let (key, value) = match entry {
                RawSetting::Kept(member) => (member.key(&self.body), member.setting(&self.body)?),
                RawSetting::Replaced(member, value) => (member.key(&self.body), value.clone()),
                RawSetting::Added(key, value) => (key.clone(), value.clone()),
            };
            let value = classify(value, is_sensitive(provider, &key));
            let key = provider.map_or(key.as_str(), |provider| provider.canonical_spelling(&key));
            Some((key.to_owned(), value))
        });
        let settings: Settings<PlainSecret> = pairs.collect();
        let is_there = self.settings.is_some() || !settings.is_empty();
        Connection {
            item,
            settings: is_there.then_some(settings),
        }
    }
}

fn is_readable(secret: &PlainSecret) -> bool {
    let text = secret.expose().unwrap_or_default();
    !is_mask(text) && MaskedSecret::new(text).remark().is_none()
}

fn classify(value: SettingValue<PlainSecret>, is_secret: bool) -> SettingValue<PlainSecret> {
    if !is_secret {
        return match &value {
            SettingValue::Secret(_) => {
                SettingValue::Text(value.text().unwrap_or_default().to_owned())
            }
            _ => value,
        };
    }
    match &value {
        SettingValue::Number(number) => SettingValue::Secret(PlainSecret::new(number.to_string())),
        SettingValue::Text(_) | SettingValue::Secret(_) => match value.text().map(str::trim) {
            Some("") => SettingValue::Null,
            Some(text) if Reference::read(text).is_some() => SettingValue::Text(text.to_owned()),
            Some(text) => SettingValue::Secret(PlainSecret::new(text)),
            None => value,
        },
        SettingValue::Null | SettingValue::Switch(_) => value,
    }
}
