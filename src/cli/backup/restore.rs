//! `umai backup restore`: shows the changes, prompts, and restores a backup.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use super::super::exit::Failure;
use super::super::open_service::CliContext;
use super::super::output::{Audience, Output};
use super::super::progress::Spinner;
use super::super::prompt;
use super::{RestoreBackup, find, folders, format, label_of};
use crate::store::backup::folder::{BackupFile, is_replaced};
use crate::store::backup::restore::{
    PreparedBackup, RestoreResult, UnsignedPolicy, check_exclusive, prepare,
};
use crate::store::backup::{self, SignatureCheck, create_from};
use crate::store::place::StorePlace;

impl RestoreBackup {
    /// Runs the command.
    pub fn run(
        self,
        (place, context): (&StorePlace, &CliContext),
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut made = TemporaryBackup(None);
        let mut notes = Vec::new();
        let unsigned = if self.allow_unsigned {
            UnsignedPolicy::Allow
        } else {
            UnsignedPolicy::Refuse
        };
        let prepared = match &self.backup {
            Some(folder) if folder.is_dir() => {
                let options = context.store_options();
                let path = create_from(folder, &options, Utc::now())?.path;
                made.0 = Some(path.clone());
                prepare(place, &path, unsigned)?
            }
            Some(backup) => prepare(place, &find(backup, (place, context))?, unsigned)?,
            None => newest((place, context), unsigned, &mut notes, output)?,
        };
        notes.extend(signature_note(prepared.signature).map(str::to_owned));
        if output.audience() == Audience::Person {
            print_summary(&prepared, place, output);
        }
        if self.dry_run {
            let data = &context.config.data;
            if place.is_local() && data.exists() {
                check_exclusive(data, "umai backup restore")?;
            }
            return match output.audience() {
                Audience::Program => output.value(&report(&prepared, &notes)),
                Audience::Person => output.line("Nothing changed"),
            };
        }
        if !self.yes && !confirm(output)? {
            return output.line("Nothing changed");
        }
        let mut report = report(&prepared, &notes);
        let waiting = Spinner::start("Restoring the backup", output);
        let restored = prepared.execute(Utc::now())?;
        drop(waiting);
        if let Some(path) = made.0.take() {
            output.note(&format!("Backup created: {}", path.display()));
        }
        match output.audience() {
            Audience::Program => {
                report["restored"] = json!(true);
                report["movedTo"] = json!(restored.aside);
                output.value(&report)
            }
            Audience::Person => print_result(&restored, place, output),
        }
    }
}

/// Backup of a store that was moved aside, created to inspect it; deleted unless it is restored.
struct TemporaryBackup(Option<PathBuf>);

impl Drop for TemporaryBackup {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // If the deletion fails, the backup is valid and appears in the list.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Returns the newest valid backup, and notes the invalid ones. What an earlier restore has replaced does not count.
fn newest(
    (place, context): (&StorePlace, &CliContext),
    unsigned: UnsignedPolicy,
    notes: &mut Vec<String>,
    output: &Output,
) -> Result<PreparedBackup, Failure> {
    let folders = folders(place, context);
    let found = backup::all(&folders)?;
    let searched: Vec<_> = folders
        .iter()
        .map(|folder| folder.folder().display().to_string())
        .collect();
    let searched = searched.join(" and ");
    let stores: BTreeSet<_> = found
        .iter()
        .filter_map(label_of)
        .map(|label| label.identity().store)
        .collect();
    let here = place.store_id()?.or_else(|| place.earlier_store_id());
    if here.is_none() && stores.len() > 1 {
        return Err(Failure::Usage(format!(
            "Backups of {} different stores exist. Name the backup to restore; see umai backup list",
            stores.len()
        )));
    }
    let candidates = candidates(&found, here, place);
    if candidates.is_empty() && !found.is_empty() {
        let is_of_store = |store: Uuid| here.is_none_or(|here| here == store);
        let has_replaced = stores.iter().copied().any(is_of_store);
        return Err(no_candidate(&searched, has_replaced));
    }
    for found in candidates {
        match prepare(place, &found.path, unsigned) {
            Ok(prepared) => return Ok(prepared),
            Err(error) => {
                let skipped = format!("Skipped: {error}");
                output.note(&skipped);
                notes.push(skipped);
            }
        }
    }
    if !notes.is_empty() {
        return Err(Failure::NoBackup(format!(
            "No valid backup in {searched}. Name a backup file from elsewhere: umai backup restore FILE"
        )));
    }
    let advice = if context.config.backup_folder.is_none() {
        "Name a backup file, or the directory for copies with --backup-folder"
    } else {
        "Name a backup file: umai backup restore FILE"
    };
    Err(Failure::NoBackup(format!(
        "No backup in {searched}. {advice}"
    )))
}

/// Returns the backups that may be restored without a name, the newest first: those of this store, or of any if there is none.
fn candidates<'a>(
    found: &'a [BackupFile],
    store: Option<Uuid>,
    place: &StorePlace,
) -> Vec<&'a BackupFile> {
    let mut candidates: Vec<_> = found
        .iter()
        .filter(|found| !is_replaced(&found.path))
        .filter(|found| match (label_of(found), store) {
            (Some(label), Some(store)) => label.identity().store == store,
            (Some(_) | None, _) => true,
        })
        .collect();
    // The backups are sorted by directory. The revisions of etcd begin again with a new cluster.
    let by_revision = place.is_local();
    candidates.sort_by_key(|found| {
        Reverse(label_of(found).map(|label| {
            let revision = label.header.revision;
            let first = if by_revision { revision } else { 0 };
            (first, label.info.created, revision)
        }))
    });
    candidates
}

