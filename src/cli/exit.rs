//! Why a command did not do what it was asked, and the exit code that says so.

use std::process::ExitCode;

use crate::api::Problem;
use crate::api::token::TokenError;
use crate::connection::{ConnectionError, Reason, ServerError, StoreError};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something outside: the terminal, the system.
    Trouble = 1,
    /// The command line is not right, or asks for a change where nothing can be changed.
    Usage = 2,
    /// There is no such connection or provider.
    NotFound = 3,
    /// Refused by validation.
    Refused = 4,
    /// The alias is taken and nothing else is wrong, or someone else saved meanwhile.
    Conflict = 5,
    /// The store or the key cannot be used.
    Store = 6,
    /// The server cannot be reached or does not let us.
    Server = 7,
    /// The provider did not accept the credentials.
    Untested = 8,
    /// The terminal is gone.
    HungUp = 129,
    /// Ctrl-C.
    Interrupted = 130,
    /// Asked to end.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is not right; the sentence says how it would be.
    #[error("{0}")]
    Usage(String),
    /// A secret was announced and is empty.
    #[error("{0}")]
    NoSecret(String),
    /// There is no such backup.
    #[error("{0}")]
    NoBackup(String),
    /// There is no such provider.
    #[error("Provider '{0}' not found")]
    NoProvider(String),
    /// The service refused.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// A token cannot be made, found or used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Some of many were refused, and each was reported.
    #[error("{0}")]
    Some(String, Exit),
    /// A signal or Ctrl-C ended it.
    #[error("Interrupted")]
    Signal(Exit),
    /// What reads the output is gone.
    #[error("The output cannot be written: {0}")]
    Output(std::io::Error),
    /// Something outside.
    #[error("{0:#}")]
    Trouble(#[from] anyhow::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Connection(error.into())
    }
}

impl Failure {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NoSecret(_) => Exit::Refused,
            Self::NoProvider(_) | Self::NoBackup(_) => Exit::NotFound,
            Self::Connection(error) => exit_of(error),
            Self::Token(error) => match error {
                TokenError::NameTaken(_) => Exit::Conflict,
                TokenError::NameFormat => Exit::Refused,
                TokenError::NotFound(_) => Exit::NotFound,
                TokenError::Damaged { .. } | TokenError::Unusable(_) => Exit::Store,
            },
            Self::Some(_, exit) | Self::Signal(exit) => *exit,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(_) | Self::Trouble(_) => Exit::Trouble,
        }
    }

    /// The failure as problem details, the way the management API answers it.
    pub fn problem(&self) -> Problem {
        let (status, code) = match self {
            Self::Connection(error) => return Problem::of(error),
            Self::Usage(_) => (400, "usage"),
            Self::NoSecret(_) => (400, "noSecret"),
            Self::NoProvider(_) => (404, "providerNotFound"),
            Self::NoBackup(_) => (404, "backupNotFound"),
            Self::Token(error) => match error {
                TokenError::NameTaken(_) => (409, "tokenNameTaken"),
                TokenError::NameFormat => (400, "tokenName"),
                TokenError::NotFound(_) => (404, "tokenNotFound"),
                TokenError::Damaged { .. } | TokenError::Unusable(_) => (500, "tokensUnreadable"),
            },
            Self::Some(..) => (400, "someRefused"),
            Self::Signal(_) => (500, "interrupted"),
            Self::Output(_) => (500, "output"),
            Self::Trouble(_) => (500, "trouble"),
        };
        Problem::new(status, self.to_string(), code)
    }

    /// Whether there is nothing to say: it was said before, or nobody listens.
    pub fn is_silent(&self) -> bool {
        match self {
            Self::Signal(_) => true,
            Self::Output(error) => error.kind() == std::io::ErrorKind::BrokenPipe,
            Self::Usage(_)
            | Self::NoSecret(_)
            | Self::NoProvider(_)
            | Self::NoBackup(_)
            | Self::Connection(_)
            | Self::Token(_)
            | Self::Some(..)
            | Self::Trouble(_) => false,
        }
    }
}

/// The exit code of what the service refused.
pub fn exit_of(error: &ConnectionError) -> Exit {
    match error {
        ConnectionError::Invalid(errors) => {
            let is_taken = |reason: &Reason| matches!(reason, Reason::AliasTaken { .. });
            if !errors.is_empty() && errors.iter().all(|error| is_taken(&error.reason)) {
                Exit::Conflict
            } else {
                Exit::Refused
            }
        }
        ConnectionError::Malformed(_) => Exit::Refused,
        ConnectionError::NotFound(_) | ConnectionError::VersionNotFound(_) => Exit::NotFound,
        ConnectionError::VersionMoved { .. } => Exit::Conflict,
        ConnectionError::Store(_) => Exit::Store,
        ConnectionError::Provider(_) => Exit::Untested,
        ConnectionError::Server(error) => match error {
            ServerError::Refused { status, .. } => of_status(*status),
            ServerError::Unreachable { .. }
            | ServerError::SignIn
            | ServerError::Forbidden(_)
            | ServerError::Foreign { .. } => Exit::Server,
        },
        ConnectionError::ReadOnly(_) => Exit::Usage,
    }
}

/// The exit code of what a server of another making refused. A connection that is not there is no such refusal: what answers
/// 404 where none was named has no such address.
const fn of_status(status: u16) -> Exit {
    match status {
        400 | 413 | 422 => Exit::Refused,
        409 | 412 => Exit::Conflict,
        _ => Exit::Server,
    }
}

/// Whether the next request would be refused for the same reason.
pub fn is_lasting(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::Store(_) | ConnectionError::ReadOnly(_) => true,
        ConnectionError::Server(_) => exit_of(error) == Exit::Server,
        ConnectionError::Invalid(_)
        | ConnectionError::Malformed(_)
        | ConnectionError::NotFound(_)
        | ConnectionError::VersionNotFound(_)
        | ConnectionError::VersionMoved { .. }
        | ConnectionError::Provider(_) => false,
    }
}
