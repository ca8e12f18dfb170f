//! Shared parts of the fuzz targets: properties, test app, and the time limit of an input.

#[path = "../../tests/support/mod.rs"]
pub mod support;

#[path = "../properties/all.rs"]
pub mod properties;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time limit for an input of up to 4 KiB.
const LONGEST: Duration = Duration::from_millis(100);

/// Number of retries of a slow input.
const TRIES: usize = 4;

/// Checks a property within the time limit.
pub fn holds_in_time(holds: fn(&[u8]), input: &[u8]) {
    each_in_time(|around| around(&mut || holds(input)));
}

/// Runs steps, each within the time limit.
///
/// Measures the processor time of this process, so that other processes do not count. A slow run is repeated, because the
/// first one may initialize shared data.
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
