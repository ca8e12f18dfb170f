//! Limits failed authentication attempts by client, so that guessing is slow without affecting others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Maximum number of clients in the table; the oldest window is dropped first.
const MAX_PEERS: usize = 1024;

/// Failed attempts in the current window.
pub struct FailedAttempts {
    limit: u32,
    window: Duration,
    peers: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl FailedAttempts {
    /// Allows `limit` attempts in `window`.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit,
            window,
            peers: Mutex::default(),
        }
    }

    /// Counts a failed attempt; returns the time to wait when there were too many.
    pub fn count(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let peer = network(peer);
        // The table stays consistent after a panic.
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= MAX_PEERS && !peers.contains_key(&peer) {
            peers.retain(|_, (since, _)| now - *since < self.window);
            let first = peers.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(first) = first.map(|(peer, _)| *peer)
                && peers.len() >= MAX_PEERS
            {
                peers.remove(&first);
            }
        }
        let (since, failed_attempts) = peers.entry(peer).or_insert((now, 0));
        if now - *since >= self.window {
            (*since, *failed_attempts) = (now, 0);
        }
        *failed_attempts = failed_attempts.saturating_add(1);
        let left = self.window.saturating_sub(now - *since);
        (*failed_attempts > self.limit).then_some(left)
    }
}

/// Returns the unit of counting: an IPv4 address, or an IPv6 /64 network.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_attempts_delay_only_their_client() {
        let failed_attempts = FailedAttempts::new(2, Duration::from_mins(1));
        let now = Instant::now();
        let [one, neighbour, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::2", "10.0.0.1"].map(|peer| peer.parse().unwrap());
        assert_eq!(
            (
                failed_attempts.count(one, now),
                failed_attempts.count(one, now)
            ),
            (None, None)
        );
        assert_eq!(
            failed_attempts.count(neighbour, now),
            Some(Duration::from_mins(1)),
            "one /64 network"
        );
        assert_eq!(failed_attempts.count(other, now), None);
        assert_eq!(
            failed_attempts.count(one, now + Duration::from_mins(1)),
            None
        );
    }

    #[test]
    fn table_size_is_limited() {
        let failed_attempts = FailedAttempts::new(2, Duration::from_mins(1));
        for number in 0..2 * u32::try_from(MAX_PEERS).unwrap() {
            failed_attempts.count(IpAddr::from(number.to_be_bytes()), Instant::now());
        }
        assert_eq!(failed_attempts.peers.lock().unwrap().len(), MAX_PEERS);
    }
}
