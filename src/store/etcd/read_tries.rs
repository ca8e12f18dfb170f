//! Tries of a read, on one node after the other.

use std::time::Duration;

use tokio::time::Instant;

use super::call_error::{CallError, Refusal};
use super::client::{Backoff, EtcdClient};
use super::node::{EtcdNode, is_certificate_refused};

/// Time that reads are tried for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least number of refused certificates that is final: there may be several hosts behind an address.
const MIN_REFUSALS: usize = 3;

/// Tries of a read.
pub struct ReadTries<'a> {
    client: &'a EtcdClient,
    end: Instant,
    backoff: Backoff,
    refusals: CertificateRefusals,
}

impl<'a> ReadTries<'a> {
    pub fn new(client: &'a EtcdClient) -> Self {
        Self {
            client,
            end: Instant::now() + PATIENCE,
            backoff: Backoff::default(),
            refusals: CertificateRefusals::of(client.nodes().len()),
        }
    }

    /// Waits until the next try, which uses the next node if this one did not answer. Fails if the error is final.
    pub async fn wait_after(&mut self, node: &EtcdNode, error: CallError) -> Result<(), CallError> {
        match &error {
            CallError::NoAnswer(why) => {
                self.client.fail_over(node);
                if is_certificate_refused(why) && self.refusals.add(node.position, why) {
                    return Err(error);
                }
            }
            CallError::Refused(Refusal::Busy) => self.refusals.clear(node.position),
            CallError::Refused(_) => return Err(error),
        }
        if Instant::now() >= self.end {
            return Err(self.refusals.of_every_node().unwrap_or(error));
        }
        self.backoff.wait().await;
        Ok(())
    }
}

/// Refused certificates. A connection that is closed in between does not speak against them: a node that refuses a certificate
/// often closes the connection before its alert arrives.
struct CertificateRefusals {
    /// Number of refusals by node.
    counts: Vec<usize>,
    /// Reason of the newest one.
    why: String,
}

impl CertificateRefusals {
    fn of(nodes: usize) -> Self {
        Self {
            counts: vec![0; nodes],
            why: String::new(),
        }
    }

    /// Adds a refusal. Returns true if every node refuses: more tries would only delay the message.
    fn add(&mut self, node: usize, why: &str) -> bool {
        self.counts[node] += 1;
        why.clone_into(&mut self.why);
        self.has_every_node() && self.counts.iter().sum::<usize>() >= MIN_REFUSALS
    }

    /// Forgets the refusals of a node that has accepted the certificate.
    fn clear(&mut self, node: usize) {
        self.counts[node] = 0;
    }

    fn has_every_node(&self) -> bool {
        self.counts.iter().all(|count| *count > 0)
    }

    /// Returns the reason that explains why no node answers, if each of them has refused.
    fn of_every_node(&self) -> Option<CallError> {
        self.has_every_node()
            .then(|| CallError::NoAnswer(self.why.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::etcd_options::EtcdOptions;

    const REFUSED: &str = "received fatal alert: BadCertificate";
    const CLOSED: &str = "connection closed";

    fn client(nodes: &str) -> EtcdClient {
        let address = format!("etcd://{nodes}/t?tls=on");
        EtcdClient::new(&EtcdOptions::new(address.parse().unwrap())).unwrap()
    }

    async fn after(tries: &mut ReadTries<'_>, node: usize, why: &str) -> Result<(), String> {
        tries.backoff = Backoff::default();
        let node = &tries.client.nodes()[node];
        let outcome = tries.wait_after(node, CallError::NoAnswer(why.into()));
        outcome.await.map_err(|error| format!("{error:?}"))
    }

    #[tokio::test]
    async fn refusals_of_every_node_are_final_with_closed_connections_in_between() {
        let one = client("127.0.0.1:1");
        let mut tries = ReadTries::new(&one);
        for why in [REFUSED, CLOSED, REFUSED, CLOSED] {
            after(&mut tries, 0, why).await.unwrap();
        }
        after(&mut tries, 0, REFUSED).await.unwrap_err();

        let two = client("127.0.0.1:1,127.0.0.1:2");
        let mut tries = ReadTries::new(&two);
        for _ in 0..MIN_REFUSALS {
            after(&mut tries, 0, REFUSED).await.unwrap();
        }
        let busy = CallError::Refused(Refusal::Busy);
        tries.wait_after(&two.nodes()[0], busy).await.unwrap();
        for _ in 0..MIN_REFUSALS {
            after(&mut tries, 1, REFUSED).await.unwrap();
        }
        after(&mut tries, 0, REFUSED).await.unwrap_err();
    }

    #[tokio::test]
    async fn refusal_is_named_at_the_end_although_the_last_connection_was_closed() {
        for (first, named) in [(REFUSED, REFUSED), ("no route", CLOSED)] {
            let client = client("127.0.0.1:1");
            let mut tries = ReadTries::new(&client);
            after(&mut tries, 0, first).await.unwrap();
            tries.end = Instant::now();
            let error = after(&mut tries, 0, CLOSED).await.unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
