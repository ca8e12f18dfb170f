//! Limits of the server.

use std::time::Duration;

/// Timeouts and sizes that a server enforces.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Timeout of the handshake and of a request head from its first byte; for the first request from the start of the
    /// connection.
    pub head: Duration,
    /// Timeout of a request body.
    pub body: Duration,
    /// Timeout until the next request, and for a client that does not read its response.
    pub idle: Duration,
    /// Timeout for requests in progress when the server stops.
    pub stop: Duration,
    /// Timeout for draining a rejected client, so that it receives the response.
    pub linger: Duration,
    /// Minimum time before a new connection can be evicted.
    pub grace: Duration,
    /// Maximum number of concurrent connections.
    pub connections: usize,
    /// Maximum size of a request head, in bytes.
    pub head_bytes: usize,
    /// Maximum size of a request target, in bytes.
    pub target_bytes: usize,
    /// Failed attempts that a client has in [`ServerLimits::failed_attempts_window`].
    pub failed_attempts: u32,
    /// Period in which failed attempts are counted.
    pub failed_attempts_window: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            stop: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            grace: Duration::from_millis(50),
            connections: 256,
            head_bytes: 16 * 1024,
            target_bytes: 8 * 1024,
            failed_attempts: 10,
            failed_attempts_window: Duration::from_mins(1),
        }
    }
}
