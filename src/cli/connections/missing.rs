//! Prompts for what a new connection lacks: name, provider and required settings.

use super::super::exit::Failure;
use super::super::output::Output;
use super::super::prompt;
use super::setting_args;
use crate::connection::validate::MaskPolicy;
use crate::connection::{ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::{AlternativeGroup, DefaultValue, Provider, ProviderCatalog, SettingsField};

/// Prompts for a name; none without a terminal.
pub fn name(is_prompted: bool) -> Result<Option<String>, Failure> {
    if !is_prompted {
        return Ok(None);
    }
    Ok(Some(prompt::line("Name")?.to_string()))
}

/// Prompts for a provider until one is known; none without a terminal.
pub fn provider(catalog: &ProviderCatalog, is_prompted: bool) -> Result<Option<String>, Failure> {
    if !is_prompted {
        return Ok(None);
    }
    let ids: Vec<_> = catalog.all().iter().map(|one| one.id.as_str()).collect();
    prompt::print(&format!("Providers: {}\n", ids.join(", ")))?;
    loop {
        let typed = prompt::line("Provider")?;
        if let Some(provider) = catalog.get(typed.trim()) {
            return Ok(Some(provider.id.clone()));
        }
        prompt::print("Not one of these providers\n")?;
    }
}

/// Prompts for required settings that are missing, unless another field is invalid.
pub fn settings(
    draft: &mut ConnectionDraft,
    provider: &Provider,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<(), Failure> {
    let problems = draft.problems(catalog, MaskPolicy::Reject);
    let is_about_settings = |path: &str| path == "settings" || path.starts_with("settings.");
    if problems
        .iter()
        .any(|problem| !is_about_settings(&problem.field.path()))
    {
        return Ok(());
    }
    let mut settings = draft.settings.take().unwrap_or_default();
    for field in provider.settings.iter().filter(|field| field.required) {
        setting(field, &mut settings, output)?;
    }
    for group in &provider.alternative_groups {
        if group.in_use(|key| has(&settings, provider, key)).is_none() {
            alternative(group, provider, &mut settings, output)?;
        }
    }
    draft.settings = (!settings.is_empty()).then_some(settings);
    Ok(())
}

/// Prompts for one of several ways to authenticate, and for its settings.
fn alternative(
    group: &AlternativeGroup,
    provider: &Provider,
    settings: &mut Settings<PlainSecret>,
    output: &Output,
) -> Result<(), Failure> {
    let labels = group.alternatives.iter().enumerate();
    let labels: Vec<_> = labels
        .map(|(at, one)| format!("{} {}", at + 1, one.label))
        .collect();
    let preferred = group.preferred();
    let question = format!("{} ({})", group.label, labels.join(", "));
    let typed = prompt::optional_line(&question, &(preferred + 1).to_string())?;
    let number = typed.trim().parse::<usize>().ok();
    let at = number.and_then(|number| number.checked_sub(1));
    let chosen = group.alternatives.get(at.unwrap_or(preferred));
    let keys = chosen.iter().flat_map(|chosen| &chosen.settings);
    for field in keys.filter_map(|key| provider.field(key)) {
        let is_needed = chosen.is_some_and(|chosen| {
            chosen.any_of.contains(&field.key) || chosen.all_of.contains(&field.key)
        });
        if is_needed {
            setting(field, settings, output)?;
        }
    }
    Ok(())
}

/// Prompts for a setting that has no value yet.
fn setting(
    field: &SettingsField,
    settings: &mut Settings<PlainSecret>,
    output: &Output,
) -> Result<(), Failure> {
    if field.names().any(|name| settings.get(name).is_some()) {
        return Ok(());
    }
    if field.sensitive {
        if let Some(secret) = prompt::secret(&field.label)? {
            let secret = setting_args::cleaned(SettingValue::Secret(secret), field, output);
            settings.set(&field.key, secret);
        }
        return Ok(());
    }
    let default = match &field.default {
        Some(DefaultValue::Text(text)) => text.as_str(),
        Some(DefaultValue::Switch(_)) | None => "",
    };
    let typed = prompt::optional_line(&field.label, default)?;
    if !typed.trim().is_empty() {
        settings.set(&field.key, setting_args::typed(field, typed.trim()));
    }
    Ok(())
}

fn has(settings: &Settings<PlainSecret>, provider: &Provider, key: &str) -> bool {
    let mut names = provider
        .field(key)
        .into_iter()
        .flat_map(SettingsField::names);
    names.any(|name| settings.get(name).is_some())
}
