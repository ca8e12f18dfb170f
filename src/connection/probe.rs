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

use super::test_report::{Model, TestReport, TestStage};
use super::{PlainSecret, Settings};
use crate::appsettings::AppSettings;
use crate::provider::Provider;
use crate::provider::probe::{MAX_MODELS, NextPage, PageOfModels, entra};
use classify::RequestPurpose;
pub use egress_policy::AddressClass;
use failure::ProbeFailure;
use http::{ExpectedBody, ProbeClient, ProbeResponse};
use plan::ProbePlan;

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
pub async fn test(subject: &ProbeSubject<'_>, limits: ProbeLimits) -> TestReport {
    let mut prepared = match ProbePlan::new(subject) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.report(None),
    };
    let caller = ProbeClient::new(limits);
    match check_credentials(&mut prepared, &caller).await {
        Ok(proven) => success(&prepared, &caller, limits, proven).await,
        Err(refusal) => prepared.reported(refusal),
    }
}

/// Lists the models of a provider; fails with the report of the test.
pub async fn models(
    subject: &ProbeSubject<'_>,
    limits: ProbeLimits,
) -> Result<Vec<Model>, TestReport> {
    let mut prepared = ProbePlan::new(subject).map_err(|refusal| refusal.report(None))?;
    let caller = ProbeClient::new(limits);
    let found = match check_credentials(&mut prepared, &caller).await {
        Ok(mut proven) => fetch_models(&prepared, &caller, limits, &mut proven).await,
        Err(refusal) => Err(refusal),
    };
    found.map_err(|refusal| prepared.reported(refusal))
}

/// Response to accepted credentials.
struct AcceptedResponse {
    response: ProbeResponse,
    location: String,
}

async fn check_credentials(
    prepared: &mut ProbePlan<'_>,
    caller: &ProbeClient,
) -> Result<AcceptedResponse, ProbeFailure> {
    if let Some(call) = prepared.token_call()? {
        let answer = caller.call(call.request, ExpectedBody::Document).await;
        let answer = classify::classify(answer, &call.target, RequestPurpose::Token, prepared)?;
        let token = answer.json.as_ref().and_then(entra::token_in);
        prepared.sign_with(token.ok_or_else(|| classify::missing_token(&call.target, &answer))?);
    }
    let call = prepared.credentials_request()?;
    let (asked, wanted) = if prepared.probe.is_list() {
        (RequestPurpose::Models, prepared.list_to_request()?)
    } else {
        (RequestPurpose::Credentials, ExpectedBody::Document)
    };
    let answer = caller.call(call.request, wanted).await;
    let answer = classify::classify(answer, &call.target, asked, prepared)?;
    Ok(AcceptedResponse {
        response: answer,
        location: call.target.location,
    })
}

async fn success(
    prepared: &ProbePlan<'_>,
    caller: &ProbeClient,
    limits: ProbeLimits,
    mut proven: AcceptedResponse,
) -> TestReport {
    let mut report = failure::passed(&proven.location, &proven.response);
    report.address = Some(prepared.displayed_credentials_request());
    if prepared.probe.models.is_some() {
        match fetch_models(prepared, caller, limits, &mut proven).await {
            Ok(models) => failure::add_models(&mut report, models.len()),
            Err(refusal) => refusal.add_to(&mut report),
        }
    }
    report
}

/// Reads every page of the list within the limits.
async fn fetch_models(
    prepared: &ProbePlan<'_>,
    caller: &ProbeClient,
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
            None => fetch_page(prepared, caller, at.as_ref()).await?,
        };
        let PageOfModels {
            models: named,
            next,
        } = read;
        for named in named {
            if let Some(model) = prepared.model(named)
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
    prepared: &ProbePlan<'_>,
    caller: &ProbeClient,
    at: Option<&NextPage>,
) -> Result<PageOfModels, ProbeFailure> {
    let wanted = prepared.list_to_request()?;
    let call = prepared.list_call(at)?;
    let answer = caller.call(call.request, wanted).await;
    let classified = classify::classify(answer, &call.target, RequestPurpose::Models, prepared);
    let answer = classified.map_err(|refusal| refusal.at(TestStage::Models))?;
    answer
        .list
        .ok_or_else(|| classify::not_a_list(&call.target, prepared).at(TestStage::Models))
}

/// Deadline of a test that starts now.
fn deadline(limits: ProbeLimits) -> Instant {
    Instant::now() + limits.time
}
