//! Checks the user's `keymap.toml`, as the app reads it.

use std::path::Path;

use super::finding::Findings;
use crate::tui::keymap::{Keymap, NAME};

const AREA: &str = "keymap";

pub(super) fn check(config: &Path, findings: &mut Findings) {
    let (_, problems) = Keymap::read(config);
    if problems.is_empty() && config.join(NAME).exists() {
        findings.ok(AREA, format!("{NAME}: valid"));
    }
    for problem in problems {
        findings.warning(
            AREA,
            problem,
            Some(format!(
                "correct {NAME}; until then, the default key applies"
            )),
        );
    }
}
