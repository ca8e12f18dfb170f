//! Turns the settings of a connection into calls, and says what is missing before anything is sent.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Subject;
use super::caller::Wanted;
use super::read::Read;
use super::redaction::Redaction;
use super::refusal::Refusal;
use crate::connection::Mask;
use crate::connection::test_report::{Model, TestReport};
use crate::provider::Provider;
use crate::provider::probe::{
    Named, NextPage, Probe, ProbeRequest, Template, Unsendable, Values, template,
};

/// Settings that are complete, and the probe for them.
pub(super) struct Prepared<'a> {
    /// The request as the provider's file has it, kept to the endpoint.
    pub probe: Cow<'a, Probe>,
    provider: &'a Provider,
    subject: &'a Subject<'a>,
    values: Values,
    /// The keys whose value came from a reference, with it: the value is not shown.
    referred: Vec<(String, String)>,
    /// What the request is signed with, where a token had to be asked for first.
    token: Option<SecretString>,
    hidden: Redaction,
}

/// A call, and how people may see where it goes.
pub(super) struct Call {
    /// What is sent.
    pub request: ProbeRequest,
    /// Where.
    pub target: Target,
}

/// Where a call goes, as people may see it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The address without its query.
    pub address: String,
    /// The host, as sentences name it.
    pub place: String,
}

impl<'a> Prepared<'a> {
    /// What can be sent, or what is missing.
    pub(super) fn new(subject: &'a Subject<'a>) -> Result<Self, Refusal> {
        let Some(provider) = subject.provider else {
            let id = subject.provider_id;
            return Err(Refusal::incomplete(
                format!("Provider '{id}' is not known here"),
                "Put its file into the folder providers of the configuration",
            ));
        };
        let Some(settings) = subject.settings else {
            return Err(Refusal::incomplete(
                "The connection has no settings yet".into(),
                "Edit the connection and fill in what the provider asks for",
            ));
        };
        let read = Read::all(provider, settings, subject.appsettings)?;
        let Some(probe) = provider.probe_for(&read.values) else {
            return Err(Refusal::incomplete(
                format!(
                    "Provider '{}' says nothing of how it is tested",
                    provider.name
                ),
                "Add a [probe] to its file",
            ));
        };
        let Some(probe) = probe.at_home(provider, &read.values) else {
            return Err(Refusal::incomplete(
                format!(
                    "Provider '{}' is tested at an address of its own, which gets no key of another endpoint",
                    provider.name
                ),
                "Add [probe.models] with an address of the endpoint to its file",
            ));
        };
        let missing = probe.missing(provider, &read.values);
        if !missing.is_empty() {
            let labels: Vec<_> = missing.iter().map(|field| field.label.as_str()).collect();
            let verb = if labels.len() == 1 { "is" } else { "are" };
            return Err(Refusal::incomplete(
                format!("{} {verb} missing", labels.join(", ")),
                "Edit the connection and fill in what is missing",
            ));
        }
        Ok(Self {
            probe,
            provider,
            subject,
            token: None,
            hidden: Redaction::of(&read.secrets),
            values: read.values,
            referred: read.referred,
        })
    }

    /// Signs with this token from now on, and hides it from every report.
    pub(super) fn sign_with(&mut self, token: SecretString) {
        self.hidden.add(token.expose_secret());
        self.token = Some(token);
    }

    /// A foreign text as one safe line without secrets.
    pub(super) fn clean(&self, text: &str) -> String {
        self.hidden.clean(text)
    }

    /// A refusal as a report.
    pub(super) fn reported(&self, refusal: Refusal) -> TestReport {
        let shown = self.proof_shown();
        refusal.report(Some(shown))
    }

    /// The request for a token, where the probe wants one.
    pub(super) fn token_call(&self) -> Result<Option<Call>, Refusal> {
        let request = self.probe.token_request(&self.values);
        let request = request.map_err(|why| self.unsendable(&why))?;
        Ok(request
            .zip(self.probe.token.as_ref())
            .map(|(request, template)| {
                let target = self.target(template, &request.url);
                Call { request, target }
            }))
    }

