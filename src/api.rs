//! The management API: its base path, and what stands in its refusals.

pub mod problem;

pub use problem::Problem;

/// What every address of the management API begins with.
pub const BASE_PATH: &str = "/umbraco/ai/management/api/v1";
