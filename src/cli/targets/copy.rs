//! `umai targets copy`: makes the connections of a target like those of another one.

use clap::Args;

use super::super::Globals;
use super::super::connections::apply::{ApplyOptions, apply_entries};
use super::super::exit::{Exit, Failure};
use super::super::manifest_plan::files::PlanEntry;
use super::super::open_service::with_service;
use super::super::output::Output;
use super::content::{self, RevealedSettings, TargetContent};
use crate::connection::export::{Exported, ExportedManifest};
use crate::connection::manifest::{self, DesiredConnection, ManifestFormat};
use crate::connection::{PlainSecret, SettingValue, Settings};
use crate::provider::ProviderCatalog;

/// Arguments of `umai targets copy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Connections are the same if their aliases are. Without --with-secrets, references are copied and stored secrets stay as they are on B, so a connection with a stored secret that B lacks is refused. Connections that are already alike are not saved.\n\nExamples:\n  umai targets copy staging prod --dry-run\n  umai targets copy staging prod --only provider:openai\n  umai targets copy dev staging --with-secrets --prune --yes"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct CopyTargets {
    /// Target to copy from
    #[arg(value_name = "A")]
    from: String,
    /// Target to copy to
    #[arg(value_name = "B")]
    to: String,
    /// Copy only connections that match; terms as in umai connections list
    #[arg(long, value_name = "TERM", conflicts_with = "prune")]
    only: Vec<String>,
    /// Copy stored secrets, too; only from a local store or an Umbraco site
    #[arg(long)]
    with_secrets: bool,
    /// Delete connections of B that A does not have
    #[arg(long)]
    prune: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
    /// Show the changes only, without applying them
    #[arg(long)]
    dry_run: bool,
}

impl CopyTargets {
    /// Runs the command.
    pub fn run(&self, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
        if self.from == self.to {
            return Err(Failure::Usage("A and B are the same target".into()));
        }
        let source = content::context_of(globals, &self.from)?;
        let context = content::context_of(globals, &self.to)?;
        context.check_write(!self.dry_run)?;
        let read = content::read(&source, &self.only, self.with_secrets, output)?;
        if self.with_secrets && read.revealed.is_none() {
            return Err(Failure::Usage(format!(
                "'{}' is a server, which never sends secrets. Copy without --with-secrets",
                self.from
            )));
        }
        with_service(&context, output, async |service, output| {
            let entries = entries(&read, &service.providers(), output)?;
            let options = ApplyOptions {
                is_pruning: self.prune,
                is_confirmed: self.yes,
                is_dry_run: self.dry_run,
            };
            let applied = apply_entries(service, entries, options, output).await;
            if applied
                .as_ref()
                .is_err_and(|failure| failure.exit() == Exit::Invalid)
                && !self.with_secrets
            {
                output.note("Stored secrets are not copied. Add --with-secrets to copy them, or choose connections with --only");
            }
            applied
        })
    }
}

/// Returns the connections as desired on a target with these providers.
fn entries(
    content: &TargetContent,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<Vec<PlanEntry>, Failure> {
    if content.connections.is_empty() {
        return Ok(Vec::new());
    }
    let connections = content.connections.iter().cloned();
    let exported = connections.map(|one| Exported::new(one, &content.catalog));
    let text = ExportedManifest::new(exported.collect())
        .to_json()
        .map_err(anyhow::Error::from)?;
    let read = manifest::read(&text, ManifestFormat::Json, catalog);
    for error in &read.errors {
        output.note(&error.to_string());
    }
    if !read.errors.is_empty() {
        return Err(Failure::Partial("Nothing changed".into(), Exit::Invalid));
    }
    let desired = read.connections.into_iter();
    Ok(desired
        .map(|wanted| entry(wanted, content.revealed.as_ref()))
        .collect())
}

/// Returns a connection with its secrets, if they are copied.
fn entry(mut wanted: DesiredConnection, revealed: Option<&RevealedSettings>) -> PlanEntry {
    let alias = wanted.alias();
    if let Some(settings) = revealed.and_then(|revealed| revealed.get(&alias)) {
        let given = wanted.draft.settings.get_or_insert_default();
        wanted.blank.retain(|blank| {
            let Some(secret) = settings.get(&blank.key).and_then(SettingValue::text) else {
                return true;
            };
            let secret = SettingValue::Secret(PlainSecret::new(secret));
            given.set(blank.key.clone(), secret);
            false
        });
        *given = in_order(given, settings);
    }
    PlanEntry {
        position: format!("{alias}: "),
        alias,
        id: None,
        draft: wanted.draft,
        blank: wanted.blank,
    }
}

/// Returns settings in the order of others, so that a copy is like its source.
fn in_order(given: &Settings<PlainSecret>, order: &Settings<PlainSecret>) -> Settings<PlainSecret> {
    let first = order
        .iter()
        .filter_map(|(key, _)| Some((key, given.get(key)?)));
    let rest = given.iter().filter(|(key, _)| order.get(key).is_none());
    let pairs = first.chain(rest);
    pairs
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}
