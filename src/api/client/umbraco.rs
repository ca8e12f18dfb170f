//! Umbraco sites: signing in as an API user, and messages for every way that it fails.

pub mod access_token;
pub mod credentials;
pub mod error_response;
pub mod site_check;
pub mod token_provider;
pub mod token_response;

/// Path of the management API of Umbraco itself.
const MANAGEMENT: &str = "/umbraco/management/api/v1";
