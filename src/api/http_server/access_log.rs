//! Access log: one line for each response, without secrets and without characters that could forge a line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::request_id::RequestId;
use crate::text::printable;
use crate::text::secret_detector::{has_key_prefix, looks_like_secret};

/// Maximum length of a logged path segment, in characters; the maximum length of an alias.
const MAX_SEGMENT_LENGTH: usize = 100;

/// Target of the log records.
const TARGET: &str = "umai::access";

/// A logged response.
pub struct AccessEntry<'a> {
    /// Method and path; none when the bytes were not a request.
    pub request: Option<(&'a str, &'a str)>,
    /// Status.
    pub status: u16,
    /// Duration until the response.
    pub duration: Duration,
    /// Size of the response body in bytes, where it is known.
    pub bytes: Option<u64>,
    /// Name of the token.
    pub token: Option<&'a str>,
    /// Address of the client.
    pub peer: SocketAddr,
    /// Request ID.
    pub id: &'a RequestId,
}

impl AccessEntry<'_> {
    /// Writes the log line.
    pub fn log(&self) {
        let (method, path) = self.request.unwrap_or(("-", "-"));
        tracing::info!(
            target: TARGET,
            method = method_name(method),
            path = %redact_path(path),
            status = self.status,
            ms = (self.duration.as_secs_f64() * 1e6).round() / 1e3,
            bytes = self.bytes,
            token = self.token.map(printable).as_deref(),
            peer = %self.peer,
            request = %self.id,
        );
    }
}

/// Writes the summary of entries by status that were not logged.
pub fn log_summary(counts: &BTreeMap<u16, u64>) {
    let statuses = counts
        .iter()
        .map(|(status, count)| format!("{status}: {count}"));
    tracing::info!(
        target: TARGET,
        requests = counts.values().sum::<u64>(),
        statuses = statuses.collect::<Vec<_>>().join(", "),
        "requests without a valid token"
    );
}

/// Returns a known method, or a placeholder.
fn method_name(method: &str) -> &str {
    let is_word = method.len() <= 8 && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_word || method == "-" {
        method
    } else {
        "?"
    }
}

/// Returns the path with suspicious segments replaced.
fn redact_path(path: &str) -> Cow<'_, str> {
    let is_plain = |part: &str| {
        part.len() <= MAX_SEGMENT_LENGTH
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte))
            && (uuid::Uuid::try_parse(part).is_ok() || !looks_like_secret(part))
            && !(part.starts_with("sk-") || has_key_prefix(part))
    };
    if path.split('/').all(is_plain) {
        return Cow::Borrowed(path);
    }
    let parts = path
        .split('/')
        .map(|part| if is_plain(part) { part } else { "***" });
    Cow::Owned(parts.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicious_path_segments_are_replaced() {
        for path in [
            "/",
            "*",
            "-",
            "/health",
            "/umbraco/ai/management/api/v1/connections/openai-prod",
            "/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6/exists",
        ] {
            assert_eq!(redact_path(path), path);
        }
        for (path, logged) in [
            ("/connections/sk-planted", "/connections/***"),
            ("/a/umai_0123456789abcdef0123456789abcdef/b", "/a/***/b"),
            ("/a/0123456789abcdef0123456789abcdefff", "/a/***"),
            ("/a%0d%0aGET", "/***"),
            ("/a\u{202e}b", "/***"),
            ("/a\"b", "/***"),
        ] {
            assert_eq!(redact_path(path), logged);
        }
        let long = format!("/{}", "a".repeat(101));
        assert_eq!(redact_path(&long), "/***");
    }
}
