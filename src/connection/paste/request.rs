//! Turns an HTTP request that was pasted, from any tool, into a connection.

use zeroize::Zeroizing;

use super::left_out::{LeftOut, is_credential_name};
use super::settings::CollectedSettings;
use super::url::{
    AMAZON, FoundBy, PastedUrl, endpoint, endpoint_field, is_regional, provider, region,
};
use super::value::{PastedValue, has_key};
use super::variables::{PastedVariables, field_of};
use super::{PasteKind, PastedConnection};
use crate::provider::probe::Scheme;
use crate::provider::{DefaultValue, FieldKind, Provider, ProviderCatalog, SettingsField};

/// Headers that say nothing about a connection.
const ORDINARY: [&str; 21] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "anthropic-beta",
    "anthropic-version",
    "authority",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "dnt",
    "expect",
    "host",
    "openai-beta",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
];

/// The most bytes of a request with the values of its variables.
pub(super) const LARGEST_EXPANDED: usize = 256 * 1024;

/// Headers that carry a key alone.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

/// Query parameters that carry a key.
const KEY_PARAMETERS: [&str; 6] = [
    "key",
    "api_key",
    "api-key",
    "apikey",
    "access_token",
    "token",
];

/// A request as a tool sends it.
#[derive(Default)]
pub(super) struct PastedRequest {
    pub(super) address: Zeroizing<String>,
    pub(super) headers: Vec<(String, Zeroizing<String>)>,
    /// Parameters of the address that are given apart from it.
    pub(super) parameters: Vec<(String, Zeroizing<String>)>,
    /// A bearer token that is not in a header, and the option it came from.
    pub(super) bearer: Option<(&'static str, Zeroizing<String>)>,
    /// `user:password`, and the option it came from.
    pub(super) user: Option<(&'static str, Zeroizing<String>)>,
    /// The parameter of AWS Signature Version 4: the user is an access key.
    pub(super) signature: Option<Zeroizing<String>>,
    /// Variables that are set before the request.
    pub(super) variables: PastedVariables,
    pub(super) left_out: LeftOut,
}

/// Parsed request while its settings are collected.
struct RequestReader<'a> {
    collected: CollectedSettings<'a>,
    found_by: FoundBy,
    extra_headers: Vec<Zeroizing<String>>,
}

impl PastedRequest {
    /// Adds `Name: value`.
    pub(super) fn add_header(&mut self, line: &str) {
        if line.starts_with('@') {
            self.left_out.credential("headers in a file");
        } else if let Some((name, value)) = line.split_once(':') {
            let value = Zeroizing::new(value.trim().to_owned());
            self.headers.push((name.trim().to_owned(), value));
        }
    }

    /// The connection; an error says why there is none.
    pub(super) fn connection(
        mut self,
        kind: PasteKind,
        catalog: &ProviderCatalog,
        wanted: Option<&Provider>,
    ) -> Result<PastedConnection, &'static str> {
        self.expand()?;
        let address = PastedUrl::read(&self.address).ok_or("it has no valid http or https URL")?;
        let (provider, found_by) =
            provider(&address, catalog, wanted).ok_or("its URL belongs to no known provider")?;
        let mut collected = CollectedSettings::new(provider);
        collected.left_out = self.left_out;
        let mut reader = RequestReader {
            collected,
            found_by,
            extra_headers: Vec::new(),
        };
        reader.take_address(&address);
        for (name, value) in &self.parameters {
            reader.take_parameter(name, value);
        }
        for (name, value) in &self.headers {
            reader.take_header(name, value);
        }
        if let Some((from, token)) = &self.bearer {
            reader.take_bearer(from, token);
        }
        if let Some((from, user)) = &self.user {
            reader.take_user(from, user, self.signature.as_ref());
        }
        reader.take_variables(self.variables);
        reader.take_extra_headers();
        Ok(reader.collected.finish(kind))
    }

