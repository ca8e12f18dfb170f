//! What a connection is doing, and since when: what its own task, its requests and the seats all look at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::limits::Limits;
use crate::api::Problem;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It has not asked for anything yet.
    Arriving,
    /// It is in the middle of a request's head.
    Head,
    /// It is in the middle of a request's body.
    Body,
    /// Its request is being answered.
    Answering,
    /// It is given events as they come, or takes its answer slowly.
    Streaming,
    /// It was answered, and may ask again.
    Idle,
}

/// A connection's state, shared.
#[derive(Debug, Clone)]
pub struct Vitals(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
    has_asked: bool,
    unwritten: Option<Instant>,
    refusal: Option<Box<Problem>>,
}

impl Vitals {
    /// Of a connection that is just there.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            doing: Doing::Arriving,
            since: Instant::now(),
            has_asked: false,
            unwritten: None,
            refusal: None,
        })))
    }

    /// What it is doing, and since when. One that does not take its answer as fast as it comes is not idle.
    pub fn now(&self) -> (Doing, Instant) {
        let state = self.state();
        match (state.doing, state.unwritten) {
            (Doing::Idle, Some(since)) => (Doing::Streaming, since),
            (doing, _) => (doing, state.since),
        }
    }

    /// Whether it ever sent the whole head of a request.
    pub fn has_asked(&self) -> bool {
        self.state().has_asked
    }

    /// It goes on to something else.
    pub fn turn_to(&self, doing: Doing) {
        let mut state = self.state();
        let goes_on = (state.doing, doing) == (Doing::Arriving, Doing::Head);
        // The first head is due from the beginning: a byte does not buy more time.
        if !goes_on {
            state.since = Instant::now();
        }
        state.has_asked |= doing == Doing::Answering;
        state.doing = doing;
    }

    /// What was sent is no request: nothing more is read.
    pub fn refuse(&self, problem: Box<Problem>) {
        self.state().refusal = Some(problem);
    }

    /// Takes what there is to say about bytes that are no request.
    pub fn refusal(&self) -> Option<Box<Problem>> {
        self.state().refusal.take()
    }

    /// Whether the client takes what it is sent.
    pub fn written(&self, is_taken: bool) {
        let mut state = self.state();
        state.unwritten = match (is_taken, state.unwritten) {
            (true, _) => None,
            (false, since) => since.or_else(|| Some(Instant::now())),
        };
    }

    /// When patience ends, if nothing happens until then.
    pub fn due(&self, limits: &Limits) -> Option<Instant> {
        let state = self.state();
        let doing = match state.doing {
            Doing::Arriving | Doing::Head => Some(state.since + limits.head),
            Doing::Idle => Some(state.since + limits.idle),
            // The request itself keeps the time of its body, and an answer takes what it takes.
            Doing::Body | Doing::Answering | Doing::Streaming => None,
        };
        let writing = state.unwritten.map(|since| since + limits.idle);
        doing.into_iter().chain(writing).min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment: there is nothing half done to be afraid of.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Vitals {
    fn default() -> Self {
        Self::new()
    }
}
