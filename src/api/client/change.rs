//! Sends a change of a connection, to servers that know what is left out and to others.

use http::{Method, StatusCode};

use super::arrival::{Arrived, ArrivedItem};
use super::refusal::About;
use super::wire::Asking;
use super::{RemoteService, part, refusal};
use crate::connection::core_service::merge;
use crate::connection::validate::Stored;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, IdOrAlias, ServerError,
};
use crate::provider::Provider;

impl RemoteService {
    /// Keeps a change over what is stored.
    pub(super) async fn change(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        self.check(&draft, Stored::Secrets)?;
        let draft = self.whole(key, draft, over).await?;
        let about = About {
            over,
            provider: self.provider_of(&draft),
            ..About::one(key)
        };
        let url = self.wire.address().of(&["connections", &part(key)?]);
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
        self.saved(answer, Some(named)).await
    }

    /// Refuses a draft of which something could not be read, with everything else that can be told of it here: the server would
    /// be told less than was asked.
    pub(super) fn check(
        &self,
        draft: &ConnectionDraft,
        stored: Stored,
    ) -> Result<(), ConnectionError> {
        if draft.misread.is_empty() {
            return Ok(());
        }
        let problems = match stored {
            Stored::Nothing => draft.problems(&self.catalog, stored),
            // What a change leaves out is not missing.
            Stored::Secrets => draft.misread.clone(),
        };
        Err(ConnectionError::Invalid(problems))
    }

    /// What a server of another making must be told, which takes away what a change leaves out and keeps a mask as if it were the
    /// key: the whole connection, with the secrets that it told us.
    async fn whole(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<ConnectionDraft, ConnectionError> {
        if self.is_kin {
            return Ok(draft);
        }
        let Some(before) = self.arrived::<Arrived>(key).await?.plain() else {
            return Err(refusal::refused(
                StatusCode::OK,
                "The connection has settings that would be lost; change it where the server is",
            ));
        };
        let found = before.item.version;
        if let Some(expected) = over.filter(|expected| *expected != found) {
            return Err(ConnectionError::VersionMoved { expected, found });
        }
        merge::over(&before, &draft, &self.catalog).whole(before)
    }

    pub(super) fn provider_of(&self, draft: &ConnectionDraft) -> Option<&Provider> {
        self.catalog.get(draft.provider_id.as_deref()?.trim())
    }

    /// The error of a change that came too late, with the version that it is at, where the server does not say so itself.
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
            .arrived::<ArrivedItem>(key)
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
