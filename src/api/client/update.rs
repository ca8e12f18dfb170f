//! Updates of a connection, for umai servers and third-party servers.

use http::{Method, StatusCode};

use super::error_response::ErrorContext;
use super::http_client::HttpRequest;
use super::response_dto::ItemDto;
use super::{RemoteService, path_segment};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, IdOrAlias, ServerError,
};
use crate::provider::Provider;
use crate::service::ProposedChange;

impl RemoteService {
    /// Updates a connection.
    pub(super) async fn change(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let draft = self.trimmed(draft);
        if let Err(error) = self.check(&draft, MaskPolicy::KeepStored) {
            let key = key.clone();
            let proposal = ProposedChange::Update { key, draft, over };
            return Err(self.with_all_fields(error, proposal).await);
        }
        if !self.is_umai {
            return self.change_foreign(key, &draft, over).await;
        }
        let about = ErrorContext {
            base_version: over,
            provider: self.provider_of(&draft),
            ..ErrorContext::one(key)
        };
        let url = self
            .http
            .address()
            .endpoint(&["connections", &path_segment(key)?]);
        let asking = HttpRequest::new(Method::PUT, url)
            .with(draft.to_body())
            .over(over);
        let answer = match self.send_request(asking, about).await {
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
        match self.load_as::<ItemDto>(key).await.map(ConnectionItem::from) {
            Ok(item) => ConnectionError::VersionConflict {
                expected,
                found: item.version,
            },
            Err(_) => error,
        }
    }
}
