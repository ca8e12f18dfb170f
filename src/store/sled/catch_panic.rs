//! Converts panics of sled to errors: a damaged index is rebuilt, and no backtrace is printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::unusable_index::UnusableIndex;

thread_local! {
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Calls sled and converts a panic to an error.
pub fn catch_panic<T>(call: impl FnOnce() -> Result<T, UnusableIndex>) -> Result<T, UnusableIndex> {
    silence_panics();
    let was_in_call = IN_CALL.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    IN_CALL.set(was_in_call);
    result.unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(UnusableIndex(format!(
            "it failed unexpectedly: {}",
            reason.unwrap_or("without a reason")
        )))
    })
}

/// Silences panics of calls in this module and of sled's own threads, because the caller reports them.
///
/// Other panics go to the previous hook.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            let is_sleds = thread.name().is_some_and(|name| name.starts_with("sled"));
            if !is_sleds && !IN_CALL.get() {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_becomes_error_with_reason() {
        let result: Result<(), UnusableIndex> = catch_panic(|| panic!("a page is gone"));
        assert_eq!(
            result.map_err(|broken| broken.0),
            Err("it failed unexpectedly: a page is gone".to_owned())
        );
    }
}
