//! Looks at the backups beside the store, and at stores that were replaced.

use chrono::{SecondsFormat, Utc};

use super::finding::Findings;
use crate::store::survey::Survey;

const AREA: &str = "backups";

/// A backup that is older than this leaves much to lose, in days.
const OLD: i64 = 30;

pub(super) fn look(survey: &Survey, is_there: bool, findings: &mut Findings) {
    let found = match &survey.backups {
        Ok(found) => found,
        Err(why) => {
            findings.warning(AREA, why.clone(), None);
            return;
        }
    };
    for backup in found {
        if let Err(fault) = &backup.label {
            let says = format!("{}: {fault}", backup.path.display());
            let todo = "umai backup create makes another one; this one may go";
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
            let made = label.about.made.to_rfc3339_opts(SecondsFormat::Secs, true);
            let says = format!("{}, the newest from {made}", found.len());
            let age = (Utc::now() - label.about.made).num_days();
            if age > OLD && has_changed(label.head.revision) {
                let says = format!("{says}, and the store has changed since");
                findings.warning(AREA, says, Some("umai backup create".into()));
            } else {
                findings.ok(AREA, says);
            }
        }
        None if is_there => {
            findings.ok(
                AREA,
                "none yet; one is made when a store that was changed is closed",
            );
        }
        None => {}
    }
    for replaced in &survey.replaced {
        findings.ok(
            AREA,
            format!(
                "{} is a store that was replaced; when it is not needed any more, it may go",
                replaced.display()
            ),
        );
    }
}
