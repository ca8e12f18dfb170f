//! The words that providers have for what went wrong, and that their sentences have.

/// Words that mean the credentials are not known, whatever the status: Google says it with a 400, AWS with a 403.
pub(super) const NOT_SIGNED_IN: &[&str] = &[
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

/// Words that mean the credentials are known and may not do this, whatever the status.
pub(super) const NOT_PERMITTED: &[&str] = &[
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "permission_error",
    "billing_error",
    "AccessDeniedException",
    "AccessDenied",
    "NotAuthorized",
];

/// Words of a sentence that mean the clocks differ.
pub(super) const CLOCK: &[&str] = &[
    "signature expired",
    "signature not yet current",
    "requestexpired",
];

/// Words of a sentence that mean there is nothing left to spend, rather than too much haste.
pub(super) const SPENT: &[&str] = &["quota", "billing", "credit", "balance", "payment"];
