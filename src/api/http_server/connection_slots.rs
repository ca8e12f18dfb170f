//! Connection slots: limits the concurrent connections and evicts one when all slots are taken.
//!
//! Connections without a request cost an attacker nothing. If a new client had to wait for their timeout, 256 of them would block the server
//! for ten seconds. Connections that never sent a valid token are evicted first, among them the one that has been open longest
//! without a request, and none within a grace period after its current phase began. A quarter more connections than the limit are
//! accepted, so that a new client does not wait for the grace period of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::connection_state::{TcpConnectionPhase, TcpConnectionState};

/// Time until a full table is checked again.
const RECHECK: Duration = Duration::from_millis(50);

/// Connection slots.
pub struct ConnectionSlots {
    limit: usize,
    /// Number of connections from which a new one waits.
    hard_limit: usize,
    grace: Duration,
    taken: Mutex<SlotTable>,
    freed: Notify,
}

#[derive(Default)]
struct SlotTable {
    last_number: u64,
    slots: HashMap<u64, (TcpConnectionState, CancellationToken)>,
}

/// Result of an attempt to get a slot.
enum SlotAttempt {
    /// A slot.
    Granted(ConnectionSlot),
    /// Time from which a connection can be evicted.
    RetryAt(Instant),
    /// All TCP connections wait for their responses.
    Full,
}

/// A slot, freed on drop.
pub struct ConnectionSlot {
    number: u64,
    slots: Arc<ConnectionSlots>,
    /// Connection state.
    pub state: TcpConnectionState,
    /// Cancelled when the connection is evicted.
    pub evicted: CancellationToken,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.lock_slots().slots.remove(&self.number);
        self.slots.freed.notify_one();
    }
}

