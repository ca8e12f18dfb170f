//! Switches of the test server: ways in which sites differ, and faults.

use std::time::Duration;

/// Switches; all are off at the start.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Switches {
    /// A site of late 2026: references are limited to some prefixes.
    pub is_newer: bool,
    /// Maximum page size.
    pub page_limit: usize,
    /// Umbraco without Umbraco.AI.
    pub lacks_package: bool,
    /// A web server without Umbraco.
    pub lacks_umbraco: bool,
    /// The API user lacks the section AI.
    pub lacks_section: bool,
    /// The API user is disabled.
    pub is_disabled: bool,
    /// The site is starting.
    pub is_starting: bool,
    /// The site wants https.
    pub requires_https: bool,
    /// Lifetime that the site states for a token, in seconds.
    pub expires_in: i64,
    /// Lifetime of a token.
    pub lifetime: Duration,
    /// The proxy of the site removes the token.
    pub drops_token: bool,
    /// Address that every request is redirected to.
    pub redirects_to: Option<String>,
    /// Connection that another user renames just before the next PUT arrives.
    pub renamed_before_put: Option<String>,
    /// Connection that another user renames just after the next PUT.
    pub renamed_after_put: Option<String>,
    /// Number of writes after which a gateway answers 502 instead of the site.
    pub fails_writes_after: Option<usize>,
    /// Fate of a coming request.
    pub cut: Option<Cut>,
}

/// Cut of the connection of a coming request, counted from the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Number of requests before it.
    pub after: usize,
    /// True if the site takes the request and only its response is lost.
    pub is_taken: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            is_newer: false,
            page_limit: 3,
            lacks_package: false,
            lacks_umbraco: false,
            lacks_section: false,
            is_disabled: false,
            is_starting: false,
            requires_https: false,
            expires_in: 299,
            lifetime: Duration::from_secs(299),
            drops_token: false,
            redirects_to: None,
            renamed_before_put: None,
            renamed_after_put: None,
            fails_writes_after: None,
            cut: None,
        }
    }
}
