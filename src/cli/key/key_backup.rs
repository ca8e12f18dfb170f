//! Backups of the key: `umai key export`, and the reminder in the app.

use std::path::Path;

use serde_json::json;

use super::super::backup::reject_missing_folder_of;
use super::super::exit::Failure;
use super::super::open_service::CliContext;
use super::super::output::{Audience, Output};
use super::super::passphrase;
use crate::store::key::KeyFingerprint;
use crate::store::key::backup_record::{KeyBackupRecord, KeyBackupState};
use crate::store::key::key_file::{KeyFileContent, KeyFileLocation};
use crate::tui::key_backup::KeyBackups;

/// Copies the key file as it is, and records the backup.
pub fn export(file: &Path, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    let location = passphrase::key_file_location(context);
    let key_file = location.read()?;
    reject_missing_folder_of(file)?;
    key_file.write(file)?;
    let fingerprint = key_file.fingerprint();
    let record = KeyBackupRecord::new(&context.config.config);
    if let Err(error) = record.add(fingerprint, KeyBackupState::Confirmed) {
        output.note(&format!("The backup could not be recorded: {error}"));
    }
    let is_protected = matches!(key_file, KeyFileContent::Wrapped(_));
    let shown = file.display();
    if output.audience() == Audience::Program {
        return output.value(&json!({
            "path": file,
            "fingerprint": fingerprint.to_string(),
            "passphrase": is_protected,
        }));
    }
    let advice = if is_protected {
        "it works only with its passphrase"
    } else {
        "anyone who has it can read every secret of the store"
    };
    output.line(&format!("Key {fingerprint} copied to {shown}; {advice}"))
}

/// Key of the local store, and its record.
pub struct LocalKey {
    location: KeyFileLocation,
    record: KeyBackupRecord,
}

impl LocalKey {
    /// Key of a context with a local store.
    pub fn new(context: &CliContext) -> Self {
        Self {
            location: passphrase::key_file_location(context),
            record: KeyBackupRecord::new(&context.config.config),
        }
    }

    fn fingerprint(&self) -> Option<KeyFingerprint> {
        self.location.read().ok().map(|key| key.fingerprint())
    }
}

impl KeyBackups for LocalKey {
    fn remind(&self) -> Option<String> {
        let key = self.fingerprint()?;
        if self.record.state(key) != KeyBackupState::Unknown {
            return None;
        }
        // A reminder that cannot be recorded comes again.
        let _ = self.record.add(key, KeyBackupState::Reminded);
        Some(self.path())
    }

    fn path(&self) -> String {
        self.location.path.display().to_string()
    }

    fn confirm(&self) -> Result<(), String> {
        let key = self.fingerprint();
        let key = key.ok_or_else(|| format!("There is no key in {} yet", self.path()))?;
        let added = self.record.add(key, KeyBackupState::Confirmed);
        added.map_err(|error| format!("The backup could not be recorded: {error}"))
    }
}
