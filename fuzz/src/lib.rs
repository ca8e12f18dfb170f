//! What the fuzz targets share: the properties, the stage for the app, and how long one input may take.

#[path = "../../tests/common/mod.rs"]
pub mod common;
#[path = "../../tests/stage/mod.rs"]
pub mod stage;
#[path = "../../tests/wild/mod.rs"]
pub mod wild;

#[path = "../properties/all.rs"]
pub mod properties;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nobody waits longer for anything that is no larger than 4 KiB.
const LONGEST: Duration = Duration::from_millis(100);

/// How often something that took too long is tried again.
const TRIES: usize = 4;

/// Holds a property, and that it does not take long.
pub fn holds_in_time(holds: fn(&[u8]), input: &[u8]) {
    each_in_time(|around| around(&mut || holds(input)));
}

/// Plays something step by step; no step may take long.
///
/// Work is measured, not waiting: the processor's time of this process, so that others on the machine do not count; and what
/// was slow is done again, since the first time may be the one that makes something for all others.
pub fn each_in_time(play: impl Fn(&mut dyn FnMut(&mut dyn FnMut()))) {
    let measured = || {
        let mut steps = Vec::new();
        play(&mut |step| {
            let before = worked();
            step();
            steps.push(worked().saturating_sub(before));
        });
        steps
    };
    let mut steps = measured();
    for _ in 1..TRIES {
        if steps.iter().all(|step| *step <= LONGEST) {
            return;
        }
        let again = measured();
        steps = steps
            .into_iter()
            .zip(again)
            .map(|(one, other)| one.min(other))
            .collect();
    }
    let slowest = steps.iter().max().copied().unwrap_or_default();
    assert!(slowest <= LONGEST, "it works for {slowest:?} each time");
}

fn worked() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(now).unwrap_or_default()
}
