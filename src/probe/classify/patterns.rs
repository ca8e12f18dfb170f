//! Error codes of providers, and words of their messages that identify an error.

/// Codes for rejected credentials with any status: Google uses 400, AWS 403.
pub(super) const AUTHENTICATION_FAILED: &[&str] = &[
    "API_KEY_INVALID",
    "invalid_api_key",
    "authentication_error",
    "UNAUTHENTICATED",
    "UnrecognizedClientException",
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "invalid_client",
    "unauthorized_client",
];

/// Codes for valid credentials without permission, with any status.
pub(super) const PERMISSION_DENIED: &[&str] = &[
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "permission_error",
    "billing_error",
    "AccessDeniedException",
    "AccessDenied",
    "NotAuthorized",
];

/// Words of a message about clocks that differ.
pub(super) const CLOCK_SKEW: &[&str] = &[
    "signature expired",
    "signature not yet current",
    "requestexpired",
];

/// Words of a message about an exhausted quota or credit, as opposed to a rate limit.
pub(super) const QUOTA_EXCEEDED: &[&str] = &["quota", "billing", "credit", "balance", "payment"];
