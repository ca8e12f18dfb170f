//! [`crate::service::ConnectionService`] as requests to a server.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

use super::error_response::ErrorContext;
use super::http_message::{HttpRequest, PROVIDER_TIMEOUT};
use super::list::{MAX_LISTED, MAX_SKIPPED};
use super::models::{ModelDto, known_capabilities};
use super::response_dto::{ItemDto, PageDto};
use super::third_party::BareOrPaged;
use super::versions::{ComparisonDto, VersionDto};
use super::{RemoteService, change_feed, error_response, is_valid_segment, path_segment};
use crate::appsettings::{ConfigurationKey, MAX_KEYS, Reference, ReferenceLookup};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    Command, Connection, ConnectionError, ConnectionItem, IdOrAlias, ListQuery, Mode, Model,
    Outcome, Page, PageRequest, ServerError, TestProgress, TestReport, TestSubject, Version,
    VersionComparison,
};
use crate::provider::{Capability, ProviderCatalog};
use crate::service::{ConnectionService, ServiceFeatures, preview};

#[derive(Deserialize)]
struct LatestRevision {
    revision: Revision,
}

#[async_trait]
impl ConnectionService for RemoteService {
    fn providers(&self) -> Arc<ProviderCatalog> {
        Arc::clone(&self.catalog)
    }

    async fn list(&self, query: ListQuery) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.listed(&query).await
    }

    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        self.load(key).await
    }

    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        self.owner_of(alias, except).await
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError> {
        if !self.is_umai {
            return self.list_aliases_locally(prefix, most).await;
        }
        let mut url = self.http.address().endpoint(&["aliases"]);
        url.query_pairs_mut()
            .append_pair("prefix", prefix)
            .append_pair("take", &most.min(MAX_LISTED).to_string());
        let found: PageDto<String> = self
            .fetch(HttpRequest::get(url), ErrorContext::default())
            .await?;
        Ok(found.items)
    }

    async fn lookup(&self, reference: &Reference) -> Result<ReferenceLookup, ConnectionError> {
        if !self.is_umai {
            let words = "This server cannot look up configuration keys";
            return Err(error_response::rejected(StatusCode::NOT_FOUND, words));
        }
        let url = self
            .http
            .address()
            .endpoint(&["appsettings", reference.key()]);
        self.fetch(HttpRequest::get(url), ErrorContext::default())
            .await
    }

    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError> {
        if !self.is_umai {
            return Err(no_key_list("This server"));
        }
        let url = self.http.address().endpoint(&["appsettings"]);
        let asked = self
            .fetch(HttpRequest::get(url), ErrorContext::default())
            .await;
        let page: PageDto<ConfigurationKey> = asked.map_err(unlisted)?;
        let total = page.total();
        let is_one =
            |listed: &ConfigurationKey| Reference::read(&format!("${}", listed.key)).is_some();
        let items = page.items.into_iter().filter(is_one).take(MAX_KEYS);
        Ok(Page {
            items: items.collect(),
            total,
        })
    }

    async fn run(&self, command: Command, mode: Mode) -> Result<Outcome, ConnectionError> {
        let preview = match (mode, self.is_umai) {
            (Mode::Commit, _) => return self.send(command).await,
            (Mode::DryRun, true) => preview::preview_remotely(self, command).await?,
            (Mode::DryRun, false) => self.preview_on_third_party(command).await?,
        };
        Ok(Outcome::Previewed(Box::new(preview)))
    }

    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.list_trash(window).await
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
    ) -> Result<Page<Version>, ConnectionError> {
        if !self.is_umai {
            return self.versions_on_third_party(key, window).await;
        }
        let mut url =
            self.http
                .address()
                .endpoint(&["versions", "connection", &path_segment(key)?]);
        url.query_pairs_mut()
            .append_pair("expand", "snapshot")
            .append_pair("skip", &window.skip.min(MAX_SKIPPED).to_string())
            .append_pair("take", &window.take.min(MAX_LISTED).to_string());
        let page: PageDto<VersionDto> = self
            .fetch(HttpRequest::get(url), ErrorContext::one(key))
            .await?;
        let total = page.total();
        let mut items = Vec::with_capacity(page.items.len());
        for record in page.items {
            let version = if record.is_complete() {
                record.complete(&self.catalog)
            } else {
                Some(self.version(key, record.version).await?)
            };
            items.extend(version);
        }
        Ok(Page { items, total })
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        if !self.is_umai {
            return self.version_on_third_party(key, number).await;
        }
        let about = ErrorContext {
            number: Some(number),
            ..ErrorContext::one(key)
        };
        let url = self.at_version(key, number, &[])?;
        let record: VersionDto = self.fetch(HttpRequest::get(url), about).await?;
        record.complete(&self.catalog).ok_or_else(|| {
            error_response::rejected(
                StatusCode::OK,
                "The server did not return the snapshot of this version",
            )
        })
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError> {
        if !self.is_umai {
            return self.compare_on_third_party(key, from, to).await;
        }
        let url = self.at_version(key, from, &["compare", &to.to_string()])?;
        let comparison: ComparisonDto = self
            .fetch(HttpRequest::get(url), ErrorContext::one(key))
            .await?;
        Ok(comparison.masked(&self.catalog))
    }

    async fn test_with_progress(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        match &subject {
            TestSubject::Draft(draft) if !self.is_umai => {
                return self.test_from_here(None, draft, progress).await;
            }
            TestSubject::Edited(key, draft) if !self.is_umai => {
                return self.test_from_here(Some(key), draft, progress).await;
            }
            TestSubject::Stored(_) | TestSubject::Draft(_) | TestSubject::Edited(..) => {}
        }
        let address = self.http.address();
        let tested = |key| -> Result<url::Url, ConnectionError> {
            Ok(address.endpoint(&["connections", &path_segment(key)?, "test"]))
        };
        let (url, key, draft) = match subject {
            TestSubject::Stored(key) => (tested(&key)?, Some(key), None),
            TestSubject::Edited(key, draft) => (tested(&key)?, Some(key), Some(draft)),
            TestSubject::Draft(draft) => {
                (address.endpoint(&["connection-tests"]), None, Some(draft))
            }
        };
        let mut asking = HttpRequest::new(Method::POST, url)
            .with_timeout(PROVIDER_TIMEOUT)
            .without_effect();
        if let (Some(key), false) = (&key, self.is_umai) {
            return self.test_on_third_party(key, asking).await;
        }
        if let Some(draft) = &draft {
            let stored = key
                .as_ref()
                .map_or(MaskPolicy::Reject, |_| MaskPolicy::KeepStored);
            self.check(draft, stored)?;
            asking = asking.with(draft.to_body());
        }
        let about = ErrorContext {
            key: key.as_ref(),
            provider: draft.as_ref().and_then(|draft| self.provider_of(draft)),
            ..ErrorContext::default()
        };
        self.fetch(asking, about).await
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        let mut url = self
            .http
            .address()
            .endpoint(&["connections", &path_segment(key)?, "models"]);
        if let Some(capability) = capability {
            url.query_pairs_mut()
                .append_pair("capability", capability.as_str());
        }
        let asking = HttpRequest::get(url).with_timeout(PROVIDER_TIMEOUT);
        let models: BareOrPaged<ModelDto> = self.fetch(asking, ErrorContext::one(key)).await?;
        let models = models.into_items().into_iter();
        Ok(models.filter_map(ModelDto::into_model).collect())
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError> {
        let url = self
            .http
            .address()
            .endpoint(&["connections", "capabilities"]);
        let able: BareOrPaged<String> = self
            .fetch(HttpRequest::get(url), ErrorContext::default())
            .await?;
        Ok(known_capabilities(&able.into_items()))
    }

    async fn revision(&self) -> Result<Revision, ConnectionError> {
        if !self.is_umai {
            return Err(change_feed::none(StatusCode::NOT_FOUND));
        }
        let url = self.http.address().endpoint(&["changes", "latest"]);
        let latest = self
            .fetch(HttpRequest::get(url), ErrorContext::default())
            .await;
        let latest: LatestRevision = latest.map_err(change_feed::or_no_api)?;
        Ok(latest.revision)
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        if !self.is_umai {
            return Err(change_feed::none(StatusCode::NOT_FOUND));
        }
        let mut url = self.http.address().endpoint(&["changes"]);
        url.query_pairs_mut()
            .append_pair("since", &since.0.to_string());
        let response = self.http.open(url).await?;
        if !response.status().is_success() {
            let answer = self.http.read_error_response(response).await?;
            return Err(change_feed::or_unsupported(error_response::read(
                &answer,
                ErrorContext::default(),
            )));
        }
        if !change_feed::is_stream(&response) {
            return Err(change_feed::none(response.status()));
        }
        Ok(change_feed::follow(response, Arc::clone(&self.http), since))
    }

    fn read_only_reason(&self) -> Option<&str> {
        self.is_read_only.then_some("the token has scope read")
    }

    fn features(&self) -> ServiceFeatures {
        if self.is_umai {
            ServiceFeatures {
                keeps_ids: false,
                ..ServiceFeatures::ALL
            }
        } else {
            ServiceFeatures::THIRD_PARTY
        }
    }

    fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }
}

