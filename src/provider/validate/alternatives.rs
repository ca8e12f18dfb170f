//! Validation of alternatives.

use std::collections::HashSet;

use super::super::{Alternative, AlternativeGroup, Provider};
use super::{MAX_DESCRIPTION, is_label};
use crate::text;

const MAX_GROUPS: usize = 8;
const MAX_ALTERNATIVES: usize = 8;

/// Returns the first invalid group with its message.
pub(super) fn first_error(provider: &Provider) -> Option<(usize, String)> {
    if provider.alternative_groups.len() > MAX_GROUPS {
        let sentence = format!("a provider has at most {MAX_GROUPS} groups of alternatives");
        return Some((MAX_GROUPS, sentence));
    }
    let mut taken = HashSet::new();
    let groups = provider.alternative_groups.iter().enumerate();
    let mut errors = groups.filter_map(|(index, group)| {
        let sentence = group_error(group).or_else(|| {
            let mut alternatives = group.alternatives.iter();
            alternatives
                .find_map(|alternative| alternative_error(alternative, provider, &mut taken))
        })?;
        Some((index, sentence))
    });
    errors.next()
}

fn group_error(group: &AlternativeGroup) -> Option<String> {
    if !is_label(&group.label)
        || group
            .group
            .as_deref()
            .is_some_and(|section| !is_label(section))
    {
        return Some("label and group must be one line of visible text".into());
    }
    if group.description.chars().count() > MAX_DESCRIPTION
        || group.description.chars().any(text::is_unprintable)
    {
        return Some(format!(
            "description must be one line of at most {MAX_DESCRIPTION} characters"
        ));
    }
    if !(2..=MAX_ALTERNATIVES).contains(&group.alternatives.len()) {
        return Some(format!(
            "a group has between 2 and {MAX_ALTERNATIVES} alternatives"
        ));
    }
    let labels: HashSet<_> = group
        .alternatives
        .iter()
        .map(|alternative| &alternative.label)
        .collect();
    if labels.len() < group.alternatives.len() {
        return Some("every alternative needs a unique label".into());
    }
    let preferred = group
        .alternatives
        .iter()
        .filter(|alternative| alternative.preferred)
        .count();
    (preferred > 1).then(|| "only one alternative can be preferred".into())
}

fn alternative_error<'p>(
    alternative: &'p Alternative,
    provider: &Provider,
    taken: &mut HashSet<&'p str>,
) -> Option<String> {
    let name = &alternative.label;
    if !is_label(name) {
        return Some("the label of an alternative must be one line of visible text".into());
    }
    if alternative
        .hint
        .as_deref()
        .is_some_and(|hint| !is_label(hint))
    {
        return Some(format!(
            "the hint of '{name}' must be one line of visible text"
        ));
    }
    for key in &alternative.settings {
        match provider.settings.iter().find(|field| field.key == *key) {
            None => {
                return Some(format!(
                    "'{name}' names '{key}', which is not the key of a setting"
                ));
            }
            Some(field) if field.required => {
                let reason = "is always required";
                return Some(format!("'{name}' names '{key}', which {reason}"));
            }
            Some(_) if !taken.insert(key) => {
                return Some(format!("'{key}' belongs to two alternatives"));
            }
            Some(_) => {}
        }
    }
    if alternative.any_of.is_empty() {
        return Some(format!("anyOf of '{name}' must name at least one setting"));
    }
    let strange = |keys: &[String], member: &str| {
        let key = keys
            .iter()
            .find(|key| !alternative.settings.contains(key))?;
        let sentence =
            format!("{member} of '{name}' names '{key}', which is not one of its settings");
        Some(sentence)
    };
    strange(&alternative.any_of, "anyOf").or_else(|| strange(&alternative.all_of, "allOf"))
}
