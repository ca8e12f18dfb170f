//! Failures of a command and their exit codes.

use std::process::ExitCode;

use crate::api::Problem;
use crate::api::token::TokenError;
use crate::connection::{ConnectionError, FieldReason, ServerError, StoreError};

/// Exit code of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Success = 0,
    /// Error outside umai: the terminal, the system.
    Other = 1,
    /// Usage error, or a change in read-only mode.
    Usage = 2,
    /// The connection or provider does not exist.
    NotFound = 3,
    /// Rejected by validation.
    Invalid = 4,
    /// The alias or ID exists and nothing else is invalid, or the connection changed elsewhere.
    Conflict = 5,
    /// The store or the key cannot be used.
    Store = 6,
    /// The server is unreachable or denies access.
    Server = 7,
    /// The connection test failed.
    TestFailed = 8,
    /// The command of `umai run` cannot be executed.
    CannotExecute = 126,
    /// The command of `umai run` does not exist.
    CommandNotFound = 127,
    /// The terminal was closed.
    HungUp = 129,
    /// Ctrl-C.
    Interrupted = 130,
    /// Ended by SIGQUIT.
    Quit = 131,
    /// Terminated by a signal.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Reason for the failure of a command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Usage error; the message names the correct usage.
    #[error("{0}")]
    Usage(String),
    /// A secret was announced, but its source is empty.
    #[error("{0}")]
    NoSecret(String),
    /// The backup does not exist.
    #[error("{0}")]
    NoBackup(String),
    /// The connection exists, but was not deleted.
    #[error("'{0}' is not in the trash")]
    NotInTrash(String),
    /// The provider does not exist.
    #[error("Provider '{0}' not found; umai providers list shows all")]
    NoProvider(String),
    /// The name of a target, or a file of it, belongs to another one.
    #[error("{0}")]
    TargetTaken(String),
    /// The service refused the operation.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The service refused a draft from command-line options; messages name the options, and a hint follows them.
    #[error("{0}")]
    Options(ConnectionError, Option<String>),
    /// The command of `umai run` cannot be started.
    #[error("{0}")]
    Program(String, Exit),
    /// A token cannot be created, found or used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Failed or incomplete as a whole; the parts were reported before.
    #[error("{0}")]
    Partial(String, Exit),
    /// Not a success, although nothing failed; the output says everything.
    #[error("")]
    Reported(Exit),
    /// Ended by a signal or Ctrl-C.
    #[error("Interrupted")]
    Signal(Exit),
    /// The output cannot be written.
    #[error("Cannot write the output: {0}")]
    Output(std::io::Error),
    /// Error outside umai.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Connection(error.into())
    }
}

impl Failure {
    /// Marks invalid fields as set by command-line options.
    #[must_use]
    pub fn in_options(self) -> Self {
        match self {
            Self::Connection(error @ ConnectionError::Invalid(_)) => Self::Options(error, None),
            failure => failure,
        }
    }

    /// Adds a hint for people to invalid options.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        match self {
            Self::Options(error, _) => Self::Options(error, hint),
            failure => failure,
        }
    }

    /// Returns the exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NoSecret(_) => Exit::Invalid,
            Self::NoProvider(_) | Self::NoBackup(_) | Self::NotInTrash(_) => Exit::NotFound,
            Self::TargetTaken(_) => Exit::Conflict,
            Self::Connection(error) | Self::Options(error, _) => exit_of(error),
            Self::Token(error) => match error {
                TokenError::NameTaken(_) => Exit::Conflict,
                TokenError::NameFormat => Exit::Invalid,
                TokenError::NotFound(_) => Exit::NotFound,
                TokenError::Damaged { .. } | TokenError::Unusable(_) => Exit::Store,
            },
            Self::Program(_, exit)
            | Self::Partial(_, exit)
            | Self::Reported(exit)
            | Self::Signal(exit) => *exit,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Success,
            Self::Output(_) | Self::Other(_) => Exit::Other,
        }
    }

    /// Returns the failure as problem details, in the form of the management API.
    pub fn problem(&self) -> Problem {
        let (status, code) = match self {
            Self::Connection(error) | Self::Options(error, _) => return Problem::from_error(error),
            Self::Usage(_) => (400, "usage"),
            Self::NoSecret(_) => (400, "noSecret"),
            Self::NoProvider(_) => (404, "providerNotFound"),
            Self::NoBackup(_) => (404, "backupNotFound"),
            Self::NotInTrash(_) => (404, "notInTrash"),
            Self::TargetTaken(_) => (409, "targetTaken"),
            Self::Token(error) => match error {
                TokenError::NameTaken(_) => (409, "tokenNameTaken"),
                TokenError::NameFormat => (400, "tokenName"),
                TokenError::NotFound(_) => (404, "tokenNotFound"),
                TokenError::Damaged { .. } | TokenError::Unusable(_) => (500, "tokensUnreadable"),
            },
            Self::Program(..) => (500, "command"),
            Self::Partial(..) => (400, "someRefused"),
            Self::Signal(_) | Self::Reported(_) => (500, "interrupted"),
            Self::Output(_) => (500, "output"),
            Self::Other(_) => (500, "trouble"),
        };
        let detail = self.to_string();
        Problem::new(
            status,
            detail.trim_start_matches("error: ").to_owned(),
            code,
        )
    }

    /// Returns true if no message is due: it was reported before, or the reader is gone.
    pub fn is_silent(&self) -> bool {
        match self {
            Self::Signal(_) | Self::Reported(_) => true,
            Self::Output(error) => error.kind() == std::io::ErrorKind::BrokenPipe,
            _ => false,
        }
    }
}

/// Returns the exit code for an error of the service.
pub fn exit_of(error: &ConnectionError) -> Exit {
    match error {
        ConnectionError::Invalid(errors) => {
            let is_taken = |reason: &FieldReason| matches!(reason, FieldReason::AliasTaken { .. });
            if !errors.is_empty() && errors.iter().all(|error| is_taken(&error.reason)) {
                Exit::Conflict
            } else {
                Exit::Invalid
            }
        }
        ConnectionError::Malformed(_) => Exit::Invalid,
        ConnectionError::NotFound(_) | ConnectionError::VersionNotFound(_) => Exit::NotFound,
        ConnectionError::VersionConflict { .. }
        | ConnectionError::Store(StoreError::IdTaken(_)) => Exit::Conflict,
        ConnectionError::Store(_) => Exit::Store,
        ConnectionError::Provider(_) => Exit::TestFailed,
        ConnectionError::Server(error) => match error {
            ServerError::Refused { status, .. } => from_status(*status),
            _ => Exit::Server,
        },
        ConnectionError::ReadOnly(_) => Exit::Usage,
    }
}

/// Returns the exit code for an error response of a third-party server. A 404 to a request that names no connection means that
/// the path does not exist there.
const fn from_status(status: u16) -> Exit {
    match status {
        400 | 413 | 422 => Exit::Invalid,
        409 | 412 => Exit::Conflict,
        _ => Exit::Server,
    }
}
