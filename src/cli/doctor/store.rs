//! Checks the store and its key without opening or changing them.

use super::super::exit::Exit;
use super::backups;
use super::finding::Findings;
use crate::config::Config;
use crate::store::StoreOptions;
use crate::store::disk::DiskObstacle;
use crate::store::inspect::{
    Authenticity, KeyState, StoreCounts, StoreHolder, StoreReport, StoreSizes, survey,
};
use crate::store::key::backup_record::{KeyBackupRecord, KeyBackupState};
use crate::store::key::key_file::{KeyFileLocation, KeyFileOrigin};
use crate::store::key::previous_keys;

/// Fix for a missing key.
const LOST_KEY_FIX: &str = "if it is lost, create a new key with umai key new --forget-secrets and enter the secrets again";

/// Free disk space in bytes below which changes may soon fail.
const LOW_SPACE: u64 = 64 * 1024 * 1024;

/// Returns the location of the store and its key.
pub(super) fn options(config: &Config) -> StoreOptions {
    StoreOptions {
        data: config.data.clone(),
        config: config.config.clone(),
        key_file: config.key_file.clone(),
    }
}

pub(super) fn check(config: &Config, findings: &mut Findings) {
    let survey = survey(&options(config));
    let is_there = !matches!(survey.contents, Ok(None));
    key(config, &survey.key, is_there, findings);
    if is_there {
        key_backup(config, findings);
    }
    contents(&survey, config, findings);
    damage(&survey, findings);
    backups::check(&survey, is_there, findings);
    holder(&survey.holder, findings);
    sizes(&survey.sizes, findings);
    if let Some(missing) = &survey.missing {
        findings.warning("store", missing.clone(), None);
    }
    if let Some(obstacle) = survey.obstacle.filter(|_| is_there) {
        let todo = match obstacle {
            DiskObstacle::ReadOnly => {
                "connections can be read; to change them, make the disk writable"
            }
            DiskObstacle::NoInodes => "delete files on it; connections can be read and deleted",
            DiskObstacle::Full => "free disk space; connections can be read and deleted",
        };
        findings.warning("store", obstacle.describe(&config.data), Some(todo.into()));
    } else if let Some(free) = survey.free.filter(|free| *free < LOW_SPACE) {
        findings.warning(
            "store",
            format!("only {} free on its disk", bytes(free)),
            Some("free disk space: nothing can be saved on a full disk".into()),
        );
    }
}

/// Reports a key without a recorded backup.
fn key_backup(config: &Config, findings: &mut Findings) {
    let location = KeyFileLocation::find(config.key_file.as_deref(), &config.config);
    let Ok(key) = location.read() else { return };
    let record = KeyBackupRecord::new(&config.config);
    if location.origin != KeyFileOrigin::Credentials
        && record.state(key.fingerprint()) != KeyBackupState::Confirmed
    {
        findings.warning(
            "key",
            "no backup of the key is known; without the key, no secret can be decrypted",
            Some("copy it to a safe place with umai key export FILE, or confirm a backup in the app with K".into()),
        );
    }
}

/// Reports damage that loses nothing by itself; other damage is reported with the contents.
fn damage(survey: &StoreReport, findings: &mut Findings) {
    let is_sound = matches!(&survey.contents, Ok(Some(contents)) if contents.is_sound);
    let (found, reason) = match &survey.damage {
        Ok(found) if is_sound => (found.as_slice(), None),
        Ok(_) => return,
        Err(reason) => (&[][..], Some(reason)),
    };
    for sentence in found {
        findings.warning(
            "store",
            format!("{sentence}; no data is lost"),
            Some("create a backup with umai backup create, and check the disk".into()),
        );
    }
    if let Some(reason) = reason {
        findings.warning("store", reason.clone(), None);
    }
}

/// Returns the source of the key.
fn source(config: &Config) -> &'static str {
    if config.key_file.is_some() {
        "from --key-file, UMAI_KEY_FILE or a target"
    } else if config.has_credential() {
        "from the service manager"
    } else {
        "in the config directory"
    }
}

fn key(config: &Config, state: &KeyState, is_there: bool, findings: &mut Findings) {
    let source = source(config);
    match state {
        KeyState::Matches(path) => {
            let says = format!("{}, {source}; matches the store", path.display());
            findings.ok("key", says);
        }
        KeyState::Pending(path) => findings.warning(
            "key",
            format!("the key of this store is {}, left by an interrupted rotation", path.display()),
            Some(
                "start umai, which moves it to the path of the key file; if it stays, make that path a file that can be replaced".into(),
            ),
        ),
        KeyState::NotTried(path) => {
            let says = format!("{}, {source}; no store to check it against", path.display());
            findings.ok("key", says);
        }
        KeyState::Missing(path) if is_there => findings.problem(
            "key",
            format!("the key of this store is missing: {}", path.display()),
            Some(format!(
                "restore the key file from your backup, or set it with --key-file; {LOST_KEY_FIX}"
            )),
            Exit::Store,
        ),
        KeyState::Missing(path) => findings.ok(
            "key",
            format!("none yet; the first start creates {}", path.display()),
        ),
        KeyState::Mismatched(path) => findings.problem(
            "key",
            format!("{}, {source}, is not the key of this store", path.display()),
            Some(format!(
                "restore the right key file, or set it with --key-file; {LOST_KEY_FIX}"
            )),
            Exit::Store,
        ),
        KeyState::Locked(path) => findings.ok(
            "key",
            format!(
                "{}, {source}; protected by a passphrase, so not checked against the store",
                path.display()
            ),
        ),
        KeyState::Unreadable(reason) => {
            findings.problem("key", reason.clone(), None, Exit::Store);
        }
    }
    let location = KeyFileLocation::find(config.key_file.as_deref(), &config.config);
    if let Some(damage) = previous_keys::describe_damage(&location) {
        let todo =
            "restore a copy of the file, or delete the line if its backups are no longer needed";
        findings.warning("key", damage, Some(todo.into()));
    }
    if let Some(exposed) = config.exposed_key() {
        findings.warning("key", exposed, None);
    }
}

