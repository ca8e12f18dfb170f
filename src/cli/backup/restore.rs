//! `umai backup restore`: says what would change, asks, and brings a backup back.

use std::path::PathBuf;

use chrono::Utc;
use serde_json::json;

use super::super::ask;
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::progress::Waiting;
use super::super::session::Ground;
use super::{Restore, all, find, label_of, shown};
use crate::store::backup::restore::{Prepared, Restored, prepare};
use crate::store::backup::{SealVerdict, create_from};

impl Restore {
    /// Carries it out.
    pub fn run(self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let mut made = Unwanted(None);
        let prepared = match &self.backup {
            Some(folder) if folder.is_dir() => {
                let options = ground.store_options();
                let path = create_from(folder, &options, Utc::now())?.path;
                made.0 = Some(path.clone());
                prepare(&options, &path)?
            }
            Some(backup) => prepare(&ground.store_options(), &find(backup, ground)?)?,
            None => newest(ground, output)?,
        };
        if output.format() == Format::Text {
            tell(&prepared, ground, output);
        }
        if self.dry_run {
            return match output.format() {
                Format::Json => output.json(&report(&prepared)),
                Format::Text => output.line("Nothing was changed"),
            };
        }
        if !self.yes && !is_certain(output)? {
            return output.line("Nothing was changed");
        }
        let mut report = report(&prepared);
        let waiting = Waiting::on("Bringing the backup back", output);
        let restored = prepared.execute(Utc::now())?;
        drop(waiting);
        if let Some(path) = made.0.take() {
            output.note(&format!("Backed up as {}", path.display()));
        }
        match output.format() {
            Format::Json => {
                report["restored"] = json!(true);
                report["movedTo"] = json!(restored.aside);
                output.json(&report)
            }
            Format::Text => say(&restored, ground, output),
        }
    }
}

/// A backup of a store that was moved aside, made to look into it: unless it is brought back, it was not asked for.
struct Unwanted(Option<PathBuf>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // One that stays is whole, and is listed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The newest backup that is whole; those that are not are told.
fn newest(ground: &Ground, output: &Output) -> Result<Prepared, Failure> {
    let found = all(ground)?;
    let stores: std::collections::BTreeSet<_> = found
        .iter()
        .filter_map(label_of)
        .map(|label| label.identity().store)
        .collect();
    let here = crate::store::store_in(&ground.config.data);
    if here.is_none() && stores.len() > 1 {
        return Err(Failure::Usage(format!(
            "There are backups of {} stores, and nothing tells which one was here: name the backup (umai backup list)",
            stores.len()
        )));
    }
    let mut last = None;
    let mut ours: Vec<_> = found
        .iter()
        .filter(|found| match (label_of(found), here) {
            (Some(label), Some(here)) => label.identity().store == here,
            (Some(_) | None, _) => true,
        })
        .collect();
    // The list has one folder after the other.
    ours.sort_by_key(|found| {
        std::cmp::Reverse(label_of(found).map(|label| (label.head.revision, label.about.made)))
    });
    for found in ours {
        match prepare(&ground.store_options(), &found.path) {
            Ok(prepared) => return Ok(prepared),
            Err(error) => {
                output.note(&format!("Passed over: {error}"));
                last = Some(error);
            }
        }
    }
    Err(match last {
        Some(_) => Failure::NoBackup("There is no backup that can be used".into()),
        None => Failure::NoBackup(format!(
            "There is no backup in {}; name the file of one, or the folder of the copies with --backup-folder",
            crate::store::backup::shelf::Shelf::for_store(&ground.config.data)
                .folder()
                .display()
        )),
    })
}

fn tell(prepared: &Prepared, ground: &Ground, output: &Output) {
    let label = &prepared.label;
    output.note(&format!(
        "{}: {}, made {}, up to change {}",
        prepared.path.display(),
        shown::connections(label.head.digest.count),
        shown::date(label),
        label.head.revision
    ));
    match prepared.seal {
        SealVerdict::Right | SealVerdict::Broken => {}
        SealVerdict::NoKey => output.note(
            "The key that sealed it is not at hand: its secrets cannot be opened until that key file is put back, and whether somebody changed it cannot be seen",
        ),
        SealVerdict::Unsealed => {
            output.note("It is not sealed: whether somebody changed it cannot be seen");
        }
    }
    for sentence in shown::changes(&prepared.comparison) {
        output.note(&sentence);
    }
    if !prepared.comparison.has_store {
        output.note(&format!(
            "There is no store in {}",
            ground.config.data.display()
        ));
    }
}

fn is_certain(output: &Output) -> Result<bool, Failure> {
    if output.format() == Format::Json || !ask::is_possible() {
        return Err(Failure::Usage(
            "Nothing was changed: repeat the command with --yes if it shall be, or with --dry-run to see what would change".into(),
        ));
    }
    ask::yes_or_no("Bring it back?")
}

fn report(prepared: &Prepared) -> serde_json::Value {
    json!({
        "backup": shown::backup(&prepared.path, &prepared.label),
        "seal": shown::seal(prepared.seal),
        "changes": shown::changes_json(&prepared.comparison),
        "restored": false,
    })
}

fn say(restored: &Restored, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    output.line(&format!(
        "Restored {} into {}",
        shown::connections(restored.count),
        ground.config.data.display()
    ))?;
    if let Some(aside) = &restored.aside {
        output.line(&format!(
            "The store that was there is in {}",
            aside.display()
        ))?;
    }
    match restored.unreadable {
        Some(0) => {}
        Some(count) => output.note(&format!(
            "{count} secrets cannot be opened and must be typed again"
        )),
        None => output.note(
            "Put the key file of this store back, or make a new key and type its secrets again: umai key new --forget-secrets",
        ),
    }
    Ok(())
}
