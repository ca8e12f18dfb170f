//! The store on disk: durability, recovery, several processes.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

mod backup;
mod bit_flips;
mod damage;
mod data_loss;
mod disks;
mod durability;
#[cfg(feature = "etcd")]
mod etcd_faults;
#[cfg(feature = "etcd")]
mod etcd_index;
#[cfg(feature = "etcd")]
mod etcd_linearizability;
#[cfg(feature = "etcd")]
#[allow(dead_code, reason = "each test uses its part")]
#[path = "../support/etcd.rs"]
mod etcd_node;
mod fault_injection;
mod index_layout;
mod interrupted_commands;
mod interrupted_rebuild;
mod keys;
mod migration;
mod linearizability;
mod model_based;
mod opening_cost;
mod passing_error;
mod power_loss;
mod shared;
mod shared_protocol;
mod sigkill;
mod soak;
mod support;
mod tampering;
