//! Gives a place to so many connections at a time; when all are taken, the one that deserves its place least leaves.
//!
//! Why: silent clients cost nothing to make. If a newcomer had to wait until their patience ends, 256 of them would keep everyone
//! out for ten seconds. The newest has just come to ask; who has been here longest without asking goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::vitals::{Doing, Vitals};

/// The places.
pub struct Seats {
    most: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: HashMap<u64, (Vitals, CancellationToken)>,
}

/// A place, given back when dropped.
pub struct Seat {
    number: u64,
    seats: Arc<Seats>,
    /// What the connection is doing.
    pub vitals: Vitals,
    /// Cancelled when the connection has to leave.
    pub leave: CancellationToken,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.number);
        self.seats.freed.notify_one();
    }
}

impl Seats {
    /// So many places, all free.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A place: a free one, or that of a connection which has to leave for it. Waits while all are being answered.
    pub async fn take(self: &Arc<Self>) -> Seat {
        loop {
            if let Some(seat) = self.try_take() {
                return seat;
            }
            self.freed.notified().await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Seat> {
        let mut taken = self.taken();
        if taken.seats.len() >= self.most {
            let least = taken
                .seats
                .iter()
                .filter_map(|(number, (vitals, _))| Some((rank(vitals)?, *number)))
                .min();
            let (_, number) = least?;
            if let Some((_, leave)) = taken.seats.remove(&number) {
                leave.cancel();
            }
        }
        taken.last += 1;
        let (number, vitals, leave) = (taken.last, Vitals::new(), CancellationToken::new());
        taken.seats.insert(number, (vitals.clone(), leave.clone()));
        Some(Seat {
            number,
            seats: Arc::clone(self),
            vitals,
            leave,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Whoever broke down in here left a table that is still one.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How soon a connection has to leave: the smallest first. None for one that is being answered.
fn rank(vitals: &Vitals) -> Option<(u8, tokio::time::Instant)> {
    let (doing, since) = vitals.now();
    let rank = match doing {
        Doing::Arriving => 0,
        Doing::Head if !vitals.has_asked() => 0,
        Doing::Idle => 1,
        Doing::Head => 2,
        Doing::Body => 3,
        // Whoever reads events knows how to come back and go on.
        Doing::Streaming => 4,
        Doing::Answering => return None,
    };
    Some((rank, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_silent_one_leaves_for_a_newcomer() {
        let seats = Seats::new(3);
        let (asking, silent, newer) = (seats.take().await, seats.take().await, seats.take().await);
        asking.vitals.turn_to(Doing::Answering);
        let newcomer = seats.take().await;
        assert!(silent.leave.is_cancelled());
        assert!(!asking.leave.is_cancelled() && !newer.leave.is_cancelled());
        newer.vitals.turn_to(Doing::Answering);
        newer.vitals.turn_to(Doing::Idle);
        newcomer.vitals.turn_to(Doing::Head);
        let _another = seats.take().await;
        assert!(newcomer.leave.is_cancelled() && !newer.leave.is_cancelled());
    }

    #[tokio::test]
    async fn none_leaves_while_it_is_answered_and_a_newcomer_waits() {
        let seats = Seats::new(1);
        let asking = seats.take().await;
        asking.vitals.turn_to(Doing::Answering);
        assert!(seats.try_take().is_none());
        let waiting = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.take().await }
        });
        drop(asking);
        waiting.await.unwrap();
    }
}
