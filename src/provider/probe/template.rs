//! Templates of URLs and headers with settings: `{endpoint}/models`, `https://bedrock.{region}.amazonaws.com/…`.
//!
//! A setting at the beginning is a base URL: its trailing slash is removed, its query precedes the query of the template, and
//! its fragment is dropped. Elsewhere a value is one label of the host, one segment of the path or one value of the query, and
//! is escaped or refused accordingly.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::ResolvedSettings;
use super::request::Unsendable;
use crate::text::address;

/// Text with setting placeholders.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<TemplatePart>,
}

#[derive(Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Setting(String),
}

impl Template {
    /// Parses `text {setting} text`.
    pub fn read(source: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((text, after)) = rest.split_once('{') {
            let (key, after) = after.split_once('}').ok_or("missing } after {")?;
            if key.is_empty() || text.contains('}') || key.contains('{') {
                return Err("write a setting as {key}");
            }
            parts.push(TemplatePart::Text(text.to_owned()));
            parts.push(TemplatePart::Setting(key.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err("missing { before }");
        }
        parts.push(TemplatePart::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, TemplatePart::Text(text) if text.is_empty()));
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// Returns the settings in order.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Setting(key) => Some(key.as_str()),
            TemplatePart::Text(_) => None,
        })
    }

    /// Returns the setting at the beginning, if any.
    pub fn base(&self) -> Option<&str> {
        match self.parts.first() {
            Some(TemplatePart::Setting(key)) => Some(key),
            Some(TemplatePart::Text(_)) | None => None,
        }
    }

    /// Returns whether it begins with `http://`, `https://` or a setting.
    pub fn is_address(&self) -> bool {
        match self.parts.first() {
            Some(TemplatePart::Setting(_)) => true,
            Some(TemplatePart::Text(text)) => {
                text.starts_with("https://") || text.starts_with("http://")
            }
            None => false,
        }
    }

    /// Returns the template without its query.
    #[must_use]
    pub fn without_query(&self) -> Self {
        let source = self.source.split('?').next().unwrap_or_default();
        // Setting keys cannot contain a question mark.
        Self::read(source).unwrap_or_else(|_| self.clone())
    }

    /// Returns the text with all values; none if a value is missing.
    pub fn fill(&self, values: &ResolvedSettings) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => Some(text.as_str()),
                TemplatePart::Setting(key) => values.get(key),
            })
            .collect()
    }

    /// Builds the URL; each value is limited to its position.
    pub fn url(&self, values: &ResolvedSettings) -> Result<Url, Unsendable> {
        let value = |key: &str| {
            values
                .get(key)
                .ok_or_else(|| Unsendable::NotAnAddress(key.to_owned()))
        };
        let mut parts = self.parts.iter();
        let (mut before, query, mut place) = match self.base() {
            Some(key) => {
                parts.next();
                let (base, query) = base(value(key)?, key)?;
                (base, query, UrlPosition::Path)
            }
            None => (String::new(), None, UrlPosition::Host),
        };
        let mut own_query = String::new();
        for part in parts {
            match part {
                TemplatePart::Text(text) => {
                    let (path, query) = match text.split_once('?') {
                        Some((path, query)) if place != UrlPosition::Query => (path, Some(query)),
                        Some(_) | None => (text.as_str(), None),
                    };
                    if place == UrlPosition::Query {
                        own_query.push_str(path);
                    } else {
                        before.push_str(path);
                        place = UrlPosition::after(&before);
                    }
                    if let Some(query) = query {
                        place = UrlPosition::Query;
                        own_query.push_str(query);
                    }
                }
                TemplatePart::Setting(key) => {
                    let value = value(key)?;
                    let word = || Unsendable::InvalidUrlPart(key.clone());
                    match place {
                        UrlPosition::Host if is_host_word(value) => before.push_str(value),
                        UrlPosition::Host => return Err(word()),
                        UrlPosition::Path if matches!(value, "." | "..") => return Err(word()),
                        UrlPosition::Path => before.push_str(&escaped(value)),
                        UrlPosition::Query => own_query.push_str(&escaped(value)),
                    }
                }
            }
        }
        let queries: Vec<String> = query.into_iter().chain([own_query]).collect();
        let query = queries
            .iter()
            .filter(|query| !query.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("&");
        let first = self.settings().next().unwrap_or_default().to_owned();
        let mut url = Url::parse(&before).map_err(|_| Unsendable::NotAnAddress(first))?;
        url.set_query((!query.is_empty()).then_some(&query));
        Ok(url)
    }

    /// Returns the displayable URL: without query, with `shown` for each setting.
    pub fn displayed(&self, mut shown: impl FnMut(&str) -> String) -> String {
        let mut text = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                TemplatePart::Text(fixed) => text.push_str(fixed),
                TemplatePart::Setting(key) if index == 0 => {
                    let base = shown(key);
                    let base = base.split(['?', '#']).next().unwrap_or_default();
                    text.push_str(base.trim_end_matches('/'));
                }
                TemplatePart::Setting(key) => text.push_str(&shown(key)),
            }
        }
        text.split('?').next().unwrap_or_default().to_owned()
    }
}

/// Position of a value in a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UrlPosition {
    Host,
    Path,
    Query,
}

impl UrlPosition {
    fn after(text: &str) -> Self {
        match text.split_once("://") {
            Some((_, rest)) if !rest.contains('/') => Self::Host,
            Some(_) => Self::Path,
            None => Self::Host,
        }
    }
}

/// Returns the first template whose settings all have values, otherwise the last one.
pub fn chosen<'a>(addresses: &'a [Template], values: &ResolvedSettings) -> Option<&'a Template> {
    addresses
        .iter()
        .find(|address| address.settings().all(|key| values.get(key).is_some()))
        .or(addresses.last())
}

/// Splits a base URL into the URL without trailing slash and the query.
fn base(typed: &str, key: &str) -> Result<(String, Option<String>), Unsendable> {
    let not_one = || Unsendable::NotAnAddress(key.to_owned());
    if address::has_credentials(typed) {
        return Err(not_one());
    }
    let mut url = address::parse(typed).ok_or_else(not_one)?;
    let query = url.query().map(str::to_owned);
    url.set_query(None);
    url.set_fragment(None);
    Ok((url.as_str().trim_end_matches('/').to_owned(), query))
}

fn is_host_word(value: &str) -> bool {
    value.len() <= 63
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Percent-encodes every byte that is not unreserved in RFC 3986.
pub(super) fn escaped(value: &str) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::read(&source).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
