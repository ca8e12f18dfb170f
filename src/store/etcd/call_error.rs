//! Failures of calls to etcd.

use std::error::Error;

use tonic::{Code, Status};

/// Failure of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// No answer that says whether the request was performed; contains the reason.
    NoAnswer(String),
    /// The request was not performed.
    Refused(Refusal),
}

/// Reason why etcd did not perform a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The quota of the database is used up.
    NoSpace,
    /// Too many requests at the moment.
    Busy,
    /// The lease has expired.
    LeaseGone,
    /// The token has expired, or its node was restarted.
    Token,
    /// The revision was removed by a compaction, or does not exist yet.
    RevisionGone,
    /// The answer has more bytes than this program accepts.
    TooLarge,
    /// The store was restored, or its key was changed, since it was opened.
    StoreReplaced,
    /// The user may not do this, or is unknown; contains the message of etcd.
    Denied(String),
    /// Anything else; contains the message of etcd.
    Other(String),
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Status> for CallError {
    /// Classifies by code and the stable messages of `rpctypes`: etcd uses some codes for several errors.
    fn from(status: Status) -> Self {
        let message = status.message().trim_start_matches("etcdserver: ");
        let refusal = match status.code() {
            Code::ResourceExhausted if message.contains("database space exceeded") => {
                Refusal::NoSpace
            }
            Code::ResourceExhausted if message.contains("too many requests") => Refusal::Busy,
            Code::NotFound if message.contains("lease not found") => Refusal::LeaseGone,
            Code::OutOfRange if message.contains("revision") => Refusal::RevisionGone,
            // The message of the client library; its code is the one of a removed revision.
            Code::OutOfRange => Refusal::TooLarge,
            Code::Unauthenticated if message.contains("token") => Refusal::Token,
            // The users or roles were changed since the token was issued.
            Code::InvalidArgument if message.contains("revision of auth store is old") => {
                Refusal::Token
            }
            Code::Unauthenticated | Code::PermissionDenied => Refusal::Denied(message.to_owned()),
            Code::InvalidArgument | Code::FailedPrecondition
                if message.contains("authenticat") || message.contains("user") =>
            {
                Refusal::Denied(message.to_owned())
            }
            Code::InvalidArgument
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::ResourceExhausted
            | Code::Unimplemented => Refusal::Other(message.to_owned()),
            // Every other code may come without an answer of etcd.
            _ => return Self::NoAnswer(root_cause(&status)),
        };
        Self::Refused(refusal)
    }
}

/// Returns the innermost message; the outer ones only say that the transport failed.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = match cause.downcast_ref::<Status>() {
        Some(status) => status.message().to_owned(),
        None => cause.to_string(),
    };
    text.trim_start_matches("etcdserver: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_cluster_leave_the_outcome_open() {
        for status in [
            Status::unavailable("etcdserver: request timed out"),
            Status::unavailable("etcdserver: leader changed"),
            Status::unavailable("etcdserver: no leader"),
            Status::deadline_exceeded("late"),
            Status::unknown("h2"),
        ] {
            let error = CallError::from(status.clone());
            assert!(matches!(error, CallError::NoAnswer(_)), "{status}");
        }
    }

    #[test]
    fn refusals_are_distinguished() {
        for (status, refusal) in [
            (
                Status::resource_exhausted("etcdserver: mvcc: database space exceeded"),
                Refusal::NoSpace,
            ),
            (
                Status::resource_exhausted("etcdserver: too many requests"),
                Refusal::Busy,
            ),
            (
                Status::not_found("etcdserver: requested lease not found"),
                Refusal::LeaseGone,
            ),
            (
                Status::out_of_range("etcdserver: mvcc: required revision has been compacted"),
                Refusal::RevisionGone,
            ),
            (
                Status::out_of_range(
                    "Error, decoded message length too large: found 70000000 bytes, the limit is: 67108864 bytes",
                ),
                Refusal::TooLarge,
            ),
            (
                Status::unauthenticated("etcdserver: invalid auth token"),
                Refusal::Token,
            ),
            (
                Status::permission_denied("etcdserver: permission denied"),
                Refusal::Denied("permission denied".into()),
            ),
            (
                Status::invalid_argument("etcdserver: user name is empty"),
                Refusal::Denied("user name is empty".into()),
            ),
            (
                Status::failed_precondition("etcdserver: authentication is not enabled"),
                Refusal::Denied("authentication is not enabled".into()),
            ),
            (
                Status::invalid_argument("etcdserver: request is too large"),
                Refusal::Other("request is too large".into()),
            ),
        ] {
            assert_eq!(CallError::from(status), CallError::Refused(refusal));
        }
    }
}