impl ConnectionSlots {
    /// Creates free slots.
    pub fn new(most: usize, grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            limit: most,
            hard_limit: most + most.div_ceil(4),
            grace,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Returns a slot: a free one, or that of an evicted connection. Waits while all connections have requests in progress.
    pub async fn take(self: &Arc<Self>) -> ConnectionSlot {
        loop {
            match self.try_take(Instant::now()) {
                SlotAttempt::Granted(slot) => return slot,
                SlotAttempt::RetryAt(when) => {
                    // Until then, or until a slot is freed.
                    let _ = timeout_at(when, self.freed.notified()).await;
                }
                SlotAttempt::Full => {
                    // Until a slot is freed. A request that ends frees none, but its connection can be evicted then.
                    let _ = timeout_at(Instant::now() + RECHECK, self.freed.notified()).await;
                }
            }
        }
    }

    fn try_take(self: &Arc<Self>, now: Instant) -> SlotAttempt {
        let mut taken = self.lock_slots();
        if taken.slots.len() >= self.limit {
            match self.eviction_candidate(&taken, now) {
                // A client with a token is not evicted while there is room above the limit.
                Ok((number, is_authenticated))
                    if !is_authenticated || taken.slots.len() >= self.hard_limit =>
                {
                    if let Some((_, leave)) = taken.slots.remove(&number) {
                        leave.cancel();
                    }
                }
                Err(full) if taken.slots.len() >= self.hard_limit => return full,
                Ok(_) | Err(_) => {}
            }
        }
        taken.last_number += 1;
        let (number, state, leave) = (
            taken.last_number,
            TcpConnectionState::new(),
            CancellationToken::new(),
        );
        taken.slots.insert(number, (state.clone(), leave.clone()));
        SlotAttempt::Granted(ConnectionSlot {
            number,
            slots: Arc::clone(self),
            state,
            evicted: leave,
        })
    }

    /// Returns the connection to evict, among those past their grace period, and whether it ever sent a valid token.
    fn eviction_candidate(
        &self,
        taken: &SlotTable,
        now: Instant,
    ) -> Result<(u64, bool), SlotAttempt> {
        let mut first = None;
        let mut eviction_candidate = None;
        for (number, (state, _)) in &taken.slots {
            let Some((rank, since)) = eviction_rank(state) else {
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
            (Some(((is_authenticated, _), _, number)), _) => Ok((number, is_authenticated)),
            (None, Some(first)) => Err(SlotAttempt::RetryAt(first)),
            (None, None) => Err(SlotAttempt::Full),
        }
    }

    fn lock_slots(&self) -> MutexGuard<'_, SlotTable> {
        // The table stays consistent after a panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the eviction order, lowest first; none for a TCP connection whose request has arrived.
fn eviction_rank(state: &TcpConnectionState) -> Option<((bool, u8), Instant)> {
    let (doing, since) = state.phase_and_start();
    let rank = match doing {
        TcpConnectionPhase::New => 0,
        TcpConnectionPhase::Head if !state.has_requested() => 0,
        TcpConnectionPhase::Idle => 1,
        TcpConnectionPhase::Head => 2,
        TcpConnectionPhase::Body => 3,
        // Clients of event streams reconnect and resume.
        TcpConnectionPhase::Streaming => 4,
        TcpConnectionPhase::Responding => return None,
    };
    Some(((state.is_authenticated(), rank), since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn longest_idle_connection_is_evicted() {
        let slots = ConnectionSlots::new(3, Duration::ZERO);
        let (asking, silent, newer) = (slots.take().await, slots.take().await, slots.take().await);
        asking.state.set_phase(TcpConnectionPhase::Responding);
        let newest = slots.take().await;
        assert!(silent.evicted.is_cancelled());
        assert!(!asking.evicted.is_cancelled() && !newer.evicted.is_cancelled());
        newer.state.set_phase(TcpConnectionPhase::Responding);
        newer.state.set_phase(TcpConnectionPhase::Idle);
        newest.state.set_phase(TcpConnectionPhase::Head);
        let _another = slots.take().await;
        assert!(newest.evicted.is_cancelled() && !newer.evicted.is_cancelled());
    }

    #[tokio::test]
    async fn connection_without_a_valid_token_is_evicted_before_others() {
        let slots = ConnectionSlots::new(2, Duration::ZERO);
        let (known, stranger) = (slots.take().await, slots.take().await);
        known.state.set_authenticated();
        // The response of the one without a token waits for its client to read.
        stranger.state.set_phase(TcpConnectionPhase::Responding);
        stranger.state.set_phase(TcpConnectionPhase::Streaming);
        let _new = slots.take().await;
        assert!(stranger.evicted.is_cancelled() && !known.evicted.is_cancelled());
    }

    #[tokio::test]
    async fn client_that_reads_nothing_is_evicted_during_its_requests() {
        let slots = ConnectionSlots::new(1, Duration::ZERO);
        let busy = async || {
            let slot = slots.take().await;
            slot.state.set_authenticated();
            slot.state.set_phase(TcpConnectionPhase::Responding);
            slot
        };
        let (reading, blocked) = (busy().await, busy().await);
        blocked.state.response_written(false);
        let _new = slots.take().await;
        assert!(blocked.evicted.is_cancelled() && !reading.evicted.is_cancelled());
    }

    #[tokio::test]
    async fn client_with_a_token_stays_while_strangers_have_their_grace_period() {
        let moment = Duration::from_mins(1);
        let slots = ConnectionSlots::new(4, moment);
        let known = slots.take().await;
        known.state.set_authenticated();
        let later = Instant::now() + moment;
        let strangers = [slots.take().await, slots.take().await, slots.take().await];
        for state in strangers.iter().map(|slot| &slot.state) {
            state.set_phase(TcpConnectionPhase::Responding);
        }
        assert!(matches!(slots.try_take(later), SlotAttempt::Granted(_)));
        assert!(!known.evicted.is_cancelled());
    }

    #[tokio::test]
    async fn busy_connections_are_not_evicted() {
        let slots = ConnectionSlots::new(1, Duration::ZERO);
        let asking = slots.take().await;
        asking.state.set_phase(TcpConnectionPhase::Responding);
        let above_limit = slots.take().await;
        above_limit.state.set_phase(TcpConnectionPhase::Responding);
        assert!(matches!(slots.try_take(Instant::now()), SlotAttempt::Full));
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
        let slots = ConnectionSlots::new(2, moment);
        let (first, second) = (slots.take().await, slots.take().await);
        let above_limit = slots.take().await;
        above_limit.state.set_phase(TcpConnectionPhase::Responding);
        let now = Instant::now();
        let since = first
            .state
            .phase_and_start()
            .1
            .min(second.state.phase_and_start().1);
        assert!(
            matches!(slots.try_take(now), SlotAttempt::RetryAt(when) if when == since + moment)
        );
        assert!(!first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        assert!(matches!(
            slots.try_take(now + moment),
            SlotAttempt::Granted(_)
        ));
        assert!(first.evicted.is_cancelled() && !second.evicted.is_cancelled());
    }
}
