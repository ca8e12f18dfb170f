//! `umai connections list`: lists connections, filtered and sorted.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output};
use super::{format, search, trash};
use crate::connection::{ListQuery, PageRequest};
use crate::provider::ProviderCatalog;
use crate::search::{Column, Sort};

/// Arguments of `umai connections list`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct ListArgs {
    /// Filter terms: words and status:, provider:, name:, alias:, endpoint:, id:; `!` excludes. Words must occur as typed;
    /// if nothing matches, typing mistakes are forgiven, except in quotes
    #[arg(value_name = "TERM", conflicts_with = "trash")]
    terms: Vec<String>,
    /// Only names that contain this text, ignoring case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only connections to this provider
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Only active connections
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Only inactive connections
    #[arg(long)]
    inactive: bool,
    /// List the trash instead
    #[arg(long, conflicts_with_all = ["filter", "provider", "active", "inactive"])]
    trash: bool,
    /// Column to sort by; 'modified' starts with the newest [default: name; with terms, best match first]
    #[arg(long, value_name = "COLUMN", ignore_case = true, conflicts_with = "trash", value_parser = PossibleValuesParser::new(Column::ALL.map(Column::id)).try_map(|word| Column::from_name(&word).ok_or("unknown column")))]
    sort: Option<Column>,
    /// Reverse the sort order
    #[arg(long, conflicts_with = "trash")]
    reverse: bool,
    /// Number of connections to skip
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    skip: usize,
    /// Maximum number of connections to list
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        allow_negative_numbers = true
    )]
    take: usize,
}

/// Names the targets next to an empty local store that was not chosen.
fn note_targets(context: &CliContext, output: &Output) {
    if context.target.is_some() || context.server.is_some() {
        return;
    }
    let targets = context.file.targets().iter();
    let names: Vec<&str> = targets
        .filter(|(_, target)| target.is_ok())
        .map(|(name, _)| name.as_str())
        .collect();
    if !names.is_empty() {
        output.note(&format!(
            "This is the local store. Targets: {}; choose one with --target",
            names.join(", ")
        ));
    }
}

impl ListArgs {
    fn sort(&self) -> Option<Sort> {
        let sort = self.sort.map(Sort::by);
        if self.reverse {
            Some(sort.unwrap_or_default().turned())
        } else {
            sort
        }
    }

    fn query(&self) -> ListQuery {
        ListQuery {
            filter: self.filter.clone(),
            provider_ids: self.provider.clone().map(|id| vec![id]),
            capability: None,
            is_trash: self.trash,
            is_active: match (self.active, self.inactive) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            },
            window: PageRequest {
                skip: self.skip,
                take: self.take,
            },
            after: None,
        }
    }

    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        with_service(context, output, async |service, output| {
            if self.trash {
                let page = service.trash(self.query().window).await?;
                return trash::list(&page, self.skip, output);
            }
            let (page, is_tolerant) = if self.terms.is_empty() && self.sort().is_none() {
                (service.list(self.query()).await?, false)
            } else {
                search::find_or_similar((&self.terms, self.sort()), self.query(), service).await?
            };
            if page.total == 0 && output.audience() == Audience::Person && self.is_narrowed() {
                return self.matches_nothing(&service.providers(), output);
            }
            if is_tolerant && page.total > 0 {
                output.note("Nothing matches exactly; listing similar connections");
            }
            format::list(&page, self.skip, &service.providers(), output)?;
            if page.total == 0 && output.audience() == Audience::Person {
                note_targets(context, output);
            }
            Ok(())
        })?;
        context.check_complete()
    }

    fn is_narrowed(&self) -> bool {
        !self.terms.is_empty()
            || self.filter.is_some()
            || self.provider.is_some()
            || self.active
            || self.inactive
    }

    /// Reports that nothing matches. Connections of a provider that no longer exists are still listed.
    fn matches_nothing(&self, catalog: &ProviderCatalog, output: &Output) -> Result<(), Failure> {
        match &self.provider {
            Some(id) if catalog.get(id).is_none() => Err(Failure::NoProvider(id.clone())),
            Some(_) | None => {
                output.note("No match");
                Ok(())
            }
        }
    }
}
