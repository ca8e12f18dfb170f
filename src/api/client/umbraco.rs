//! Umbraco sites: signing in as an API user, versions, and messages for every way that a site fails.

pub mod access_token;
mod connection_test;
pub mod credentials;
pub mod error_response;
pub mod save;
pub mod site_check;
pub mod token_provider;
pub mod token_response;
mod versions;

/// Path of the management API of Umbraco itself.
const MANAGEMENT: &str = "/umbraco/management/api/v1";
