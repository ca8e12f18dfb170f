//! The management API: its base path, what stands in its refusals, and the server that answers it.

pub mod problem;
pub mod server;

pub use problem::Problem;

/// What every address of the management API begins with.
pub const BASE_PATH: &str = "/umbraco/ai/management/api/v1";
