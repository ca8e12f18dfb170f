//! Connection tests and model lists: the only outgoing requests of the core.
//!
//! No response or connection is reused between two tests. Dropping the future cancels the request.

mod egress_policy;
mod http;
mod plan;
mod proxy;
mod settings;
mod redaction;
mod failure;
mod provider_message;
mod stream;
mod transport_error;
mod classify;

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::appsettings::AppSettings;
use crate::connection::test_report::{Model, TestProgress, TestReport, TestStage};
use crate::connection::{PlainSecret, Settings};
use crate::provider::Provider;
use crate::provider::probe::{MAX_MODELS, NextPage, PageOfModels, ResolvedSettings, entra};
use classify::RequestPurpose;
pub use egress_policy::AddressClass;
use failure::ProbeFailure;
use http::{ExpectedBody, ProbeClient, ProbeResponse};
use plan::ProbePlan;
use settings::ProbeSettings;

/// Limits of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeLimits {
    /// Time limit from the first DNS query to the last byte.
    pub time: Duration,
    /// Maximum size of a response in bytes.
    pub bytes: usize,
    /// Maximum size of a page of a list in bytes.
    pub list_bytes: usize,
    /// Maximum number of pages of a list.
    pub pages: usize,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            bytes: 1024 * 1024,
            list_bytes: 16 * 1024 * 1024,
            pages: 20,
        }
    }
}

/// Connection to test.
pub struct ProbeSubject<'a> {
    /// Provider ID of the connection.
    pub provider_id: &'a str,
    /// Provider, if the catalog has it.
    pub provider: Option<&'a Provider>,
    /// Settings, if the connection has any.
    pub settings: Option<&'a Settings<PlainSecret>>,
    /// Configuration that references resolve against.
    pub appsettings: &'a AppSettings,
    /// Time of the signature.
    pub now: SystemTime,
}

/// Tests the credentials, and counts the models if they are accepted.
pub async fn test(
    subject: &ProbeSubject<'_>,
    limits: ProbeLimits,
    progress: &TestProgress,
) -> TestReport {
    let mut plan = match ProbePlan::new(subject) {
        Ok(plan) => plan,
        Err(failure) => return failure.report(None),
    };
    progress.passed(TestStage::Settings);
    let client = ProbeClient::new(limits);
    match check_credentials(&mut plan, &client, progress).await {
        Ok(proven) => success(&plan, &client, limits, proven).await,
        Err(failure) => plan.reported(failure),
    }
}

/// Lists the models of a provider; fails with the report of the test.
pub async fn models(
    subject: &ProbeSubject<'_>,
    limits: ProbeLimits,
) -> Result<Vec<Model>, TestReport> {
    let mut plan = ProbePlan::new(subject).map_err(|failure| failure.report(None))?;
    let client = ProbeClient::new(limits);
    let found = match check_credentials(&mut plan, &client, &TestProgress::default()).await {
        Ok(mut proven) => fetch_models(&plan, &client, limits, &mut proven).await,
        Err(failure) => Err(failure),
    };
    found.map_err(|failure| plan.reported(failure))
}

/// Returns the settings with resolved references and defaults; fails with the report of a test that could not begin.
pub fn resolve(subject: &ProbeSubject<'_>) -> Result<ResolvedSettings, Box<TestReport>> {
    match ProbeSettings::of(subject) {
        Ok((_, read)) => Ok(read.values),
        Err(failure) => Err(Box::new(failure.report(None))),
    }
}

/// Response to accepted credentials.
struct AcceptedResponse {
    response: ProbeResponse,
    location: String,
}

async fn check_credentials(
    plan: &mut ProbePlan<'_>,
    client: &ProbeClient,
    progress: &TestProgress,
) -> Result<AcceptedResponse, ProbeFailure> {
    if let Some(call) = plan.token_call()? {
        let answer = client
            .call(call.request, ExpectedBody::Document, || {})
            .await;
        let answer = classify::classify(answer, &call.url, RequestPurpose::Token, plan)?;
        let token = answer.json.as_ref().and_then(entra::token_in);
        plan.authenticate_with(token.ok_or_else(|| classify::missing_token(&call.url, &answer))?);
    }
    let call = plan.credentials_request()?;
    let (asked, wanted) = if plan.probe.is_list() {
        (RequestPurpose::Models, plan.expected_list()?)
    } else {
        (RequestPurpose::Credentials, ExpectedBody::Document)
    };
    let reached = || progress.passed(TestStage::Reached);
    let answer = client.call(call.request, wanted, reached).await;
    let answer = classify::classify(answer, &call.url, asked, plan)?;
    progress.passed(TestStage::Permission);
    Ok(AcceptedResponse {
        response: answer,
        location: call.url.host,
    })
}

async fn success(
    plan: &ProbePlan<'_>,
    client: &ProbeClient,
    limits: ProbeLimits,
    mut proven: AcceptedResponse,
) -> TestReport {
    let mut report = failure::passed(&proven.location, &proven.response);
    report.address = Some(plan.displayed_address());
    if plan.probe.models.is_some() {
        match fetch_models(plan, client, limits, &mut proven).await {
            Ok(models) => failure::add_models(&mut report, models.len()),
            Err(failure) => failure.add_to(&mut report),
        }
    }
    report
}

/// Reads every page of the list within the limits.
async fn fetch_models(
    plan: &ProbePlan<'_>,
    client: &ProbeClient,
    limits: ProbeLimits,
    proven: &mut AcceptedResponse,
) -> Result<Vec<Model>, ProbeFailure> {
    // If the credentials were checked with the list, that response is the first page.
    let mut page = proven.response.list.take();
    let mut models = Vec::new();
    let mut known = HashSet::new();
    let mut at: Option<NextPage> = None;
    for _ in 0..limits.pages.max(1) {
        let read = match page.take() {
            Some(read) => read,
            None => fetch_page(plan, client, at.as_ref()).await?,
        };
        let PageOfModels {
            models: named,
            next,
        } = read;
        for named in named {
            if let Some(model) = plan.model(named)
                && known.insert(model.id.clone())
            {
                models.push(model);
            }
        }
        if next.is_none() || next == at || models.len() >= MAX_MODELS {
            break;
        }
        at = next;
    }
    Ok(models)
}

async fn fetch_page(
    plan: &ProbePlan<'_>,
    client: &ProbeClient,
    at: Option<&NextPage>,
) -> Result<PageOfModels, ProbeFailure> {
    let wanted = plan.expected_list()?;
    let call = plan.list_call(at)?;
    let answer = client.call(call.request, wanted, || {}).await;
    let classified = classify::classify(answer, &call.url, RequestPurpose::Models, plan);
    let answer = classified.map_err(|failure| failure.at(TestStage::Models))?;
    answer
        .list
        .ok_or_else(|| classify::not_a_list(&call.url, plan).at(TestStage::Models))
}

/// Deadline of a test that starts now.
fn deadline(limits: ProbeLimits) -> Instant {
    Instant::now() + limits.time
}
