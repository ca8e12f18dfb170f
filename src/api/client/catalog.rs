//! Provider catalog of a remote server.

use http::StatusCode;
use serde_json::Value;

use super::error_response::{self, ErrorContext};
use super::http_client::HttpClient;
use super::http_message::{HttpRequest, HttpResponse};
use super::umbraco;
use crate::connection::{ConnectionError, ServerError};
use crate::provider::ProviderCatalog;
use crate::provider::from_api::Received;

/// Maximum number of providers that a server may list.
const MAX_COUNT: usize = 256;

/// Providers of a server.
pub struct FetchedProviders {
    /// Provider catalog.
    pub catalog: ProviderCatalog,
    /// True for an umai server: it describes settings with more detail than others.
    pub is_umai: bool,
    /// True when the server listed at least one provider.
    pub has_listed_providers: bool,
    /// True if the server names the scope of the token, and it is read.
    pub is_read_only: bool,
    /// Notices about the providers, one sentence each.
    pub notices: Vec<String>,
}

/// Loads all providers at once. Details that the server leaves out are loaded for each provider, or taken from the built-in
/// catalog.
pub async fn fetch(http: &HttpClient) -> Result<FetchedProviders, ConnectionError> {
    let embedded = ProviderCatalog::embedded();
    let mut url = http.address().endpoint(&["providers"]);
    if !http.is_site() {
        url.set_query(Some("expand=settings"));
    }
    let answer = http.send(HttpRequest::get(url)).await?;
    if http.is_site()
        && let Some(error) = umbraco::error_response::read(http, &answer).await
    {
        return Err(error.into());
    }
    if !answer.status.is_success() && answer.status != StatusCode::NOT_FOUND {
        if error_response::is_not_api(&answer) {
            let server = http.address().to_string();
            return Err(ServerError::NotTheApi { server }.into());
        }
        return Err(error_response::read(&answer, ErrorContext::default()));
    }
    let Some(listed) = listed(&answer) else {
        if http.is_site() {
            return Err(umbraco::error_response::missing_api(http).await.into());
        }
        let words = "The server lists no providers; the built-in providers are used";
        return Ok(FetchedProviders {
            catalog: embedded,
            is_umai: false,
            has_listed_providers: false,
            is_read_only: false,
            notices: vec![words.into()],
        });
    };
    let mut fetched = FetchedProviders {
        // An Umbraco site without providers returns an empty list and is not an umai server.
        is_umai: !http.is_site() && !listed.is_empty() && listed.iter().all(Received::is_from_umai),
        has_listed_providers: true,
        is_read_only: answer.has_read_scope(),
        catalog: ProviderCatalog::default(),
        notices: Vec::new(),
    };
    let mut providers = Vec::with_capacity(listed.len());
    for received in listed.into_iter().take(MAX_COUNT) {
        let known = embedded.get(&received.id);
        let Some(received) = described(received, http).await? else {
            providers.extend(known.cloned());
            continue;
        };
        match received.into_provider(known) {
            Ok(provider) => providers.push(provider),
            Err(reason) => fetched
                .notices
                .push(format!("A provider of the server is ignored: {reason}")),
        }
    }
    fetched.catalog = providers.into_iter().collect();
    Ok(fetched)
}

/// Parses the readable providers of a list; none when the body is not a list.
fn listed(answer: &HttpResponse) -> Option<Vec<Received>> {
    if !answer.status.is_success() {
        return None;
    }
    let mut body = serde_json::from_slice(&answer.body).ok()?;
    if let Value::Object(page) = &mut body {
        body = page.remove("items")?;
    }
    let Value::Array(listed) = body else {
        return None;
    };
    let read = listed.into_iter().map(serde_json::from_value);
    Some(read.filter_map(Result::ok).collect())
}

/// Adds the settings of a provider, loaded separately when the list lacks them; none when the server does not describe them.
async fn described(
    received: Received,
    http: &HttpClient,
) -> Result<Option<Received>, ConnectionError> {
    if received.is_described() {
        return Ok(Some(received));
    }
    let url = http.address().endpoint(&["providers", &received.id]);
    let answer = http.send(HttpRequest::get(url)).await?;
    if !answer.status.is_success() {
        return Ok(None);
    }
    let described = serde_json::from_slice::<Received>(&answer.body).ok();
    Ok(described.filter(Received::is_described))
}
