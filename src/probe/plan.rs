//! Builds the requests of a test from the settings, and reports missing settings before a request.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::ProbeSubject;
use super::failure::ProbeFailure;
use super::http::ExpectedBody;
use super::redaction::Redaction;
use super::settings::ProbeSettings;
use crate::connection::MaskedSecret;
use crate::connection::test_report::{Model, TestReport};
use crate::provider::Provider;
use crate::provider::probe::{
    ListedModel, NextPage, Probe, ProbeRequest, ResolvedSettings, Template, Unsendable, template,
};

/// Complete settings and the probe for them.
pub(super) struct ProbePlan<'a> {
    /// Request from the provider file, limited to the endpoint.
    pub probe: Cow<'a, Probe>,
    provider: &'a Provider,
    subject: &'a ProbeSubject<'a>,
    values: ResolvedSettings,
    /// Setting keys with the reference of their value; the value is not shown.
    references: Vec<(String, String)>,
    /// Access token, for schemes that request one first.
    token: Option<SecretString>,
    hidden: Redaction,
}

/// Request with its URL for display.
pub(super) struct PlannedRequest {
    /// Request to send.
    pub request: ProbeRequest,
    /// URL for display.
    pub url: DisplayUrl,
}

/// URL of a request for display, without secrets.
#[derive(Debug, Clone)]
pub(super) struct DisplayUrl {
    /// URL without its query.
    pub address: String,
    /// Host for messages.
    pub host: String,
}

impl<'a> ProbePlan<'a> {
    /// Prepares the requests, or reports what is missing.
    pub(super) fn new(subject: &'a ProbeSubject<'a>) -> Result<Self, ProbeFailure> {
        let (provider, read) = ProbeSettings::of(subject)?;
        let Some(probe) = provider.probe_for(&read.values) else {
            return Err(ProbeFailure::incomplete(
                format!("Provider '{}' has no connection test", provider.name),
                "Add a [probe] section to the provider file",
            ));
        };
        let Some(probe) = probe.restricted_to_endpoint(provider, &read.values) else {
            return Err(ProbeFailure::incomplete(
                format!(
                    "The test of provider '{}' uses a fixed URL, and keys for a custom endpoint are not sent there",
                    provider.name
                ),
                "Add [probe.models] with a URL of the endpoint to the provider file",
            ));
        };
        let missing = probe.missing(provider, &read.values);
        if !missing.is_empty() {
            let labels: Vec<_> = missing.iter().map(|field| field.label.as_str()).collect();
            let verb = if labels.len() == 1 { "is" } else { "are" };
            return Err(ProbeFailure::incomplete(
                format!("{} {verb} missing", labels.join(", ")),
                "Edit the connection and fill in the missing settings",
            ));
        }
        Ok(Self {
            probe,
            provider,
            subject,
            token: None,
            hidden: Redaction::new(&read.secrets),
            values: read.values,
            references: read.references,
        })
    }

    /// Authenticates further requests with this token, and redacts it from reports.
    pub(super) fn authenticate_with(&mut self, token: SecretString) {
        self.hidden.add(token.expose_secret());
        self.token = Some(token);
    }

