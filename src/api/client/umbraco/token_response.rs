//! Response of the token endpoint: a token, or the reason why there is none.

use std::time::SystemTime;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::super::error_response::redirect_message;
use super::super::http_message::HttpResponse;
use super::super::untrusted_text;
use super::access_token::AccessToken;
use super::credentials::ClientCredentials;
use crate::connection::{ServerError, SiteError};

/// Lifetime in seconds where the site does not state one, which OAuth allows: the default of the site.
const DEFAULT_LIFETIME: i64 = 300;

/// Errors of the site's OAuth library, which name the flaw where `invalid_client` does not.
const UNKNOWN_CLIENT: &str = "ID2052";
const WRONG_SECRET: &str = "ID2055";
const HTTPS_REQUIRED: &str = "ID2083";

#[derive(Deserialize)]
struct TokenDto {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

/// Reads a token that was requested at `requested`.
pub fn read(
    response: &HttpResponse,
    credentials: &ClientCredentials,
    requested: SystemTime,
) -> Result<AccessToken, ServerError> {
    if response.status.is_success() {
        let token: Option<TokenDto> = serde_json::from_slice(&response.body).ok();
        let token = token.and_then(|token| {
            let lifetime = token.expires_in.unwrap_or(DEFAULT_LIFETIME);
            AccessToken::new(token.access_token, requested, lifetime)
        });
        return token.ok_or_else(|| SiteError::NoToken("no token".into()).into());
    }
    Err(error(response, credentials))
}

fn error(response: &HttpResponse, credentials: &ClientCredentials) -> ServerError {
    let status = response.status;
    if status.is_redirection() {
        return ServerError::Refused {
            status: status.as_u16(),
            words: redirect_message(response.location()),
        };
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let has = |text: &str| {
        let is_in = |value: &Value| {
            let value = value.as_str().unwrap_or_default();
            value.to_lowercase().contains(&text.to_lowercase())
        };
        body.as_object()
            .is_some_and(|body| body.values().any(is_in))
    };
    let (client, login) = (credentials.id.clone(), credentials.login.clone());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return SiteError::Starting.into();
    }
    if has(HTTPS_REQUIRED) {
        return SiteError::HttpsRequired.into();
    }
    if has("Authorization failed") {
        return SiteError::UserDisabled { client }.into();
    }
    if has("invalid_client") {
        let error = if has(UNKNOWN_CLIENT) {
            SiteError::UnknownClient { client }
        } else if has(WRONG_SECRET) {
            SiteError::WrongSecret { client, login }
        } else {
            SiteError::InvalidClient { client, login }
        };
        return error.into();
    }
    let words = untrusted_text::from_json(&body).map_or_else(
        || format!("status {}", status.as_u16()),
        |words| format!("status {}, {words}", status.as_u16()),
    );
    SiteError::NoToken(words).into()
}

/// Returns whether the response says that there is no token endpoint.
pub fn is_missing(response: &HttpResponse) -> bool {
    matches!(
        response.status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE
    )
}
