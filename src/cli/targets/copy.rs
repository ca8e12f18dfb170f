//! `umai targets copy`: makes the connections of a target like those of another one.

use std::sync::Arc;

use clap::Args;

use super::super::Globals;
use super::super::connections::apply::{ApplyOptions, apply_entries};
use super::super::exit::{Exit, Failure};
use super::super::open_service::with_service;
use super::super::output::Output;
use super::content;
use crate::plan::{
    CopySource, PlanEntry, SecretPolicy, copy_entries, drop_equal_lists, ids_with_lists,
};
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
    /// Copy only connections that match; a term as in umai connections list; may be repeated, any matches
    #[arg(long, value_name = "TERM", conflicts_with = "prune")]
    only: Vec<String>,
    /// Copy stored secrets, too; only from a store that umai opens itself or an Umbraco site
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
        let context = content::context_of(globals, &self.to)?.for_command(!self.dry_run)?;
        let mut read = content::read(&source, &self.only, output)?;
        let revealed = content::reveal(&source, &read.connections);
        if read.connections.is_empty() && !self.only.is_empty() {
            return Err(content::nothing_matches(&format!("'{}'", self.from)));
        }
        let revealed = if self.with_secrets {
            let revealed = revealed?;
            if revealed.is_none() {
                return Err(Failure::Usage(format!(
                    "'{}' is a server, which never sends secrets. Copy without --with-secrets",
                    self.from
                )));
            }
            revealed
        } else {
            // They are only compared.
            revealed.unwrap_or_default()
        };
        read.revealed = revealed.map(Arc::new);
        let secrets = if self.with_secrets {
            SecretPolicy::Copy
        } else {
            SecretPolicy::Keep
        };
        with_service(&context, output, async |service, output| {
            let mut entries = entries(&read, &service.providers(), secrets, output)?;
            let ids = ids_with_lists(&**service, &entries).await;
            if let Ok(Some(revealed)) = content::reveal_ids(&context, &ids).await {
                drop_equal_lists(&mut entries, read.revealed.as_deref(), &revealed);
            }
            let options = ApplyOptions {
                is_pruning: self.prune,
                is_confirmed: self.yes,
                is_dry_run: self.dry_run,
                place: context.place(),
            };
            let applied = apply_entries(service, entries, options, output).await;
            if applied
                .as_ref()
                .is_err_and(|failure| failure.exit() == Exit::Invalid)
                && !self.with_secrets
            {
                output.note("Stored secrets are not copied. Add --with-secrets to copy them, or leave connections out: --only '!alias:NAME'");
            }
            applied
        })
    }
}

/// Returns the connections as desired on a target with these providers.
fn entries(
    source: &CopySource,
    catalog: &ProviderCatalog,
    secrets: SecretPolicy,
    output: &Output,
) -> Result<Vec<PlanEntry>, Failure> {
    copy_entries(source, catalog, secrets).map_err(|reasons| {
        for reason in &reasons {
            output.note(reason);
        }
        Failure::Partial("Nothing changed".into(), Exit::Invalid)
    })
}
