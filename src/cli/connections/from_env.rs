//! Settings from environment variables that the provider files name.

use serde_json::json;

use super::super::exit::Failure;
use super::super::output::{Audience, Output};
use super::setting_args;
use crate::connection::{PlainSecret, ProviderMatch, ProviderVariables, Settings};
use crate::provider::{Provider, ProviderCatalog};

/// Options of `--from-env`.
pub struct FromEnvArgs<'a> {
    /// Provider; by default the only one with variables.
    pub provider: Option<&'a str>,
    /// True to store references instead of the secrets.
    pub by_reference: bool,
    /// True to list the variables only.
    pub is_dry_run: bool,
}

/// Connection settings from the variables.
pub struct EnvSettings {
    /// ID of the provider.
    pub provider_id: String,
    /// Default name of the connection.
    pub name: String,
    /// The settings.
    pub settings: Settings<PlainSecret>,
}

/// Reads the variables of these providers from the environment of the process.
pub fn provider_variables(catalog: &ProviderCatalog) -> ProviderVariables {
    ProviderVariables::read(catalog, |name| std::env::var(name).ok())
}

impl FromEnvArgs<'_> {
    /// Reads the settings for the provider.
    pub fn read(
        &self,
        variables: &ProviderVariables,
        catalog: &ProviderCatalog,
        output: &Output,
    ) -> Result<EnvSettings, Failure> {
        let provider = match self.find_provider(catalog)? {
            Some(provider) => provider,
            None => only_complete(&variables.offers(catalog), catalog)?,
        };
        let found = variables.connection(provider, |_| self.by_reference);
        let Some(found) = found else {
            return Err(Failure::Usage(no_variable(provider)));
        };
        let settings = found.draft.settings.unwrap_or_default();
        let settings = settings.iter().map(|(key, value)| {
            let value = value.clone();
            let value = match provider.field(key) {
                Some(field) => setting_args::cleaned(value, field, output),
                None => value,
            };
            (key.to_owned(), value)
        });
        Ok(EnvSettings {
            provider_id: provider.id.clone(),
            name: provider.name.clone(),
            settings: settings.collect(),
        })
    }

    /// Lists the variables that are set, by provider, without their values.
    pub fn list(
        &self,
        variables: &ProviderVariables,
        catalog: &ProviderCatalog,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let offers = match self.find_provider(catalog)? {
            Some(provider) => variables.provider_match(provider).into_iter().collect(),
            None => variables.offers(catalog),
        };
        if output.audience() == Audience::Program {
            let listed: Vec<_> = offers.iter().map(as_json).collect();
            return output.value(&json!({ "providers": listed }));
        }
        if offers.is_empty() {
            output.note(NOTHING);
            return Ok(());
        }
        let rows: Vec<_> = offers.iter().flat_map(rows).collect();
        output.table(["PROVIDER", "VARIABLE", "SETTING", "VALUE"], &rows)?;
        for ProviderMatch { name, missing, .. } in &offers {
            if !missing.is_empty() {
                output.note(&format!("Missing for {name}: {}", missing.join(", ")));
            }
        }
        Ok(())
    }

    fn find_provider<'c>(
        &self,
        catalog: &'c ProviderCatalog,
    ) -> Result<Option<&'c Provider>, Failure> {
        let Some(id) = self.provider else {
            return Ok(None);
        };
        let found = catalog.get(id.trim());
        found.map_or_else(
            || Err(Failure::NoProvider(id.to_owned())),
            |one| Ok(Some(one)),
        )
    }
}

const NOTHING: &str = "No provider variable is set, such as OPENAI_API_KEY or ANTHROPIC_API_KEY";

/// Returns the only provider with all required variables; otherwise the only one with any.
fn only_complete<'c>(
    offers: &[ProviderMatch],
    catalog: &'c ProviderCatalog,
) -> Result<&'c Provider, Failure> {
    let complete = offers.iter().filter(|offer| offer.missing.is_empty());
    let complete: Vec<&ProviderMatch> = complete.collect();
    let found = match (complete.as_slice(), offers) {
        ([only], _) => catalog.get(&only.provider_id),
        ([], [only]) => catalog.get(&only.provider_id),
        _ => None,
    };
    found.ok_or_else(|| {
        if offers.is_empty() {
            return Failure::Usage(NOTHING.into());
        }
        let known: Vec<_> = offers
            .iter()
            .map(|offer| format!("{} ({})", offer.provider_id, names(offer)))
            .collect();
        Failure::Usage(format!(
            "Variables of several providers are set: {}. Choose one with --provider",
            known.join(", ")
        ))
    })
}

fn names(offer: &ProviderMatch) -> String {
    let names = offer.variables.iter().map(|one| one.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn no_variable(provider: &Provider) -> String {
    let fields = provider.settings.iter();
    let names: Vec<_> = fields.flat_map(|field| &field.variables).collect();
    let name = &provider.name;
    if names.is_empty() {
        return format!("{name} has no environment variables");
    }
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    format!("No variable of {name} is set: {}", names.join(", "))
}

fn rows(offer: &ProviderMatch) -> Vec<[String; 4]> {
    let variables = offer.variables.iter();
    let rows = variables.map(|variable| {
        let what = if variable.is_secret { "secret" } else { "text" };
        [
            offer.provider_id.clone(),
            variable.name.clone(),
            variable.key.clone(),
            what.to_owned(),
        ]
    });
    rows.collect()
}

fn as_json(offer: &ProviderMatch) -> serde_json::Value {
    let variables = offer.variables.iter();
    let variables: Vec<_> = variables
        .map(|one| json!({ "name": one.name, "setting": one.key, "isSecret": one.is_secret }))
        .collect();
    json!({
        "id": offer.provider_id,
        "name": offer.name,
        "variables": variables,
        "missing": offer.missing,
    })
}
