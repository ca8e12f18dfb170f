//! Queue that runs saves in order, except those of one bulk operation, which run side by side.
//!
//! Requests run concurrently, so without a queue three toggles of one connection could be executed in any order. In a bulk
//! operation every save is for another connection: they may run concurrently, after all saves requested before and before all
//! saves requested after.

use tokio_util::sync::{CancellationToken, DropGuard};

/// Order of a save among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SaveOrdering {
    /// After all earlier saves.
    Exclusive,
    /// Concurrent with earlier saves of this kind.
    Concurrent,
}

/// Queue of saves.
#[derive(Default)]
pub(super) struct SaveQueue {
    /// Last exclusive save.
    exclusive: Option<CancellationToken>,
    /// Concurrent saves after it.
    concurrent: Vec<CancellationToken>,
}

/// Position of a save in the queue, with the saves before it.
pub(super) struct SavePosition {
    predecessors: Vec<CancellationToken>,
    /// Dropped when the save has ended in any way, which starts the following ones.
    done: DropGuard,
}

impl SaveQueue {
    /// Appends a position to the queue.
    pub fn next(&mut self, ordering: SaveOrdering) -> SavePosition {
        let done = CancellationToken::new();
        let before = match ordering {
            SaveOrdering::Exclusive => {
                let mut before = std::mem::take(&mut self.concurrent);
                before.extend(self.exclusive.replace(done.clone()));
                before
            }
            SaveOrdering::Concurrent => {
                self.concurrent.retain(|other| !other.is_cancelled());
                self.concurrent.push(done.clone());
                self.exclusive.iter().cloned().collect()
            }
        };
        SavePosition {
            predecessors: before,
            done: done.drop_guard(),
        }
    }
}

impl SavePosition {
    /// Runs a future when all earlier positions are done.
    pub async fn run<T>(self, does: impl Future<Output = T>) -> T {
        for before in &self.predecessors {
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

    /// Runs the positions, started in reverse order, and returns the order in which they ended.
    async fn ended(places: &[SaveOrdering]) -> Vec<usize> {
        let mut order = SaveQueue::default();
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
    async fn saves_run_in_order() {
        assert_eq!(ended(&[SaveOrdering::Exclusive; 5]).await, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn concurrent_saves_run_between_exclusive_ones() {
        use SaveOrdering::{Concurrent, Exclusive};
        let order = ended(&[
            Exclusive, Concurrent, Concurrent, Concurrent, Exclusive, Concurrent, Concurrent,
        ])
        .await;
        let place = |number: usize| order.iter().position(|other| *other == number).unwrap();
        assert_eq!((place(0), place(4)), (0, 4), "{order:?}");
        assert!((1..4).all(|number| place(number) < 4), "{order:?}");
        assert!(place(5) > 4 && place(6) > 4, "{order:?}");
    }

    #[tokio::test]
    async fn concurrent_saves_do_not_wait_for_each_other() {
        let mut order = SaveQueue::default();
        let both = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let both = Arc::clone(&both);
            // Neither ends before the other one has begun.
            tasks.spawn(order.next(SaveOrdering::Concurrent).run(async move {
                both.wait().await;
            }));
        }
        tasks.join_all().await;
    }

    #[tokio::test]
    async fn dropped_position_blocks_no_save() {
        let mut order = SaveQueue::default();
        drop(order.next(SaveOrdering::Concurrent));
        drop(order.next(SaveOrdering::Exclusive));
        order.next(SaveOrdering::Exclusive).run(async {}).await;
    }
}
