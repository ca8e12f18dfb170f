//! Commands: changes of connections as data.

use uuid::Uuid;

use super::{ConnectionDraft, IdOrAlias};

/// Change of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Validate and save a new connection.
    Create {
        /// Content.
        draft: ConnectionDraft,
        /// ID to keep from a file, on a service with `keeps_ids`; a new one if none. One that exists, in the trash too, is a
        /// [`super::StoreError::IdTaken`].
        id: Option<Uuid>,
    },
    /// Duplicate a connection, including its secrets.
    Duplicate {
        /// Original.
        key: IdOrAlias,
        /// Changes in the copy.
        draft: ConnectionDraft,
    },
    /// Validate and save changes: absent fields and masked secrets are unchanged.
    Update {
        /// Connection.
        key: IdOrAlias,
        /// Changes.
        draft: ConnectionDraft,
        /// Expected version; another one is a [`super::ConnectionError::VersionConflict`].
        expected_version: Option<u64>,
    },
    /// Activate or deactivate a connection; saves nothing if the status is unchanged.
    SetActive {
        /// Connection.
        key: IdOrAlias,
        /// `true` to activate.
        active: bool,
    },
    /// Move a connection with its history to the trash. Its alias is free immediately.
    Delete {
        /// Connection.
        key: IdOrAlias,
        /// Expected version; another one is a [`super::ConnectionError::VersionConflict`].
        expected_version: Option<u64>,
    },
    /// Restore a connection from the trash.
    Restore {
        /// ID of the connection.
        id: Uuid,
        /// New alias; the former one if none.
        alias: Option<String>,
    },
    /// Delete a connection in the trash permanently, with its history.
    Purge {
        /// ID of the connection.
        id: Uuid,
    },
    /// Roll a connection back, as a new version with the rules of an update; stored secrets are kept.
    Rollback {
        /// Connection.
        key: IdOrAlias,
        /// Version to roll back to.
        version: u64,
        /// Note for the history; one that names the version if none.
        note: Option<String>,
    },
}

/// Mode of running a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Validate and save.
    Commit,
    /// Validate completely, and save nothing.
    DryRun,
}

impl Command {
    /// Creates a connection with a new ID.
    pub const fn create(draft: ConnectionDraft) -> Self {
        Self::Create { draft, id: None }
    }

    /// Returns the existing connection that the command changes or copies.
    pub fn key(&self) -> Option<IdOrAlias> {
        match self {
            Self::Create { .. } => None,
            Self::Duplicate { key, .. }
            | Self::Update { key, .. }
            | Self::SetActive { key, .. }
            | Self::Delete { key, .. }
            | Self::Rollback { key, .. } => Some(key.clone()),
            Self::Restore { id, .. } | Self::Purge { id } => Some(IdOrAlias::Id(*id)),
        }
    }

    /// Returns the draft of the command.
    pub const fn draft_mut(&mut self) -> Option<&mut ConnectionDraft> {
        let (Self::Create { draft, .. }
        | Self::Duplicate { draft, .. }
        | Self::Update { draft, .. }) = self
        else {
            return None;
        };
        Some(draft)
    }

    /// Returns the version that the connection must have.
    pub const fn expected_version(&self) -> Option<u64> {
        let (Self::Update {
            expected_version, ..
        }
        | Self::Delete {
            expected_version, ..
        }) = self
        else {
            return None;
        };
        *expected_version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_of_a_command_has_no_secret() {
        let body = br#"{"name":"A","settings":{"apiKey":"sk-visible"}}"#;
        let draft = ConnectionDraft::from_json(body).unwrap();
        let text = format!("{:?}", Command::create(draft));
        assert!(
            text.contains("apiKey") && !text.contains("sk-visible"),
            "{text}"
        );
    }
}
