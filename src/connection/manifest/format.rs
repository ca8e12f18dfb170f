//! Parses JSON and YAML into values, with limits on the expansion of anchors.

use std::path::Path;

use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{MessageFormatter, UserMessageFormatter};

use crate::connection::strict_json::StrictJson;
use crate::text::file;

/// Maximum size of a text in bytes.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Maximum number of values that YAML aliases may add to a document.
const MAX_ALIASES: usize = 100_000;

/// Format of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestFormat {
    /// JSON, one value or a sequence of values.
    Json,
    /// YAML 1.2, one document or several separated by `---`.
    Yaml,
}

impl ManifestFormat {
    /// Detects the format by the file extension, otherwise by the first character.
    pub fn from_path(path: Option<&Path>, text: &str) -> Self {
        let ending = path.and_then(Path::extension);
        match ending.and_then(|ending| ending.to_str()) {
            Some("json" | "jsonl" | "uda") => Self::Json,
            Some("yaml" | "yml") => Self::Yaml,
            Some(_) | None if text.trim_start().starts_with(['{', '[']) => Self::Json,
            Some(_) | None => Self::Yaml,
        }
    }

    /// Parses the values of a text.
    pub(super) fn values(self, text: &str) -> Result<Vec<StrictJson>, String> {
        match self {
            Self::Json => json(text),
            Self::Yaml => yaml(text),
        }
    }
}

fn json(text: &str) -> Result<Vec<StrictJson>, String> {
    let values = serde_json::Deserializer::from_str(text).into_iter();
    values
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not valid JSON: {error}"))
}

fn yaml(text: &str) -> Result<Vec<StrictJson>, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // The size of the text is limited; only the expansion of aliases needs further limits.
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: MAX_BYTES,
            max_anchors: 1_000,
            max_aliases: MAX_ALIASES,
            max_recorded_anchor_events: MAX_ALIASES,
            max_documents: MAX_ALIASES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Merge,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_ALIASES,
            max_replay_stack_depth: 16,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        // A snippet of the text may contain a secret.
        with_snippet: false,
    };
    let read = serde_saphyr::from_multiple_with_options(text, options);
    let values: Vec<StrictJson> = read.map_err(|error| {
        let message = UserMessageFormatter.format_message(&error);
        // The library names its own limits.
        let message = if message.contains("limits breached") {
            "too many anchors, aliases or documents, too deep, or too long once aliases are expanded".into()
        } else {
            message
        };
        let place = error.location().map_or_else(String::new, |at| {
            format!(" at line {} column {}", at.line(), at.column())
        });
        format!("it is not valid YAML: {message}{place}")
    })?;
    // The reader skips empty documents. A template that failed to render leaves one, and pruning would delete what it lost.
    let documents = yaml_documents(text);
    if documents > 1 && values.len() < documents {
        return Err(format!(
            "it contains an empty YAML document ({} of {documents}); remove its '---', or write connections: []",
            documents - values.len()
        ));
    }
    Ok(values)
}

/// Number of YAML documents in a text, empty ones included (YAML 1.2.2, section 9.2: a marker stands at the start of a line).
fn yaml_documents(text: &str) -> usize {
    let mut documents = 0;
    let mut is_inside = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        if is_marker(line, "---") {
            documents += 1;
            is_inside = true;
        } else if is_marker(line, "...") {
            is_inside = false;
        } else if !is_inside && !is_blank(line) {
            documents += 1;
            is_inside = true;
        }
    }
    documents
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Returns whether a line outside a document adds nothing to one: blank, a comment or a directive.
fn is_blank(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#') || line.starts_with('%')
}

/// Reads the text of a file.
pub fn text_of(path: &Path) -> Result<zeroize::Zeroizing<String>, String> {
    file::read(path, MAX_BYTES).map_err(|error| match error {
        file::FileFlaw::NotFound => "not found".into(),
        file::FileFlaw::Unusable(reason) => reason,
    })
}
