//! Tests of connections: a site tests what is saved, and this machine can test the rest with the built-in probe.

use std::time::SystemTime;

use http::StatusCode;

use super::super::RemoteService;
use super::super::error_response::{ErrorContext, rejected};
use super::super::http_message::HttpRequest;
use crate::appsettings::{AppSettings, Reference};
use crate::connection::test_report::SettingsFlaw;
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    ConnectionDraft, ConnectionError, IdOrAlias, PlainSecret, Settings, TestProgress, TestReport,
};
use crate::probe::{self, ProbeLimits, ProbeSubject};
use crate::provider::ProviderCatalog;

impl RemoteService {
    /// Tests the stored connection. The server ignores a body, so a test of a draft is refused.
    pub(in super::super) async fn test_on_third_party(
        &self,
        key: &IdOrAlias,
        asking: HttpRequest,
    ) -> Result<TestReport, ConnectionError> {
        let answer = self.send_request(asking, ErrorContext::one(key)).await;
        match answer {
            Ok(answer) => self.read(&answer).map(explained),
            Err(ConnectionError::NotFound(_)) => {
                let found = self.load(key).await?;
                let reason = if found.settings.is_none() {
                    "it has no settings"
                } else {
                    "its provider is not installed on the server"
                };
                Err(rejected(
                    StatusCode::BAD_REQUEST,
                    format!("The connection cannot be tested: {reason}"),
                ))
            }
            Err(error) => Err(error),
        }
    }

    /// Tests a draft, or a stored connection with unsaved changes. The key is sent to the provider, not to the server.
    pub(in super::super) async fn test_from_here(
        &self,
        key: Option<&IdOrAlias>,
        draft: &ConnectionDraft,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        let (provider_id, settings) = if let Some(key) = key {
            let raw = self.raw(key).await?;
            let changed = raw.changed(draft, &self.catalog)?.after;
            (changed.item.provider_id, changed.settings)
        } else {
            let found = draft.validate(&self.catalog, MaskPolicy::Reject);
            (found.provider_id, found.settings)
        };
        let refused = |words: String| Err(rejected(StatusCode::NOT_IMPLEMENTED, words));
        let settings = settings.unwrap_or_default();
        if let Some(reference) = first_reference(&settings) {
            return refused(format!(
                "{reference} resolves on the server only; save first, then test"
            ));
        }
        let built_in = ProviderCatalog::embedded();
        let Some(provider) = built_in.get(&provider_id) else {
            return refused(format!(
                "umai has no test for the provider '{provider_id}'; save first, then test"
            ));
        };
        let subject = ProbeSubject {
            provider_id: &provider_id,
            provider: Some(provider),
            settings: Some(&settings),
            appsettings: &AppSettings::default(),
            now: SystemTime::now(),
        };
        Ok(probe::test(&subject, ProbeLimits::default(), progress).await)
    }
}

fn first_reference(settings: &Settings<PlainSecret>) -> Option<Reference> {
    let mut values = settings.iter().map(|(_, value)| value);
    values.find_map(|value| Reference::read(value.text()?.trim()))
}

/// Replaces the message of a site whose settings do not resolve.
fn explained(mut report: TestReport) -> TestReport {
    const UNRESOLVED: &str = "Exception has been thrown by the target of an invocation.";
    if report.error_message.as_deref() == Some(UNRESOLVED) {
        let words = "The site cannot resolve the settings; check that its configuration has the keys that they refer to";
        report.error_message = Some(words.into());
        report.settings_flaw = Some(SettingsFlaw::ReferenceNotFound);
    }
    report
}
