//! Signs with `Authorization: Bearer`.

use http::header::AUTHORIZATION;

use super::request::{ProbeRequest, Unsendable};

/// Adds the key, where there is one: a server at home may want none. A header of the user's own goes before it.
pub(super) fn sign(request: &mut ProbeRequest, key: Option<&str>) -> Result<(), Unsendable> {
    match key {
        Some(key) if !request.headers.contains_key(AUTHORIZATION) => {
            request.add(AUTHORIZATION.as_str(), &format!("Bearer {key}"))
        }
        Some(_) | None => Ok(()),
    }
}
