//! Reads JSON: a request body, settings, variables, sections of appsettings.json, credentials of AWS.

mod body;
mod leaves;

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::left_out::LeftOut;
use super::settings::{CollectedSettings, DollarMeaning};
use super::variables::{self, PastedVariables, field_named, field_of, is_known};
use super::{PasteKind, PasteResult, PastedConnection, kubernetes};
use crate::connection::{ConnectionDraft, SettingValue};
use crate::provider::{Provider, ProviderCatalog, ValueType};
use crate::text::secret_detector;
use leaves::{JsonLeaf, collect_leaves};

const KIND: PasteKind = PasteKind::Json;

/// Deeper JSON is not read.
const DEEPEST: usize = 64;

/// Reads an object, or the members of one; `None` for a text that is none.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let is_object = text.starts_with('{');
    let is_member = text.starts_with('"') && text.contains(':');
    if !is_object && !is_member {
        return None;
    }
    let parsed = if is_object {
        parse(text)
    } else {
        parse(&format!("{{{text}}}"))
    };
    let Some(Value::Object(members)) = parsed else {
        let is_meant = is_object && mentions_credential(text, catalog);
        return is_meant.then(|| PasteResult::unreadable(KIND, "it is not complete or not valid"));
    };
    if let Some(result) = kubernetes::from_object(&members, catalog, wanted) {
        return Some(result);
    }
    if let Some(connection) = body::read(text, &members, catalog, wanted) {
        return Some(PasteResult::Connection(connection));
    }
    let mut leaves = Vec::new();
    collect_leaves(&Value::Object(members), "", 0, &mut leaves);
    if let Some(connection) = wanted.and_then(|wanted| settings_of(wanted, &leaves)) {
        return Some(PasteResult::Connection(connection));
    }
    let result = from_variables(&leaves, catalog, wanted);
    if result != PasteResult::NotAConnection {
        return Some(result);
    }
    Some(
        bare_settings(&leaves, catalog)
            .map_or(PasteResult::NotAConnection, PasteResult::Connection),
    )
}

/// JSON, with comments and trailing commas as appsettings.json may have them.
fn parse(text: &str) -> Option<Value> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return None;
        }
    }
    serde_json::from_str(text).ok().or_else(|| {
        let parsed =
            parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
        parsed.value.map(Value::from)
    })
}

/// Returns whether a text that is not JSON seems to have a key in it.
fn mentions_credential(text: &str, catalog: &ProviderCatalog) -> bool {
    let mut words = text.split(|character: char| {
        !(character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
    });
    text.contains('"')
        && text.contains(':')
        && words.any(|word| {
            secret_detector::looks_like_secret(word)
                || is_known(catalog, word)
                || [
                    "apikey",
                    "api_key",
                    "providerid",
                    "authorization",
                    "secretaccesskey",
                ]
                .contains(&word.to_lowercase().as_str())
        })
}

/// An object of settings for the provider of the form.
fn settings_of(wanted: &Provider, leaves: &[JsonLeaf]) -> Option<PastedConnection> {
    let field_of_leaf = |leaf: &JsonLeaf| {
        let own = (leaf.depth == 1)
            .then(|| field_named(wanted, leaf.name()))
            .flatten();
        own.or_else(|| field_of(wanted, leaf.name()))
            .or_else(|| field_of(wanted, &leaf.path))
    };
    if !leaves
        .iter()
        .any(|leaf| leaf.depth == 1 && field_named(wanted, leaf.name()).is_some())
    {
        return None;
    }
    let mut collected = CollectedSettings::new(wanted);
    collected.dollar = DollarMeaning::Reference;
    for leaf in leaves {
        match (field_of_leaf(leaf), &leaf.value) {
            (Some(field), Value::String(text)) => collected.take(field, leaf.name(), text),
            (Some(field), Value::Bool(on)) if field.kind.value_type() == ValueType::Switch => {
                collected
                    .settings
                    .set(field.key.clone(), SettingValue::Switch(*on));
            }
            (Some(_), Value::Null) => {}
            _ => collected.left_out.named(leaf.name()),
        }
    }
    Some(collected.finish(KIND))
}

/// Variables and sections, at any depth.
fn from_variables(
    leaves: &[JsonLeaf],
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> PasteResult {
    let mut found = PastedVariables::default();
    let mut left_out = LeftOut::default();
    let aws = aws_section(leaves);
    for leaf in leaves {
        let section = leaf
            .path
            .rsplit_once(':')
            .map_or("", |(section, _)| section);
        let in_aws = format!("AWS:{}", leaf.name());
        let name = if is_known(catalog, leaf.name()) {
            leaf.name()
        } else if is_known(catalog, &leaf.path) {
            &leaf.path
        } else if aws.as_deref() == Some(section) {
            &in_aws
        } else {
            left_out.named(leaf.name());
            continue;
        };
        match &leaf.value {
            Value::String(text) => found.set(name, text),
            _ => left_out.named(leaf.name()),
        }
    }
    if found.is_empty() {
        return PasteResult::NotAConnection;
    }
    variables::connection(found, left_out, KIND, catalog, wanted)
}

/// The object with an access key, as STS and IAM answer it.
fn aws_section(leaves: &[JsonLeaf]) -> Option<String> {
    let section_of = |name: &str| {
        let leaf = leaves
            .iter()
            .find(|leaf| leaf.name().eq_ignore_ascii_case(name))?;
        Some(
            leaf.path
                .rsplit_once(':')
                .map_or("", |(section, _)| section),
        )
    };
    let section = section_of("AccessKeyId")?;
    (section_of("SecretAccessKey") == Some(section)).then(|| section.to_owned())
}

/// Settings that do not name their provider: it is inferred from the prefix of the key or the URL, otherwise unknown.
fn bare_settings(leaves: &[JsonLeaf], catalog: &ProviderCatalog) -> Option<PastedConnection> {
    let is_secret = |leaf: &&JsonLeaf| {
        let mut fields = catalog
            .all()
            .iter()
            .filter_map(|provider| field_named(provider, leaf.name()));
        leaf.depth == 1 && leaf.value.is_string() && fields.any(|field| field.sensitive)
    };
    let secret = leaves.iter().find(is_secret)?;
    let by_address = || {
        let mut texts = leaves.iter().filter_map(|leaf| leaf.value.as_str());
        texts.find_map(|text| catalog.at(&url::Url::parse(text).ok()?))
    };
    let by_key = owner(secret.value.as_str().unwrap_or_default(), catalog);
    if let Some(connection) = by_key
        .or_else(by_address)
        .and_then(|provider| settings_of(provider, leaves))
    {
        return Some(connection);
    }
    let mut left_out = LeftOut::default();
    for leaf in leaves {
        left_out.named(leaf.name());
    }
    Some(PastedConnection {
        kind: KIND,
        draft: ConnectionDraft::default(),
        left_out: left_out.into_names(),
    })
}

/// The only provider whose keys begin like this one.
fn owner<'a>(key: &str, catalog: &'a ProviderCatalog) -> Option<&'a Provider> {
    let length = |provider: &Provider| {
        let prefixes = provider.settings.iter().flat_map(|field| &field.prefixes);
        prefixes
            .filter(|prefix| key.starts_with(prefix.as_str()))
            .map(String::len)
            .max()
    };
    let longest = catalog.all().iter().filter_map(length).max()?;
    let mut owners = catalog
        .all()
        .iter()
        .filter(|provider| length(provider) == Some(longest));
    owners.next().filter(|_| owners.next().is_none())
}