fn contents(survey: &StoreReport, config: &Config, findings: &mut Findings) {
    let shown = config.data.display();
    match &survey.contents {
        _ if let Some(reason) = &survey.forbidden => {
            findings.problem("store", reason.clone(), None, Exit::Store);
        }
        Ok(None) if let Some(count) = backups(survey) => findings.problem(
            "store",
            format!("no store in {shown}, but {count} backups of one"),
            Some("restore the newest: umai backup restore --newest; or set another directory with --data".into()),
            Exit::Store,
        ),
        Ok(None) => findings.ok("store", format!("none yet in {shown}; the first start creates it")),
        Ok(Some(contents)) if contents.is_sound => {
            let checked = match survey.authenticity {
                Authenticity::Checked(_) => "all checksums valid, nothing changed without the key",
                Authenticity::NoKey => "all checksums valid; not authenticated without its key",
                Authenticity::EarlierFormat => "all checksums valid; the next start converts it to the current format",
            };
            findings.ok("store", format!("{}; {checked}", counts_text(contents)));
        }
        Ok(Some(contents)) => findings.problem(
            "store",
            format!(
                "{}; readable without the index: {}",
                damage_text(survey),
                counts_text(contents)
            ),
            Some(format!(
                "copy {shown} to a safe place; the next start recovers what is readable, also from the index, and reports what is missing. To restore a backup: umai backup restore"
            )),
            Exit::Store,
        ),
        Err(reason) => findings.problem(
            "store",
            reason.clone(),
            Some(format!(
                "restore the newest backup: umai backup restore --newest (moves {shown} aside); or set another directory with --data"
            )),
            Exit::Store,
        ),
    }
}

/// Names the damaged files, or the journal when each file by itself is intact.
fn damage_text(survey: &StoreReport) -> String {
    match &survey.damage {
        Ok(found) if !found.is_empty() => found.join("; "),
        Ok(_) | Err(_) => "the journal is damaged".into(),
    }
}

/// Returns the number of readable backups, if there are any.
fn backups(survey: &StoreReport) -> Option<usize> {
    let found = survey.backups.as_ref().ok()?;
    let whole = found.iter().filter(|backup| backup.label.is_ok()).count();
    (whole > 0).then_some(whole)
}

fn counts_text(contents: &StoreCounts) -> String {
    let count = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    format!(
        "{} including {} in the trash, {}, {}",
        count(contents.connections + contents.in_trash, "connection"),
        contents.in_trash,
        count(contents.versions, "version"),
        count(
            usize::try_from(contents.revision).unwrap_or(usize::MAX),
            "change"
        )
    )
}

fn holder(holder: &StoreHolder, findings: &mut Findings) {
    match holder {
        StoreHolder::Free => {}
        StoreHolder::Process(process) => findings.ok(
            "store",
            format!("open in process {process}, which serves other umai processes"),
        ),
        StoreHolder::Stopped(process) => findings.problem(
            "store",
            format!("open in process {process}, which is stopped and does not respond"),
            Some(format!(
                "resume it: fg in its terminal, or kill -CONT {process}"
            )),
            Exit::Store,
        ),
        StoreHolder::Unknown => findings.ok(
            "store",
            "cannot determine on this system whether a process has it open",
        ),
    }
}

fn sizes(sizes: &StoreSizes, findings: &mut Findings) {
    let StoreSizes {
        journal,
        snapshots,
        index,
        damaged,
    } = *sizes;
    if journal + snapshots + index + damaged == 0 {
        return;
    }
    findings.ok(
        "store",
        format!(
            "journal {}, snapshots {}, index {}",
            bytes(journal),
            bytes(snapshots),
            bytes(index)
        ),
    );
    if damaged > 0 {
        findings.warning(
            "store",
            format!(
                "{} in damaged/, moved there by an earlier recovery",
                bytes(damaged)
            ),
            Some("delete the directory if nothing is missing".into()),
        );
    }
}

/// Formats a number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let mut left = count;
    let mut unit = 0;
    while left >= 10 * 1024 && unit + 1 < UNITS.len() {
        left /= 1024;
        unit += 1;
    }
    format!("{left} {}", UNITS[unit])
}
