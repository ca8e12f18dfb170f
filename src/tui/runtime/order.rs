//! Saves one after the other, in the order they were asked for; those of many at once side by side.
//!
//! Why: requests run side by side, so three switches of one connection could be carried out in any order, and the last one
//! pressed need not be the one that stays. Where the same is done to many, each of them is another connection: they may go side
//! by side, behind every save that was asked for before them and before every one that is asked for after them.

use tokio_util::sync::{CancellationToken, DropGuard};

/// Where a save stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind all that were asked for before.
    Behind,
    /// Beside those before it that stand so, too.
    Beside,
}

/// Hands out turns.
#[derive(Default)]
pub(super) struct Order {
    /// The last one that goes alone.
    alone: Option<CancellationToken>,
    /// Those behind it that go side by side.
    beside: Vec<CancellationToken>,
}

/// A place in the order.
pub(super) struct Turn {
    before: Vec<CancellationToken>,
    /// Dropped when the turn is over, however it ends; others wait for that.
    done: DropGuard,
}

impl Order {
    /// The next place.
    pub fn next(&mut self, place: Place) -> Turn {
        let over = CancellationToken::new();
        let before = match place {
            Place::Behind => {
                let mut before = std::mem::take(&mut self.beside);
                before.extend(self.alone.replace(over.clone()));
                before
            }
            Place::Beside => {
                self.beside.retain(|other| !other.is_cancelled());
                self.beside.push(over.clone());
                self.alone.iter().cloned().collect()
            }
        };
        Turn {
            before,
            done: over.drop_guard(),
        }
    }
}

impl Turn {
    /// Does something when everything before it is over.
    pub async fn run<T>(self, does: impl Future<Output = T>) -> T {
        for before in &self.before {
            before.cancelled().await;
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
    use tokio::sync::Barrier;
    use tokio::task::JoinSet;

    /// Carries out turns that are started in the wrong order; answers in which order they ended.
    async fn ended(places: &[Place]) -> Vec<usize> {
        let mut order = Order::default();
        let turns: Vec<_> = places.iter().map(|place| order.next(*place)).collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for (number, turn) in turns.into_iter().enumerate().rev() {
            let seen = Arc::clone(&seen);
            tasks.spawn(turn.run(async move {
                tokio::task::yield_now().await;
                seen.lock().unwrap().push(number);
            }));
        }
        tasks.join_all().await;
        Arc::try_unwrap(seen).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn turns_are_taken_in_the_order_they_were_given() {
        assert_eq!(ended(&[Place::Behind; 5]).await, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn those_side_by_side_stand_between_what_was_asked_before_and_after() {
        use Place::{Behind, Beside};
        let order = ended(&[Behind, Beside, Beside, Beside, Behind, Beside, Beside]).await;
        let place = |number: usize| order.iter().position(|other| *other == number).unwrap();
        assert_eq!((place(0), place(4)), (0, 4), "{order:?}");
        assert!((1..4).all(|number| place(number) < 4), "{order:?}");
        assert!(place(5) > 4 && place(6) > 4, "{order:?}");
    }

    #[tokio::test]
    async fn those_side_by_side_do_not_wait_for_each_other() {
        let mut order = Order::default();
        let both = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let both = Arc::clone(&both);
            // Neither ends before the other has begun.
            tasks.spawn(order.next(Place::Beside).run(async move {
                both.wait().await;
            }));
        }
        tasks.join_all().await;
    }

    #[tokio::test]
    async fn a_turn_that_is_given_up_keeps_nobody_waiting() {
        let mut order = Order::default();
        drop(order.next(Place::Beside));
        drop(order.next(Place::Behind));
        order.next(Place::Behind).run(async {}).await;
    }
}
