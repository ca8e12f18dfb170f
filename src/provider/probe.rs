//! Probes: requests of connection tests, described as data.
//!
//! A provider file has one `[probe]`, or several; the first one whose `when` setting has a value is used. Only the four
//! authentication schemes are code, one file each. If the list of models is public, the probe has another URL, and the URL of
//! the list is in `[probe.models]`.

mod bearer;
mod infer_capabilities;
pub mod entra;
mod header;
mod endpoint_restriction;
pub mod model_list;
pub mod one_or_many;
pub mod request;
mod sigv4;
pub mod template;

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::{HeaderName, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{Provider, SettingsField};
use one_or_many::one_or_many;

pub use infer_capabilities::capabilities_by_name;
pub use model_list::{
    ListAnswer, ListShape, ListedModel, MAX_MODELS, ModelListFormat, NextPage, PageOfModels,
};
pub use request::{ProbeRequest, Unsendable, client_header};
pub use template::Template;

/// Default setting of the key.
const API_KEY: &str = "apiKey";

/// Values by setting key, with resolved references and defaults; wiped on drop.
#[derive(Debug, Default)]
pub struct ResolvedSettings(BTreeMap<String, SecretString>);

impl ResolvedSettings {
    /// Sets a value; an empty one counts as absent.
    pub fn set(&mut self, key: &str, value: SecretString) {
        if !value.expose_secret().trim().is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// Returns the value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.expose_secret().trim())
    }
}

/// Request that checks credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Probe {
    /// Setting that selects this probe if it has a value; none for the default probe.
    #[serde(default)]
    pub when: Option<String>,
    /// Authentication scheme.
    pub scheme: Scheme,
    /// URLs; the first one whose settings have values is used.
    #[serde(deserialize_with = "one_or_many")]
    pub address: Vec<Template>,
    /// Setting of the key; for [`Scheme::Bearer`] and [`Scheme::Header`].
    #[serde(default = "api_key")]
    pub key: String,
    /// Header of the key; for [`Scheme::Header`].
    #[serde(default)]
    pub header: Option<String>,
    /// AWS service name; for [`Scheme::SigV4`].
    #[serde(default)]
    pub service: Option<String>,
    /// URL of the token request; for [`Scheme::Entra`].
    #[serde(default)]
    pub token: Option<Template>,
    /// Scope of the token; for [`Scheme::Entra`].
    #[serde(default)]
    pub scope: Option<String>,
    /// Further headers; a header whose settings have no value is omitted.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Setting with custom headers.
    #[serde(default)]
    pub more_headers: Option<String>,
    /// Advice for a wrong endpoint, in one sentence.
    #[serde(default)]
    pub hint: Option<String>,
    /// List of models; none if there is no known list.
    #[serde(default)]
    pub models: Option<ModelListFormat>,
}

/// Authentication scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Authorization: Bearer`.
    Bearer,
    /// Key in a separate header.
    Header,
    /// AWS Signature Version 4.
    SigV4,
    /// Bearer token of Microsoft Entra ID, from client credentials.
    Entra,
}

fn api_key() -> String {
    API_KEY.to_owned()
}

impl Provider {
    /// Returns the probe for these values, if any.
    pub fn probe_for(&self, values: &ResolvedSettings) -> Option<&Probe> {
        self.probe.iter().find(|probe| {
            probe
                .when
                .as_ref()
                .is_none_or(|key| values.get(key).is_some())
        })
    }
}

impl Probe {
    /// Returns the settings that the scheme uses.
    pub fn credentials(&self) -> Vec<&str> {
        match self.scheme {
            Scheme::Bearer | Scheme::Header => vec![self.key.as_str()],
            Scheme::SigV4 => sigv4::SETTINGS.to_vec(),
            Scheme::Entra => entra::SETTINGS.to_vec(),
        }
    }

    /// Returns the missing fields of the request, in the order of the provider.
    pub fn missing<'p>(
        &self,
        provider: &'p Provider,
        values: &ResolvedSettings,
    ) -> Vec<&'p SettingsField> {
        // A provider may accept requests without a key: the field says whether it is required. A probe that was chosen by a setting needs its key.
        let is_key_optional = matches!(self.scheme, Scheme::Bearer | Scheme::Header);
        let credential_keys = self
            .credentials()
            .into_iter()
            .filter(|key| !is_key_optional || *key != self.key || self.when.is_some());
        let url = template::chosen(&self.address, values).into_iter();
        let named: Vec<&str> = credential_keys
            .chain(url.chain(&self.token).flat_map(Template::settings))
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

    /// Builds the token request, if the scheme needs one.
    pub fn token_request(
        &self,
        values: &ResolvedSettings,
    ) -> Result<Option<ProbeRequest>, Unsendable> {
        match self.scheme {
            Scheme::Entra => entra::token_request(self, values).map(Some),
            Scheme::Bearer | Scheme::Header | Scheme::SigV4 => Ok(None),
        }
    }

    /// Returns the URLs of the probe.
    pub fn credentials_address(&self) -> &[Template] {
        &self.address
    }

    /// Returns the URLs of the list of models, which may be those of the probe.
    pub fn list_address(&self) -> &[Template] {
        match &self.models {
            Some(listing) if !listing.address.is_empty() => &listing.address,
            Some(_) | None => &self.address,
        }
    }

    /// Returns whether the response of the probe is the list of models.
    pub fn is_list(&self) -> bool {
        self.models
            .as_ref()
            .is_some_and(|listing| listing.address.is_empty())
    }

    /// Accepted formats of lists.
    pub const fn list_shape(&self) -> ListShape {
        match self.scheme {
            Scheme::Bearer => ListShape::OpenAiLike,
            Scheme::Header | Scheme::SigV4 | Scheme::Entra => ListShape::AsListed,
        }
    }

    /// Builds an authenticated request; `token` is the result of [`Probe::token_request`].
    pub fn request(
        &self,
        url: Url,
        values: &ResolvedSettings,
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
                // Validation refuses these headers, but older records and references may contain them.
                if client_header(name.trim()).is_none() {
                    request.add(name.trim(), value.trim())?;
                }
            }
        }
        match self.scheme {
            Scheme::Bearer => bearer::authorize(&mut request, values.get(&self.key))?,
            Scheme::Header => {
                header::authorize(&mut request, self.header.as_deref(), values.get(&self.key))?;
            }
            Scheme::SigV4 => sigv4::sign(&mut request, self.service.as_deref(), values, now)?,
            Scheme::Entra => {
                bearer::authorize(&mut request, token.map(ExposeSecret::expose_secret))?;
            }
        }
        Ok(request)
    }
}

/// Returns whether a text is a valid header name.
pub(super) fn is_header_name(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok()
}