impl RemoteService {
    /// Returns the connection with an alias, ignoring one connection.
    pub(super) async fn owner_of(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        if !is_valid_segment(alias) {
            return Ok(None);
        }
        let key = IdOrAlias::Alias(alias.to_owned());
        if self.http.is_site() && !self.exists(alias, except).await? {
            return Ok(None);
        }
        match self.load_as::<ItemDto>(&key).await {
            Ok(owner) => {
                Ok(Some(owner.into()).filter(|item: &ConnectionItem| Some(item.id) != except))
            }
            Err(ConnectionError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether another connection has an alias, in any case. Its response has no secrets, unlike that of the connection.
    async fn exists(&self, alias: &str, except: Option<Uuid>) -> Result<bool, ConnectionError> {
        let parts = ["connections", alias, "exists"];
        let mut url = self.http.address().endpoint(&parts);
        if let Some(id) = except {
            url.query_pairs_mut()
                .append_pair("excludeId", &id.to_string());
        }
        self.fetch(HttpRequest::get(url), ErrorContext::default())
            .await
    }

    pub(super) fn at_version(
        &self,
        key: &IdOrAlias,
        number: u64,
        behind: &[&str],
    ) -> Result<url::Url, ConnectionError> {
        let (key, number) = (path_segment(key)?, number.to_string());
        let mut parts = vec!["versions", "connection", &key, &number];
        parts.extend(behind);
        Ok(self.http.address().endpoint(&parts))
    }
}

/// Creates the error of a server without a list of configuration keys.
fn unlisted(error: ConnectionError) -> ConnectionError {
    match error {
        ConnectionError::Server(
            ServerError::Refused { status: 404, .. } | ServerError::NotTheApi { .. },
        ) => no_key_list("This server"),
        other => other,
    }
}

fn no_key_list(place: &str) -> ConnectionError {
    let words = format!("{place} does not list its configuration keys; type the reference");
    error_response::rejected(StatusCode::NOT_FOUND, &words)
}
