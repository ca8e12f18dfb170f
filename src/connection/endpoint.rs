//! Endpoint of a connection for lists: the URLs and regions in its settings, without secrets.
//!
//! The values decide, because lists do not load the catalog and custom providers choose their own setting keys.

use super::setting::{SettingValue, Settings};

/// Settings that identify an endpoint without a URL.
const ENDPOINT_KEYS: [&str; 6] = [
    "endpoint",
    "baseUrl",
    "region",
    "location",
    "host",
    "resourceName",
];

/// Maximum length in bytes.
const MAX_LENGTH: usize = 256;

/// Returns the endpoint of these settings; none if the provider determines it.
pub fn from_settings<S>(settings: &Settings<S>) -> Option<String> {
    from_texts(settings.iter().filter_map(|(key, value)| match value {
        SettingValue::Text(text) => Some((key, text.as_str())),
        _ => None,
    }))
}

/// Returns the endpoint of keys and texts.
pub fn from_texts<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut places = texts.filter_map(|(key, text)| {
        let text = text.trim();
        let is_place = is_address(text) || ENDPOINT_KEYS.contains(&key);
        (is_place && !text.is_empty()).then_some(text)
    });
    let mut all = places.next()?.to_owned();
    for place in places {
        all.push(' ');
        all.push_str(place);
    }
    let mut end = all.len().min(MAX_LENGTH);
    while !all.is_char_boundary(end) {
        end -= 1;
    }
    all.truncate(end);
    Some(all)
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

#[cfg(test)]
mod tests {
    use super::super::secret::PlainSecret;
    use super::*;

    fn from_pairs(pairs: &[(&str, &str)]) -> Option<String> {
        from_texts(pairs.iter().copied())
    }

    #[test]
    fn urls_and_regions_are_the_endpoint() {
        assert_eq!(from_pairs(&[("organization", "org")]), None);
        assert_eq!(
            from_pairs(&[("endpoint", " https://x.example/v1 ")]).as_deref(),
            Some("https://x.example/v1")
        );
        assert_eq!(
            from_pairs(&[("region", "eu-central-1"), ("vpc", "HTTPS://vpce.example")]).as_deref(),
            Some("eu-central-1 HTTPS://vpce.example")
        );
        assert_eq!(
            from_pairs(&[("endpoint", "$AI:Endpoint")]).as_deref(),
            Some("$AI:Endpoint")
        );
        assert_eq!(from_pairs(&[("endpoint", " ")]), None);
    }

    #[test]
    fn endpoint_never_contains_a_secret() {
        let mut settings = Settings::default();
        settings.set(
            "endpoint",
            SettingValue::Secret(PlainSecret::new("https://planted.example")),
        );
        assert_eq!(super::from_settings(&settings), None);
    }

    #[test]
    fn endpoint_is_truncated() {
        let long = format!("https://{}", "ä".repeat(1_000));
        assert!(
            from_pairs(&[("endpoint", &long)]).is_some_and(|endpoint| endpoint.len() <= MAX_LENGTH)
        );
    }
}
