//! Looks at the providers: those that come with umai, the user's own, and what is wrong with their files.

use super::finding::Findings;
use crate::config::Config;
use crate::provider::ProviderCatalog;

const AREA: &str = "providers";

pub(super) fn look(config: &Config, findings: &mut Findings) {
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
        own => format!(", of your own: {}", own.join(", ")),
    };
    findings.ok(
        AREA,
        format!("{} can be connected to{own}", all.all().len()),
    );
    for problem in problems {
        let todo = "mend the file, or move it away";
        findings.warning(AREA, problem, Some(todo.into()));
    }
}
