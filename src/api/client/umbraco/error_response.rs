//! Error responses of a site that say more about the site or the API user than about the request.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

use super::super::http_client::HttpClient;
use super::super::http_message::{HttpRequest, HttpResponse};
use super::MANAGEMENT;
use crate::connection::{ServerError, SiteError};

/// Returns the error of such a response; none for any other response.
pub async fn read(http: &HttpClient, response: &HttpResponse) -> Option<ServerError> {
    match response.status {
        StatusCode::UNAUTHORIZED if has_invalid_token(&response.headers) => {
            Some(SiteError::TokenRejected.into())
        }
        StatusCode::UNAUTHORIZED => Some(SiteError::TokenNotReceived.into()),
        StatusCode::FORBIDDEN => Some(SiteError::SectionMissing.into()),
        StatusCode::SERVICE_UNAVAILABLE => Some(SiteError::Starting.into()),
        StatusCode::NOT_FOUND if !is_json(response) => Some(missing_api(http).await),
        _ => None,
    }
}

/// Returns whether the site rejected the token as such, so that another token may help.
pub fn has_invalid_token(headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE);
    challenges
        .iter()
        .filter_map(|challenge| challenge.to_str().ok())
        .any(|challenge| challenge.contains("invalid_token"))
}

/// Returns the reason why a path of the API does not exist: the package is not installed, or there is no Umbraco.
pub async fn missing_api(http: &HttpClient) -> ServerError {
    let url = http
        .address()
        .on_host(&format!("{MANAGEMENT}/server/status"));
    let site = http.address().to_string();
    match http.send_unauthorized(HttpRequest::get(url)).await {
        Ok(status) if status.status == StatusCode::SERVICE_UNAVAILABLE => {
            SiteError::Starting.into()
        }
        Ok(status) if status.status.is_success() && is_json(&status) => {
            SiteError::NoUmbracoAi { site }.into()
        }
        Ok(_) => SiteError::NoUmbraco { site }.into(),
        Err(error) => error,
    }
}

fn is_json(response: &HttpResponse) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(&response.body).is_ok()
}
