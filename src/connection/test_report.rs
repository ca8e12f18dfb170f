//! Report of a connection test: stages, message of the provider, advice.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ConnectionDraft, IdOrAlias};
use crate::provider::Capability;

/// Connection to test: stored, or edited and not saved yet.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSubject {
    /// A stored connection.
    Stored(IdOrAlias),
    /// New connection that is not saved yet.
    Draft(ConnectionDraft),
    /// Stored connection with unsaved changes, validated like an update.
    Edited(IdOrAlias, ConnectionDraft),
}

/// Report of a connection test, without secrets. The message of the provider is one printable line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// `true` if the provider accepted the credentials.
    pub success: bool,
    /// Reason of a failure, in one sentence.
    #[serde(default)]
    pub error_message: Option<String>,
    /// Stages in order, up to the first failure.
    #[serde(default)]
    pub steps: Vec<TestStep>,
    /// Advice, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Message of the provider.
    #[serde(rename = "said", default, skip_serializing_if = "Option::is_none")]
    pub provider_message: Option<String>,
    /// Requested URL, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// HTTP status of the last response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Response time of the provider in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// `true` if the address is one that umai never calls, so that no request was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_blocked: bool,
    /// Number of models that the provider listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<usize>,
    /// Reason why the settings could not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_flaw: Option<SettingsFlaw>,
}

/// Settings that cannot be used as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SettingsFlaw {
    /// A reference does not resolve.
    ReferenceNotFound,
    /// A secret cannot be decrypted.
    NotDecrypted,
}

/// Result of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestStep {
    /// Stage.
    pub stage: TestStage,
    /// `true` if the stage succeeded.
    pub passed: bool,
    /// Short details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Stage of a connection test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TestStage {
    /// The settings are complete and every reference resolves.
    #[serde(rename = "complete")]
    Settings,
    /// A server responds at the endpoint: DNS, connection, TLS, HTTP.
    Reached,
    /// The credentials are valid.
    #[serde(rename = "signedIn")]
    Authentication,
    /// The credentials have permission.
    #[serde(rename = "permitted")]
    Permission,
    /// The provider lists models.
    Models,
}

impl SettingsFlaw {
    /// All flaws.
    pub const ALL: [Self; 2] = [Self::ReferenceNotFound, Self::NotDecrypted];
}

impl TestStage {
    /// All stages in order.
    pub const ALL: [Self; 5] = [
        Self::Settings,
        Self::Reached,
        Self::Authentication,
        Self::Permission,
        Self::Models,
    ];

    /// Name for display.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Reached => "reached",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::Models => "models",
        }
    }
}

/// Receiver of the stages of a test while it runs.
#[derive(Clone, Default)]
pub struct TestProgress(Option<Arc<dyn Fn(TestStage) + Send + Sync>>);

impl TestProgress {
    /// Calls `report` for each stage that succeeds.
    pub fn new(report: impl Fn(TestStage) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(report)))
    }

    /// Reports that a stage succeeded, and so did those before it.
    pub fn passed(&self, stage: TestStage) {
        if let Some(report) = &self.0 {
            report(stage);
        }
    }
}

impl fmt::Debug for TestProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestProgress")
    }
}

/// Model of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// ID for requests.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Capabilities, from the provider or from the name.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
}
