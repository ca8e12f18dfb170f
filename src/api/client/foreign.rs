//! Requests to third-party servers: sends whole connections and accepts incomplete responses.

use http::{Method, StatusCode};
use serde::Deserialize;

use super::arrival::ArrivedItem;
use super::raw::{self, RawChange, RawConnection};
use super::refusal::{About, refused};
use super::wire::Asking;
use super::{RemoteService, path_segment};
use crate::connection::validate::{Stored, has_key};
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, Field, FieldError, Foreseen,
    IdOrAlias, Mask, Plain, Proposal, Reason, Rollback, Setting, Settings, TestReport, proposal,
    secret_input,
};
use crate::provider::{Provider, is_sensitive};
use crate::text;

impl RemoteService {
    /// Updates a connection: loads it, replaces the members of the draft, and sends everything back.
    pub(super) async fn change_foreign(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let (raw, change) = self.planned(key, draft, over).await?;
        let id = IdOrAlias::Id(raw.item.id);
        if !change.is_change {
            return raw.masked(&self.catalog).ok_or_else(|| self.foreign());
        }
        let about = About {
            over,
            provider: self.catalog.get(&raw.item.provider_id),
            ..About::one(key)
        };
        let url = self
            .wire
            .address()
            .endpoint(&["connections", &path_segment(&id)?]);
        let asking = Asking::new(Method::PUT, url).with(change.body).over(over);
        match self.ask(asking, about).await {
            Ok(answer) => self.saved_connection(answer, Some(&id)).await,
            Err(error) => Err(self.moved(error, &id, over).await),
        }
    }

    /// Creates a connection with the settings of another one.
    pub(super) async fn duplicate_foreign(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
    ) -> Result<Connection, ConnectionError> {
        let raw = self.raw(key).await?;
        self.refuse_unusable(draft, &raw, None)?;
        let copy = raw.copied(draft, &self.catalog)?;
        let about = About {
            provider: self.catalog.get(&raw.item.provider_id),
            ..About::default()
        };
        let url = self.wire.address().endpoint(&["connections"]);
        let answer = self
            .ask(Asking::new(Method::POST, url).with(copy.body), about)
            .await?;
        let named = draft.alias.clone().map(IdOrAlias::Alias);
        self.saved_connection(answer, named.as_ref()).await
    }

    /// Rolls back to a version. Any success status counts, whatever the body; the connection is loaded again.
    pub(super) async fn roll_back_foreign(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<&str>,
    ) -> Result<Rollback, ConnectionError> {
        if description.is_some() {
            let words = "This server does not support a note on a rollback; retry without the note";
            return Err(refused(StatusCode::BAD_REQUEST, words));
        }
        let before = ConnectionItem::from(self.load_as::<ArrivedItem>(key).await?);
        let id = IdOrAlias::Id(before.id);
        let about = About {
            number: Some(number),
            ..About::one(key)
        };
        let url = self.at_version(&id, number, &["rollback"])?;
        self.ask(Asking::new(Method::POST, url), about).await?;
        let entity = self.load(&id).await?;
        Ok(Rollback {
            entity_id: before.id,
            entity_type: crate::connection::comparison::ENTITY_TYPE.into(),
            previous_version: before.version,
            restored_from_version: number,
            new_version: entity.item.version,
            entity,
        })
    }

