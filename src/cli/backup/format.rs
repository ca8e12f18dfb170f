//! Text and JSON output of backups.

use std::path::Path;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::super::key::names;
use crate::connection::StoreError;
use crate::store::backup::comparison::{BackupComparison, NamedConnection};
use crate::store::backup::file::{BackupLabel, BackupOrigin};
use crate::store::backup::folder::BackupFile;
use crate::store::backup::{SignatureCheck, VerifiedBackup};
use crate::store::place::StorePlace;

/// Returns the name of a backup in the list.
pub fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Returns the directory of a backup.
pub fn folder(path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    folder.display().to_string()
}

/// Returns the time of creation.
pub fn date(label: &BackupLabel) -> String {
    label
        .info
        .created
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns the word for the creator: a user's command or umai itself.
pub const fn origin(origin: BackupOrigin) -> &'static str {
    match origin {
        BackupOrigin::Manual => "manual",
        BackupOrigin::Automatic => "auto",
    }
}

/// Returns the number of connections including those in the trash, in words.
pub fn with_trash(count: u64) -> String {
    format!("{} including the trash", connections(count))
}

/// Returns the number of connections in words.
pub fn connections(count: u64) -> String {
    match count {
        1 => "1 connection".into(),
        count => format!("{count} connections"),
    }
}

/// JSON of a backup.
pub fn backup(path: &Path, label: &BackupLabel) -> Value {
    json!({
        "name": name(path),
        "path": path,
        "made": date(label),
        "origin": match label.info.origin {
            BackupOrigin::Manual => "asked",
            BackupOrigin::Automatic => "automatic",
        },
        "store": label.identity().store,
        "revision": label.header.revision,
        "connections": label.header.digest.count,
        "isSealed": label.is_signed(),
    })
}

/// JSON of a listed backup.
pub fn found(found: &BackupFile) -> Value {
    match &found.label {
        Ok(label) => backup(&found.path, label),
        Err(fault) => json!({
            "name": name(&found.path),
            "path": found.path,
            "fault": fault.to_string(),
        }),
    }
}

/// JSON of the result of a verification.
pub fn verified(path: &Path, verified: &Result<VerifiedBackup, StoreError>) -> Value {
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => {
            return json!({
                "name": name(path),
                "path": path,
                "isWhole": false,
                "fault": error.to_string(),
            });
        }
    };
    let mut shown = backup(path, &verified.label);
    let (connections, trashed) = verified.connections;
    shown["isWhole"] = json!(true);
    shown["connections"] = json!(connections + trashed);
    shown["trashed"] = json!(trashed);
    shown["seal"] = json!(signature(verified.signature));
    if let Some((count, opened)) = verified.secrets {
        shown["secrets"] = json!({ "total": count, "open": opened });
    }
    shown
}

/// Returns the JSON word for a signature check.
pub const fn signature(verdict: SignatureCheck) -> &'static str {
    match verdict {
        SignatureCheck::Valid => "right",
        SignatureCheck::Invalid => "broken",
        SignatureCheck::NoKey => "noKey",
        SignatureCheck::Unsigned => "none",
    }
}

/// Returns the changes that a restore would make, one sentence each.
pub fn changes(comparison: &BackupComparison, place: &StorePlace) -> Vec<String> {
    let lists = [
        ("only in the store", &comparison.only_in_store),
        (
            "newer in the store than in the backup",
            &comparison.newer_in_store,
        ),
        (
            "newer in the backup than in the store",
            &comparison.newer_in_backup,
        ),
        ("only in the backup", &comparison.only_in_backup),
    ];
    let mut sentences: Vec<String> = lists
        .into_iter()
        .filter(|(_, named)| !named.is_empty())
        .map(|(what, named)| {
            let count = connections(named.len() as u64);
            format!("{count} {what}: {}", names(named))
        })
        .collect();
    if comparison.has_store && sentences.is_empty() && comparison.trouble.is_none() {
        sentences.push("The store and the backup contain the same connections".into());
    }
    if comparison.is_another {
        sentences.insert(0, "The backup is from a different store".into());
    }
    if let Some(reason) = &comparison.trouble {
        sentences.push(format!(
            "The current store is only partly readable, so there may be more differences: {reason}"
        ));
    }
    if comparison.has_store {
        sentences.push(if place.is_local() {
            "The current store is moved aside, not deleted".into()
        } else if comparison.trouble.is_some() {
            "What can be read of the current store is saved first".into()
        } else {
            "A backup of the current store is created first".into()
        });
    }
    sentences
}

/// JSON of the changes that a restore would make.
pub fn changes_json(comparison: &BackupComparison) -> Value {
    let list = |named: &[NamedConnection]| {
        let list = named
            .iter()
            .map(|named| json!({ "id": named.id, "alias": named.alias, "name": named.name }));
        list.collect::<Vec<_>>()
    };
    json!({
        "hasStore": comparison.has_store,
        "isAnotherStore": comparison.is_another,
        "trouble": comparison.trouble,
        "onlyInStore": list(&comparison.only_in_store),
        "newerInStore": list(&comparison.newer_in_store),
        "newerInBackup": list(&comparison.newer_in_backup),
        "onlyInBackup": list(&comparison.only_in_backup),
    })
}
