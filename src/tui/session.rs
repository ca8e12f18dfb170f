//! Session that is restored at the next start: selection, order, filter and tab. It never contains a secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::health::TestRecord;
use super::tabs::Tab;
use super::tree::TreeState;
use crate::text::key_like;

/// Version of the file format; other versions are not read.
const FORMAT: u32 = 1;

/// Length above which a word that looks random may be a pasted key.
const LONGEST_WORD: usize = 20;

/// Session that is restored at the next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedSession {
    format: u32,
    /// Data directory or server.
    of: String,
    #[serde(default)]
    tree: TreeState,
    #[serde(default)]
    tab: Tab,
    /// Results of the latest tests by connection.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tests: BTreeMap<Uuid, TestRecord>,
}

impl SavedSession {
    /// Creates the session to store.
    pub fn new(of: &str, tree: TreeState, tab: Tab) -> Self {
        let is_harmless = !tree.filter.split_whitespace().any(may_be_key);
        Self {
            format: FORMAT,
            of: of.to_owned(),
            tree: TreeState {
                filter: if is_harmless {
                    tree.filter
                } else {
                    String::new()
                },
                ..tree
            },
            tab,
            tests: BTreeMap::new(),
        }
    }

    /// Parses a session; the error is a phrase to follow the file name.
    pub fn read(text: &str, of: &str) -> Result<Self, &'static str> {
        let session: Self = serde_json::from_str(text).map_err(|_| "is damaged")?;
        if session.format != FORMAT {
            return Err("was written by another version");
        }
        if session.of != of {
            return Err("belongs to other connections");
        }
        Ok(session)
    }

    /// Serialized session.
    pub fn text(&self) -> Option<String> {
        serde_json::to_string_pretty(self).ok()
    }

    /// Adds the results of the latest tests.
    #[must_use]
    pub fn with_tests(self, tests: BTreeMap<Uuid, TestRecord>) -> Self {
        Self { tests, ..self }
    }

    /// Removes and returns the results of the latest tests.
    pub fn take_tests(&mut self) -> BTreeMap<Uuid, TestRecord> {
        std::mem::take(&mut self.tests)
    }

    /// State of the tree, and the tab.
    pub fn into_parts(self) -> (TreeState, Tab) {
        (self.tree, self.tab)
    }
}

/// Returns whether a word may be a key: it has the prefix of one, or is long, mixed and not a UUID.
fn may_be_key(word: &str) -> bool {
    let mut parts = word.split([':', '"', '\'', '=']);
    let begins = parts.any(|part| key_like::prefixes().any(|prefix| part.starts_with(prefix)));
    let has = |kind: fn(&char) -> bool| word.chars().any(|character| kind(&character));
    let is_mixed =
        has(char::is_ascii_digit) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    let is_hex = word.chars().filter(char::is_ascii_hexdigit).count() == word.len();
    let is_long = word.len() > LONGEST_WORD;
    let is_id = Uuid::try_parse(word).is_ok();
    (begins && word.len() > LONGEST_WORD / 2) || (is_long && !is_id && (is_mixed || is_hex))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Column, Sort};
    use crate::tui::tree::NodeKey;

    fn tree_state(filter: &str) -> TreeState {
        TreeState {
            place: Some(NodeKey::Connection(Uuid::from_u128(7))),
            closed: vec![NodeKey::Ai, NodeKey::Provider("openai".into())],
            sort: Sort::by(Column::Modified),
            is_grouped: true,
            filter: filter.into(),
        }
    }

    #[test]
    fn session_round_trips_for_the_same_connections_only() {
        let session = SavedSession::new("/data", tree_state("prod status:active"), Tab::History);
        let text = session.text().unwrap();
        assert_eq!(SavedSession::read(&text, "/data"), Ok(session));
        assert_eq!(
            SavedSession::read(&text, "/other"),
            Err("belongs to other connections")
        );
        let newer = text.replace("\"format\": 1", "\"format\": 2");
        assert_eq!(
            SavedSession::read(&newer, "/data"),
            Err("was written by another version")
        );
    }

    #[test]
    fn session_of_0_1_reads_and_writes_the_same() {
        let text = r#"{"format":1,"of":"/data","tree":{"place":{"provider":"openai"},"closed":["ai"],"sort":{"column":"alias","direction":"down"},"isGrouped":true,"filter":"prod"},"tab":"history"}"#;
        let session = SavedSession::read(text, "/data").unwrap();
        assert_eq!(serde_json::to_string(&session).unwrap(), text);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("{")]
    #[case("[]")]
    #[case("null")]
    #[case(r#"{"name":"another file"}"#)]
    #[case(r#"{"format":1,"of":"/data","tree":{"place":{"connection":"no id"}}}"#)]
    fn invalid_session_is_refused(#[case] text: &str) {
        assert_eq!(SavedSession::read(text, "/data"), Err("is damaged"));
    }

    #[test]
    fn missing_members_have_defaults() {
        let session = SavedSession::read(r#"{"format":1,"of":"/data"}"#, "/data").unwrap();
        assert_eq!(session.into_parts(), (TreeState::default(), Tab::default()));
    }

    #[rstest::rstest]
    #[case("sk-planted-in-the-filter")]
    #[case("prod sk-proj-0123456789")]
    #[case("AKIAIOSFODNN7EXAMPLE")]
    #[case("xai-abc123def456")]
    #[case("pplx-abc123def456")]
    #[case("ghp_abc123def456")]
    #[case("wJalrXUtnFEMI7K7MDENGbPxRfiCYEXAMPLEKEY")]
    #[case("0123456789abcdef0123456789abcdef01234567")]
    fn key_in_the_filter_is_not_stored(#[case] filter: &str) {
        let (stand, _) = SavedSession::new("/data", tree_state(filter), Tab::Info).into_parts();
        assert_eq!(stand.filter, "");
    }

    #[rstest::rstest]
    #[case("OpenAI Production 2024")]
    #[case("provider:openai -status:inactive")]
    #[case("3fa85f64-5717-4562-b3fc-2c963f66afa6")]
    #[case("endpoint:https://my-resource-2.openai.azure.com/v1")]
    #[case("task-runner")]
    fn filter_without_a_key_is_stored(#[case] filter: &str) {
        let (kept, _) = SavedSession::new("/data", tree_state(filter), Tab::Info).into_parts();
        assert_eq!(kept.filter, filter);
    }
}
