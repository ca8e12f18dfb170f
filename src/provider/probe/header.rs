//! Authentication scheme: the key in a separate header.

use super::request::{ProbeRequest, Unsendable};

/// Adds the key, if any.
pub(super) fn authorize(
    request: &mut ProbeRequest,
    name: Option<&str>,
    key: Option<&str>,
) -> Result<(), Unsendable> {
    match (name, key) {
        (Some(name), Some(key)) => request.add(name, key),
        (None, _) | (_, None) => Ok(()),
    }
}
