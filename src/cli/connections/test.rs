//! `umai connections test`: checks the credentials with the providers.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::super::exit::{Exit, Failure};
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Output, OutputReader};
use super::super::table::table;
use crate::connection::{
    ConnectionError, ConnectionItem, IdOrAlias, TestReport, TestStage, TestSubject,
};
use crate::service::ConnectionService;

/// Number of concurrent tests.
const AT_ONCE: usize = 8;

/// Report of one of several tests, with the alias.
#[derive(Serialize)]
struct TestedAlias<'a> {
    alias: &'a str,
    #[serde(flatten)]
    report: &'a TestReport,
}

/// Tests each connection; the exit code is the highest of all.
pub fn run(
    connections: &[IdOrAlias],
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    with_service(context, output, async |service, output| {
        let tests = stream::iter(connections).map(|key| test(service, key));
        let mut tests = tests.buffered(AT_ONCE);
        let is_one = connections.len() == 1;
        let (mut failed, mut exit) = (0, Exit::Success);
        while let Some(tested) = tests.next().await {
            let failure = match tested {
                Ok((item, report)) => {
                    show(&item, &report, is_one, output)?;
                    if report.success {
                        continue;
                    }
                    Failure::Connection(ConnectionError::Provider(Box::new(report)))
                }
                Err(error) => Failure::Connection(error),
            };
            if is_one {
                return Err(failure);
            }
            output.failure(&failure);
            failed += 1;
            if failure.exit() as u8 > exit as u8 {
                exit = failure.exit();
            }
        }
        if failed == 0 {
            return Ok(());
        }
        let all = connections.len();
        let sentence = format!("{failed} of {all} connection tests failed");
        Err(Failure::Partial(sentence, exit))
    })
}

async fn test(
    service: &Arc<dyn ConnectionService>,
    key: &IdOrAlias,
) -> Result<(ConnectionItem, TestReport), ConnectionError> {
    let item = service.get(key).await?.item;
    let report = service.test(TestSubject::Stored(item.id.into())).await?;
    Ok((item, report))
}

/// Returns the cause of a failed test in a few words.
fn cause(report: &TestReport) -> &'static str {
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

fn show(
    item: &ConnectionItem,
    report: &TestReport,
    is_one: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.reader() {
        OutputReader::Json if is_one => return output.json(report),
        OutputReader::Json => {
            return output.json_line(&TestedAlias {
                alias: &item.alias,
                report,
            });
        }
        OutputReader::Text => {}
    }
    let result = if report.success {
        "the provider accepts the credentials".to_owned()
    } else {
        format!("failed: {}", cause(report))
    };
    output.line(&format!("{} ({}): {result}", item.name, item.alias))?;
    let rows: Vec<[String; 3]> = report
        .steps
        .iter()
        .map(|step| {
            let mark = if step.passed { "  ✓" } else { "  ✗" };
            let detail = step.detail.clone().unwrap_or_default();
            [mark.to_owned(), step.stage.as_str().to_owned(), detail]
        })
        .collect();
    if let Some((first, rest)) = rows.split_first() {
        let [mark, stage, detail] = first;
        let detail = crate::text::printable(detail);
        output.text(&table([mark, stage, &detail], rest))?;
    }
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
