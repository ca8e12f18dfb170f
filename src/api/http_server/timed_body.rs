//! Request bodies with a deadline, and response bodies that update the connection state.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body as AnyBody;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::connection_state::{TcpConnectionPhase, TcpConnectionState};
use crate::api::Problem;

/// Error of an incomplete request body.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.detail)]
pub struct IncompleteBody(pub Box<Problem>);

/// A request body with a deadline.
pub struct TimedRequestBody {
    body: Incoming,
    time_limit: Duration,
    /// Starts with the first read.
    deadline: Option<Pin<Box<Sleep>>>,
    state: TcpConnectionState,
}

impl TimedRequestBody {
    /// Wraps a body that must arrive within `time_limit`.
    pub const fn new(body: Incoming, time_limit: Duration, state: TcpConnectionState) -> Self {
        Self {
            body,
            time_limit,
            deadline: None,
            state,
        }
    }
}

impl Drop for TimedRequestBody {
    fn drop(&mut self) {
        if self.deadline.is_some() {
            self.state.set_phase(TcpConnectionPhase::Responding);
        }
    }
}

impl Body for TimedRequestBody {
    type Data = Bytes;
    type Error = IncompleteBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, IncompleteBody>>> {
        let asked = &mut *self;
        let deadline = asked.deadline.get_or_insert_with(|| {
            asked.state.set_phase(TcpConnectionPhase::Body);
            Box::pin(sleep(asked.time_limit))
        });
        if let Poll::Ready(frame) = Pin::new(&mut asked.body).poll_frame(cx) {
            let broken = || {
                Box::new(Problem::new(
                    400,
                    "The request body ended early",
                    "malformed",
                ))
            };
            let unread = |_| IncompleteBody(asked.state.take_error().unwrap_or_else(broken));
            return Poll::Ready(frame.map(|frame| frame.map_err(unread)));
        }
        ready!(deadline.as_mut().poll(cx));
        let late = Problem::new(
            408,
            "Timed out while reading the request body",
            "bodyTooSlow",
        );
        Poll::Ready(Some(Err(IncompleteBody(Box::new(late)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response body that updates the connection state.
pub struct TrackedResponseBody {
    body: AnyBody,
    state: TcpConnectionState,
}

impl TrackedResponseBody {
    /// Wraps a body until it is sent.
    pub const fn new(body: AnyBody, state: TcpConnectionState) -> Self {
        Self { body, state }
    }
}

impl Drop for TrackedResponseBody {
    fn drop(&mut self) {
        self.state.set_phase(TcpConnectionPhase::Idle);
    }
}

impl Body for TrackedResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
