//! Checks the provider files: those of umai and the user's own.

use super::finding::Findings;
use crate::config::Config;
use crate::provider::ProviderCatalog;

const AREA: &str = "providers";

pub(super) fn check(config: &Config, findings: &mut Findings) {
    let embedded = ProviderCatalog::embedded();
    let (all, problems) = ProviderCatalog::load(Some(&config.providers()));
    let own: Vec<&str> = all
        .all()
        .iter()
        .filter(|provider| embedded.get(&provider.id) != Some(provider))
        .map(|provider| provider.id.as_str())
        .collect();
    let own = match own.as_slice() {
        [] => String::new(),
        own => format!(", own: {}", own.join(", ")),
    };
    findings.ok(AREA, format!("{} available{own}", all.all().len()));
    for problem in problems {
        let todo = "fix the file, or move it away";
        findings.warning(AREA, problem, Some(todo.into()));
    }
}
