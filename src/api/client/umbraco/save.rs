//! Saves on a site, whose only answer to invalid settings does not name the flaw.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::super::RemoteService;
use super::super::error_response::{ErrorContext, rejected};
use super::super::http_message::{HttpRequest, HttpResponse};
use super::super::raw::RawChange;
use crate::appsettings::Reference;
use crate::connection::{
    Connection, ConnectionError, DraftField, FieldReason, IdOrAlias, PlainSecret, ServerError,
    Settings,
};

/// Connection with its secrets, and its lists and objects by key as JSON.
pub type RevealedConnection = (Connection<PlainSecret>, Vec<(String, PlainSecret)>);

/// Content of a save, for the explanation of an error.
#[derive(Clone, Copy)]
pub struct SavedContent<'a> {
    /// Alias.
    pub alias: Option<&'a str>,
    /// ID of the connection; none for a new one.
    pub id: Option<Uuid>,
    /// Settings.
    pub settings: Option<&'a Settings<PlainSecret>>,
}

impl RemoteService {
    /// Returns a connection with its secrets in plaintext, as only a site sends them, and its lists and objects by key.
    pub async fn reveal(&self, id: Uuid) -> Result<RevealedConnection, ConnectionError> {
        let raw = self.raw(&IdOrAlias::Id(id)).await?;
        Ok((raw.revealed(&self.catalog), raw.lists()))
    }

    /// Sends a save. A site's error about invalid settings is replaced with what may be wrong.
    pub(in super::super) async fn send_content(
        &self,
        request: HttpRequest,
        about: ErrorContext<'_>,
        content: SavedContent<'_>,
    ) -> Result<HttpResponse, ConnectionError> {
        let answer = self.http.send(request).await?;
        if self.http.is_site() && is_invalid_settings(&answer) {
            return Err(self.explain(content).await);
        }
        self.accept(answer, about).await
    }

    /// Returns the reason of an error about invalid settings, which a site also returns for an alias that is taken.
    async fn explain(&self, content: SavedContent<'_>) -> ConnectionError {
        if let Some(alias) = content.alias
            && let Ok(Some(owner)) = self.owner_of(alias, content.id).await
        {
            let reason = FieldReason::AliasTaken {
                alias: alias.to_owned(),
                by: owner.name,
            };
            return ConnectionError::at(DraftField::Alias, reason);
        }
        let used = content.settings.into_iter().flat_map(Settings::iter);
        let used = used.filter_map(|(key, value)| {
            let reference = Reference::read(value.text()?)?;
            Some(format!("{reference} in {key}"))
        });
        let used: Vec<String> = used.collect();
        let words = if used.is_empty() {
            "The site rejected the settings and does not say why. Check required settings and the types of their values".to_owned()
        } else {
            format!(
                "The site rejected the settings and does not say why. They use {}: check that its configuration has these keys. Newer sites \
                 allow only keys below Umbraco:AI:Secrets, in secrets, and Umbraco:AI:Variables (AllowedConfigurationKeyPrefixes)",
                used.join(", ")
            )
        };
        rejected(StatusCode::BAD_REQUEST, words)
    }

    /// Reads a saved connection. An error says that the change itself is saved.
    pub(in super::super) async fn read_back<T>(
        &self,
        read: impl Future<Output = Result<T, ConnectionError>>,
    ) -> Result<T, ConnectionError> {
        read.await.map_err(|error| match error {
            ConnectionError::Server(error) => ServerError::SavedUnread(error.to_string()).into(),
            other => other,
        })
    }

    /// Returns whether a rollback would change something. It restores secrets too, so the site has to compare.
    pub(in super::super) async fn differs_from_current(
        &self,
        id: &IdOrAlias,
        number: u64,
        current: u64,
    ) -> Result<bool, ConnectionError> {
        if number == current {
            return Ok(false);
        }
        let compared = self.compare_on_third_party(id, number, current).await?;
        Ok(!compared.changes.is_empty())
    }
}

/// Returns what this change saved, even if another client saved before the connection was read back.
pub fn own_result(read: Connection, change: &RawChange, before: u64) -> Connection {
    let (own, item) = (&change.after.item, &read.item);
    let is_own =
        own.name == item.name && own.alias == item.alias && own.is_active == item.is_active;
    if is_own || item.version <= before + 1 {
        return read;
    }
    let mut own = change.after.masked();
    own.item.version = before + 1;
    own.item.date_modified = item.date_modified;
    own
}

fn is_invalid_settings(answer: &HttpResponse) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let operation = body.get("operationStatus").and_then(Value::as_str);
    answer.status == StatusCode::BAD_REQUEST && operation == Some("InvalidSettings")
}
