//! Authentication scheme: `Authorization: Bearer`.

use http::header::AUTHORIZATION;

use super::request::{ProbeRequest, Unsendable};

/// Adds the key, if any; local servers may not need one. A custom header takes precedence.
pub(super) fn authorize(request: &mut ProbeRequest, key: Option<&str>) -> Result<(), Unsendable> {
    match key {
        Some(key) if !request.headers.contains_key(AUTHORIZATION) => {
            request.add(AUTHORIZATION.as_str(), &format!("Bearer {key}"))
        }
        Some(_) | None => Ok(()),
    }
}
