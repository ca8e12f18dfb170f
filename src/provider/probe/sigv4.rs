//! Authentication scheme: AWS Signature Version 4.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as sign_aws};
use aws_sigv4::sign::v4;
use http::header::HOST;

use super::ResolvedSettings;
use super::request::{ProbeRequest, Unsendable};

const REGION: &str = "region";
const ACCESS_KEY_ID: &str = "accessKeyId";
const SECRET_ACCESS_KEY: &str = "secretAccessKey";

/// Setting of the session token of temporary credentials, sent as `X-Amz-Security-Token`.
const SESSION_TOKEN: &str = "sessionToken";

/// Settings of the scheme.
pub(super) const SETTINGS: &[&str] = &[REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY];

/// Signs the complete request; later changes invalidate the signature.
pub(super) fn sign(
    request: &mut ProbeRequest,
    service: Option<&str>,
    values: &ResolvedSettings,
    now: SystemTime,
) -> Result<(), Unsendable> {
    let value = |key: &str| values.get(key).unwrap_or_default().to_owned();
    let identity = Credentials::new(
        value(ACCESS_KEY_ID),
        value(SECRET_ACCESS_KEY),
        values.get(SESSION_TOKEN).map(str::to_owned),
        None,
        "umai",
    )
    .into();
    let region = value(REGION);
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&region)
        .name(service.unwrap_or_default())
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsendable::Unsigned)?
        .into();
    // The signature covers the host header, which the client adds when sending.
    let host = request.host();
    let headers = request
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .chain([(HOST.as_str(), host.as_str())]);
    let signable = SignableRequest::new(
        request.method.as_str(),
        request.url.as_str(),
        headers,
        SignableBody::Bytes(&[]),
    )
    .map_err(|_| Unsendable::Unsigned)?;
    let (instructions, _) = sign_aws(signable, &parameters)
        .map_err(|_| Unsendable::Unsigned)?
        .into_parts();
    for (name, value) in instructions.headers() {
        request.add(name, value)?;
    }
    Ok(())
}
