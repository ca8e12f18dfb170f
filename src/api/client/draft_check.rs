//! Checks of drafts before they are sent.

use super::RemoteService;
use crate::connection::validate::MaskPolicy;
use crate::connection::{Command, ConnectionDraft, ConnectionError};
use crate::provider::Provider;
use crate::service::preview;

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
        stored: MaskPolicy,
    ) -> Result<(), ConnectionError> {
        // A change of a foreign connection is judged again with its provider, which a draft does not name.
        let is_judged_later = !self.is_umai && stored == MaskPolicy::KeepStored;
        let masks = if is_judged_later {
            Vec::new()
        } else {
            self.masks(draft, stored)
        };
        let mut problems = match (draft.misread.is_empty(), stored) {
            (true, _) => masks,
            (false, MaskPolicy::Reject) => draft.problems(&self.catalog, stored),
            // In an update, absent members are not missing.
            (false, MaskPolicy::KeepStored) => draft.misread.iter().cloned().chain(masks).collect(),
        };
        if draft.misread.is_empty() {
            problems.extend(self.unusable_secrets(draft, self.provider_of(draft)));
            if stored == MaskPolicy::Reject {
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
}
