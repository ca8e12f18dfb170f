//! The management API: its base path, what stands in its refusals, the server that answers it, and who may ask.

pub mod client;
pub mod problem;
pub mod token;
pub mod server;
pub mod transport;

pub use problem::Problem;

/// What every address of the management API begins with.
pub const BASE_PATH: &str = "/umbraco/ai/management/api/v1";
