//! Requests to third-party servers: sends whole connections and accepts incomplete responses.

use http::{Method, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

use super::error_response::{ErrorContext, rejected};
use super::http_message::HttpRequest;
use super::raw::{self, RawChange, RawConnection};
use super::response_dto::ItemDto;
use super::umbraco::save::{SavedContent, own_result};
use super::{RemoteService, path_segment};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    ChangePreview, Command, Connection, ConnectionDraft, ConnectionError, ConnectionItem,
    DraftField, FieldError, FieldReason, IdOrAlias, Outcome, RollbackResult, SettingValue,
};
use crate::service::preview;

impl RemoteService {
    /// Updates a connection: loads it, replaces the members of the draft, and sends everything back.
    async fn change_on_third_party(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        expected_version: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let (raw, change) = self.planned(key, draft, expected_version).await?;
        let id = IdOrAlias::Id(raw.item.id);
        if !change.is_change {
            return raw.masked(&self.catalog).ok_or_else(|| self.not_the_api());
        }
        let about = ErrorContext {
            base_version: expected_version,
            provider: self.catalog.get(&raw.item.provider_id),
            ..ErrorContext::one(key)
        };
        let url = self
            .http
            .address()
            .endpoint(&["connections", &path_segment(&id)?]);
        let asking = HttpRequest::new(Method::PUT, url)
            .with(change.body.clone())
            .if_match(expected_version);
        self.validate_for_site(&raw, &change).await?;
        let content = content_of(&change, Some(raw.item.id));
        match self.send_content(asking, about, content).await {
            Ok(answer) => {
                let read = self.saved_connection(answer, Some(&id)).await?;
                Ok(own_result(read, &change, raw.item.version))
            }
            Err(error) => Err(self.version_conflict(error, &id, expected_version).await),
        }
    }

    /// Creates a connection with the settings of another one.
    async fn duplicate_on_third_party(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
    ) -> Result<Connection, ConnectionError> {
        let raw = self.raw(key).await?;
        self.reject_unusable(draft, &raw, None)?;
        let copy = raw.copied(draft, &self.catalog)?;
        let about = ErrorContext {
            provider: self.catalog.get(&raw.item.provider_id),
            ..ErrorContext::default()
        };
        let url = self.http.address().endpoint(&["connections"]);
        self.validate_for_site(&raw, &copy).await?;
        let request = HttpRequest::new(Method::POST, url).with(copy.body.clone());
        let content = content_of(&copy, None);
        let answer = self.send_content(request, about, content).await?;
        let named = draft.alias.clone().map(IdOrAlias::Alias);
        self.saved_connection(answer, named.as_ref()).await
    }

    /// Rolls back to a version. Any success status counts, whatever the body; the connection is loaded again.
    async fn roll_back_on_third_party(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<&str>,
    ) -> Result<RollbackResult, ConnectionError> {
        reject_note(description)?;
        let before = ConnectionItem::from(self.load_as::<ItemDto>(key).await?);
        let id = IdOrAlias::Id(before.id);
        let about = ErrorContext {
            number: Some(number),
            ..ErrorContext::one(key)
        };
        // A rollback to an equal version, such as a repeated one, would only add a version.
        if self
            .differs_from_current(&id, number, before.version)
            .await?
        {
            let url = self.at_version(&id, number, &["rollback"])?;
            self.send_request(HttpRequest::new(Method::POST, url), about)
                .await?;
        }
        let entity = self.read_back(self.load(&id)).await?;
        Ok(RollbackResult {
            entity_id: before.id,
            entity_type: crate::connection::diff::ENTITY_TYPE.into(),
            previous_version: before.version,
            restored_from_version: number,
            new_version: entity.item.version,
            entity,
        })
    }

    /// Runs a command whose request differs from that to an umai server; none for the others.
    pub(super) async fn commit_on_third_party(
        &self,
        command: &Command,
    ) -> Option<Result<Outcome, ConnectionError>> {
        let saved = match command {
            Command::Duplicate { key, draft } => self.duplicate_on_third_party(key, draft).await,
            Command::Update {
                key,
                draft,
                expected_version,
            } => {
                self.change_on_third_party(key, draft, *expected_version)
                    .await
            }
            Command::SetActive { key, active } => {
                self.change_on_third_party(key, &activation(*active), None)
                    .await
            }
            Command::Rollback { key, version, note } => {
                let rollback = self.roll_back_on_third_party(key, *version, note.as_deref());
                let rollback = rollback.await.map(Box::new);
                return Some(rollback.map(Outcome::RolledBack));
            }
            Command::Create { .. }
            | Command::Delete { .. }
            | Command::Restore { .. }
            | Command::Purge { .. } => return None,
        };
        Some(saved.map(Outcome::Saved))
    }

