//! Converts the failure or success of a test to a report.

use super::http::ProbeResponse;
use crate::connection::test_report::{SettingsFlaw, TestReport, TestStage, TestStep};
use crate::provider::probe::MAX_MODELS;

/// Reason why a test or a list of models failed.
#[derive(Debug)]
pub(super) struct ProbeFailure {
    /// Failed stage.
    pub stage: TestStage,
    /// Reason, in one sentence.
    pub sentence: String,
    /// Advice, in one sentence.
    pub advice: String,
    /// Settings that cannot be used.
    pub flaw: Option<SettingsFlaw>,
    /// Redacted message of the provider.
    pub provider_message: Option<String>,
    /// HTTP status of the response.
    pub status: Option<u16>,
    /// Response time in milliseconds.
    pub latency_ms: Option<u64>,
    /// True if the address is never called.
    pub is_blocked: bool,
}

impl ProbeFailure {
    /// Creates a failure without a response.
    pub(super) fn new(stage: TestStage, sentence: String, advice: &str) -> Self {
        // The name of a referenced address may begin the sentence: "the address in $A".
        let sentence = match sentence.strip_prefix("the ") {
            Some(rest) => format!("The {rest}"),
            None => sentence,
        };
        Self {
            stage,
            sentence,
            advice: advice.to_owned(),
            flaw: None,
            provider_message: None,
            status: None,
            latency_ms: None,
            is_blocked: false,
        }
    }

    /// Creates the failure of incomplete settings, before a request.
    pub(super) fn incomplete(sentence: String, advice: &str) -> Self {
        Self::new(TestStage::Settings, sentence, advice)
    }

    /// Creates the failure of settings that cannot be used, before a request.
    pub(super) fn unusable(flaw: SettingsFlaw, sentence: String, advice: &str) -> Self {
        Self {
            flaw: Some(flaw),
            ..Self::incomplete(sentence, advice)
        }
    }

    /// Creates the failure of a model list after valid credentials.
    pub(super) fn at_models(sentence: String, advice: &str) -> Self {
        Self::new(TestStage::Models, sentence, advice)
    }

    /// Returns this failure at another stage.
    pub(super) fn at(self, stage: TestStage) -> Self {
        Self { stage, ..self }
    }

    /// Adds the status and time of a response, and its redacted message.
    pub(super) fn with(self, answer: &ProbeResponse, provider_message: Option<String>) -> Self {
        Self {
            provider_message,
            status: Some(answer.status),
            latency_ms: Some(milliseconds(answer)),
            ..self
        }
    }

    /// Converts the failure to a report.
    pub(super) fn report(self, address: Option<String>) -> TestReport {
        let mut report = TestReport {
            address: address.filter(|address| !address.is_empty()),
            status: self.status,
            latency_ms: self.latency_ms,
            is_blocked: self.is_blocked,
            settings_flaw: self.flaw,
            ..TestReport::default()
        };
        let passed = TestStage::ALL
            .into_iter()
            .filter(|stage| *stage < self.stage);
        report.steps = passed.map(|stage| step(stage, true, None)).collect();
        report.error_message = Some(self.sentence.clone());
        self.add_to(&mut report);
        report
    }

    /// Adds the failed step, the advice and the provider's message to a report.
    pub(super) fn add_to(self, report: &mut TestReport) {
        report
            .steps
            .push(step(self.stage, false, Some(self.sentence)));
        report.advice = Some(self.advice);
        report.provider_message = self.provider_message;
    }
}

/// Creates the report of accepted credentials.
pub(super) fn passed(place: &str, answer: &ProbeResponse) -> TestReport {
    let answered = format!("{place} answered in {} ms", milliseconds(answer));
    let steps = TestStage::ALL
        .into_iter()
        .filter(|stage| *stage < TestStage::Models)
        .map(|stage| {
            let detail = (stage == TestStage::Reached).then(|| answered.clone());
            step(stage, true, detail)
        });
    TestReport {
        success: true,
        steps: steps.collect(),
        status: Some(answer.status),
        latency_ms: Some(milliseconds(answer)),
        ..TestReport::default()
    }
}

/// Adds the number of models to a report.
pub(super) fn add_models(report: &mut TestReport, count: usize) {
    let detail = match count {
        1 => "1 model".to_owned(),
        MAX_MODELS.. => format!("{count} models or more"),
        count => format!("{count} models"),
    };
    report.models = Some(count);
    report
        .steps
        .push(step(TestStage::Models, true, Some(detail)));
    if count == 0 {
        report.advice = Some("The key works, but the provider lists no models for it".into());
    }
}

fn step(stage: TestStage, passed: bool, detail: Option<String>) -> TestStep {
    TestStep {
        stage,
        passed,
        detail,
    }
}

fn milliseconds(answer: &ProbeResponse) -> u64 {
    u64::try_from(answer.latency.as_millis()).unwrap_or(u64::MAX)
}
