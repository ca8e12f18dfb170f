//! Connection state, shared by its task, its requests and the slots.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::limits::Limits;
use crate::api::Problem;

/// Phase of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Open, without a request so far.
    Arriving,
    /// Reading a request head.
    Head,
    /// Reading a request body.
    Body,
    /// Processing a request.
    Answering,
    /// Sending an event stream, or a response to a slow client.
    Streaming,
    /// Waiting for the next request.
    Idle,
}

/// Shared state of a connection.
#[derive(Debug, Clone)]
pub struct Vitals(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
    has_requested: bool,
    unwritten: Option<Instant>,
    refusal: Option<Box<Problem>>,
}

impl Vitals {
    /// Creates the state of a new connection.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            doing: Doing::Arriving,
            since: Instant::now(),
            has_requested: false,
            unwritten: None,
            refusal: None,
        })))
    }

    /// Returns the phase and its start. A connection with an unsent response is not idle.
    pub fn now(&self) -> (Doing, Instant) {
        let state = self.state();
        match (state.doing, state.unwritten) {
            (Doing::Idle, Some(since)) => (Doing::Streaming, since),
            (doing, _) => (doing, state.since),
        }
    }

    /// Returns whether a complete request head was ever received.
    pub fn has_requested(&self) -> bool {
        self.state().has_requested
    }

    /// Changes the phase.
    pub fn set_phase(&self, doing: Doing) {
        let mut state = self.state();
        let goes_on = (state.doing, doing) == (Doing::Arriving, Doing::Head);
        // The first head is due from the start: a single byte does not extend the timeout.
        if !goes_on {
            state.since = Instant::now();
        }
        state.has_requested |= doing == Doing::Answering;
        state.doing = doing;
    }

    /// Stores the error of a malformed request; nothing more is read.
    pub fn refuse(&self, problem: Box<Problem>) {
        self.state().refusal = Some(problem);
    }

    /// Takes the error of a malformed request.
    pub fn refusal(&self) -> Option<Box<Problem>> {
        self.state().refusal.take()
    }

    /// Records whether the client reads the response.
    pub fn written(&self, is_taken: bool) {
        let mut state = self.state();
        state.unwritten = match (is_taken, state.unwritten) {
            (true, _) => None,
            (false, since) => since.or_else(|| Some(Instant::now())),
        };
    }

    /// Returns the deadline of the current phase.
    pub fn due(&self, limits: &Limits) -> Option<Instant> {
        let state = self.state();
        let doing = match state.doing {
            Doing::Arriving | Doing::Head => Some(state.since + limits.head),
            Doing::Idle => Some(state.since + limits.idle),
            // The request body has its own deadline, and processing has none.
            Doing::Body | Doing::Answering | Doing::Streaming => None,
        };
        let writing = state.unwritten.map(|since| since + limits.idle);
        doing.into_iter().chain(writing).min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment, so the state stays consistent after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Vitals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsent_response_is_not_idle_and_times_out() {
        let (vitals, limits) = (Vitals::new(), Limits::default());
        vitals.set_phase(Doing::Answering);
        assert_eq!(vitals.due(&limits), None);
        vitals.written(false);
        vitals.set_phase(Doing::Idle);
        assert_eq!(vitals.now().0, Doing::Streaming);
        assert!(vitals.due(&limits).is_some());
        vitals.written(true);
        assert_eq!(vitals.now().0, Doing::Idle);
    }

    #[test]
    fn first_byte_does_not_extend_head_timeout() {
        let (vitals, limits) = (Vitals::new(), Limits::default());
        let due = vitals.due(&limits);
        vitals.set_phase(Doing::Head);
        assert_eq!(vitals.due(&limits), due);
    }
}
