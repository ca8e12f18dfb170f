//! Limits of the server.

use std::time::Duration;

/// Timeouts and sizes that a server enforces.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Timeout of the handshake and of a request head from its first byte; for the first request from the start of the
    /// connection.
    pub head_timeout: Duration,
    /// Timeout of a request body.
    pub body_timeout: Duration,
    /// Timeout until the next request, and for a client that does not read its response.
    pub idle_timeout: Duration,
    /// Timeout for requests in progress when the server stops.
    pub stop_timeout: Duration,
    /// Timeout for draining a rejected client, so that it receives the response.
    pub drain_timeout: Duration,
    /// Minimum time before a new connection can be evicted.
    pub eviction_grace: Duration,
    /// Number of TCP connections from which one is closed for a new one; a quarter more are accepted for a moment.
    pub max_connections: usize,
    /// Maximum size of a request head, in bytes.
    pub max_head_bytes: usize,
    /// Maximum size of a request target, in bytes.
    pub max_target_bytes: usize,
    /// Failed attempts that a client has in [`ServerLimits::failed_attempts_window`].
    pub max_failed_attempts: u32,
    /// Period in which failed attempts are counted.
    pub failed_attempts_window: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(1),
            eviction_grace: Duration::from_millis(50),
            max_connections: 256,
            max_head_bytes: 16 * 1024,
            max_target_bytes: 8 * 1024,
            max_failed_attempts: 10,
            failed_attempts_window: Duration::from_mins(1),
        }
    }
}
