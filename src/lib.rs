//! umai: a terminal backoffice for AI connections.
//!
//! The modules, each using only those above it:

pub mod text;
pub mod provider;
pub mod appsettings;
pub mod connection;
pub mod store;
pub mod config;
pub mod cli;
