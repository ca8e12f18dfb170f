//! Commands as requests to a server, and outcomes from its responses.

use http::{Method, StatusCode};
use serde_json::json;
use zeroize::Zeroizing;

use super::error_response::{ErrorContext, rejected};
use super::http_message::{HttpRequest, HttpResponse};
use super::response_dto::ItemDto;
use super::umbraco::save::SavedContent;
use super::versions::RollbackDto;
use super::{BaseUrl, RemoteService, path_segment, third_party};
use crate::connection::{
    Command, ConnectionDraft, ConnectionError, ConnectionItem, IdOrAlias, Outcome, ServerError,
};

/// Returns the request of a command to an umai server; a third-party server accepts some of them.
fn request_of(address: &BaseUrl, command: &Command) -> Result<HttpRequest, ConnectionError> {
    let post = |parts: &[&str]| HttpRequest::new(Method::POST, address.endpoint(parts));
    Ok(match command {
        Command::Create { id: Some(_), .. } => {
            let words = "The server chooses the IDs of new connections; create it without one";
            return Err(rejected(StatusCode::BAD_REQUEST, words));
        }
        Command::Create { draft, id: None } => post(&["connections"]).with(draft.to_body()),
        Command::Duplicate { key, draft } => {
            post(&["connections", &path_segment(key)?, "duplicate"]).with(draft.to_body())
        }
        Command::Update {
            key,
            draft,
            expected_version,
        } => {
            let url = address.endpoint(&["connections", &path_segment(key)?]);
            let request = HttpRequest::new(Method::PUT, url).with(draft.to_body());
            request.if_match(*expected_version)
        }
        Command::SetActive { key, active } => {
            let url = address.endpoint(&["connections", &path_segment(key)?]);
            HttpRequest::new(Method::PUT, url).with(third_party::activation(*active).to_body())
        }
        Command::Delete {
            key,
            expected_version,
        } => {
            let url = address.endpoint(&["connections", &path_segment(key)?]);
            HttpRequest::new(Method::DELETE, url).if_match(*expected_version)
        }
        Command::Restore { id, alias } => {
            let draft = ConnectionDraft {
                alias: alias.clone(),
                ..ConnectionDraft::default()
            };
            post(&["trash", &id.to_string(), "restore"]).with(draft.to_body())
        }
        Command::Purge { id } => {
            let url = address.endpoint(&["trash", &id.to_string()]);
            HttpRequest::new(Method::DELETE, url)
        }
        Command::Rollback { key, version, note } => {
            let (key, version) = (path_segment(key)?, version.to_string());
            let request = post(&["versions", "connection", &key, &version, "rollback"]);
            match note {
                None => request,
                Some(note) => {
                    let body = json!({ "changeDescription": note }).to_string();
                    request.with(Zeroizing::new(body.into_bytes()))
                }
            }
        }
    })
}

impl RemoteService {
    /// Sends a command and reads the outcome in the response.
    pub(super) async fn send(&self, command: Command) -> Result<Outcome, ConnectionError> {
        let command = self.checked(command).await?;
        if !self.is_umai
            && let Some(outcome) = self.commit_on_third_party(&command).await
        {
            return outcome;
        }
        match &command {
            Command::Create { draft, .. } | Command::Duplicate { draft, .. } => {
                let alias = draft.alias.clone().map(IdOrAlias::Alias);
                self.send_save(&command, alias.as_ref()).await
            }
            Command::Update { key, draft, .. } => {
                let renamed = draft.alias.clone().map(IdOrAlias::Alias);
                let named = match key {
                    IdOrAlias::Id(_) => key,
                    IdOrAlias::Alias(_) => renamed.as_ref().unwrap_or(key),
                };
                self.send_save(&command, Some(named)).await
            }
            Command::SetActive { key, .. } => self.send_save(&command, Some(key)).await,
            Command::Restore { id, .. } => {
                self.send_save(&command, Some(&IdOrAlias::Id(*id))).await
            }
            Command::Delete {
                key,
                expected_version,
            } => self.load_and_delete(key, *expected_version).await,
            Command::Purge { .. } => {
                self.send_command(&command).await?;
                Ok(Outcome::Purged)
            }
            Command::Rollback { .. } => {
                let answer = self.send_command(&command).await?;
                let rollback: RollbackDto = self.read(&answer)?;
                let rollback = rollback.masked(&self.catalog);
                Ok(Outcome::RolledBack(Box::new(rollback)))
            }
        }
    }

    /// Sends the request of a command.
    async fn send_command(&self, command: &Command) -> Result<HttpResponse, ConnectionError> {
        let key = command.key();
        let mut about = ErrorContext {
            key: key.as_ref(),
            base_version: command.expected_version(),
            ..ErrorContext::default()
        };
        match command {
            Command::Create { draft, .. } | Command::Update { draft, .. } => {
                about.provider = self.provider_of(draft);
            }
            Command::Rollback { version, .. } => about.number = Some(*version),
            Command::Duplicate { .. }
            | Command::SetActive { .. }
            | Command::Delete { .. }
            | Command::Restore { .. }
            | Command::Purge { .. } => {}
        }
        let request = request_of(self.http.address(), command)?;
        let answer = match command {
            Command::Create { draft, .. } if !self.is_umai => {
                let content = SavedContent {
                    alias: draft.alias.as_deref(),
                    id: None,
                    settings: draft.settings.as_ref(),
                };
                self.send_content(request, about, content).await
            }
            _ => self.send_request(request, about).await,
        };
        match (answer, &key) {
            (Err(error), Some(key)) => {
                Err(self.version_conflict(error, key, about.base_version).await)
            }
            (answer, _) => answer,
        }
    }

