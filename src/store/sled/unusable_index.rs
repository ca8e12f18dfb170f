//! Reason why an index cannot be used.

/// Reason why an index cannot be used, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableIndex(pub String);

pub(super) fn closed_error() -> UnusableIndex {
    UnusableIndex("the store is closed".into())
}
