//! Authentication scheme: access token of Microsoft Entra ID.

use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde_json::Value;
use url::form_urlencoded;

use super::request::{ProbeRequest, Unsendable};
use super::{Probe, ResolvedSettings};

const CLIENT_ID: &str = "clientId";
const CLIENT_SECRET: &str = "clientSecret";

/// Settings of the scheme besides those in URLs.
pub(super) const SETTINGS: &[&str] = &[CLIENT_ID, CLIENT_SECRET];

/// Builds the request of the client credentials grant (RFC 6749, section 4.4).
pub(super) fn token_request(
    probe: &Probe,
    values: &ResolvedSettings,
) -> Result<ProbeRequest, Unsendable> {
    // The validation of provider files refuses this.
    let Some(token) = &probe.token else {
        return Err(Unsendable::NoUrl);
    };
    let mut request = ProbeRequest::new(Method::POST, token.url(values)?);
    request.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", values.get(CLIENT_ID).unwrap_or_default())
        .append_pair(
            "client_secret",
            values.get(CLIENT_SECRET).unwrap_or_default(),
        )
        .append_pair("scope", probe.scope.as_deref().unwrap_or_default())
        .finish();
    request.body = Some(SecretString::from(form));
    Ok(request)
}

/// Returns the token in a response.
pub fn token_in(answer: &Value) -> Option<SecretString> {
    let token = answer.get("access_token")?.as_str()?;
    (!token.is_empty()).then(|| SecretString::from(token))
}
