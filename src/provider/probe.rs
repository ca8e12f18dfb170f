//! How a provider is asked whether credentials work: the request, as data.
//!
//! A provider's file says it in its `[probe]`, or in several of which the first whose `when` has a value is the one. Only
//! the four ways to sign a request are code, one file each. A list of models that is public proves no key: then the
//! probe's own address is another one, and the list's stands in `[probe.models]`.

mod bearer;
mod by_name;
pub mod entra;
mod header;
mod home;
pub mod listing;
pub mod one_or_many;
pub mod request;
mod sigv4;
pub mod template;
pub mod values;

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::{HeaderName, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{Provider, SettingsField};
use one_or_many::one_or_many;

pub use by_name::capabilities_by_name;
pub use listing::{ListAnswer, ListShape, Listing, MAX_MODELS, Named, NextPage, PageOfModels};
pub use request::{ProbeRequest, Unsendable, client_header};
pub use template::Template;
pub use values::Values;

/// The setting that is the key unless a probe names another.
const API_KEY: &str = "apiKey";

/// One request that tells whether credentials work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Probe {
    /// The setting that must have a value for this probe to be the one; none for the one that is left.
    #[serde(default)]
    pub when: Option<String>,
    /// How the request is signed.
    pub scheme: Scheme,
    /// Where it goes: the first of these whose settings have values.
    #[serde(deserialize_with = "one_or_many")]
    pub address: Vec<Template>,
    /// The setting that is the key; for [`Scheme::Bearer`] and [`Scheme::Header`].
    #[serde(default = "api_key")]
    pub key: String,
    /// The header that carries the key; for [`Scheme::Header`].
    #[serde(default)]
    pub header: Option<String>,
    /// The service that is signed for; for [`Scheme::SigV4`].
    #[serde(default)]
    pub service: Option<String>,
    /// Where the token comes from; for [`Scheme::Entra`].
    #[serde(default)]
    pub token: Option<Template>,
    /// What the token is for; for [`Scheme::Entra`].
    #[serde(default)]
    pub scope: Option<String>,
    /// Further headers; one whose settings have no value is left out.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// The setting that holds header lines of the user's own.
    #[serde(default)]
    pub more_headers: Option<String>,
    /// What to look at when the address turns out to be wrong, in one sentence.
    #[serde(default)]
    pub hint: Option<String>,
    /// How the models are read; none when no list is known.
    #[serde(default)]
    pub models: Option<Listing>,
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Authorization: Bearer`.
    Bearer,
    /// The key alone in a header of its own.
    Header,
    /// AWS Signature Version 4.
    SigV4,
    /// A token of Microsoft Entra ID's, by client credentials, as a bearer.
    Entra,
}

fn api_key() -> String {
    API_KEY.to_owned()
}

impl Provider {
    /// The probe for settings with these values; none when its file has none.
    pub fn probe_for(&self, values: &Values) -> Option<&Probe> {
        self.probe.iter().find(|probe| {
            probe
                .when
                .as_ref()
                .is_none_or(|key| values.get(key).is_some())
        })
    }
}

impl Probe {
    /// The settings that the way of signing reads.
    pub fn credentials(&self) -> Vec<&str> {
        match self.scheme {
            Scheme::Bearer | Scheme::Header => vec![self.key.as_str()],
            Scheme::SigV4 => sigv4::SETTINGS.to_vec(),
            Scheme::Entra => entra::SETTINGS.to_vec(),
        }
    }

    /// The fields that must have a value before anything can be sent and have none, in the provider's order.
    pub fn missing<'p>(&self, provider: &'p Provider, values: &Values) -> Vec<&'p SettingsField> {
        let is_key_optional = matches!(self.scheme, Scheme::Bearer | Scheme::Header);
        let signs = self
            .credentials()
            .into_iter()
            .filter(|key| !is_key_optional || *key != self.key || self.when.is_some());
        let goes = template::chosen(&self.address, values).into_iter();
        let named: Vec<&str> = signs
            .chain(goes.chain(&self.token).flat_map(Template::settings))
            .collect();
        provider
            .settings
            .iter()
            .filter(|field| {
                field.required
                    || named.contains(&field.key.as_str())
                    || field.required_when.as_ref().is_some_and(|when| {
                        let is_sent = self.credentials().contains(&when.key.as_str());
                        is_sent
                            && values
                                .get(&when.key)
                                .is_some_and(|value| when.is_met_by(value))
                    })
            })
            .filter(|field| values.get(&field.key).is_none())
            .collect()
    }

    /// The request for the token that the probe is signed with, where its scheme wants one.
    pub fn token_request(&self, values: &Values) -> Result<Option<ProbeRequest>, Unsendable> {
        match self.scheme {
            Scheme::Entra => entra::token_request(self, values).map(Some),
            Scheme::Bearer | Scheme::Header | Scheme::SigV4 => Ok(None),
        }
    }

    /// The address of the probe itself.
    pub fn proof_address(&self) -> &[Template] {
        &self.address
    }

    /// The address of the list of models, which may be the probe's own.
    pub fn list_address(&self) -> &[Template] {
        match &self.models {
            Some(listing) if !listing.address.is_empty() => &listing.address,
            Some(_) | None => &self.address,
        }
    }

    /// Whether what the probe itself answers is the list of models.
    pub fn is_list(&self) -> bool {
        self.models
            .as_ref()
            .is_some_and(|listing| listing.address.is_empty())
    }

    /// How strictly lists have to follow the provider's file.
    pub const fn list_shape(&self) -> ListShape {
        match self.scheme {
            Scheme::Bearer => ListShape::OpenAiLike,
            Scheme::Header | Scheme::SigV4 | Scheme::Entra => ListShape::AsListed,
        }
    }

    /// A signed request for an address; `token` is what [`Probe::token_request`] brought.
    pub fn request(
        &self,
        url: Url,
        values: &Values,
        token: Option<&SecretString>,
        now: SystemTime,
    ) -> Result<ProbeRequest, Unsendable> {
        let mut request = ProbeRequest::new(Method::GET, url);
        for (name, template) in &self.headers {
            if let Some(value) = template.fill(values) {
                request.add(name, &value)?;
            }
        }
        if let Some(setting) = &self.more_headers
            && let Some(lines) = values.get(setting)
        {
            for (name, value) in lines.split(';').filter_map(|line| line.split_once(':')) {
                // Validation refuses these; older records and references may still have them.
                if client_header(name.trim()).is_none() {
                    request.add(name.trim(), value.trim())?;
                }
            }
        }
        match self.scheme {
            Scheme::Bearer => bearer::sign(&mut request, values.get(&self.key))?,
            Scheme::Header => {
                header::sign(&mut request, self.header.as_deref(), values.get(&self.key))?;
            }
            Scheme::SigV4 => sigv4::sign(&mut request, self.service.as_deref(), values, now)?,
            Scheme::Entra => bearer::sign(&mut request, token.map(ExposeSecret::expose_secret))?,
        }
        Ok(request)
    }
}

/// Whether a text can be the name of a header.
pub(super) fn is_header_name(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok()
}
