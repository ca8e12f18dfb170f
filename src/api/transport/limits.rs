//! How long the server waits, and how much it takes.

use std::time::Duration;

/// What a server puts up with.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the handshake and the head of a request, from its first byte; for the first request from the connection's start.
    pub head: Duration,
    /// For the body of a request.
    pub body: Duration,
    /// For the next request on a connection, and for a client that does not take its answer.
    pub idle: Duration,
    /// For what is under way when the server stops.
    pub stop: Duration,
    /// For the last bytes of a client that is told to go, so that it can read why.
    pub farewell: Duration,
    /// For a newcomer to ask, before its place can be given to another.
    pub grace: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Bytes of a head.
    pub head_bytes: usize,
    /// Bytes of a request's address.
    pub target_bytes: usize,
    /// Tries without a good token that a peer has in [`Limits::tries_window`].
    pub tries: u32,
    /// How long tries are remembered.
    pub tries_window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            stop: Duration::from_secs(10),
            farewell: Duration::from_secs(1),
            grace: Duration::from_millis(50),
            connections: 256,
            head_bytes: 16 * 1024,
            target_bytes: 8 * 1024,
            tries: 10,
            tries_window: Duration::from_mins(1),
        }
    }
}
