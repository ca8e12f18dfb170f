//! Sets and maps of connection IDs that may be as large as the tree.
//!
//! They use a faster hash than the standard one: marking a hundred thousand connections spent most of the time hashing.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use uuid::Uuid;

/// Set of connection IDs.
pub type Ids = HashSet<Uuid, RandomState>;

/// Map by connection ID.
pub type ById<T> = HashMap<Uuid, T, RandomState>;
