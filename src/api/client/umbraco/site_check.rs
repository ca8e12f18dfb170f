//! Steps between this machine and the connections of a site, for diagnosis: each is checked on its own.

use http::StatusCode;
use serde::Deserialize;

use super::super::http_client::HttpClient;
use super::super::http_message::HttpRequest;
use super::super::{RemoteOptions, RemoteService, untrusted_text};
use super::MANAGEMENT;
use crate::connection::{ConnectionError, ListQuery, PageRequest, ServerError, SiteError};
use crate::service::ConnectionService;

/// Result of a step: a sentence, or the reason why it fails and no later step was tried.
pub type SiteCheck = Result<String, ConnectionError>;

/// Checks a site step by step, up to the first failure.
pub async fn check_site(options: &RemoteOptions) -> Vec<SiteCheck> {
    let mut checks = Vec::new();
    if let Err(error) = check(options, &mut checks).await {
        checks.push(Err(error));
    }
    checks
}

async fn check(
    options: &RemoteOptions,
    checks: &mut Vec<SiteCheck>,
) -> Result<(), ConnectionError> {
    let http = HttpClient::new(options)?;
    let mut ok = |text: String| checks.push(Ok(text));
    ok(format!("DNS: {}", resolve(&http).await?));
    let state = status(&http).await?;
    ok(if http.address().is_tls() {
        "TLS: its certificate is trusted".into()
    } else {
        "TLS: not used, the site is on this machine".into()
    });
    state.map_err(ServerError::from)?;
    ok(format!("{} is an Umbraco site", http.address()));
    let client = options.client.as_ref().map_or("", |client| &client.id);
    let known = format!("the site knows the client ID '{client}'");
    match http.sign_in().await {
        Ok(()) => {
            ok(known);
            ok("its client secret is right".into());
        }
        Err(error) => {
            let is_known = matches!(
                error,
                ServerError::Site(SiteError::WrongSecret { .. } | SiteError::UserDisabled { .. })
            );
            if is_known {
                ok(known);
            }
            return Err(error.into());
        }
    }
    let service = RemoteService::connect(options).await?;
    ok(format!(
        "Umbraco.AI is installed: {} providers",
        service.providers().all().len()
    ));
    let first = ListQuery::all(PageRequest { skip: 0, take: 1 });
    let total = service.list(first).await?.total;
    ok(format!("the API user has access: {total} connections"));
    let version = version(&http).await;
    ok(version.unwrap_or_else(|| "the site does not report its version".into()));
    Ok(())
}

/// Checks that there is a site, before a secret is sent to an address that was typed.
pub async fn find_site(options: &RemoteOptions) -> Result<(), ConnectionError> {
    let http = HttpClient::new(options)?;
    Ok(status(&http).await?.map_err(ServerError::from)?)
}

/// Asks for the status of the site; the outer error is that of the connection.
async fn status(http: &HttpClient) -> Result<Result<(), SiteError>, ServerError> {
    let path = format!("{MANAGEMENT}/server/status");
    let url = http.address().on_host(&path);
    let answer = http.send_unauthorized(HttpRequest::get(url)).await?;
    let state: Option<ServerStatus> = serde_json::from_slice(&answer.body).ok();
    let site = http.address().to_string();
    Ok(match (answer.status, state) {
        (StatusCode::SERVICE_UNAVAILABLE, _) => Err(SiteError::Starting),
        (code, Some(_)) if code.is_success() => Ok(()),
        _ => Err(SiteError::NoUmbraco { site }),
    })
}

/// Returns the addresses of the site's host.
async fn resolve(http: &HttpClient) -> Result<String, ServerError> {
    let host = http.address().host();
    // IPv6 addresses are in brackets in a URL.
    let name = host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((name, 443)).await;
    let first = found.ok().and_then(|mut found| found.next());
    match first {
        Some(address) => Ok(format!("{host} is {}", address.ip())),
        None => Err(http.unreachable("cannot resolve the host name (DNS); check the URL")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerStatus {
    #[serde(rename = "serverStatus")]
    _status: String,
}

#[derive(Deserialize)]
struct ServerInformation {
    version: String,
}

/// Returns the version of Umbraco; none when the site does not report it. The API of Umbraco.AI has no version.
pub async fn version(http: &HttpClient) -> Option<String> {
    let path = format!("{MANAGEMENT}/server/information");
    let url = http.address().on_host(&path);
    let answer = http.send(HttpRequest::get(url)).await.ok()?;
    let information: ServerInformation = serde_json::from_slice(&answer.body).ok()?;
    untrusted_text::line(&format!("Umbraco {}", information.version))
}
