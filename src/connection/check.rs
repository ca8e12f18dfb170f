//! Sends a probe and reports what came back: the core's only outgoing call.
//!
//! Nothing is kept between two tests, neither an answer nor a connection: what a report says is true of the settings it was
//! asked for, now. Dropping the future ends the call.

mod address;
mod caller;
mod prepared;
mod proxy;
mod read;
mod redaction;
mod refusal;
mod said;
mod stream;
mod unreached;
mod verdict;

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::test_report::{Model, TestReport, TestStage};
use super::{Plain, Settings};
use crate::appsettings::AppSettings;
use crate::provider::Provider;
use crate::provider::probe::{MAX_MODELS, NextPage, PageOfModels, entra};
pub use address::Outlook;
use caller::{Answer, Caller, Wanted};
use prepared::Prepared;
use refusal::Refusal;
use verdict::Asked;

/// How much a test may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time for everything, from the first look-up to the last byte.
    pub time: Duration,
    /// The most bytes that are read of one answer.
    pub bytes: usize,
    /// The most bytes that are read of one page of a list.
    pub list_bytes: usize,
    /// The most pages that are read of one list.
    pub pages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            bytes: 1024 * 1024,
            list_bytes: 16 * 1024 * 1024,
            pages: 20,
        }
    }
}

/// What is tested.
pub struct Subject<'a> {
    /// The id that the connection has for its provider.
    pub provider_id: &'a str,
    /// The provider, when the catalogue knows it.
    pub provider: Option<&'a Provider>,
    /// The settings.
    pub settings: Option<&'a Settings<Plain>>,
    /// What references resolve against, for the length of the call.
    pub appsettings: &'a AppSettings,
    /// The time that a signature says.
    pub now: SystemTime,
}

/// How a test goes.
pub async fn test(subject: &Subject<'_>, limits: Limits) -> TestReport {
    let mut prepared = match Prepared::new(subject) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.report(None),
    };
    let caller = Caller::new(limits);
    match prove(&mut prepared, &caller).await {
        Ok(proven) => success(&prepared, &caller, limits, proven).await,
        Err(refusal) => prepared.reported(refusal),
    }
}

/// The models that a provider names, or how far it came.
pub async fn models(subject: &Subject<'_>, limits: Limits) -> Result<Vec<Model>, TestReport> {
    let mut prepared = Prepared::new(subject).map_err(|refusal| refusal.report(None))?;
    let caller = Caller::new(limits);
    let found = match prove(&mut prepared, &caller).await {
        Ok(mut proven) => list(&prepared, &caller, limits, &mut proven).await,
        Err(refusal) => Err(refusal),
    };
    found.map_err(|refusal| prepared.reported(refusal))
}

/// Credentials that were accepted.
struct Proven {
    answer: Answer,
    place: String,
}

async fn prove(prepared: &mut Prepared<'_>, caller: &Caller) -> Result<Proven, Refusal> {
    if let Some(call) = prepared.token_call()? {
        let answer = caller.call(call.request, Wanted::Document).await;
        let answer = verdict::judge(answer, &call.target, Asked::Token, prepared)?;
        let token = answer.json.as_ref().and_then(entra::token_in);
        prepared.sign_with(token.ok_or_else(|| verdict::no_token(&call.target, &answer))?);
    }
    let call = prepared.proof_call()?;
    let (asked, wanted) = if prepared.probe.is_list() {
        (Asked::Models, prepared.wanted_list()?)
    } else {
        (Asked::Proof, Wanted::Document)
    };
    let answer = caller.call(call.request, wanted).await;
    let answer = verdict::judge(answer, &call.target, asked, prepared)?;
    Ok(Proven {
        answer,
        place: call.target.place,
    })
}

async fn success(
    prepared: &Prepared<'_>,
    caller: &Caller,
    limits: Limits,
    mut proven: Proven,
) -> TestReport {
    let mut report = refusal::passed(&proven.place, &proven.answer);
    report.address = Some(prepared.proof_shown());
    if prepared.probe.models.is_some() {
        match list(prepared, caller, limits, &mut proven).await {
            Ok(models) => refusal::add_models(&mut report, models.len()),
            Err(refusal) => refusal.add_to(&mut report),
        }
    }
    report
}

/// Every page of the list, as far as the limits let it.
async fn list(
    prepared: &Prepared<'_>,
    caller: &Caller,
    limits: Limits,
    proven: &mut Proven,
) -> Result<Vec<Model>, Refusal> {
    // Where the proof was the list, its answer is the first page.
    let mut page = proven.answer.list.take();
    let mut models = Vec::new();
    let mut known = HashSet::new();
    let mut at: Option<NextPage> = None;
    for _ in 0..limits.pages.max(1) {
        let read = match page.take() {
            Some(read) => read,
            None => ask_page(prepared, caller, at.as_ref()).await?,
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

async fn ask_page(
    prepared: &Prepared<'_>,
    caller: &Caller,
    at: Option<&NextPage>,
) -> Result<PageOfModels, Refusal> {
    let wanted = prepared.wanted_list()?;
    let call = prepared.list_call(at)?;
    let answer = caller.call(call.request, wanted).await;
    let judged = verdict::judge(answer, &call.target, Asked::Models, prepared);
    let answer = judged.map_err(|refusal| refusal.at(TestStage::Models))?;
    answer
        .list
        .ok_or_else(|| verdict::no_list(&call.target, prepared).at(TestStage::Models))
}

/// When the whole has to be done.
fn deadline(limits: Limits) -> Instant {
    Instant::now() + limits.time
}
