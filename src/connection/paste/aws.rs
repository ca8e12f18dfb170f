//! Reads profiles as `~/.aws/credentials` and `~/.aws/config` have them.

use super::variables::{self, PastedVariables};
use super::{PasteKind, PasteResult, PastedProfile};
use crate::connection::paste::left_out::LeftOut;
use crate::provider::{Provider, ProviderCatalog};

const KIND: PasteKind = PasteKind::AwsProfiles;

/// Keys that only these files have.
const MARKS: [&str; 4] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_bearer_token_bedrock",
];

/// Keys that say nothing about a connection.
const ORDINARY: [&str; 3] = ["output", "cli_pager", "x_security_token_expires"];

/// Most profiles to choose from.
const MOST_PROFILES: usize = 64;

/// Reads `[default]`, else the only profile, else all of them to choose from; `None` for a text without profiles.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let has_profile = text.lines().any(|line| profile_name(line).is_some());
    let has_key = |line: &str| {
        key_and_value(line).is_some_and(|(key, _)| MARKS.contains(&key.to_lowercase().as_str()))
    };
    if !has_profile || !text.lines().any(has_key) {
        return None;
    }
    let mut profiles = profiles(text, catalog, wanted);
    if profiles.is_empty() {
        return Some(PasteResult::unreadable(
            KIND,
            "none of its profiles has an access key",
        ));
    }
    let default = profiles
        .iter()
        .position(|profile| profile.name == "default");
    let chosen = default.or_else(|| (profiles.len() == 1).then_some(0));
    let Some(chosen) = chosen else {
        return Some(PasteResult::ChooseProfile(profiles));
    };
    let profile = profiles.remove(chosen);
    let mut connection = profile.connection;
    let mut others = LeftOut::default();
    for other in profiles {
        others.credential(format!("profile {}", other.name));
    }
    connection.left_out.splice(0..0, others.into_names());
    Some(PasteResult::Connection(connection))
}

/// Every profile that has a key.
fn profiles(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Vec<PastedProfile> {
    let mut sections: Vec<(String, PastedVariables, LeftOut)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = profile_name(line) {
            if sections.len() >= MOST_PROFILES {
                break;
            }
            match sections.iter().position(|(known, ..)| known == name) {
                // A repeated profile continues: it moves to the end, because lines are added to the last one.
                Some(at) => {
                    let section = sections.remove(at);
                    sections.push(section);
                }
                None => sections.push((
                    name.to_owned(),
                    PastedVariables::default(),
                    LeftOut::default(),
                )),
            }
        } else if let (Some((key, value)), Some((_, variables, left_out))) =
            (key_and_value(line), sections.last_mut())
        {
            let lower = key.to_lowercase();
            match lower.as_str() {
                "region" => variables.set("AWS_REGION", value),
                key if key.starts_with("aws_") => variables.set(&key.to_uppercase(), value),
                key if ORDINARY.contains(&key) => {}
                key => left_out.named(key),
            }
        }
    }
    let read = sections
        .into_iter()
        .filter_map(|(name, variables, left_out)| {
            let has_key = variables
                .names()
                .any(|name| MARKS.contains(&name.to_lowercase().as_str()));
            let result = has_key
                .then(|| variables::connection(variables, left_out, KIND, catalog, wanted))?;
            match result {
                PasteResult::Connection(connection) => Some(PastedProfile { name, connection }),
                PasteResult::Unreadable(_)
                | PasteResult::ChooseProfile(_)
                | PasteResult::NotAConnection => None,
            }
        });
    read.collect()
}

/// The name in `[name]` or `[profile name]`.
fn profile_name(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let name = name
        .strip_prefix("profile ")
        .unwrap_or(name)
        .trim()
        .trim_matches('"');
    let is_name =
        !name.is_empty() && name.chars().count() <= 128 && !name.starts_with("sso-session ");
    is_name.then_some(name)
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}
