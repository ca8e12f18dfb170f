//! Number of a request or timer.

/// Connects a request or timer with its reply; unique in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);