    /// Returns third-party text as one printable line without secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        self.hidden.clean(text)
    }

    /// Converts a failure to a report.
    pub(super) fn reported(&self, failure: ProbeFailure) -> TestReport {
        let shown = self.displayed_address();
        failure.report(Some(shown))
    }

    /// Request for an access token, if the probe needs one.
    pub(super) fn token_call(&self) -> Result<Option<PlannedRequest>, ProbeFailure> {
        let request = self.probe.token_request(&self.values);
        let request = request.map_err(|reason| self.unsendable(&reason))?;
        Ok(request
            .zip(self.probe.token.as_ref())
            .map(|(request, template)| {
                let url = self.display_url(template, &request.url);
                PlannedRequest { request, url }
            }))
    }

    /// Request that checks the credentials.
    pub(super) fn credentials_request(&self) -> Result<PlannedRequest, ProbeFailure> {
        self.call(self.probe.credentials_address(), None)
    }

    /// Request for the list of models, or for a further page.
    pub(super) fn list_call(&self, at: Option<&NextPage>) -> Result<PlannedRequest, ProbeFailure> {
        self.call(self.probe.list_address(), at)
    }

    /// Expected model list; fails if the provider file does not describe one.
    pub(super) fn expected_list(&self) -> Result<ExpectedBody<'_>, ProbeFailure> {
        let listing = self.probe.models.as_ref();
        let wanted = listing.map(|listing| ExpectedBody::List(listing, self.probe.list_shape()));
        wanted.ok_or_else(|| {
            ProbeFailure::at_models(
                format!("Provider '{}' does not list models", self.provider.name),
                "Add [probe.models] to the provider file",
            )
        })
    }

    /// Converts a model; none if its ID contains a secret.
    pub(super) fn model(&self, named: ListedModel) -> Option<Model> {
        let hidden = &self.hidden;
        (!hidden.is_in(&named.id)).then(|| Model {
            name: if hidden.is_in(&named.name) {
                named.id.clone()
            } else {
                named.name
            },
            id: named.id,
            capabilities: named.capabilities,
        })
    }

    /// Displayable URL of the probe.
    pub(super) fn displayed_address(&self) -> String {
        template::chosen(self.probe.credentials_address(), &self.values)
            .map(|address| self.displayed(address))
            .unwrap_or_default()
    }

    fn call(
        &self,
        addresses: &[Template],
        at: Option<&NextPage>,
    ) -> Result<PlannedRequest, ProbeFailure> {
        let Some(template) = template::chosen(addresses, &self.values) else {
            return Err(self.unsendable(&Unsendable::NoUrl));
        };
        let first = template
            .url(&self.values)
            .map_err(|reason| self.unsendable(&reason))?;
        let url = match at {
            None => first,
            Some(at) => next_page(first, at).ok_or_else(|| {
                ProbeFailure::at_models(
                    "The next page of the model list is on another server, and the key is not sent there".into(),
                    "Report this to the provider",
                )
            })?,
        };
        let shown = self.display_url(template, &url);
        let request = self
            .probe
            .request(url, &self.values, self.token.as_ref(), self.subject.now)
            .map_err(|reason| self.unsendable(&reason))?;
        Ok(PlannedRequest {
            request,
            url: shown,
        })
    }

    fn display_url(&self, template: &Template, url: &Url) -> DisplayUrl {
        let referred = template
            .settings()
            .find_map(|key| self.references.iter().find(|(name, _)| name == key));
        let host = url.host_str().unwrap_or_default();
        let described = match (referred, url.port()) {
            (Some((_, reference)), _) => format!("the address in {reference}"),
            (None, Some(port)) => format!("{host}:{port}"),
            (None, None) => host.to_owned(),
        };
        DisplayUrl {
            address: self.displayed(template),
            host: self.clean(&described),
        }
    }

    fn displayed(&self, template: &Template) -> String {
        let text = template.displayed(|key| {
            let referred = self.references.iter().find(|(name, _)| name == key);
            match (referred, self.provider.field(key)) {
                (Some((_, reference)), _) => reference.clone(),
                (None, Some(field)) if field.sensitive => MaskedSecret::Any.text().to_owned(),
                (None, _) => self.values.get(key).unwrap_or_default().to_owned(),
            }
        });
        self.clean(&text)
    }

    fn unsendable(&self, reason: &Unsendable) -> ProbeFailure {
        let label = |key: &str| {
            self.provider
                .field(key)
                .map_or_else(|| key.to_owned(), |field| field.label.clone())
        };
        let sentence = match reason {
            Unsendable::NotAnAddress(key) => {
                format!("{} is not an http or https URL", label(key))
            }
            Unsendable::InvalidUrlPart(key) => {
                format!(
                    "{} must consist of letters, numbers and hyphens",
                    label(key)
                )
            }
            Unsendable::NotAHeader(name) => format!(
                "The value of the header {} contains invalid characters",
                self.clean(name)
            ),
            Unsendable::NoUrl => "The settings give no URL to test".to_owned(),
            Unsendable::Unsigned => "The request cannot be signed".to_owned(),
        };
        ProbeFailure::incomplete(sentence, "Edit the connection and enter the value again")
    }
}

/// Returns the URL of a further page, if it has the same origin.
fn next_page(mut first: Url, at: &NextPage) -> Option<Url> {
    match at {
        NextPage::Query(key, token) => {
            let kept: Vec<(String, String)> = first
                .query_pairs()
                .filter(|(name, _)| name != key)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            first
                .query_pairs_mut()
                .clear()
                .extend_pairs(kept)
                .append_pair(key, token);
            Some(first)
        }
        NextPage::Address(address) => {
            let next = first.join(address).ok()?;
            (next.origin() == first.origin() && next.username().is_empty()).then_some(next)
        }
    }
}