/// Error if there are only backups that `--newest` does not restore.
fn no_candidate(searched: &str, has_replaced: bool) -> Failure {
    let (found, wanted) = if has_replaced {
        (
            format!(
                "All backups of this store in {searched} hold what an earlier restore replaced"
            ),
            "To restore one of them",
        )
    } else {
        (
            format!("No backup in {searched} is of this store"),
            "To restore one of another store",
        )
    };
    Failure::NoBackup(format!(
        "{found}. {wanted}, name it: umai backup restore NAME; see umai backup list"
    ))
}

fn print_summary(prepared: &PreparedBackup, place: &StorePlace, output: &Output) {
    let label = &prepared.label;
    output.note(&format!(
        "{}: {}, created {}, revision {}",
        prepared.path.display(),
        format::with_trash(label.header.digest.count),
        format::date(label),
        label.header.revision
    ));
    if let Some(sentence) = signature_note(prepared.signature) {
        output.note(sentence);
    }
    for sentence in format::changes(&prepared.comparison, place) {
        output.note(&sentence);
    }
    if !prepared.comparison.has_store {
        output.note(&format!("No store in {place}"));
    }
}

/// Sentence about a signature that does not protect the backup.
const fn signature_note(signature: SignatureCheck) -> Option<&'static str> {
    match signature {
        SignatureCheck::Valid | SignatureCheck::Invalid => None,
        SignatureCheck::NoKey => Some(
            "The key of this backup is missing: its secrets cannot be decrypted until the key file is restored, and its signature cannot be checked",
        ),
        SignatureCheck::Unsigned => {
            Some("The backup is not signed: modifications cannot be detected")
        }
    }
}

fn confirm(output: &Output) -> Result<bool, Failure> {
    if output.audience() == Audience::Program || !prompt::is_possible() {
        return Err(Failure::Usage(
            "Nothing changed. Add --yes to confirm, or --dry-run to see the changes.".into(),
        ));
    }
    prompt::ask_yes_no("Restore this backup?")
}

fn report(prepared: &PreparedBackup, notes: &[String]) -> serde_json::Value {
    json!({
        "backup": format::backup(&prepared.path, &prepared.label),
        "seal": format::signature(prepared.signature),
        "changes": format::changes_json(&prepared.comparison),
        "notes": notes,
        "restored": false,
    })
}

fn print_result(
    restored: &RestoreResult,
    place: &StorePlace,
    output: &mut Output,
) -> Result<(), Failure> {
    output.line(&format!(
        "Restored {} into {place}",
        format::with_trash(restored.count),
    ))?;
    if let Some(aside) = &restored.aside {
        output.line(&format!("Previous store: {}", aside.display()))?;
    }
    if !place.is_local() && restored.aside.is_some() {
        output.note("Apps and servers that have the store open load it again");
    }
    match restored.unreadable {
        Some(0) => {}
        Some(count) => output.note(&format!(
            "{count} secrets cannot be decrypted; enter them again"
        )),
        None => output.note(
            "Restore the key file of this store, or create a new key and enter the secrets again: umai key new --forget-secrets",
        ),
    }
    Ok(())
}
