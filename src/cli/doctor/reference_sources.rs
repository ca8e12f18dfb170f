//! Checks the sources of `$Section:Key` references: files, environment, allow-list. Prints names only, no values.

use super::finding::Findings;
use crate::cli::exit::Exit;
use crate::cli::{Globals, context};

const AREA: &str = "settings";

/// Maximum number of names to print.
const MAX_LISTED: usize = 20;

pub(super) fn check(globals: &Globals, findings: &mut Findings) {
    let settings = context::appsettings(
        globals.appsettings.as_deref(),
        globals.user_secrets.as_deref(),
        globals.key_per_file.as_deref(),
    );
    let settings = match settings {
        Ok(settings) => settings,
        Err(failure) => {
            findings.problem(AREA, failure.to_string(), None, Exit::Usage);
            return;
        }
    };
    let survey = settings.survey();
    for (name, keys) in &survey.files {
        match keys {
            Some(1) => findings.ok(AREA, format!("{name}: 1 key")),
            Some(keys) => findings.ok(AREA, format!("{name}: {keys} keys")),
            None => findings.ok(AREA, format!("{name}: does not exist or cannot be read")),
        }
    }
    for problem in settings.problems() {
        findings.warning(AREA, problem, None);
    }
    let names = match survey.variables.as_slice() {
        [] => "no environment variable sets a configuration key".to_owned(),
        names if names.len() <= MAX_LISTED => {
            format!(
                "configuration keys from the environment: {}",
                names.join(", ")
            )
        }
        names => format!(
            "configuration keys from the environment: {}, and {} more",
            names[..MAX_LISTED].join(", "),
            names.len() - MAX_LISTED
        ),
    };
    findings.ok(AREA, names);
    match survey.allowed.as_slice() {
        [] => findings.ok(
            AREA,
            "no allow-list: every key can be referenced. Before umai serve, set Umbraco:AI:AllowedConfigurationKeyPrefixes",
        ),
        allowed => findings.ok(AREA, format!("allow-list: {}", allowed.join(", "))),
    }
}
