//! Results of the latest tests, kept from one start to the next.
//!
//! Time, version and outcome; never a secret, and no text of a provider.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tree::ById;
use crate::connection::test_report::{SettingsFlaw, TestReport, TestStage};
use crate::search::{Health, TreeItem};

/// Maximum number of saved results; the newest are kept.
const MAX_SAVED: usize = 5_000;

/// Result of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRecord {
    /// Tested version; the record applies to no other.
    pub version: u64,
    /// Time of the result; `None` until the runtime sets it.
    pub time: Option<DateTime<Utc>>,
    /// Outcome.
    pub outcome: RecordedOutcome,
    /// HTTP status of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordedOutcome {
    /// The provider accepted the credentials.
    Passed,
    /// A reference does not resolve.
    ReferenceNotFound,
    /// A secret cannot be decrypted.
    NotDecrypted,
    /// A setting is missing or invalid.
    Incomplete,
    /// No server responded.
    Unreachable,
    /// The provider rejected the credentials.
    Rejected,
    /// The credentials lack a permission.
    NotPermitted,
}

impl TestRecord {
    /// Creates the record of a report.
    pub fn new(version: u64, report: &TestReport) -> Self {
        let failed = report.steps.iter().find(|step| !step.passed);
        let outcome = match (report.success, report.settings_flaw) {
            (true, _) => RecordedOutcome::Passed,
            (false, Some(SettingsFlaw::ReferenceNotFound)) => RecordedOutcome::ReferenceNotFound,
            (false, Some(SettingsFlaw::NotDecrypted)) => RecordedOutcome::NotDecrypted,
            (false, None) => match failed.map(|step| step.stage) {
                Some(TestStage::Settings) => RecordedOutcome::Incomplete,
                Some(TestStage::Reached) => RecordedOutcome::Unreachable,
                Some(TestStage::Permission) => RecordedOutcome::NotPermitted,
                Some(TestStage::Authentication | TestStage::Models) | None => {
                    RecordedOutcome::Rejected
                }
            },
        };
        Self {
            version,
            time: None,
            outcome,
            status: report.status.filter(|_| !report.success),
        }
    }

    /// Returns the state of a connection in the tree.
    pub const fn health(&self) -> Health {
        match self.outcome {
            RecordedOutcome::Passed => Health::Passed,
            RecordedOutcome::ReferenceNotFound | RecordedOutcome::NotDecrypted => {
                Health::Unresolved
            }
            RecordedOutcome::Incomplete
            | RecordedOutcome::Unreachable
            | RecordedOutcome::Rejected
            | RecordedOutcome::NotPermitted => Health::Failed,
        }
    }

    /// Returns the result without its symbol: the age of a success, or the status or kind of a failure.
    pub fn summary(&self, now: DateTime<Utc>) -> String {
        match (self.outcome, self.status) {
            (RecordedOutcome::Passed, _) => self.time.map_or_else(String::new, |at| age(at, now)),
            (RecordedOutcome::ReferenceNotFound, _) => "reference not found".into(),
            (RecordedOutcome::NotDecrypted, _) => "secret not readable".into(),
            (RecordedOutcome::Incomplete, _) => "incomplete".into(),
            (_, Some(status)) => status.to_string(),
            (RecordedOutcome::Unreachable, None) => "unreachable".into(),
            (RecordedOutcome::Rejected, None) => "rejected".into(),
            (RecordedOutcome::NotPermitted, None) => "not permitted".into(),
        }
    }

    /// Returns the result in a sentence, with its age.
    pub fn sentence(&self, now: DateTime<Utc>) -> String {
        let at = self.time.map_or_else(String::new, |at| age(at, now));
        match self.outcome {
            RecordedOutcome::Passed => format!("successful, {at}"),
            _ => format!("failed, {at}: {}", self.summary(now)),
        }
    }
}

/// Returns a short age: `2 m ago`.
fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let age = now.signed_duration_since(at);
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (1.., _, _) => format!("{} d ago", age.num_days()),
        (_, 1.., _) => format!("{} h ago", age.num_hours()),
        (_, _, 1..) => format!("{} m ago", age.num_minutes()),
        _ => "just now".into(),
    }
}

