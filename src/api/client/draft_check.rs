//! Checks of drafts before they are sent.

use super::{RemoteService, raw};
use crate::connection::validate::{MaskPolicy, has_key};
use crate::connection::{
    Command, ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldError, FieldReason,
    MaskedSecret, PlainSecret, SettingValue, Settings, secret_input,
};
use crate::provider::{Provider, is_sensitive};
use crate::service::preview;
use crate::text;

impl RemoteService {
    /// Trims and checks the draft of a command, before any request.
    pub(super) async fn checked(&self, mut command: Command) -> Result<Command, ConnectionError> {
        let is_new = matches!(command, Command::Create { .. });
        let Some(draft) = command.draft_mut() else {
            return Ok(command);
        };
        let stored = if is_new {
            MaskPolicy::Reject
        } else {
            MaskPolicy::KeepStored
        };
        *draft = self.trimmed(std::mem::take(draft));
        match self.check(draft, stored) {
            Ok(()) => {
                if is_new && !self.is_umai {
                    *draft = self.in_schema_of_server(std::mem::take(draft));
                }
                if is_new && self.http.is_site() {
                    let problems = draft.problems(&self.catalog, MaskPolicy::Reject);
                    if !problems.is_empty() {
                        return Err(ConnectionError::Invalid(problems));
                    }
                }
                Ok(command)
            }
            Err(error) if !draft.misread.is_empty() || !self.is_umai => Err(error),
            // Completes the error with all other field errors.
            Err(error) => match preview::preview_remotely(self, command).await {
                Err(all @ ConnectionError::Invalid(_)) => Err(all),
                Ok(_) | Err(_) => Err(error),
            },
        }
    }

    /// Checks a draft for masks in place of secrets and for values that could not be parsed, and reports all other errors that
    /// can be found here.
    pub(super) fn check(
        &self,
        draft: &ConnectionDraft,
        policy: MaskPolicy,
    ) -> Result<(), ConnectionError> {
        // A change on a third-party server is judged again with its provider, which a draft does not name.
        let is_judged_later = !self.is_umai && policy == MaskPolicy::KeepStored;
        let masks = if is_judged_later {
            Vec::new()
        } else {
            self.masks(draft, policy)
        };
        let mut problems = match (draft.misread.is_empty(), policy) {
            (true, _) => masks,
            (false, MaskPolicy::Reject) => draft.problems(&self.catalog, policy),
            // In an update, absent members are not missing.
            (false, MaskPolicy::KeepStored) => draft.misread.iter().cloned().chain(masks).collect(),
        };
        if draft.misread.is_empty() {
            problems.extend(self.unusable_secrets(draft, self.provider_of(draft)));
            if policy == MaskPolicy::Reject {
                problems.extend(self.keys_in_names(draft, None));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConnectionError::Invalid(problems))
        }
    }

    pub(super) fn provider_of(&self, draft: &ConnectionDraft) -> Option<&Provider> {
        self.catalog.get(draft.provider_id.as_deref()?.trim())
    }

    /// Returns errors for masks in place of secrets.
    fn masks(&self, draft: &ConnectionDraft, policy: MaskPolicy) -> Vec<FieldError> {
        let provider = self.provider_of(draft);
        let given = draft.settings.as_ref().into_iter().flat_map(Settings::iter);
        let masks = given.filter(|(key, value)| {
            let text = value.text().map(str::trim).unwrap_or_default();
            let may_keep = policy == MaskPolicy::KeepStored && MaskedSecret::read(text).is_some();
            MaskedSecret::is_mask(text) && !may_keep && is_sensitive(provider, key)
        });
        masks
            .map(|(key, _)| raw::at(provider, key, FieldReason::Masked))
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
            (
                DraftField::Alias,
                &draft.alias,
                stored.map(|item| &item.alias),
            ),
            (DraftField::Name, &draft.name, stored.map(|item| &item.name)),
        ];
        let texts = texts.map(|(field, text, stored)| (field, text.as_ref(), stored));
        let keys = texts.into_iter().filter(|(_, text, stored)| {
            let is_key = text.is_some_and(|text| has_key(text, &self.catalog));
            !self.is_umai && is_key && text != stored
        });
        let reason = FieldReason::LooksLikeKey;
        keys.map(|(field, ..)| FieldError {
            field,
            reason: reason.clone(),
        })
        .collect()
    }

    /// Returns a draft whose secrets are trimmed as umai's own service trims them; other servers store every character.
    fn trimmed(&self, mut draft: ConnectionDraft) -> ConnectionDraft {
        let Some(settings) = draft.settings.take_if(|_| !self.is_umai) else {
            return draft;
        };
        let provider = self.provider_of(&draft);
        let pairs = settings.iter().map(|(key, value)| {
            let text = value.text().unwrap_or_default();
            let trimmed = text::trim_invisible(text);
            let value = if trimmed.len() < text.len() && is_sensitive(provider, key) {
                SettingValue::Secret(PlainSecret::new(trimmed))
            } else {
                value.clone()
            };
            (key.to_owned(), value)
        });
        draft.settings = Some(pairs.collect());
        draft
    }
}
