//! Aliases of existing connections for shell completion.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::{ArgMatches, FromArgMatches};
use clap_complete::engine::CompletionCandidate;

use crate::api::client::MAX_LISTED;
use crate::cli::exit::Failure;
use crate::cli::open_service::{self, CliContext};
use crate::cli::remote_args::ExplicitOptions;
use crate::cli::{Globals, args};

/// Maximum number of suggestions.
const MAX_ALIASES: usize = 1_000;

/// Time limit for a completion, for example from a server.
pub(super) const LONGEST: Duration = Duration::from_secs(2);

/// Command line that is being edited.
pub(super) struct IncompleteLine {
    /// Options that find the target.
    pub globals: Globals,
    /// Values of the innermost command.
    pub command: ArgMatches,
}

impl IncompleteLine {
    /// Parses the line of the process.
    pub(super) fn of_process() -> Option<Self> {
        Self::parse(words().collect())
    }

    fn parse(words: Vec<OsString>) -> Option<Self> {
        let matches = args::command()
            .ignore_errors(true)
            .try_get_matches_from(words)
            .ok()?;
        let mut globals = Globals::from_arg_matches(&matches).ok()?;
        globals.explicit = ExplicitOptions::from_matches(&matches);
        let mut command = matches;
        while let Some((_, inner)) = command.remove_subcommand() {
            command = inner;
        }
        Some(Self { globals, command })
    }
}

fn words() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(1)
}

/// Returns the aliases with this prefix; none if the connections cannot be read.
pub fn aliases(typed: &OsStr) -> Vec<CompletionCandidate> {
    let found = typed.to_str().map(|typed| read(words().collect(), typed));
    let found = found.and_then(Result::ok).unwrap_or_default();
    found.into_iter().map(CompletionCandidate::new).collect()
}

fn read(words: Vec<OsString>, typed: &str) -> Result<Vec<String>, Failure> {
    let Some(line) = IncompleteLine::parse(words) else {
        return Ok(Vec::new());
    };
    let context = CliContext::new(&line.globals)?.reading();
    // A completion must not create a store.
    if context.is_local() && !context.config.data.exists() {
        return Ok(Vec::new());
    }
    open_service::query_silently(&context, LONGEST, async |service| {
        let found = service.aliases(typed, usize::MAX).await?;
        if context.server.is_some() && found.len() >= MAX_LISTED {
            // The last one may be missing.
            return Ok(Vec::new());
        }
        Ok(shortened(found))
    })
}

/// Leaves suggestions out if there are too many, but never the last one: a shell adds the letters that all suggestions have in
/// common, which are those that the first and the last one have in common.
fn shortened(mut found: Vec<String>) -> Vec<String> {
    if found.len() > MAX_ALIASES {
        let last = found.pop();
        found.truncate(MAX_ALIASES - 1);
        found.extend(last);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_suggestions_keep_the_first_and_the_last() {
        let aliases = |count| (0..count).map(|number| format!("{number:04}"));
        let all: Vec<_> = aliases(MAX_ALIASES).collect();
        assert_eq!(shortened(all.clone()), all);
        let some = shortened(aliases(MAX_ALIASES + 5).collect());
        assert_eq!(some.len(), MAX_ALIASES);
        assert_eq!(some[0], "0000");
        assert_eq!(some[MAX_ALIASES - 1], "1004");
    }
}