    /// Puts the values of known variables in; an error when the request grows too much.
    fn expand(&mut self) -> Result<(), &'static str> {
        let variables = &mut self.variables;
        let headers = self.headers.iter_mut().chain(&mut self.parameters);
        let headers = headers.map(|(_, value)| value);
        let options = self.bearer.iter_mut().chain(&mut self.user);
        let options = options.map(|(_, value)| value);
        let mut total = 0;
        for text in headers.chain(options).chain([&mut self.address]) {
            *text = variables.expand(text);
            total += text.len();
            if total > LARGEST_EXPANDED {
                return Err("it is too long with the values of its variables");
            }
        }
        Ok(())
    }
}

impl<'a> RequestReader<'a> {
    fn field(&self, key: &str) -> Option<&'a SettingsField> {
        self.collected.provider.field(key)
    }

    fn take_address(&mut self, address: &PastedUrl) {
        if address.has_user() {
            self.collected
                .left_out
                .credential("the user in the address");
        }
        if let Some(url) = &address.url {
            for (name, value) in url.query_pairs() {
                self.take_parameter(&name, &value);
            }
        }
        if self.collected.provider.id == AMAZON
            && let (Some(url), Some(field)) = (&address.url, self.field("region"))
            && let Some(region) = region(url)
        {
            self.collected.take(field, "region", region);
        }
        let Some(field) = endpoint_field(self.collected.provider) else {
            return;
        };
        let Some(url) = address.url.as_ref().filter(|_| !address.is_placeholder) else {
            self.collected
                .leave_out(false, "the address", "a placeholder");
            return;
        };
        if self.collected.provider.id == AMAZON && is_regional(url) {
            return;
        }
        let endpoint = endpoint(url, self.collected.provider, field);
        let is_default =
            matches!(&field.default, Some(DefaultValue::Text(default)) if *default == endpoint);
        if address.holds_key || has_key(&endpoint) {
            self.collected.leave_out(true, "the address", "holds a key");
        } else if !is_default {
            self.collected.take(field, "the address", &endpoint);
        }
    }

    /// A key in the address belongs to the provider of the host; other services sign in differently.
    fn take_parameter(&mut self, name: &str, value: &str) {
        let lower = name.to_lowercase();
        if KEY_PARAMETERS.contains(&lower.as_str()) {
            match self.field("apiKey") {
                Some(field) if self.found_by == FoundBy::Address => {
                    self.collected.take(field, "the key in the address", value);
                }
                _ => self.collected.left_out.credential("the key in the address"),
            }
        } else if is_credential_name(name) {
            self.collected
                .left_out
                .credential(format!("{lower} in the address"));
        }
    }

    fn take_header(&mut self, name: &str, value: &str) {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "authorization" => match value.trim().split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    self.take_bearer("Authorization", token);
                }
                _ => self.take_bare_authorization(value),
            },
            "openai-organization" => match self.field("organization") {
                Some(field) => self.collected.take(field, &lower, value),
                None => self.collected.left_out.other(lower),
            },
            "x-amz-security-token" => match self.field("sessionToken") {
                Some(field) => self.collected.take(field, &lower, value),
                None => self.collected.left_out.credential(lower),
            },
            "cookie" | "proxy-authorization" => self.collected.left_out.credential(lower),
            name if KEY_HEADERS.contains(&name) || self.is_own_header(name) => {
                self.take_key_header(name, value);
            }
            name if ORDINARY.contains(&name)
                || name.starts_with("sec-")
                || name.starts_with("x-stainless-") => {}
            name if is_credential_name(name) => self.take_key_header(name, value),
            name => self.collected.left_out.other(format!("header {name}")),
        }
    }

    /// `Authorization` without `Bearer`: another scheme, or a placeholder that stands for all of it.
    fn take_bare_authorization(&mut self, value: &str) {
        match PastedValue::plain(value) {
            PastedValue::LeftOut(reason) => self.collected.leave_out(true, "Authorization", reason),
            PastedValue::Text(_) => self.collected.left_out.credential("Authorization"),
        }
    }

    fn is_own_header(&self, name: &str) -> bool {
        let mut probes = self.collected.provider.probe.iter();
        probes.any(|probe| {
            probe.scheme == Scheme::Header
                && probe
                    .header
                    .as_deref()
                    .is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// The provider of the host takes its key; another service gets the header as it is.
    fn take_key_header(&mut self, name: &str, value: &str) {
        let is_key = KEY_HEADERS.contains(&name) && self.found_by == FoundBy::Address;
        if (is_key || self.is_own_header(name))
            && let Some(field) = self.field("apiKey")
        {
            self.collected.take(field, name, value);
            return;
        }
        let takes_headers = self.headers_field().is_some();
        match PastedValue::plain(value) {
            PastedValue::LeftOut(reason) => self.collected.leave_out(true, name, reason),
            PastedValue::Text(text) if takes_headers && !text.contains(';') => {
                self.extra_headers
                    .push(Zeroizing::new(format!("{name}: {}", text.as_str())));
            }
            PastedValue::Text(_) => self.collected.left_out.credential(name),
        }
    }

    fn headers_field(&self) -> Option<&'a SettingsField> {
        let mut fields = self.collected.provider.settings.iter();
        fields.find(|field| field.kind == FieldKind::Headers)
    }

    fn take_bearer(&mut self, from: &str, token: &str) {
        let provider = self.collected.provider;
        let takes_bearer = provider
            .probe
            .iter()
            .any(|probe| probe.scheme == Scheme::Bearer);
        // An OAuth access token expires within hours and is not sent in a header of its own.
        let is_access_token = ["eyJ", "ya29."]
            .iter()
            .any(|start| token.trim().starts_with(start));
        match self.field("apiKey") {
            Some(_) if is_access_token && !takes_bearer && provider.id != AMAZON => {
                self.collected.leave_out(true, from, "an access token");
            }
            Some(field) => self.collected.take(field, from, token),
            None => match PastedValue::secret(token) {
                PastedValue::LeftOut(reason) => self.collected.leave_out(true, from, reason),
                PastedValue::Text(_) => self.collected.left_out.credential(from),
            },
        }
    }

    /// With AWS Signature Version 4 the user is an access key; else no provider takes one.
    fn take_user(&mut self, from: &str, user: &str, signature: Option<&Zeroizing<String>>) {
        let (id, secret) = user.split_once(':').unwrap_or((user, ""));
        let fields = self.field("accessKeyId").zip(self.field("secretAccessKey"));
        match (signature, fields) {
            (Some(signature), Some((id_field, secret_field))) => {
                self.collected.take(id_field, "the access key ID", id);
                self.collected
                    .take(secret_field, "the secret access key", secret);
                let region = signature
                    .split(':')
                    .nth(2)
                    .filter(|region| !region.is_empty());
                if let (Some(region), Some(field)) = (region, self.field("region")) {
                    self.collected.take(field, "region", region);
                }
            }
            _ => self.collected.left_out.credential(from),
        }
    }

    /// Takes what is set before the request and not by the request itself.
    fn take_variables(&mut self, variables: PastedVariables) {
        for (name, value, is_used) in variables.into_entries() {
            if is_used {
                continue;
            }
            let value = value.expose().unwrap_or_default();
            match field_of(self.collected.provider, &name) {
                Some(field) if !self.collected.has(field) && field.kind != FieldKind::Url => {
                    self.collected.take(field, &name, value);
                }
                Some(field) if !self.collected.has(field) => self.collected.left_out.other(name),
                Some(_) => self
                    .collected
                    .left_out
                    .credential(format!("{name} (given already)")),
                None => self.collected.left_out.named(&name),
            }
        }
    }

    fn take_extra_headers(&mut self) {
        let Some(field) = self
            .headers_field()
            .filter(|_| !self.extra_headers.is_empty())
        else {
            return;
        };
        let lines: Vec<&str> = self
            .extra_headers
            .iter()
            .map(|line| line.as_str())
            .collect();
        let text = Zeroizing::new(lines.join("; "));
        self.collected.set(field, &text);
    }
}
