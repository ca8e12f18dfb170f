//! Finds out early that a request got lost.
//!
//! A node forwards a request to the leader. One that is sent to a leader that has just failed is lost, and the node does not say so
//! before its own time limit of several seconds. While a request waits, the node is therefore asked for its term, which grows with every election.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::call_error::CallError;
use super::client::EtcdClient;
use super::node::EtcdNode;
use super::wire::ResponseHeader;

/// Interval of the questions; most requests are answered before the first one.
const INTERVAL: Duration = Duration::from_millis(200);
/// Time for the answer. A node answers from memory, unless it or its host is stopped.
const ANSWER: Duration = Duration::from_millis(800);

impl EtcdClient {
    /// Calls a node, and fails early if the request got lost or the node does not answer other ones either.
    pub(super) async fn unless_lost<A>(
        &self,
        node: &EtcdNode,
        call: impl Future<Output = Result<A, CallError>>,
    ) -> Result<A, CallError> {
        tokio::select! {
            biased;
            answer = call => answer,
            error = self.lost(node) => Err(error),
        }
    }

    /// Waits until a request that is sent now is lost, and returns the reason.
    async fn lost(&self, node: &EtcdNode) -> CallError {
        let mut sent = self.term.load(Ordering::Relaxed);
        loop {
            sleep(INTERVAL).await;
            let why = match timeout(ANSWER, self.status(node)).await {
                Ok(Ok(status)) => {
                    self.learn_term(status.header.as_ref());
                    let term = status.header.map_or(0, |header| header.raft_term);
                    if sent == 0 || term <= sent {
                        sent = term;
                        continue;
                    }
                    "a leader was elected since"
                }
                Ok(Err(CallError::NoAnswer(why))) => return CallError::NoAnswer(why),
                // The request itself decides.
                Ok(Err(CallError::Refused(_))) => return std::future::pending().await,
                Err(_) => {
                    node.was_silent();
                    "it does not answer"
                }
            };
            return CallError::NoAnswer(format!("{}: {why}", node.name));
        }
    }

    /// Takes the term from an answer.
    pub(super) fn learn_term(&self, header: Option<&ResponseHeader>) {
        let term = header.map_or(0, |header| header.raft_term);
        self.term.fetch_max(term, Ordering::Relaxed);
    }
}
