//! Connection slots: limits the concurrent connections and evicts one when all slots are taken.
//!
//! Idle connections cost an attacker nothing. If a new client had to wait for their timeout, 256 of them would block the server
//! for ten seconds. The connection that has been open longest without a request is evicted first, and none within a grace period
//! after it was accepted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::vitals::{Doing, Vitals};

/// Connection slots.
pub struct Seats {
    most: usize,
    grace: Duration,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    slots: HashMap<u64, (Vitals, CancellationToken)>,
}

/// Result of an attempt to get a slot.
enum Try {
    /// A slot.
    Taken(Seat),
    /// Time from which a connection can be evicted.
    From(Instant),
    /// All connections have requests in progress.
    Full,
}

/// A slot, freed on drop.
pub struct Seat {
    number: u64,
    slots: Arc<Seats>,
    /// Connection state.
    pub vitals: Vitals,
    /// Cancelled when the connection is evicted.
    pub leave: CancellationToken,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.slots.taken().slots.remove(&self.number);
        self.slots.freed.notify_one();
    }
}

impl Seats {
    /// Creates free slots.
    pub fn new(most: usize, grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            most,
            grace,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Returns a slot: a free one, or that of an evicted connection. Waits while all connections have requests in progress.
    pub async fn take(self: &Arc<Self>) -> Seat {
        loop {
            match self.try_take(Instant::now()) {
                Try::Taken(slot) => return slot,
                Try::From(when) => {
                    // Until then, or until a slot is freed.
                    let _ = timeout_at(when, self.freed.notified()).await;
                }
                Try::Full => self.freed.notified().await,
            }
        }
    }

    fn try_take(self: &Arc<Self>, now: Instant) -> Try {
        let mut taken = self.taken();
        if taken.slots.len() >= self.most {
            let number = match self.eviction_candidate(&taken, now) {
                Ok(number) => number,
                Err(full) => return full,
            };
            if let Some((_, leave)) = taken.slots.remove(&number) {
                leave.cancel();
            }
        }
        taken.last += 1;
        let (number, vitals, leave) = (taken.last, Vitals::new(), CancellationToken::new());
        taken.slots.insert(number, (vitals.clone(), leave.clone()));
        Try::Taken(Seat {
            number,
            slots: Arc::clone(self),
            vitals,
            leave,
        })
    }

    /// Returns the connection to evict, among those past their grace period.
    fn eviction_candidate(&self, taken: &Taken, now: Instant) -> Result<u64, Try> {
        let mut first = None;
        let mut eviction_candidate = None;
        for (number, (vitals, _)) in &taken.slots {
            let Some((rank, since)) = rank(vitals) else {
                continue;
            };
            let end = since + self.grace;
            if end <= now {
                let this = (rank, since, *number);
                eviction_candidate = Some(
                    eviction_candidate
                        .map_or(this, |eviction_candidate| this.min(eviction_candidate)),
                );
            } else {
                first = Some(first.map_or(end, |first| end.min(first)));
            }
        }
        match (eviction_candidate, first) {
            (Some((_, _, number)), _) => Ok(number),
            (None, Some(first)) => Err(Try::From(first)),
            (None, None) => Err(Try::Full),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // The table stays consistent after a panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the eviction order, lowest first; none for a connection with a request in progress.
fn rank(vitals: &Vitals) -> Option<(u8, Instant)> {
    let (doing, since) = vitals.now();
    let rank = match doing {
        Doing::Arriving => 0,
        Doing::Head if !vitals.has_requested() => 0,
        Doing::Idle => 1,
        Doing::Head => 2,
        Doing::Body => 3,
        // Clients of event streams reconnect and resume.
        Doing::Streaming => 4,
        Doing::Answering => return None,
    };
    Some((rank, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn longest_idle_connection_is_evicted() {
        let slots = Seats::new(3, Duration::ZERO);
        let (asking, silent, newer) = (slots.take().await, slots.take().await, slots.take().await);
        asking.vitals.set_phase(Doing::Answering);
        let newcomer = slots.take().await;
        assert!(silent.leave.is_cancelled());
        assert!(!asking.leave.is_cancelled() && !newer.leave.is_cancelled());
        newer.vitals.set_phase(Doing::Answering);
        newer.vitals.set_phase(Doing::Idle);
        newcomer.vitals.set_phase(Doing::Head);
        let _another = slots.take().await;
        assert!(newcomer.leave.is_cancelled() && !newer.leave.is_cancelled());
    }

    #[tokio::test]
    async fn busy_connections_are_not_evicted() {
        let slots = Seats::new(1, Duration::ZERO);
        let asking = slots.take().await;
        asking.vitals.set_phase(Doing::Answering);
        assert!(matches!(slots.try_take(Instant::now()), Try::Full));
        let waiting = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.take().await }
        });
        drop(asking);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn new_connection_has_grace_period() {
        let moment = Duration::from_mins(1);
        let slots = Seats::new(2, moment);
        let (first, second) = (slots.take().await, slots.take().await);
        let now = Instant::now();
        let since = first.vitals.now().1.min(second.vitals.now().1);
        assert!(matches!(slots.try_take(now), Try::From(when) if when == since + moment));
        assert!(!first.leave.is_cancelled() && !second.leave.is_cancelled());
        assert!(matches!(slots.try_take(now + moment), Try::Taken(_)));
        assert!(first.leave.is_cancelled() && !second.leave.is_cancelled());
    }
}
