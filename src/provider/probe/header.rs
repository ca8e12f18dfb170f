//! Signs with the key alone in a header of its own.

use super::request::{ProbeRequest, Unsendable};

/// Adds the key, where there is one.
pub(super) fn sign(
    request: &mut ProbeRequest,
    name: Option<&str>,
    key: Option<&str>,
) -> Result<(), Unsendable> {
    match (name, key) {
        (Some(name), Some(key)) => request.add(name, key),
        (None, _) | (_, None) => Ok(()),
    }
}
