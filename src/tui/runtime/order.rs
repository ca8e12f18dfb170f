//! Saves one after the other, in the order they were asked for.
//!
//! Why: requests run side by side, so three switches of one connection could be carried out in any order, and the last one
//! pressed need not be the one that stays.

use tokio::sync::oneshot::{Receiver, Sender, channel};

/// Hands out turns.
#[derive(Default)]
pub(super) struct Order {
    last: Option<Receiver<()>>,
}

/// A place in the order.
pub(super) struct Turn {
    before: Option<Receiver<()>>,
    /// Dropped when the turn is over, however it ends; the next one waits for that.
    done: Sender<()>,
}

impl Order {
    /// The next place.
    pub fn next(&mut self) -> Turn {
        let (done, after) = channel();
        Turn {
            before: self.last.replace(after),
            done,
        }
    }
}

impl Turn {
    /// Does something when everything before it is over.
    pub async fn run<T>(self, does: impl Future<Output = T>) -> T {
        if let Some(before) = self.before {
            // Nothing is ever sent: that the other side is gone is the sign.
            let _ = before.await;
        }
        let answer = does.await;
        drop(self.done);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn turns_are_taken_in_the_order_they_were_given() {
        let mut order = Order::default();
        let turns: Vec<_> = (0..5).map(|number| (number, order.next())).collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        for (number, turn) in turns.into_iter().rev() {
            let seen = Arc::clone(&seen);
            tasks.spawn(turn.run(async move {
                tokio::task::yield_now().await;
                seen.lock().unwrap().push(number);
            }));
        }
        tasks.join_all().await;
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
    }
}
