//! Updates of a connection, for umai servers and third-party servers.

use http::{Method, StatusCode};

use super::arrival::ArrivedItem;
use super::refusal::About;
use super::wire::Asking;
use super::{RemoteService, path_segment};
use crate::connection::validate::Stored;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, IdOrAlias, Proposal, ServerError,
};
use crate::provider::Provider;

impl RemoteService {
    /// Updates a connection.
    pub(super) async fn change(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let draft = self.trimmed(draft);
        if let Err(error) = self.check(&draft, Stored::Secrets) {
            let key = key.clone();
            let proposal = Proposal::Update { key, draft, over };
            return Err(self.with_all_fields(error, proposal).await);
        }
        if !self.is_umai {
            return self.change_foreign(key, &draft, over).await;
        }
        let about = About {
            over,
            provider: self.provider_of(&draft),
            ..About::one(key)
        };
        let url = self
            .wire
            .address()
            .endpoint(&["connections", &path_segment(key)?]);
        let asking = Asking::new(Method::PUT, url)
            .with(draft.to_body())
            .over(over);
        let answer = match self.ask(asking, about).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.moved(error, key, over).await),
        };
        let renamed = draft.alias.map(IdOrAlias::Alias);
        let named = match key {
            IdOrAlias::Id(_) => key,
            IdOrAlias::Alias(_) => renamed.as_ref().unwrap_or(key),
        };
        self.saved_connection(answer, Some(named)).await
    }

    /// Checks a draft for masks in place of secrets and for values that could not be parsed, and reports all other errors that
    /// can be found here.
    pub(super) fn check(
        &self,
        draft: &ConnectionDraft,
        stored: Stored,
    ) -> Result<(), ConnectionError> {
        // A change of a foreign connection is judged again with its provider, which a draft does not name.
        let is_judged_later = !self.is_umai && stored == Stored::Secrets;
        let masks = if is_judged_later {
            Vec::new()
        } else {
            self.masks(draft, stored)
        };
        let mut problems = match (draft.misread.is_empty(), stored) {
            (true, _) => masks,
            (false, Stored::Nothing) => draft.problems(&self.catalog, stored),
            // In an update, absent members are not missing.
            (false, Stored::Secrets) => draft.misread.iter().cloned().chain(masks).collect(),
        };
        if draft.misread.is_empty() {
            problems.extend(self.unusable_secrets(draft, self.provider_of(draft)));
            if stored == Stored::Nothing {
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

    /// Creates the version conflict error, with the current version where the server does not report it.
    pub(super) async fn moved(
        &self,
        error: ConnectionError,
        key: &IdOrAlias,
        over: Option<u64>,
    ) -> ConnectionError {
        const MOVED: u16 = StatusCode::PRECONDITION_FAILED.as_u16();
        let (Some(expected), ConnectionError::Server(ServerError::Refused { status: MOVED, .. })) =
            (over, &error)
        else {
            return error;
        };
        match self
            .load_as::<ArrivedItem>(key)
            .await
            .map(ConnectionItem::from)
        {
            Ok(item) => ConnectionError::VersionMoved {
                expected,
                found: item.version,
            },
            Err(_) => error,
        }
    }
}