    /// Sends a command and returns the saved connection, which `named` loads if the response does not contain it.
    async fn send_save(
        &self,
        command: &Command,
        named: Option<&IdOrAlias>,
    ) -> Result<Outcome, ConnectionError> {
        let answer = self.send_command(command).await?;
        let saved = self.saved_connection(answer, named).await?;
        Ok(Outcome::Saved(saved))
    }

    /// Deletes a connection and returns its last state.
    async fn load_and_delete(
        &self,
        key: &IdOrAlias,
        expected_version: Option<u64>,
    ) -> Result<Outcome, ConnectionError> {
        let item = ConnectionItem::from(self.load_as::<ItemDto>(key).await?);
        // Other servers ignore `If-Match`, and their deletes are permanent.
        if !self.is_umai {
            item.check_version(expected_version)?;
        }
        let command = Command::Delete {
            key: item.id.into(),
            expected_version,
        };
        match self.send_command(&command).await {
            Ok(_) => Ok(Outcome::Deleted(item)),
            Err(ConnectionError::NotFound(_)) => Err(ConnectionError::NotFound(key.clone())),
            Err(error) => Err(error),
        }
    }

    /// Creates the version conflict error, with the current version where the server does not report it.
    pub(super) async fn version_conflict(
        &self,
        error: ConnectionError,
        key: &IdOrAlias,
        expected_version: Option<u64>,
    ) -> ConnectionError {
        const CONFLICT: u16 = StatusCode::PRECONDITION_FAILED.as_u16();
        let (
            Some(expected),
            ConnectionError::Server(ServerError::Refused {
                status: CONFLICT, ..
            }),
        ) = (expected_version, &error)
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// Method, path below the base URL, expected version and body of a request.
    fn sent(command: &Command) -> String {
        let address: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
        let request = request_of(&address, command).unwrap();
        let path = request.url.path();
        let (_, path) = path.split_once("/v1/").unwrap();
        let version = request
            .base_version
            .map_or_else(String::new, |version| format!(" If-Match {version}"));
        let body = request.body.as_deref().map_or_else(String::new, |body| {
            format!(" {}", std::str::from_utf8(body).unwrap())
        });
        format!("{} {path}{version}{body}", request.method)
    }

    #[test]
    fn id_of_a_new_connection_is_refused_not_dropped() {
        let address: BaseUrl = "http://127.0.0.1:1".parse().unwrap();
        let command = Command::Create {
            draft: ConnectionDraft::default(),
            id: Some(Uuid::nil()),
        };
        let Err(refused) = request_of(&address, &command) else {
            panic!("the ID was dropped");
        };
        assert!(refused.to_string().contains("chooses the IDs"), "{refused}");
    }

    #[test]
    fn every_command_has_a_request() {
        let draft = ConnectionDraft {
            alias: Some("b".into()),
            ..ConnectionDraft::default()
        };
        let key = IdOrAlias::Alias("a".into());
        let id = Uuid::nil();
        let commands = [
            Command::create(draft.clone()),
            Command::Duplicate {
                key: key.clone(),
                draft: draft.clone(),
            },
            Command::Update {
                key: key.clone(),
                draft,
                expected_version: Some(3),
            },
            Command::SetActive {
                key: key.clone(),
                active: false,
            },
            Command::Delete {
                key: key.clone(),
                expected_version: Some(4),
            },
            Command::Restore {
                id,
                alias: Some("c".into()),
            },
            Command::Restore { id, alias: None },
            Command::Purge { id },
            Command::Rollback {
                key: key.clone(),
                version: 2,
                note: Some("why".into()),
            },
            Command::Rollback {
                key,
                version: 2,
                note: None,
            },
        ];
        let sent: Vec<_> = commands.iter().map(sent).collect();
        assert_eq!(
            sent,
            [
                r#"POST connections {"alias":"b"}"#,
                r#"POST connections/a/duplicate {"alias":"b"}"#,
                r#"PUT connections/a If-Match 3 {"alias":"b"}"#,
                r#"PUT connections/a {"isActive":false}"#,
                "DELETE connections/a If-Match 4",
                r#"POST trash/00000000-0000-0000-0000-000000000000/restore {"alias":"c"}"#,
                "POST trash/00000000-0000-0000-0000-000000000000/restore {}",
                "DELETE trash/00000000-0000-0000-0000-000000000000",
                r#"POST versions/connection/a/2/rollback {"changeDescription":"why"}"#,
                "POST versions/connection/a/2/rollback",
            ]
        );
    }
}