    /// Tests the stored connection. The server ignores a body, so a test of a draft is refused.
    pub(super) async fn test_foreign(
        &self,
        key: &IdOrAlias,
        asking: Asking,
    ) -> Result<TestReport, ConnectionError> {
        let answer = self.ask(asking, About::one(key)).await;
        match answer {
            Ok(answer) => self.read(&answer),
            Err(ConnectionError::NotFound(_)) => {
                let found = self.load(key).await?;
                let why = if found.settings.is_none() {
                    "it has no settings"
                } else {
                    "its provider is not installed on the server"
                };
                Err(refused(
                    StatusCode::BAD_REQUEST,
                    format!("The connection cannot be tested: {why}"),
                ))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the expected result of a change, from reads only.
    pub(super) async fn foresee_foreign(
        &self,
        proposal: Proposal,
    ) -> Result<Foreseen, ConnectionError> {
        match proposal {
            Proposal::Create(draft) => {
                let draft = self.trimmed(draft);
                self.check(&draft, Stored::Nothing)?;
                proposal::preview_remotely(self, Proposal::Create(self.spelled(draft))).await
            }
            Proposal::Update { key, draft, over } => {
                let draft = self.trimmed(draft);
                self.check(&draft, Stored::Secrets)?;
                let (raw, change) = self.planned(&key, &draft, over).await?;
                self.examine(&raw, &change).await?;
                Ok(foreseen(&change))
            }
            Proposal::SetActive { key, active } => {
                let (_, change) = self.planned(&key, &activation(active), None).await?;
                Ok(foreseen(&change))
            }
            Proposal::Duplicate { key, draft } => {
                let draft = self.trimmed(draft);
                self.check(&draft, Stored::Secrets)?;
                let raw = self.raw(&key).await?;
                self.refuse_unusable(&draft, &raw, None)?;
                let change = raw.copied(&draft, &self.catalog)?;
                self.examine(&raw, &change).await?;
                Ok(foreseen(&change))
            }
            other @ (Proposal::Rollback { .. }
            | Proposal::Delete { .. }
            | Proposal::Restore { .. }
            | Proposal::Purge(_)) => proposal::preview_remotely(self, other).await,
        }
    }

    /// Returns a new draft with keys and value types as in the server's schema.
    pub(super) fn spelled(&self, mut draft: ConnectionDraft) -> ConnectionDraft {
        let provider = draft.provider_id.as_deref();
        let provider = provider.and_then(|id| self.catalog.get(id.trim()));
        let Some((provider, settings)) = provider.zip(draft.settings.take()) else {
            return draft;
        };
        let pairs = settings.iter().map(|(key, value)| {
            let field = provider.field_in_any_case(key);
            let is_typed = field.is_some_and(|field| !field.sensitive);
            let value = match raw::typed(value, None, field) {
                typed @ (Setting::Number(_) | Setting::Switch(_)) if is_typed => typed,
                _ => value.clone(),
            };
            let key = field.map_or(key, |field| field.key.as_str());
            (key.to_owned(), value)
        });
        draft.settings = Some(pairs.collect());
        draft
    }

    /// Returns errors for masks in place of secrets.
    pub(super) fn masks(&self, draft: &ConnectionDraft, stored: Stored) -> Vec<FieldError> {
        let provider = self.provider_of(draft);
        let given = draft.settings.as_ref().into_iter().flat_map(Settings::iter);
        let masks = given.filter(|(key, value)| {
            let text = value.text().map(str::trim).unwrap_or_default();
            let may_keep = stored == Stored::Secrets && Mask::read(text).is_some();
            Mask::is_mask(text) && !may_keep && is_sensitive(provider, key)
        });
        masks
            .map(|(key, _)| raw::at(provider, key, Reason::Masked))
            .collect()
    }

    /// Returns errors for new secrets that cannot be keys. Third-party servers would store them unchecked.
    pub(super) fn unusable_secrets(
        &self,
        draft: &ConnectionDraft,
        provider: Option<&Provider>,
    ) -> Vec<FieldError> {
        match &draft.settings {
            Some(given) if !self.is_umai => secret_input::refusals(given, provider),
            _ => Vec::new(),
        }
    }

    /// Returns errors for a new name or alias that contains an API key. Other servers store both as they are; stored ones are not
    /// checked again.
    pub(super) fn keys_in_names(
        &self,
        draft: &ConnectionDraft,
        stored: Option<&ConnectionItem>,
    ) -> Vec<FieldError> {
        let texts = [
            (Field::Alias, &draft.alias, stored.map(|item| &item.alias)),
            (Field::Name, &draft.name, stored.map(|item| &item.name)),
        ];
        let texts = texts.map(|(field, text, stored)| (field, text.as_ref(), stored));
        let keys = texts.into_iter().filter(|(_, text, stored)| {
            let is_key = text.is_some_and(|text| has_key(text, &self.catalog));
            !self.is_umai && is_key && text != stored
        });
        let reason = Reason::LooksLikeKey;
        keys.map(|(field, ..)| FieldError {
            field,
            reason: reason.clone(),
        })
        .collect()
    }
    /// A draft whose secrets are trimmed as umai's own service trims them; other servers store every character.
    pub(super) fn trimmed(&self, mut draft: ConnectionDraft) -> ConnectionDraft {
        let Some(settings) = draft.settings.take_if(|_| !self.is_umai) else {
            return draft;
        };
        let provider = self.provider_of(&draft);
        let pairs = settings.iter().map(|(key, value)| {
            let text = value.text().unwrap_or_default();
            let trimmed = text::trim_invisible(text);
            let value = if trimmed.len() < text.len() && is_sensitive(provider, key) {
                Setting::Secret(Plain::new(trimmed))
            } else {
                value.clone()
            };
            (key.to_owned(), value)
        });
        draft.settings = Some(pairs.collect());
        draft
    }
    /// Refuses new secrets that cannot be keys, and new names that contain one. A copy has no stored name.
    fn refuse_unusable(
        &self,
        draft: &ConnectionDraft,
        raw: &RawConnection,
        stored: Option<&ConnectionItem>,
    ) -> Result<(), ConnectionError> {
        let provider = self.catalog.get(&raw.item.provider_id);
        let mut refused = self.unusable_secrets(draft, provider);
        refused.extend(self.keys_in_names(draft, stored));
        if refused.is_empty() {
            Ok(())
        } else {
            Err(ConnectionError::Invalid(refused))
        }
    }

    async fn planned(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        over: Option<u64>,
    ) -> Result<(RawConnection, RawChange), ConnectionError> {
        let raw = self.raw(key).await?;
        let found = raw.item.version;
        if let Some(expected) = over.filter(|expected| *expected != found) {
            return Err(ConnectionError::VersionMoved { expected, found });
        }
        self.refuse_unusable(draft, &raw, Some(&raw.item))?;
        let change = raw.changed(draft, &self.catalog)?;
        Ok((raw, change))
    }

    async fn raw(&self, key: &IdOrAlias) -> Result<RawConnection, ConnectionError> {
        let url = self
            .wire
            .address()
            .endpoint(&["connections", &path_segment(key)?]);
        let answer = self.ask(Asking::get(url), About::one(key)).await?;
        RawConnection::read(&answer.body).ok_or_else(|| self.foreign())
    }

    /// Checks the changed members; stored members are not checked.
    async fn examine(
        &self,
        raw: &RawConnection,
        change: &RawChange,
    ) -> Result<(), ConnectionError> {
        let after = &change.after;
        let is_copy = change.is_copy;
        let draft = ConnectionDraft {
            alias: Some(after.item.alias.clone()),
            name: Some(after.item.name.clone()),
            provider_id: Some(after.item.provider_id.clone()),
            is_active: Some(after.item.is_active),
            settings: after.settings.clone(),
            ..ConnectionDraft::default()
        };
        let mut errors = draft.problems(&self.catalog, Stored::Secrets);
        errors.retain(|error| match &error.field {
            Field::Alias | Field::Name if is_copy => true,
            Field::ProviderId | Field::Settings => false,
            field => change.paths.contains(&field.path()),
        });
        if is_copy || after.item.alias != raw.item.alias {
            let except = (!is_copy).then_some(raw.item.id);
            if let Some(owner) = self.owner_of(&after.item.alias, except).await? {
                errors.push(FieldError {
                    field: Field::Alias,
                    reason: Reason::AliasTaken {
                        alias: after.item.alias.clone(),
                        by: owner.name,
                    },
                });
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ConnectionError::Invalid(errors))
        }
    }
}

/// Creates the draft that only activates or deactivates.
pub fn activation(active: bool) -> ConnectionDraft {
    ConnectionDraft {
        is_active: Some(active),
        ..ConnectionDraft::default()
    }
}

fn foreseen(change: &RawChange) -> Foreseen {
    Foreseen {
        connection: change.after.masked(),
        paths: change.paths.clone(),
        untold: Vec::new(),
        is_exact: false,
    }
}

/// A model list, bare or as a page.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum List<T> {
    /// `[…]`
    Bare(Vec<T>),
    /// `{"items":[…]}`
    Paged {
        /// The items.
        items: Vec<T>,
    },
}

impl<T> List<T> {
    /// Returns the items.
    pub fn into_items(self) -> Vec<T> {
        match self {
            Self::Bare(items) | Self::Paged { items } => items,
        }
    }
}