    /// Returns the expected result of a command, from reads only.
    pub(super) async fn preview_on_third_party(
        &self,
        command: Command,
    ) -> Result<ChangePreview, ConnectionError> {
        match self.checked(command).await? {
            Command::Update {
                key,
                draft,
                expected_version,
            } => {
                let (raw, change) = self.planned(&key, &draft, expected_version).await?;
                self.validate(&raw, &change).await?;
                Ok(preview(&change))
            }
            Command::SetActive { key, active } => {
                let (_, change) = self.planned(&key, &activation(active), None).await?;
                Ok(preview(&change))
            }
            Command::Duplicate { key, draft } => {
                let raw = self.raw(&key).await?;
                self.reject_unusable(&draft, &raw, None)?;
                let change = raw.copied(&draft, &self.catalog)?;
                self.validate(&raw, &change).await?;
                Ok(preview(&change))
            }
            Command::Rollback { key, version, note } => {
                reject_note(note.as_deref())?;
                self.preview_rollback_on_third_party(&key, version).await
            }
            other @ (Command::Create { .. }
            | Command::Delete { .. }
            | Command::Restore { .. }
            | Command::Purge { .. }) => preview::preview_remotely(self, other).await,
        }
    }

    /// Returns a new draft with keys and value types as in the server's schema.
    pub(super) fn in_schema_of_server(&self, mut draft: ConnectionDraft) -> ConnectionDraft {
        let provider = draft.provider_id.as_deref();
        let provider = provider.and_then(|id| self.catalog.get(id.trim()));
        let Some((provider, settings)) = provider.zip(draft.settings.take()) else {
            return draft;
        };
        let pairs = settings.iter().map(|(key, value)| {
            let field = provider.field_in_any_case(key);
            let is_typed = field.is_some_and(|field| !field.sensitive);
            let value = match raw::typed(value, None, field) {
                typed @ (SettingValue::Number(_) | SettingValue::Switch(_)) if is_typed => typed,
                _ => value.clone(),
            };
            let key = field.map_or(key, |field| field.key.as_str());
            (key.to_owned(), value)
        });
        draft.settings = Some(pairs.collect());
        draft
    }

    /// Refuses new secrets that cannot be keys, and new names that contain one. A copy has no stored name.
    fn reject_unusable(
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
        expected_version: Option<u64>,
    ) -> Result<(RawConnection, RawChange), ConnectionError> {
        if self.http.is_site() {
            reject_note(draft.note.as_deref())?;
        }
        let raw = self.raw(key).await?;
        raw.item.check_version(expected_version)?;
        self.reject_unusable(draft, &raw, Some(&raw.item))?;
        let change = raw.changed(draft, &self.catalog)?;
        Ok((raw, change))
    }

    pub(super) async fn raw(&self, key: &IdOrAlias) -> Result<RawConnection, ConnectionError> {
        let url = self
            .http
            .address()
            .endpoint(&["connections", &path_segment(key)?]);
        let answer = self
            .send_request(HttpRequest::get(url), ErrorContext::one(key))
            .await?;
        RawConnection::read(&answer.body).ok_or_else(|| self.not_the_api())
    }

    /// Checks a change of a site before it is sent: the site's own error does not name the field. Other servers name it.
    async fn validate_for_site(
        &self,
        raw: &RawConnection,
        change: &RawChange,
    ) -> Result<(), ConnectionError> {
        if self.http.is_site() {
            self.validate(raw, change).await?;
        }
        Ok(())
    }

    /// Checks the changed members; stored members are not checked.
    async fn validate(
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
        let mut errors = draft.problems(&self.catalog, MaskPolicy::KeepStored);
        errors.retain(|error| match &error.field {
            // The server keeps settings that its schema does not describe.
            DraftField::Setting { key, .. }
                if matches!(error.reason, FieldReason::UnknownSetting(_))
                    && raw.has_setting(key) =>
            {
                false
            }
            DraftField::Alias | DraftField::Name if is_copy => true,
            DraftField::ProviderId | DraftField::Settings => false,
            field => change.paths.contains(&field.path()),
        });
        if is_copy || after.item.alias != raw.item.alias {
            let except = (!is_copy).then_some(raw.item.id);
            if let Some(owner) = self.owner_of(&after.item.alias, except).await? {
                errors.push(FieldError {
                    field: DraftField::Alias,
                    reason: FieldReason::AliasTaken {
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

fn content_of(change: &RawChange, id: Option<Uuid>) -> SavedContent<'_> {
    SavedContent {
        alias: Some(&change.after.item.alias),
        id,
        settings: change.after.settings.as_ref(),
    }
}

/// Refuses the note of a change, which the server would ignore.
fn reject_note(note: Option<&str>) -> Result<(), ConnectionError> {
    let words = "This server does not support a note on a change; retry without the note";
    match note {
        Some(_) => Err(rejected(StatusCode::BAD_REQUEST, words)),
        None => Ok(()),
    }
}

/// Creates the draft that only activates or deactivates.
pub fn activation(active: bool) -> ConnectionDraft {
    ConnectionDraft {
        is_active: Some(active),
        ..ConnectionDraft::default()
    }
}

fn preview(change: &RawChange) -> ChangePreview {
    ChangePreview {
        connection: change.after.masked(),
        paths: change.paths.clone(),
        unknown: Vec::new(),
        is_exact: false,
    }
}

/// List, bare or as a page.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum BareOrPaged<T> {
    /// `[…]`
    Bare(Vec<T>),
    /// `{"items":[…]}`
    Paged {
        /// The items.
        items: Vec<T>,
    },
}

impl<T> BareOrPaged<T> {
    /// Returns the items.
    pub fn into_items(self) -> Vec<T> {
        match self {
            Self::Bare(items) | Self::Paged { items } => items,
        }
    }
}
