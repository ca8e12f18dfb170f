//! Fixtures of the tests of the store.
#![allow(dead_code, reason = "each test uses its part")]

pub mod app;
pub mod child_process;
pub mod fixture;
pub mod folders;
pub mod forgery;
pub mod index_rows;
pub mod linear_checker;
pub mod lossy_proxy;
pub mod simulated_disk;
pub mod strace;
pub mod stress;
