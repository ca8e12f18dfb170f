//! Gives a place to so many connections at a time; when all are taken, the one that deserves its place least leaves.
//!
//! Why: silent clients cost nothing to make. If a newcomer had to wait until their patience ends, 256 of them would keep everyone
//! out for ten seconds. The newest has just come to ask; who has been here longest without asking goes first, and nobody before a
//! moment in which a request can come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::vitals::{Doing, Vitals};

/// The places.
pub struct Seats {
    most: usize,
    grace: Duration,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: HashMap<u64, (Vitals, CancellationToken)>,
}

/// What comes of asking for a place.
enum Try {
    /// Here it is.
    Taken(Seat),
    /// From then on somebody can be asked to leave.
    From(Instant),
    /// All are being answered.
    Full,
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
    pub fn new(most: usize, grace: Duration) -> Arc<Self> {
        Arc::new(Self {
            most,
            grace,
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A place: a free one, or that of a connection which has to leave for it. Waits while all are being answered.
    pub async fn take(self: &Arc<Self>) -> Seat {
        loop {
            match self.try_take(Instant::now()) {
                Try::Taken(seat) => return seat,
                Try::From(when) => {
                    // Until then, or until somebody leaves.
                    let _ = timeout_at(when, self.freed.notified()).await;
                }
                Try::Full => self.freed.notified().await,
            }
        }
    }

    fn try_take(self: &Arc<Self>, now: Instant) -> Try {
        let mut taken = self.taken();
        if taken.seats.len() >= self.most {
            let number = match self.least(&taken, now) {
                Ok(number) => number,
                Err(full) => return full,
            };
            if let Some((_, leave)) = taken.seats.remove(&number) {
                leave.cancel();
            }
        }
        taken.last += 1;
        let (number, vitals, leave) = (taken.last, Vitals::new(), CancellationToken::new());
        taken.seats.insert(number, (vitals.clone(), leave.clone()));
        Try::Taken(Seat {
            number,
            seats: Arc::clone(self),
            vitals,
            leave,
        })
    }

    /// The one that deserves its place least, of those that had their time.
    fn least(&self, taken: &Taken, now: Instant) -> Result<u64, Try> {
        let mut first = None;
        let mut least = None;
        for (number, (vitals, _)) in &taken.seats {
            let Some((rank, since)) = rank(vitals) else {
                continue;
            };
            let end = since + self.grace;
            if end <= now {
                let this = (rank, since, *number);
                least = Some(least.map_or(this, |least| this.min(least)));
            } else {
                first = Some(first.map_or(end, |first| end.min(first)));
            }
        }
        match (least, first) {
            (Some((_, _, number)), _) => Ok(number),
            (None, Some(first)) => Err(Try::From(first)),
            (None, None) => Err(Try::Full),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Whoever broke down in here left a table that is still one.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How soon a connection has to leave: the smallest first. None for one that is being answered.
fn rank(vitals: &Vitals) -> Option<(u8, Instant)> {
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
        let seats = Seats::new(3, Duration::ZERO);
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
        let seats = Seats::new(1, Duration::ZERO);
        let asking = seats.take().await;
        asking.vitals.turn_to(Doing::Answering);
        assert!(matches!(seats.try_take(Instant::now()), Try::Full));
        let waiting = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.take().await }
        });
        drop(asking);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_newcomer_is_given_a_moment_to_ask() {
        let moment = Duration::from_mins(1);
        let seats = Seats::new(2, moment);
        let (first, second) = (seats.take().await, seats.take().await);
        let now = Instant::now();
        let since = first.vitals.now().1.min(second.vitals.now().1);
        assert!(matches!(seats.try_take(now), Try::From(when) if when == since + moment));
        assert!(!first.leave.is_cancelled() && !second.leave.is_cancelled());
        assert!(matches!(seats.try_take(now + moment), Try::Taken(_)));
        assert!(first.leave.is_cancelled() && !second.leave.is_cancelled());
    }
}
