//! Connection state, shared by its task, its requests and the slots.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::limits::ServerLimits;
use crate::api::Problem;

/// Phase of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpConnectionPhase {
    /// Open, without a request so far.
    New,
    /// Reading a request head.
    Head,
    /// Reading a request body.
    Body,
    /// Processing a request.
    Responding,
    /// Sending an event stream, or a response to a slow client.
    Streaming,
    /// Waiting for the next request.
    Idle,
}

/// Shared state of a connection.
#[derive(Debug, Clone)]
pub struct TcpConnectionState(Arc<Mutex<PhaseState>>);

#[derive(Debug)]
struct PhaseState {
    phase: TcpConnectionPhase,
    since: Instant,
    has_requested: bool,
    is_authenticated: bool,
    unwritten_since: Option<Instant>,
    error: Option<Box<Problem>>,
}

impl TcpConnectionState {
    /// Creates the state of a new connection.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(PhaseState {
            phase: TcpConnectionPhase::New,
            since: Instant::now(),
            has_requested: false,
            is_authenticated: false,
            unwritten_since: None,
            error: None,
        })))
    }

    /// Returns the phase and its start. A connection whose client does not read the response is neither idle nor waiting for it.
    pub fn phase_and_start(&self) -> (TcpConnectionPhase, Instant) {
        let state = self.state();
        match (state.phase, state.unwritten_since) {
            (TcpConnectionPhase::Idle | TcpConnectionPhase::Responding, Some(since)) => {
                (TcpConnectionPhase::Streaming, since)
            }
            (doing, _) => (doing, state.since),
        }
    }

    /// Returns whether a complete request head was ever received.
    pub fn has_requested(&self) -> bool {
        self.state().has_requested
    }

    /// Records that the client sent a valid token.
    pub fn set_authenticated(&self) {
        self.state().is_authenticated = true;
    }

    /// Returns whether the client ever sent a valid token.
    pub fn is_authenticated(&self) -> bool {
        self.state().is_authenticated
    }

    /// Changes the phase.
    pub fn set_phase(&self, doing: TcpConnectionPhase) {
        let mut state = self.state();
        let is_first_head =
            (state.phase, doing) == (TcpConnectionPhase::New, TcpConnectionPhase::Head);
        // The first head is due from the start: a single byte does not extend the timeout.
        if !is_first_head {
            state.since = Instant::now();
        }
        state.has_requested |= doing == TcpConnectionPhase::Responding;
        state.phase = doing;
    }

    /// Stores the error of a malformed request; nothing more is read.
    pub fn set_error(&self, problem: Box<Problem>) {
        self.state().error = Some(problem);
    }

    /// Takes the error of a malformed request.
    pub fn take_error(&self) -> Option<Box<Problem>> {
        self.state().error.take()
    }

    /// Records whether the client reads the response.
    pub fn response_written(&self, is_taken: bool) {
        let mut state = self.state();
        state.unwritten_since = match (is_taken, state.unwritten_since) {
            (true, _) => None,
            (false, since) => since.or_else(|| Some(Instant::now())),
        };
    }

    /// Returns the deadline of the current phase.
    pub fn deadline(&self, limits: &ServerLimits) -> Option<Instant> {
        let state = self.state();
        let phase_deadline = match state.phase {
            TcpConnectionPhase::New | TcpConnectionPhase::Head => {
                Some(state.since + limits.head_timeout)
            }
            TcpConnectionPhase::Idle => Some(state.since + limits.idle_timeout),
            // The request body has its own deadline, and processing has none.
            TcpConnectionPhase::Body
            | TcpConnectionPhase::Responding
            | TcpConnectionPhase::Streaming => None,
        };
        let write_deadline = state
            .unwritten_since
            .map(|since| since + limits.idle_timeout);
        phase_deadline.into_iter().chain(write_deadline).min()
    }

    fn state(&self) -> MutexGuard<'_, PhaseState> {
        // Every change is a single assignment, so the state stays consistent after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TcpConnectionState {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsent_response_is_not_idle_and_times_out() {
        let (state, limits) = (TcpConnectionState::new(), ServerLimits::default());
        state.set_phase(TcpConnectionPhase::Responding);
        assert_eq!(state.deadline(&limits), None);
        state.response_written(false);
        state.set_phase(TcpConnectionPhase::Idle);
        assert_eq!(state.phase_and_start().0, TcpConnectionPhase::Streaming);
        assert!(state.deadline(&limits).is_some());
        state.response_written(true);
        assert_eq!(state.phase_and_start().0, TcpConnectionPhase::Idle);
    }

    #[test]
    fn first_byte_does_not_extend_head_timeout() {
        let (state, limits) = (TcpConnectionState::new(), ServerLimits::default());
        let due = state.deadline(&limits);
        state.set_phase(TcpConnectionPhase::Head);
        assert_eq!(state.deadline(&limits), due);
    }
}
