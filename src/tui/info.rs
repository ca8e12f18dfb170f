//! Lines of the info tab, each of which can be copied.

use crate::connection::{Connection, TestReport};
use crate::provider::{Capability, ProviderCatalog};

/// Report of a test, or the reason why there is none.
pub type TestOutcome = Result<TestReport, String>;

/// Last test of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastTest {
    /// Tested version.
    pub version: u64,
    /// Result.
    pub outcome: TestOutcome,
}

/// Line of the info tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoLine {
    /// Label.
    pub label: &'static str,
    /// Displayed text.
    pub shown: String,
    /// Copied text.
    pub copied: String,
}

/// Number of lines.
pub const LINES: usize = 8;

/// Returns the lines of the info tab.
pub fn lines(
    connection: &Connection,
    catalog: &ProviderCatalog,
    tested: Option<String>,
) -> [InfoLine; LINES] {
    let item = &connection.item;
    let provider = catalog.get(&item.provider_id);
    let line = |label, text: String| InfoLine {
        label,
        copied: text.clone(),
        shown: text,
    };
    let date = |label, date: chrono::DateTime<chrono::Utc>| InfoLine {
        label,
        shown: date.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        copied: date.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    };
    let capabilities = provider.map_or_else(Vec::new, |provider| {
        let words = provider.capabilities.iter().copied();
        words.map(Capability::as_str).collect()
    });
    let name = provider.map_or("unknown provider", |provider| &provider.name);
    [
        line("ID", item.id.to_string()),
        line("Alias", item.alias.clone()),
        InfoLine {
            label: "Provider",
            shown: format!("{name} ({})", item.provider_id),
            copied: item.provider_id.clone(),
        },
        line("Capabilities", capabilities.join(", ")),
        date("Created", item.date_created),
        date("Modified", item.date_modified),
        line("Version", item.version.to_string()),
        line("Last test", tested.unwrap_or_else(not_tested)),
    ]
}

fn not_tested() -> String {
    "none of this version".into()
}

/// Describes a test of this session.
pub fn test_summary(tested: &LastTest) -> String {
    let version = tested.version;
    match &tested.outcome {
        Ok(TestReport {
            success: true,
            latency_ms: Some(latency),
            ..
        }) => format!("successful, {latency} ms, at version {version}"),
        Ok(TestReport { success: true, .. }) => format!("successful, at version {version}"),
        Ok(report) => {
            let cause = report.error_message.as_deref().unwrap_or_default();
            format!("failed at version {version}: {cause}")
        }
        Err(problem) => format!("could not run: {problem}"),
    }
}
