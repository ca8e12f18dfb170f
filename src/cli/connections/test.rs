//! `umai connections test`: checks the credentials with the providers.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::super::exit::{Exit, Failure};
use super::super::open_service::{CliContext, with_service};
use super::super::output::style::Style;
use super::super::output::{Audience, Output};
use crate::connection::{
    ConnectionError, ConnectionItem, IdOrAlias, TestReport, TestStage, TestSubject,
};
use crate::service::ConnectionService;
use crate::text::printable;

/// Number of concurrent tests.
const AT_ONCE: usize = 8;

/// Report of one of several tests, with the alias.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestedAlias<'a> {
    alias: &'a str,
    is_active: bool,
    #[serde(flatten)]
    report: &'a TestReport,
}

/// Tests each connection and prints the results in order; the exit code is the highest of all.
pub fn run(
    connections: &[IdOrAlias],
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    with_service(context, output, async |service, output| {
        let tests = stream::iter(connections).map(async |key| (key, test(service, key).await));
        let mut tests = tests.buffered(AT_ONCE);
        if connections.len() == 1 {
            return match tests.next().await {
                Some((_, tested)) => show_one(tested, output),
                None => Ok(()),
            };
        }
        let mut failures = Failures::default();
        while let Some((key, tested)) = tests.next().await {
            show_one_of_many(key, tested, &mut failures, output)?;
            output.flush()?;
        }
        failures.summary(connections.len(), output)
    })
}

/// Tests that failed, by kind.
#[derive(Default)]
struct Failures {
    kinds: Vec<(&'static str, usize)>,
    /// Highest exit code.
    exit: Option<Exit>,
}

impl Failures {
    fn add(&mut self, kind: &'static str, exit: Exit) {
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
        if self.exit.is_none_or(|highest| exit as u8 > highest as u8) {
            self.exit = Some(exit);
        }
    }

    fn summary(&self, all: usize, output: &Output) -> Result<(), Failure> {
        let Some(exit) = self.exit else {
            output.note(&format!("All {all} connection tests passed"));
            return Ok(());
        };
        let failed: usize = self.kinds.iter().map(|(_, count)| count).sum();
        let kinds = self.kinds.iter();
        let kinds: Vec<_> = kinds
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        let sentence = format!(
            "{failed} of {all} connection tests did not pass: {}",
            kinds.join(", ")
        );
        Err(Failure::Partial(sentence, exit))
    }
}

async fn test(
    service: &Arc<dyn ConnectionService>,
    key: &IdOrAlias,
) -> Result<(ConnectionItem, TestReport), ConnectionError> {
    let item = service.get(key).await?.item;
    let report = service.test(TestSubject::Stored(item.id.into())).await?;
    Ok((item, report))
}

/// Returns the kind of a failed test.
fn kind(report: &TestReport) -> &'static str {
    if report.is_blocked {
        return "refused address";
    }
    let failed = report.steps.iter().find(|step| !step.passed);
    match (report.status, failed.map(|step| step.stage)) {
        (_, Some(TestStage::Settings)) => "incomplete settings",
        (Some(402), _) => "payment required",
        (Some(429), _) => "rate limited",
        (Some(500..), _) => "server error",
        (_, Some(TestStage::Reached)) => "unreachable",
        (Some(403), _) | (_, Some(TestStage::Permission)) => "permission denied",
        (_, Some(TestStage::Authentication | TestStage::Models) | None) => "rejected",
    }
}

/// Writes the result of the only test, with its stages.
fn show_one(
    tested: Result<(ConnectionItem, TestReport), ConnectionError>,
    output: &mut Output,
) -> Result<(), Failure> {
    let (item, report) = tested?;
    match output.audience() {
        Audience::Program => output.value(&report)?,
        Audience::Person => {
            line(&item, &report, output)?;
            details(&report, output)?;
        }
    }
    if report.success {
        return Ok(());
    }
    Err(ConnectionError::Provider(Box::new(report)).into())
}

/// Writes the result of one of several tests in one line.
fn show_one_of_many(
    key: &IdOrAlias,
    tested: Result<(ConnectionItem, TestReport), ConnectionError>,
    failures: &mut Failures,
    output: &mut Output,
) -> Result<(), Failure> {
    let (item, report) = match tested {
        Ok(tested) => tested,
        Err(error) => {
            let failure = Failure::Connection(error);
            failures.add("not tested", failure.exit());
            if output.audience() == Audience::Person {
                let mark = output.paint(Style::Bad, "✗");
                return output.text(&format!(
                    "{mark} {}\n",
                    printable(&format!("{key}: {failure}"))
                ));
            }
            output.failure(&failure);
            return Ok(());
        }
    };
    match output.audience() {
        Audience::Program => output.value_line(&TestedAlias {
            alias: &item.alias,
            is_active: item.is_active,
            report: &report,
        })?,
        Audience::Person => line(&item, &report, output)?,
    }
    if !report.success {
        failures.add(kind(&report), Exit::TestFailed);
    }
    Ok(())
}

/// Writes `✓ ALIAS: accepted` or `✗ ALIAS: KIND: REASON`.
fn line(item: &ConnectionItem, report: &TestReport, output: &mut Output) -> Result<(), Failure> {
    // A site refuses the test of an inactive connection.
    let inactive = if item.is_active || report.success {
        ""
    } else {
        " (inactive)"
    };
    let alias = format!("{}{inactive}", item.alias);
    let (style, mark, result) = if report.success {
        let models = report.models.map(|count| match count {
            1 => "1 model".to_owned(),
            count => format!("{count} models"),
        });
        let time = report.latency_ms.map(|time| format!("{time} ms"));
        let facts: Vec<_> = models.into_iter().chain(time).collect();
        let result = match facts.join(", ") {
            facts if facts.is_empty() => "accepted".to_owned(),
            facts => format!("accepted ({facts})"),
        };
        (Style::Good, "✓", result)
    } else {
        let reason = report.error_message.as_deref().unwrap_or_default();
        (Style::Bad, "✗", format!("{}: {reason}", kind(report)))
    };
    let mark = output.paint(style, mark);
    output.text(&format!(
        "{mark} {}\n",
        printable(&format!("{alias}: {result}"))
    ))
}

/// Writes the stages of a test, the request and the advice.
fn details(report: &TestReport, output: &mut Output) -> Result<(), Failure> {
    let rows: Vec<[String; 3]> = report
        .steps
        .iter()
        .map(|step| {
            let mark = if step.passed { "  ✓" } else { "  ✗" };
            let detail = step.detail.clone().unwrap_or_default();
            [mark.to_owned(), step.stage.as_str().to_owned(), detail]
        })
        .collect();
    output.facts(&rows)?;
    for (label, text) in [
        ("URL", &report.address),
        ("Provider message", &report.provider_message),
        ("What to do", &report.advice),
    ] {
        if let Some(text) = text {
            output.line(&format!("  {label}: {text}"))?;
        }
    }
    Ok(())
}