/// Latest result of each tested connection.
#[derive(Debug, Default)]
pub struct TestRecords {
    by_id: ById<TestRecord>,
    is_undated: bool,
}

impl TestRecords {
    /// Returns the result of the current version of a connection.
    pub fn of(&self, item: &TreeItem) -> Option<&TestRecord> {
        let record = self.by_id.get(&item.id)?;
        (record.version == item.version()).then_some(record)
    }

    /// Sets the state of a connection from its result.
    pub fn apply(&self, item: &mut TreeItem) {
        if !self.by_id.is_empty() {
            item.health = self.of(item).map_or(Health::Untested, TestRecord::health);
        }
    }

    /// Adds a result in place of an earlier one.
    pub fn add(&mut self, id: Uuid, record: TestRecord) {
        self.is_undated |= record.time.is_none();
        self.by_id.insert(id, record);
    }

    /// Sets the time of results without one.
    pub fn set_missing_times(&mut self, now: DateTime<Utc>) {
        if std::mem::take(&mut self.is_undated) {
            for record in self.by_id.values_mut() {
                record.time.get_or_insert(now);
            }
        }
    }

    /// Returns the results to save, of connections that `is_current` confirms.
    pub fn saved(&self, is_current: impl Fn(Uuid, u64) -> bool) -> BTreeMap<Uuid, TestRecord> {
        let current = self.by_id.iter();
        let mut current: Vec<(Uuid, TestRecord)> = current
            .filter(|(id, record)| is_current(**id, record.version))
            .map(|(id, record)| (*id, record.clone()))
            .collect();
        current.sort_by_key(|(id, record)| (std::cmp::Reverse(record.time), *id));
        current.truncate(MAX_SAVED);
        current.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::test_report::TestStep;

    fn now() -> DateTime<Utc> {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn failed(stage: TestStage, status: Option<u16>) -> TestReport {
        TestReport {
            status,
            steps: vec![TestStep {
                stage,
                passed: false,
                detail: Some("text of the provider".into()),
            }],
            error_message: Some("text of the provider".into()),
            provider_message: Some("text of the provider".into()),
            ..TestReport::default()
        }
    }

    #[rstest::rstest]
    #[case(TestStage::Authentication, Some(401), Health::Failed, "401")]
    #[case(TestStage::Permission, Some(403), Health::Failed, "403")]
    #[case(TestStage::Reached, None, Health::Failed, "unreachable")]
    #[case(TestStage::Settings, None, Health::Failed, "incomplete")]
    fn failure_shows_its_status_or_kind(
        #[case] stage: TestStage,
        #[case] status: Option<u16>,
        #[case] health: Health,
        #[case] summary: &str,
    ) {
        let record = TestRecord::new(3, &failed(stage, status));
        assert_eq!(
            (record.health(), record.summary(now()).as_str()),
            (health, summary)
        );
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains("provider"), "{text}");
    }

    #[rstest::rstest]
    #[case(SettingsFlaw::ReferenceNotFound, "reference not found")]
    #[case(SettingsFlaw::NotDecrypted, "secret not readable")]
    fn unresolved_settings_are_named(#[case] flaw: SettingsFlaw, #[case] summary: &str) {
        let report = TestReport {
            settings_flaw: Some(flaw),
            ..failed(TestStage::Settings, None)
        };
        let record = TestRecord::new(3, &report);
        assert_eq!(record.health(), Health::Unresolved);
        assert_eq!(record.summary(now()), summary);
    }

    #[rstest::rstest]
    #[case(5, "just now")]
    #[case(125, "2 m ago")]
    #[case(7_300, "2 h ago")]
    #[case(200_000, "2 d ago")]
    fn success_shows_its_age(#[case] seconds: i64, #[case] shown: &str) {
        let report = TestReport {
            success: true,
            ..TestReport::default()
        };
        let mut records = TestRecords::default();
        let id = Uuid::from_u128(7);
        records.add(id, TestRecord::new(3, &report));
        records.set_missing_times(now() - chrono::TimeDelta::seconds(seconds));
        let saved = records.saved(|_, version| version == 3);
        assert_eq!(saved[&id].summary(now()), shown);
        assert!(records.saved(|_, version| version == 4).is_empty());
    }
}
