//! Checks backups and replaced stores.

use chrono::{SecondsFormat, Utc};

use super::finding::Findings;
use crate::store::inspect::StoreReport;

const AREA: &str = "backups";

/// Age in days after which a backup is reported as old.
const OLD: i64 = 30;

pub(super) fn check(survey: &StoreReport, is_there: bool, findings: &mut Findings) {
    let found = match &survey.backups {
        Ok(found) => found,
        Err(reason) => {
            findings.warning(AREA, reason.clone(), None);
            return;
        }
    };
    for backup in found {
        if let Err(fault) = &backup.label {
            let says = format!("{}: {fault}", backup.path.display());
            let todo = "create another: umai backup create; then delete this file";
            findings.warning(AREA, says, Some(todo.into()));
        }
    }
    let newest = found.iter().find_map(|backup| backup.label.as_ref().ok());
    let has_changed = |revision: u64| {
        let contents = survey.contents.as_ref().ok().and_then(Option::as_ref);
        contents.is_some_and(|contents| contents.revision > revision)
    };
    match newest {
        Some(label) => {
            let made = label
                .info
                .created
                .to_rfc3339_opts(SecondsFormat::Secs, true);
            let says = format!("{}, newest created {made}", found.len());
            let age = (Utc::now() - label.info.created).num_days();
            if age > OLD && has_changed(label.header.revision) {
                let says = format!("{says}, and the store has changed since");
                findings.warning(AREA, says, Some("umai backup create".into()));
            } else {
                findings.ok(AREA, says);
            }
        }
        None if is_there => {
            findings.ok(
                AREA,
                "none yet; umai creates one when a changed store is closed",
            );
        }
        None => {}
    }
    for replaced in &survey.replaced {
        findings.ok(
            AREA,
            format!(
                "{} is a replaced store; delete it when it is no longer needed",
                replaced.display()
            ),
        );
    }
}
