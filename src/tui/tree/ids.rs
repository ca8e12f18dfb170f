//! Sets of identities that may be as large as the tree.
//!
//! Why another hash than the standard one: marking a hundred thousand connections is one key, and hashing took most of its time.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use uuid::Uuid;

/// A set of connections.
pub type Ids = HashSet<Uuid, RandomState>;

/// Something for each of many connections.
pub type ById<T> = HashMap<Uuid, T, RandomState>;
