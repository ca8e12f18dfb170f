//! How a connection test went: how far it came, what was said, and what to do.

use serde::{Deserialize, Serialize};

use super::{ConnectionDraft, IdOrAlias};
use crate::provider::Capability;

/// What a test tries: what is stored, or what is on screen and not saved yet.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSubject {
    /// A stored connection.
    Stored(IdOrAlias),
    /// A connection that is not there yet.
    Draft(ConnectionDraft),
    /// A stored connection with a change laid over it, by the rules of an update.
    Changed(IdOrAlias, ConnectionDraft),
}

/// How a connection test went. Nothing in it is a secret, and what the provider said is one line, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Whether the provider accepted the credentials.
    pub success: bool,
    /// Why it was no success, in one sentence.
    #[serde(default)]
    pub error_message: Option<String>,
    /// Each stage that was tried, in order; the last one is how far it came.
    #[serde(default)]
    pub steps: Vec<TestStep>,
    /// What to do, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The provider's own sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The address that was called, without what signs the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The HTTP status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long the provider took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How many models it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<usize>,
}

/// One stage of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestStep {
    /// Which.
    pub stage: TestStage,
    /// Whether it was passed.
    pub passed: bool,
    /// What is known of it, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How far a test can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TestStage {
    /// The settings are complete and every reference resolves.
    Complete,
    /// Somebody answers at the address: name, connection, TLS.
    Reached,
    /// The key is known.
    SignedIn,
    /// The key may be used.
    Permitted,
    /// Models were named.
    Models,
}

impl TestStage {
    /// Every stage, in order.
    pub const ALL: [Self; 5] = [
        Self::Complete,
        Self::Reached,
        Self::SignedIn,
        Self::Permitted,
        Self::Models,
    ];

    /// What people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Reached => "reached",
            Self::SignedIn => "signed in",
            Self::Permitted => "permitted",
            Self::Models => "models",
        }
    }
}

/// A model that a provider named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// What requests call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it can do, as far as its name or the provider tells.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
}
