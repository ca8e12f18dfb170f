//! How far a test came, as a report.

use super::caller::Answer;
use crate::connection::test_report::{TestReport, TestStage, TestStep};
use crate::provider::probe::MAX_MODELS;

/// The end of a test that was no success.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The stage that was not passed.
    pub stage: TestStage,
    /// Why, in one sentence.
    pub sentence: String,
    /// What to do.
    pub advice: String,
    /// The provider's own sentence.
    pub said: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// How long the provider took, in milliseconds.
    pub latency_ms: Option<u64>,
}

impl Refusal {
    /// One without an answer.
    pub(super) fn new(stage: TestStage, sentence: String, advice: &str) -> Self {
        // A place that is not told may begin a sentence: "the address in $A".
        let sentence = match sentence.strip_prefix("the ") {
            Some(rest) => format!("The {rest}"),
            None => sentence,
        };
        Self {
            stage,
            sentence,
            advice: advice.to_owned(),
            said: None,
            status: None,
            latency_ms: None,
        }
    }

    /// Nothing was sent.
    pub(super) fn incomplete(sentence: String, advice: &str) -> Self {
        Self::new(TestStage::Complete, sentence, advice)
    }

    /// The key works and the list does not.
    pub(super) fn at_models(sentence: String, advice: &str) -> Self {
        Self::new(TestStage::Models, sentence, advice)
    }

    /// The same at another stage.
    pub(super) fn at(self, stage: TestStage) -> Self {
        Self { stage, ..self }
    }

    /// With what an answer says.
    pub(super) fn with(self, answer: &Answer, said: Option<String>) -> Self {
        Self {
            said,
            status: Some(answer.status),
            latency_ms: Some(milliseconds(answer)),
            ..self
        }
    }

    /// The report of a test that ends here.
    pub(super) fn report(self, address: Option<String>) -> TestReport {
        let mut report = TestReport {
            address: address.filter(|address| !address.is_empty()),
            status: self.status,
            latency_ms: self.latency_ms,
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

    /// Adds its step, its advice and the provider's sentence to a report.
    pub(super) fn add_to(self, report: &mut TestReport) {
        report
            .steps
            .push(step(self.stage, false, Some(self.sentence)));
        report.advice = Some(self.advice);
        report.said = self.said;
    }
}

/// The report of credentials that were accepted.
pub(super) fn passed(place: &str, answer: &Answer) -> TestReport {
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

/// Adds how many models were named.
pub(super) fn add_models(report: &mut TestReport, count: usize) {
    let words = match count {
        1 => "1 model".to_owned(),
        MAX_MODELS.. => format!("{count} models or more"),
        count => format!("{count} models"),
    };
    report.models = Some(count);
    report
        .steps
        .push(step(TestStage::Models, true, Some(words)));
    if count == 0 {
        report.advice =
            Some("The key works, but it is named no models: add some at the provider".into());
    }
}

fn step(stage: TestStage, passed: bool, detail: Option<String>) -> TestStep {
    TestStep {
        stage,
        passed,
        detail,
    }
}

fn milliseconds(answer: &Answer) -> u64 {
    u64::try_from(answer.latency.as_millis()).unwrap_or(u64::MAX)
}