    /// The probe itself.
    pub(super) fn proof_call(&self) -> Result<Call, Refusal> {
        self.call(self.probe.proof_address(), None)
    }

    /// The list of models, or a further page of it.
    pub(super) fn list_call(&self, at: Option<&NextPage>) -> Result<Call, Refusal> {
        self.call(self.probe.list_address(), at)
    }

    /// The list of models as an answer, where anything is known of it.
    pub(super) fn wanted_list(&self) -> Result<Wanted<'_>, Refusal> {
        let listing = self.probe.models.as_ref();
        let wanted = listing.map(|listing| Wanted::List(listing, self.probe.list_shape()));
        wanted.ok_or_else(|| {
            Refusal::at_models(
                format!("Provider '{}' names no models", self.provider.name),
                "Add [probe.models] to its file",
            )
        })
    }

    /// A model as we say it; none when its id would tell a secret.
    pub(super) fn model(&self, named: Named) -> Option<Model> {
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

    /// The address of the probe as people may see it.
    pub(super) fn proof_shown(&self) -> String {
        template::chosen(self.probe.proof_address(), &self.values)
            .map(|address| self.shown(address))
            .unwrap_or_default()
    }

    fn call(&self, addresses: &[Template], at: Option<&NextPage>) -> Result<Call, Refusal> {
        let Some(template) = template::chosen(addresses, &self.values) else {
            return Err(self.unsendable(&Unsendable::Unsigned));
        };
        let first = template
            .url(&self.values)
            .map_err(|why| self.unsendable(&why))?;
        let url = match at {
            None => first,
            Some(at) => further(first, at).ok_or_else(|| {
                Refusal::at_models(
                    "The list of models goes on at another server, which gets no key".into(),
                    "Ask the provider",
                )
            })?,
        };
        let target = self.target(template, &url);
        let request = self
            .probe
            .request(url, &self.values, self.token.as_ref(), self.subject.now)
            .map_err(|why| self.unsendable(&why))?;
        Ok(Call { request, target })
    }

    fn target(&self, template: &Template, url: &Url) -> Target {
        let referred = template
            .settings()
            .find_map(|key| self.referred.iter().find(|(name, _)| name == key));
        let host = url.host_str().unwrap_or_default();
        let place = match (referred, url.port()) {
            (Some((_, reference)), _) => format!("the address in {reference}"),
            (None, Some(port)) => format!("{host}:{port}"),
            (None, None) => host.to_owned(),
        };
        Target {
            address: self.shown(template),
            place: self.clean(&place),
        }
    }

    fn shown(&self, template: &Template) -> String {
        let text = template.shown(|key| {
            let referred = self.referred.iter().find(|(name, _)| name == key);
            match (referred, self.provider.field(key)) {
                (Some((_, reference)), _) => reference.clone(),
                (None, Some(field)) if field.sensitive => Mask::Any.text().to_owned(),
                (None, _) => self.values.get(key).unwrap_or_default().to_owned(),
            }
        });
        self.clean(&text)
    }

    fn unsendable(&self, why: &Unsendable) -> Refusal {
        let label = |key: &str| {
            self.provider
                .field(key)
                .map_or_else(|| key.to_owned(), |field| field.label.clone())
        };
        let sentence = match why {
            Unsendable::NotAnAddress(key) => {
                format!("{} is not an http or https address", label(key))
            }
            Unsendable::NotAWord(key) => {
                format!(
                    "{} must be one word of letters, numbers and hyphens",
                    label(key)
                )
            }
            Unsendable::NotAHeader(name) => format!(
                "What is to be sent in the header {} has characters that no request can carry",
                self.clean(name)
            ),
            Unsendable::Unsigned => "The request cannot be signed".to_owned(),
        };
        Refusal::incomplete(sentence, "Edit the connection and type it again")
    }
}

/// The address of a further page, of the same origin only.
fn further(mut first: Url, at: &NextPage) -> Option<Url> {
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
