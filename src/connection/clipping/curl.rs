//! Reads a cURL command: the address tells the provider and the endpoint, a header has the key.

use url::Url;
use zeroize::Zeroizing;

use super::super::{Plain, Setting, Settings};
use super::{Clipping, ClippingKind, draft};
use crate::provider::{DefaultValue, FieldKind, Provider, ProviderCatalog, SettingsField};

/// What addresses end in that is no part of an endpoint.
const CALLS: [&str; 10] = [
    "/chat/completions",
    "/completions",
    "/responses",
    "/embeddings",
    "/models",
    "/messages",
    "/audio/transcriptions",
    "/audio/speech",
    "/images/generations",
    "/rerank",
];

/// Options that are followed by a value that is of no use here.
const WITH_VALUE: [&str; 12] = [
    "-X",
    "--request",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--json",
    "-o",
    "--output",
    "-A",
    "--user-agent",
    "--cacert",
];

/// Whether a text is a cURL command.
pub fn is_command(text: &str) -> bool {
    let text = text.trim_start_matches(['$', ' ']);
    text.strip_prefix("curl")
        .is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\\']))
}

/// What a command says of a connection; nothing when it has no address.
pub fn read(text: &str, catalog: &ProviderCatalog, wanted: Option<&Provider>) -> Option<Clipping> {
    let text = text.trim_start_matches(['$', ' ']);
    let plain = Zeroizing::new(text.replace("\r\n", "\n"));
    let words = shlex::split(&plain)?.into_iter().map(Zeroizing::new);
    let mut address = None;
    let mut headers = Vec::new();
    let mut words = words.skip(1);
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-H" | "--header") {
            headers.extend(words.next());
        } else if let Some(header) = word.strip_prefix("-H").filter(|rest| !rest.is_empty()) {
            headers.push(Zeroizing::new(header.to_owned()));
        } else if word.as_str() == "--url" {
            address = words.next();
        } else if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') && !word.trim().is_empty() {
            address = address.or(Some(word));
        }
    }
    let address = address?;
    let address = Url::parse(&address)
        .or_else(|_| Url::parse(&format!("https://{}", &*address)))
        .ok()
        .filter(|address| matches!(address.scheme(), "http" | "https"))?;
    let provider = catalog
        .at(&address)
        .or(wanted.filter(|wanted| endpoint_of(wanted).is_some()))
        .or_else(|| catalog.get("openai-compatible"))?;
    let mut found = Found {
        provider,
        settings: Settings::default(),
        left_out: Vec::new(),
    };
    found.take_address(&address);
    for header in &headers {
        found.take_header(header);
    }
    Some(Clipping {
        kind: ClippingKind::Curl,
        draft: draft(provider, found.settings),
        left_out: found.left_out,
    })
}

struct Found<'a> {
    provider: &'a Provider,
    settings: Settings<Plain>,
    left_out: Vec<String>,
}

impl Found<'_> {
    fn take_address(&mut self, address: &Url) {
        if let Some((_, key)) = address.query_pairs().find(|(name, _)| name == "key") {
            self.take_key("the key in the address", &key);
        }
        let Some(field) = endpoint_of(self.provider) else {
            return;
        };
        let endpoint = endpoint(address, field);
        let is_default =
            matches!(&field.default, Some(DefaultValue::Text(default)) if *default == endpoint);
        if !is_default {
            self.settings
                .set(field.key.clone(), Setting::Secret(Plain::new(endpoint)));
        }
    }

    fn take_header(&mut self, header: &str) {
        let Some((name, value)) = header.split_once(':') else {
            return;
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "authorization" => match value.split_once(' ') {
                Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => {
                    self.take_key("Authorization", key.trim());
                }
                Some(_) | None => self.left_out.push("Authorization".into()),
            },
            "x-api-key" | "api-key" | "x-goog-api-key" => self.take_key(&name, value),
            "openai-organization" => match self.provider.field("organization") {
                Some(field) => self
                    .settings
                    .set(field.key.clone(), Setting::Secret(Plain::new(value))),
                None => self.left_out.push(name),
            },
            "content-type" | "accept" | "anthropic-version" | "user-agent" => {}
            _ => self.left_out.push(format!("header {name}")),
        }
    }

    fn take_key(&mut self, from: &str, key: &str) {
        // A shell would have put the variable's value in its place.
        if key.is_empty() || key.starts_with('$') || key.starts_with('<') {
            self.left_out
                .push(format!("{from}, which has a placeholder and no key"));
            return;
        }
        match self.provider.field("apiKey") {
            Some(field) => self
                .settings
                .set(field.key.clone(), Setting::Secret(Plain::new(key))),
            None => self.left_out.push(from.to_owned()),
        }
    }
}

fn endpoint_of(provider: &Provider) -> Option<&SettingsField> {
    let mut fields = provider.settings.iter();
    fields.find(|field| field.kind == FieldKind::Url)
}

/// The address without what is called there: as long as the default is, where it begins like it.
fn endpoint(address: &Url, field: &SettingsField) -> String {
    let mut bare = address.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // Names and passwords in addresses are refused in any case; here they would be copied on.
    let _ = bare.set_username("").and_then(|()| bare.set_password(None));
    let bare = bare.as_str().trim_end_matches('/');
    if let Some(DefaultValue::Text(default)) = &field.default
        && let Some(rest) = bare.strip_prefix(default.trim_end_matches('/'))
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return default.clone();
    }
    let cut = bare.find("/openai/").map_or(bare, |at| &bare[..at]);
    CALLS
        .iter()
        .find_map(|call| cut.strip_suffix(call))
        .unwrap_or(cut)
        .to_owned()
}
