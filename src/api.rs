//! The management API: base path, problem details, access tokens, server and client.

pub mod client;
pub mod problem;
pub mod token;
pub mod server;
pub mod http_server;

pub use problem::Problem;

/// Base path of every route of the management API.
pub const BASE_PATH: &str = "/umbraco/ai/management/api/v1";
